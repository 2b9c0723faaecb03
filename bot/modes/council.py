"""Who decides what is played: the mode in force, and all that may change it. Pure.

    moderators   !mode set, !pause      ->  +---------+
    chat         votes for a mode       ->  | council |  ->  choices
    viewers      inputs, !join          ->  +---------+
    the game     idle, periodic inputs  ->

- When the mode changes, what waited in the old one is dropped and counted; what was chosen plays out, and the
  modes that play one input after another wait for that (bot.modes.stage).
- A moderator who sets a mode pins it: chat's votes are still counted, but move nothing until it is let go of.
- In a pause nothing is chosen: what waited is dropped, and what is typed meanwhile is refused and counted.
- Idle and periodic inputs rest in a pause, and in `step`, where the game stands still and they would wake it.
- A game that is loaded anew keeps the mode and what waits. Another game keeps the mode, and drops what was
  typed for the one before.

Law of use: as for a mode (bot.modes.mode).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from bot.changes import Change, SettingChanged
from bot.chat.line import ChatLine
from bot.grammar import Parsed
from bot.modes.catalogue import Catalogue
from bot.modes.mode import Choice, Mode, ModeError, Offer
from bot.modes.mode_vote import VOTED_MODES, ModeVote
from bot.modes.outbox import Outbox
from bot.modes.prompts import Prompts
from bot.modes.rules import GameRules
from bot.modes.sentences import dropped
from config.controllers import Move
from config.play import ModesConfig
from config.views import ModeView

# It needs nothing of a game and nothing of the configuration: what is left when another cannot be played.
LAST_RESORT: Final = "anarchy"
# Here the game stands still, and inputs that nobody typed would wake it.
_UNPROMPTED: Final = frozenset({"step"})
_YES: Final = "yes"
_BY_CHANGE: Final = "dropped_by_change"

log = logging.getLogger(__name__)


class Council:
    """The mode in force, and who holds it.

    queue      the most inputs that may wait
    pads       how many the bot plays
    on_change  told of what must be known after a restart: the settings `mode`, `pinned` and `paused`
    settings   these three as they were last told; what is missing is as configured
    """

    def __init__(
        self,
        config: ModesConfig,
        rules: GameRules,
        *,
        queue: int,
        pads: int,
        now: float,
        on_change: Callable[[Change], None],
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._config = config
        self._rules = rules
        self._catalogue = Catalogue(config, queue=queue, pads=pads)
        self._vote = ModeVote(config.vote)
        self._stage = self._catalogue.stage
        self._prompts = Prompts(rules.idle, rules.periodic, now)
        self._on_change = on_change
        self._told: dict[str, str | None] = dict(settings or {})
        self._pinned = self._told.get("pinned") is not None
        self._paused = self._told.get("paused") is not None
        self._name, self._mode = self._first_of(self._told.get("mode") or config.start, config.start)
        self._outbox = Outbox()
        self._counted: Counter[str] = Counter()

    @property
    def mode_name(self) -> str:
        """The mode in force."""
        return self._name

    @property
    def pinned(self) -> bool:
        """Whether a moderator holds the mode."""
        return self._pinned

    @property
    def paused(self) -> bool:
        """Whether a moderator holds everything."""
        return self._paused

    @property
    def waiting(self) -> int:
        """How many offers the mode in force holds, or has chosen just now."""
        return self._mode.waiting + len(self._outbox)

    @property
    def pause_input(self) -> Parsed | None:
        """What moderators press to make the game stand still or go on, in the mode that needs it: there they
        may, though it is locked for everybody. None in all others.
        """
        return self._rules.pause if self._name == "step" else None

    @property
    def warning(self) -> str:
        """What a moderator has to look after, as a sentence; usually empty."""
        pause = self.pause_input
        if pause is None or not self._stage.broken:
            return ""
        when = "after !resume, " if self._paused else ""
        return f"The game may run on: if it does, {when}a moderator types {pause.text} once."

    @property
    def counters(self) -> Counter[str]:
        """Those of all modes since the start, and `chosen`, `paused` (refused in a pause), `mode_changes`,
        `dropped_by_change`, `idle` and `periodic` (played though nobody typed them).
        """
        return self._counted + self._mode.counters + self._outbox.counters + self._prompts.counters

    @property
    def passed_over(self) -> int:
        """How many offers came to nothing, whatever the reason; what was taken back is not among them."""
        counted = self.counters
        return counted["offered"] - counted["chosen"] - counted["taken_back"] - self.waiting

    # What viewers do

    def offer(self, offer: Offer, now: float) -> None:
        """Takes an input, or counts why it does not."""
        if self._paused:
            self._counted.update(("offered", "paused"))
            return
        self._prompts.somebody_plays(now)
        self._mode.offer(offer, now)
        self._draw(now)

    def join(self, user: str, name: str, team: str, now: float) -> str:
        """`!join`: what became of it, as a sentence."""
        return self._mode.join(user, name, team, now)

    def hear(self, text: str, user: str, now: float) -> bool:
        """Whether this line is a vote for a mode. `text` is normalised; only the bare name of one is."""
        mode = VOTED_MODES.get(text)
        if mode is None or not self._config.vote.enabled:
            return False
        self._vote.vote(user, mode, now)
        return True

    def vote(self, user: str, name: str, now: float) -> str:
        """`!vote`: what became of it, as a sentence."""
        mode = VOTED_MODES.get(name)
        if not self._config.vote.enabled:
            return "The mode is not up for a vote here."
        if mode is None:
            return "Vote for anarchy or for democracy."
        self._vote.vote(user, mode, now)
        if self._pinned:
            return f"Your vote for {mode} counts, but a moderator holds the mode at {self._name}."
        return f"Your vote for {mode} counts: {self._vote.standing(mode)}."

    # What moderators do

    def set_mode(self, name: str, now: float, pinned: bool = True) -> str:
        """Changes the mode; `pinned` keeps chat from changing it again. What became of it, as a sentence."""
        lost = 0
        if name != self._name:
            try:
                lost = self._enter(name, now)
            except ModeError as error:
                return str(error)
        self._pinned = pinned
        self._stage.broken = False  # whoever begins anew looks whether the game runs, and is told to
        self._remember()
        return f"The mode is {name} now.{self._hint()}{dropped(lost)}"

    def unpin(self, now: float) -> str:
        """Lets go of the mode. It stays until chat or a moderator changes it."""
        self._pinned = False
        self._remember()
        who = "chat may vote for another" if self._config.vote.enabled else "chat has no vote on it here"
        return f"Nobody holds the mode. It is {self._name}, and {who}."

    def pause(self, now: float) -> str:
        """Nothing is chosen from here on, and what waits is dropped."""
        if self._paused:
            return "It is paused already; !resume lets inputs play again."
        lost = self.take_back_all()
        self._paused = True
        self._remember()
        return f"Paused: nothing is played until !resume.{dropped(lost)} {self.warning}".rstrip()

    def resume(self, now: float) -> str:
        """Inputs are chosen again."""
        if not self._paused:
            return "Nothing is paused."
        self._paused = False
        self._prompts.restart(now)
        self._remember()
        return f"Inputs play again. {self.warning}".rstrip()

    def take_back(self, unwanted: Callable[[ChatLine], bool]) -> int:
        """Drops every offer and vote whose line is `unwanted`, and says how many."""
        return self._take_back(
            lambda choice: choice.line is not None and unwanted(choice.line),
            lambda offer: unwanted(offer.line),
        )

    def take_back_moves(self, moves: frozenset[Move]) -> int:
        """Drops every offer, vote and choice that presses any of `moves`, and says how many."""
        return self._take_back(
            lambda choice: not moves.isdisjoint(choice.moves),
            lambda offer: not moves.isdisjoint(offer.parsed.moves),
        )

    def take_back_word(self, user: str, moves: frozenset[Move]) -> int:
        """Drops every offer, vote and choice of this viewer that presses all of `moves`; says how many."""
        return self._take_back(
            lambda choice: choice.owner.user == user and moves <= choice.moves,
            lambda offer: offer.line.user == user and moves <= offer.parsed.moves,
        )

    def take_back_all(self) -> int:
        """Drops every offer, vote and choice, and says how many. See then whether there is a `warning`."""
        return self._take_back(lambda _: True, lambda _: True)

    def gone(self, user: str) -> None:
        """This viewer was banned or silenced: no turn, no team, no vote any more."""
        self._mode.gone(user)
        self._catalogue.members.gone(user)
        self._vote.gone(user)

    def retune(self, rules: GameRules, now: float) -> str:
        """The game was loaded anew, or another was. A sentence if the mode could not stay, or if
        there is a `warning`; usually empty.
        """
        if not rules.is_of(self._rules):
            self._mode.take_back(lambda _: True, _BY_CHANGE)
        self._rules = rules
        self._prompts.retune(rules.idle, rules.periodic, now)
        try:
            self._mode.retune(rules)
        except ModeError as error:
            self._enter(LAST_RESORT, now)
            self._remember()
            return f"{error} The mode is {LAST_RESORT} now."
        return self.warning

    # What time does

    def handle_timeout(self, now: float) -> list[Choice]:
        """What is to be played now, in order."""
        self._stage.handle_timeout(now)
        if self._paused:
            return []
        self._heed_vote(now)
        self._draw(now)
        return self._outbox.take() + self._prompt(now)

    def next_timeout(self) -> float | None:
        """When to call `handle_timeout` though nothing happened."""
        if self._paused:
            return None
        ends = (self._mode.next_timeout(), self._vote.next_timeout(), self._next_prompt())
        return min((end for end in ends if end is not None), default=None)

    def view(self, now: float) -> ModeView:
        """What the pages show."""
        view = replace(self._mode.view(now), pinned=self._pinned, paused=self._paused)
        if self._paused:
            view = replace(view, headline="Paused by a moderator.", ends_in_ms=None)
        elif self.warning:
            view = replace(view, headline=self.warning)
        return self._vote.shown(view) if self._config.vote.enabled else view

    def _take_back(
        self, unwanted_choice: Callable[[Choice], bool], unwanted_offer: Callable[[Offer], bool]
    ) -> int:
        """What left already is taken back by others, with the same right: here it plays no more."""
        taken = self._outbox.remove(unwanted_choice)
        self._stage.cut(unwanted_choice)
        return taken + self._mode.take_back(unwanted_offer)

    def _heed_vote(self, now: float) -> None:
        wanted = self._vote.handle_timeout(self._name, now)
        if wanted is not None and not self._pinned:
            self._enter(wanted, now)
            self._remember()

    def _draw(self, now: float) -> None:
        """Takes from the mode what is to be played now. Until it is handed out it can still be taken back:
        a line, and the ban of who wrote it, may come together."""
        for choice in self._mode.handle_timeout(now):
            self._prompts.somebody_plays(now + choice.steps[-1].at_ms)
            self._outbox.put(choice)

    def _prompt(self, now: float) -> list[Choice]:
        """What is to be played now though nobody typed it."""
        if self._name in _UNPROMPTED:
            return []
        choices = self._prompts.handle_timeout(now)
        for choice in choices:
            self._stage.begin(choice, {step.pad for step in choice.steps}, now)
        return choices

    def _next_prompt(self) -> float | None:
        return None if self._name in _UNPROMPTED else self._prompts.next_timeout()

    def _enter(self, name: str, now: float) -> int:
        """Leaves the mode in force for another, and says how many offers that dropped. Raises ModeError, and
        stays then.
        """
        mode = self._catalogue.make(name, self._rules)
        lost = self._mode.take_back(lambda _: True, _BY_CHANGE)
        self._counted.update(self._mode.counters)
        self._counted["mode_changes"] += 1
        self._vote.changed(now)
        self._prompts.restart(now)
        log.info("The mode is %s now.", name)
        self._name, self._mode = name, mode
        return lost

    def _first_of(self, *names: str) -> tuple[str, Mode]:
        """The first of these that can be played here."""
        for name in names:
            try:
                return name, self._catalogue.make(name, self._rules)
            except ModeError as error:
                log.warning("%s The mode cannot be %s.", error, name)
        return LAST_RESORT, self._catalogue.make(LAST_RESORT, self._rules)

    def _remember(self) -> None:
        """Tells what a restart must know and was not told yet. A mode is worth telling where it is not what
        the configuration says, or is held there."""
        as_configured = self._name == self._config.start and not self._pinned
        settings = {
            "mode": None if as_configured else self._name,
            "pinned": _YES if self._pinned else None,
            "paused": _YES if self._paused else None,
        }
        for key, value in settings.items():
            if value != self._told.get(key):
                self._told[key] = value
                self._on_change(SettingChanged(key, value))

    def _hint(self) -> str:
        """The game may run, or stand still, when step begins: only people see which."""
        if self._name != "step" or self._rules.pause is None:
            return ""
        return f" If the game is not paused, a moderator types {self._rules.pause.text} once."
