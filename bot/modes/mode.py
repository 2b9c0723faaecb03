"""What every mode is given, what it gives, and how it is used. A mode is pure: no clock, no I/O, no dice.

    offers, votes, now  ->  mode  ->  choices: what is played, and for whom

Law of use: call `handle_timeout(now)` after any other call, and when `next_timeout` has come. It may be
called at any time; too early, it returns nothing. Every time is milliseconds on the program's clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from bot.chat.line import ChatLine
from bot.grammar import Parsed
from bot.modes.rules import GameRules
from bot.sequence import Step, moves_of
from config.controllers import Move
from config.notes import MAX_TEXT
from config.views import ModeView

_MORE: Final = " ..."


class ModeError(ValueError):
    """There is no such mode, or it cannot be played here: a sentence for a person."""


class Offer(NamedTuple):
    """An input somebody typed and may play: judged already, not yet chosen."""

    line: ChatLine
    parsed: Parsed

    def chosen(self, steps: tuple[Step, ...]) -> Choice:
        """It is played, as these steps. Shown is what the language made of it: in the whole line there may be
        talk as well, and that is for nobody's screen.
        """
        line = self.line
        return Choice(steps, line, line.name, shown(self.parsed), line.arrived_ms)


class Owner(NamedTuple):
    """Whose something is: a viewer, and the chat message it came with. Both are empty for nobody's."""

    user: str
    message: str


NOBODY: Final = Owner("", "")


class Choice(NamedTuple):
    """A sequence to play now.

    steps  dated from zero
    line   the chat line it is the answer to; None where none asked for it alone, as for a vote's result
    name   who is shown for it: the viewer, or `chat`
    text   what is shown as played
    since_ms  when the first line that asked for it arrived
    spender  who asked for it without a line, by spending something
    asked  what of it is a use of words, where the mode plays more around it (bot.modes.step)
    """

    steps: tuple[Step, ...]
    line: ChatLine | None
    name: str
    text: str
    since_ms: float
    spender: Owner | None = None
    asked: frozenset[Move] | None = None

    @property
    def owner(self) -> Owner:
        """With whose ban, or the deletion of which message, it goes."""
        if self.line is not None:
            return Owner(self.line.user, self.line.id)
        return self.spender or NOBODY

    @property
    def moves(self) -> frozenset[Move]:
        """What locks and rests are about: everything it presses for whoever asked, and which way."""
        return moves_of(self.steps) if self.asked is None else self.asked


class Mode(Protocol):
    """One way to decide what is played.

    counters  what was offered, and dropped, by reason
    """

    counters: Counter[str]

    @property
    def waiting(self) -> int:
        """How many offers it holds. Bounded."""

    def offer(self, offer: Offer, now: float) -> None:
        """Takes an input, or counts why it does not."""

    def take_back(self, unwanted: Callable[[Offer], bool], why: str = "taken_back") -> int:
        """Drops every offer and vote that is `unwanted`, counts them as `why`, and says how many."""

    def gone(self, user: str) -> None:
        """This viewer was banned or silenced: no turn, no team, no vote any more."""

    def join(self, user: str, name: str, team: str, now: float) -> str:
        """`!join`: what became of it, as a sentence for the chat. `team` may be empty."""

    def retune(self, rules: GameRules) -> None:
        """The game was loaded anew, or it is another. What waits stays, if it can still be played. Raises
        ModeError if this mode cannot be played any more; then all is as it was.
        """

    def handle_timeout(self, now: float) -> list[Choice]:
        """What is to be played now, in order."""

    def next_timeout(self) -> float | None:
        """When to call `handle_timeout` though nothing happened."""

    def view(self, now: float) -> ModeView:
        """What the pages show of it."""


def shown(parsed: Parsed) -> str:
    """The input as screens show it: cut between two of its words where it is too long."""
    if len(parsed.text) <= MAX_TEXT:
        return parsed.text
    most = MAX_TEXT - len(_MORE)
    words, _, _ = parsed.text[: most + 1].rpartition(" ")
    return f"{words or parsed.text[:most]}{_MORE}"
