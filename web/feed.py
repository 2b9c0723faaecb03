"""What the page shows, as one JSON-able snapshot, built from what the receiver says was played.

Law of use: tell it every report, played input, label and mode as it happens; ask for `snapshot` whenever a
page wants one. A snapshot stands alone, so a page that misses some has only missed time. The page hides what
is null. All of it is what the receiver did, but for labels and the mode: those are the bot's word.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, TypedDict

from config.codes import BUTTONS, CONTROLS
from config.notes import Label
from config.views import ModeView
from injector.report import NEUTRAL, Report, changes
from web.mode_card import ModeCard, mode_card

# A tall page has room for about this many lines, and an older input is no news.
SHOWN: Final = 24
# A label travels beside its input and may come first or second; both are in hand within one round trip.
# At 100 inputs a second this keeps them for ten seconds.
LABELS_KEPT: Final = 1024


@dataclass(frozen=True, slots=True)
class RelayCard:
    """One relay, as the page draws it.

    state     "up", "connecting", "waiting", "refused", or "cut" where a person cut it
    delay_ms, jitter_ms, loss  as the bot measures them; None while nothing is known
    share     of all first copies, how many came this way: 0 to 1, None before the first
    can_cut   whether the page offers the button
    """

    name: str
    state: str
    delay_ms: float | None
    jitter_ms: float | None
    loss: float | None
    share: float | None
    can_cut: bool


class PadView(TypedDict):
    """One pad: {"controls": {"A": 1, "LX": -0.5}, "presses": {"A": 12}}. Controls at rest are left out."""

    controls: dict[str, float]
    presses: dict[str, int]


class PlayedView(TypedDict):
    """One input that was played: {"id": 7, "user": "maya", "text": "a500ms"}, or null where no label came."""

    id: int
    user: str | None
    text: str | None


class FeedView(TypedDict):
    """A snapshot.

    about   what this is, for people
    link    why the pads are neutral, if they are
    chat    why chat cannot be read, if it cannot
    mode    how it is decided what is played, as the bot tells it
    played  newest first
    relays  each as a RelayCard is drawn
    """

    about: str
    pads: list[PadView]
    link: str | None
    chat: str | None
    mode: ModeCard | None
    played: list[PlayedView]
    relays: list[dict[str, Any]] | None
    counters: dict[str, int] | None
    latency_ms: dict[str, float | None] | None


@dataclass(slots=True)
class _Input:
    id: int
    label: Label | None


class Feed:
    """The state behind the page. Everything kept is bounded."""

    def __init__(self, about: str, pads: int) -> None:
        self.about = about
        self._reports = [NEUTRAL] * pads
        self._presses = [Counter[str]() for _ in range(pads)]
        self._played: deque[_Input] = deque(maxlen=SHOWN)
        self._labels: OrderedDict[int, Label] = OrderedDict()
        self._link: str | None = "Waiting for the bot."
        self._chat: str | None = None
        self._mode: ModeCard | None = None
        self._modes_heard = 0

    def report(self, pad: int, report: Report) -> None:
        """`pad` (from 1) looks like `report` now. A pad that the page does not have is ignored."""
        if not 1 <= pad <= len(self._reports):
            return
        before = self._reports[pad - 1]
        for control, value in changes(before, report):
            if control in BUTTONS and value:
                self._presses[pad - 1][control.value] += 1
        self._reports[pad - 1] = report

    def played(self, sequence: int) -> None:
        """The first frame of this sequence reached the device."""
        self._played.appendleft(_Input(sequence, self._labels.pop(sequence, None)))

    def label(self, label: Label) -> None:
        """Who typed what, for a sequence that was played, or may be soon."""
        for shown in self._played:
            if shown.id == label.id:
                shown.label = label
                return
        self._labels[label.id] = label
        if len(self._labels) > LABELS_KEPT:
            self._labels.popitem(last=False)

    def neutral(self, reason: str) -> None:
        """Every pad went to rest, because of `reason` (half a sentence)."""
        self._reports = [NEUTRAL] * len(self._reports)
        self._link = f"All pads at rest: {reason.removesuffix('.')}."

    def link(self, up: bool) -> None:
        """Whether the bot is heard."""
        self._link = None if up else "The bot is silent."

    def chat(self, up: bool, text: str) -> None:
        """How the chat is, where the program knows; `text` is a sentence."""
        self._chat = None if up else text

    def mode(self, view: ModeView) -> None:
        """How it is decided what is played, now."""
        self._modes_heard += 1
        self._mode = mode_card(view, self._modes_heard)

    @property
    def mode_shown(self) -> ModeCard | None:
        """What the page shows of the mode."""
        return self._mode

    def snapshot(
        self,
        relays: Sequence[RelayCard] | None = None,
        counters: Mapping[str, int] | None = None,
        latency_ms: Mapping[str, float | None] | None = None,
    ) -> FeedView:
        """Everything the page shows."""
        return {
            "about": self.about,
            "pads": [
                {"controls": _moved(report), "presses": dict(presses)}
                for report, presses in zip(self._reports, self._presses, strict=True)
            ],
            "link": self._link,
            "chat": self._chat,
            "mode": self._mode,
            "played": [_shown(played) for played in self._played],
            "relays": None if relays is None else [asdict(relay) for relay in relays],
            "counters": None if counters is None else dict(counters),
            "latency_ms": None if latency_ms is None else dict(latency_ms),
        }


def shares(firsts: Sequence[int]) -> list[float | None]:
    """Each path's part of all first copies; None for everybody before there is one."""
    total = sum(firsts)
    return [first / total if total else None for first in firsts]


def _moved(report: Report) -> dict[str, float]:
    values = ((control, report.value(control)) for control in CONTROLS)
    return {control.value: round(value, 3) for control, value in values if value}


def _shown(played: _Input) -> PlayedView:
    label = played.label
    return {
        "id": played.id,
        "user": label.user if label else None,
        "text": label.text if label else None,
    }
