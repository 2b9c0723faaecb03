"""Step: the game stands still while chat votes; the winner is played for a moment. Pure.

    pause input | gap | the winner, and at least `moment_ms` | gap | pause input
     (goes on)                                                       (stands still)

All of it is one sequence, so that the law "a press travels with its release" covers the pause as well: it is
sent whole or not at all. It can still be cut short, by a moderator who takes back everything or locks what
the winner presses, or by a line that is lost in the middle of it. Then the game may run on unattended. The
first two are known here (`Stage.broken`), and the council says so until somebody has looked.

A game does not tell whether it is paused, and this mode keeps no opinion of its own that could be wrong: it
takes the game to stand still when a moment begins. To bring that about, when the mode begins, when a moment
was cut short, or when somebody has paused by hand, a moderator types the pause input: from a moderator it is
no vote, but is pressed once, as soon as nothing plays. The same lets the game go on when the mode ends. From
everybody else, and inside of any longer input, it is refused: it would let the game run when it should stand
still.

counters  those of bot.modes.voting; `unfit`: offered, but `why_not` says why not; `toggled`: the pause input
          of a moderator, pressed
"""

from __future__ import annotations

from collections.abc import Callable

from bot.grammar import Parsed
from bot.modes.mode import Choice, ModeError, Offer
from bot.modes.rules import GameRules
from bot.modes.stage import Stage
from bot.modes.voting import Voting
from bot.sequence import Step
from config.levels import Level
from config.play import StepOptions


class StepMode(Voting):
    """Votes, each played as a moment between two presses of the game's pause input.

    Raises ModeError if there is none, or if it and the moment leave no room for an input.
    """

    name = "step"
    no_need_to_join = "Everybody votes: no need to join, just type the input you want."

    def __init__(self, options: StepOptions, rules: GameRules, stage: Stage) -> None:
        window_ms = options.window_s * 1_000
        # The game stands still, so that nothing is lost by waiting, and one voter is enough to go on.
        super().__init__(
            rules, stage, window_ms=window_ms, shortest_ms=window_ms, full_at=1, quorum_share=0.0
        )
        self._moment_ms = options.moment_ms
        self._toggle: Offer | None = None
        self.retune(rules)

    @property
    def waiting(self) -> int:
        """How many votes the present window has, and whether a moderator's pause input waits."""
        return super().waiting + (self._toggle is not None)

    def why_not(self, parsed: Parsed) -> str:
        """Why this cannot be voted for, as a sentence; empty if it can."""
        if self._pause.moves <= parsed.moves:
            return f"`{self._pause.text}` pauses the game, and only moderators may do that."
        if len(parsed.steps) > self._most_steps:
            return f"In this mode an input has at most {self._most_steps // 2} presses."
        if parsed.duration_ms > self._longest_ms:
            return f"In this mode an input lasts at most {self._longest_ms / 1_000:g} s."
        return ""

    def offer(self, offer: Offer, now: float) -> None:
        """Takes it as this viewer's vote; a moderator's pause input is pressed instead."""
        if self._is_toggle(offer):
            self.counters["offered"] += 1
            self.counters["replaced"] += self._toggle is not None
            self._toggle = offer
        elif self.why_not(offer.parsed):
            self.counters["offered"] += 1
            self.counters["unfit"] += 1
        else:
            super().offer(offer, now)

    def take_back(self, unwanted: Callable[[Offer], bool], why: str = "taken_back") -> int:
        """Drops every vote and pause input that is `unwanted`, counts them as `why`, and says how many."""
        return super().take_back(unwanted, why) + self._drop_toggle(unwanted, why)

    def gone(self, user: str) -> None:
        """This viewer's vote goes, and their pause input."""
        super().gone(user)
        self._drop_toggle(lambda offer: offer.line.user == user, "taken_back")

    def retune(self, rules: GameRules) -> None:
        """What waits stays, if it can still be voted for."""
        self._pause, self._longest_ms, self._most_steps = _room(rules, self._moment_ms)
        super().retune(rules)
        super().take_back(lambda offer: bool(self.why_not(offer.parsed)), "unfit")
        self._drop_toggle(lambda offer: not self._is_toggle(offer), "unfit")

    def handle_timeout(self, now: float) -> list[Choice]:
        """A moderator's pause input, or the winner if the window ends now: never both at once."""
        if self._toggle is None or now < self._free():
            return super().handle_timeout(now)
        offer, self._toggle = self._toggle, None
        choice = offer.chosen(offer.parsed.steps)._replace(asked=frozenset())  # no use of a word: no lock's
        self.counters["toggled"] += 1
        self._stage.broken = False
        self._stage.begin(choice, offer.parsed.pads, now)
        return [choice]

    def next_timeout(self) -> float | None:
        """When the window ends, or a pause input may be pressed."""
        ends = super().next_timeout()
        if self._toggle is None:
            return ends
        return self._free() if ends is None else min(ends, self._free())

    def _is_toggle(self, offer: Offer) -> bool:
        return offer.parsed == self._pause and offer.line.level >= Level.MODERATOR

    def _drop_toggle(self, unwanted: Callable[[Offer], bool], why: str) -> int:
        if self._toggle is None or not unwanted(self._toggle):
            return 0
        self._toggle = None
        self.counters[why] += 1
        return 1

    def _begin(self, choice: Choice, now: float) -> None:
        self._stage.begin(choice, {step.pad for step in choice.steps}, now, whole=True)

    def _played(self, winner: Parsed) -> tuple[Step, ...]:
        begin_ms = self._pause.duration_ms + self._rules.gap_ms
        again_ms = begin_ms + max(winner.duration_ms, self._moment_ms) + self._rules.gap_ms
        return self._pause.steps + _later(winner, begin_ms) + _later(self._pause, again_ms)

    def _headline(self, now: float) -> str:
        if now < self._free():
            return "The game goes on for a moment."
        return "The game stands still while chat votes: type the input you want."


def _room(rules: GameRules, moment_ms: int) -> tuple[Parsed, int, int]:
    """The pause input, and how long the winner may be and of how many steps. Raises ModeError."""
    pause, controller = rules.pause, rules.controller
    if pause is None:
        raise ModeError("Step needs to pause the game, and the game file names no pause input.")
    longest_ms = controller.longest_ms - 2 * (pause.duration_ms + rules.gap_ms)
    most_steps = controller.most_frames - 2 * len(pause.steps)
    if longest_ms < moment_ms:
        raise ModeError(
            f"step: a moment of {moment_ms} ms and the pause input around it are longer than a line may be; "
            f"moment_ms may be {max(0, longest_ms)} at most"
        )
    if most_steps < 2:
        raise ModeError("step: the pause input has so many presses that none is left for the winner")
    return pause, longest_ms, most_steps


def _later(parsed: Parsed, ms: int) -> tuple[Step, ...]:
    return tuple(step._replace(at_ms=step.at_ms + ms) for step in parsed.steps)
