"""Step: the game stands still while chat votes; the winner is played for a moment. Pure.

    pause input | gap | the winner, and at least `moment_ms` | gap | pause input
     (goes on)                                                       (stands still)

All of it is one sequence, so that the law "a press travels with its release" covers the pause as well: it is
played whole or not at all, and whatever is lost on the way, the game never runs on unattended.

A game does not tell whether it is paused, and this mode keeps no opinion of its own that could be wrong: it
takes the game to stand still when a moment begins. To bring that about, when the mode begins or when somebody
has paused by hand, a moderator types the pause input: from a moderator it is no vote, but is pressed once, as
soon as nothing plays. The same lets the game go on when the mode ends. From everybody else, and inside of
any longer input, it is refused: it would let the game run when it should stand still.

counters  those of bot.modes.voting; `unfit`: offered, but `why_not` says why not; `toggled`: the pause input
          of a moderator, pressed
"""

from __future__ import annotations

from collections.abc import Callable

from bot import sequence
from bot.grammar import Parsed
from bot.modes.mode import Choice, Offer
from bot.modes.voting import Voting
from config.controllers import Controller
from config.levels import Level
from config.play import StepOptions


class Step(Voting):
    """Votes, each played as a moment between two presses of `pause`.

    pause       what pauses the game and lets it go on, from the game file
    controller  that of the game: how much one sequence may be

    Raises ValueError, a sentence for a person, if `pause` and the moment leave no room for an input.
    """

    name = "step"
    no_need_to_join = "Everybody votes: no need to join, just type the input you want."

    def __init__(self, options: StepOptions, controller: Controller, pause: Parsed) -> None:
        window_ms = options.window_s * 1_000
        # The game stands still, so that nothing is lost by waiting, and one voter is enough to go on.
        super().__init__(controller, window_ms=window_ms, shortest_ms=window_ms, full_at=1, quorum_share=0.0)
        self._pause = pause
        self._moment_ms = options.moment_ms
        self._longest_ms = controller.longest_ms - 2 * (pause.duration_ms + self._gap_ms)
        self._most_steps = controller.most_frames - 2 * len(pause.steps)
        self._toggle: Offer | None = None
        if self._longest_ms < self._moment_ms:
            raise ValueError(
                f"step: a moment of {self._moment_ms} ms and the pause input around it are longer than a "
                f"line may be; moment_ms may be {max(0, self._longest_ms)} at most"
            )
        if self._most_steps < 2:
            raise ValueError("step: the pause input has so many presses that none is left for the winner")

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
        if offer.parsed == self._pause and offer.line.level >= Level.MODERATOR:
            self.counters["offered"] += 1
            self.counters["replaced"] += self._toggle is not None
            self._toggle = offer
        elif self.why_not(offer.parsed):
            self.counters["offered"] += 1
            self.counters["unfit"] += 1
        else:
            super().offer(offer, now)

    def take_back(self, unwanted: Callable[[Offer], bool]) -> int:
        """Drops every vote and pause input that is `unwanted`, and says how many."""
        return super().take_back(unwanted) + self._take_toggle_back(unwanted)

    def gone(self, user: str) -> None:
        """This viewer's vote goes, and their pause input."""
        super().gone(user)
        self._take_toggle_back(lambda offer: offer.line.user == user)

    def handle_timeout(self, now: float) -> list[Choice]:
        """A moderator's pause input, or the winner if the window ends now: never both at once."""
        if self._toggle is None or now < self._plays_until:
            return super().handle_timeout(now)
        (line, text, parsed), self._toggle = self._toggle, None
        self.counters["toggled"] += 1
        return [self._choose(Choice(parsed.steps, line, line.name, text, line.arrived_ms), now)]

    def next_timeout(self) -> float | None:
        """When the window ends, or a pause input may be pressed."""
        ends = super().next_timeout()
        if self._toggle is None:
            return ends
        return self._plays_until if ends is None else min(ends, self._plays_until)

    def _take_toggle_back(self, unwanted: Callable[[Offer], bool]) -> int:
        if self._toggle is None or not unwanted(self._toggle):
            return 0
        self._toggle = None
        self.counters["taken_back"] += 1
        return 1

    def _played(self, winner: Parsed) -> tuple[sequence.Step, ...]:
        begin_ms = self._pause.duration_ms + self._gap_ms
        again_ms = begin_ms + max(winner.duration_ms, self._moment_ms) + self._gap_ms
        return self._pause.steps + _later(winner, begin_ms) + _later(self._pause, again_ms)

    def _headline(self, now: float) -> str:
        if now < self._plays_until:
            return "The game goes on for a moment."
        return "The game stands still while chat votes: type the input you want."


def _later(parsed: Parsed, ms: int) -> tuple[sequence.Step, ...]:
    return tuple(step._replace(at_ms=step.at_ms + ms) for step in parsed.steps)
