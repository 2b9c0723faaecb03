"""One path of an endpoint: its link, and how that fares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from tunnel.links.direct import DirectLink
from tunnel.links.link import Link, LinkError
from tunnel.meter import Bill, next_hour
from tunnel.minutes import Standing
from tunnel.path import Path, PathId
from tunnel.policy import Kind
from tunnel.session import Role

# A relay that lets us in and throws us out at once has failed again; after this long it starts afresh.
_STEADY_MS: Final = 5_000.0


@dataclass(frozen=True, slots=True)
class PathReport:
    """One path, for people. Times in milliseconds, loss as a share of 1; None where nothing is known yet.

    state    "connecting", "up", "waiting" (to try again) or "refused" (the other side does not want us)
    sent     datagrams put on it;  received  authentic copies that came on it
    first    how many of ours reached the other end on it before any other copy, as the other end says
    carrying whether it is among those chosen for the next datagram
    why      while it is not up: what was in the way last, in a sentence
    address  of a direct path that is up: where the other end is
    bytes    sent and received on it in this hour, with what they were wrapped in
    cap      the lowest cap on it, bytes an hour; it may share that with others of its kind
    verdict  why it carries or does not, in a phrase
    """

    name: str
    url: str
    state: str
    delay_ms: float | None
    jitter_ms: float
    loss: float
    sent: int
    received: int
    first: int
    carrying: bool
    why: str | None = None
    kind: Kind = "relay"
    address: tuple[str, int] | None = None
    bytes: int = 0
    cap: int | None = None
    verdict: str = ""


class Lane:
    """`now` in milliseconds. `url` is what it was configured with, `direct` the link if it is such a one.

    bill  what it has used in this hour; its hours are those of the system's date (see meter.py)
    """

    def __init__(
        self,
        id: PathId,
        url: str,
        link: Link,
        direct: DirectLink | None = None,
        *,
        kind: Kind = "relay",
        bill: Bill | None = None,
    ) -> None:
        self.id = id
        self.url = url
        self.link = link
        self.direct = direct
        self.kind = kind
        self.bill = bill or Bill()
        self.state = "connecting"
        self.failures = 0  # in a row
        self._up_since = float("inf")
        self._said: str | None = None  # the last complaint, so that it is not made every two seconds

    @property
    def name(self) -> str:
        """What people call it."""
        return self.link.name

    def went_up(self, now: float) -> None:
        """It carries."""
        self.state, self._said, self._up_since = "up", None, now

    def went_down(self) -> None:
        """It does not any more; what becomes of it next is not known yet."""
        if self.state == "up":
            self.state = "waiting"

    def failed(self, error: LinkError, now: float) -> bool:
        """It does not. Returns whether anybody has to be told: not of the same thing twice."""
        steady = now - self._up_since >= _STEADY_MS
        self.failures = 1 if steady else self.failures + 1
        self._up_since = float("inf")
        self.state = "refused" if error.refused else "waiting"
        is_news = self._said != str(error)
        self._said = str(error)
        return is_news

    def rests(self) -> None:
        """Its hour is used up: it is down, and nothing is wrong with it."""
        self.state, self.failures, self._said, self._up_since = "waiting", 0, None, float("inf")

    def standing(self, path: Path, role: Role) -> Standing:
        """For `Minutes`. Who brought an input first, only the receiver sees; it tells the sender."""
        first = path.peer_first if role is Role.SENDER else path.first
        return Standing(self.id, self.name, first, path.up, path.carrying, path.pinned, path.delay, path.loss)

    def report(self, path: Path, date: float, verdict: str | None) -> PathReport:
        """How it stands, and what it has used on this date; `verdict` is the choice's own, if it is up."""
        resting = self.direct is not None and self.direct.why is not None and self.state == "connecting"
        why = None if self.state == "up" else (self.direct and self.direct.why) or self._said
        if self.bill.is_spent(date):
            verdict = used_up(date)
            why = f"{verdict.capitalize()}."
        return PathReport(
            name=self.name,
            url=self.url,
            state="waiting" if resting else self.state,
            delay_ms=path.delay,
            jitter_ms=path.jitter,
            loss=path.loss,
            sent=path.sent,
            received=path.heard,
            first=path.peer_first,
            carrying=path.carrying,
            why=why,
            kind=self.kind,
            address=None if self.direct is None else self.direct.address,
            bytes=self.bill.used(date),
            cap=self.bill.limit,
            verdict=verdict or why or self.state,
        )


def used_up(date: float) -> str:
    """Why a path is down that may carry nothing more in this hour; until when, by the clock on the wall."""
    turn = datetime.fromtimestamp(next_hour(date) / 1000, UTC).astimezone()
    return f"its hour is used up until {turn:%H:%M}"
