"""What is known of each path, and the pure choice of which paths carry a datagram.

A path is one way from this end to the other: a relay both ends are logged in to, or a direct one. Each end
sends a heartbeat on every path and answers the other's in its own, so delay, jitter and loss are measured on
the very path they are about, over copies that authenticated. A relay can spoil its own figures; it can only
better them by delivering sooner.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NewType

from tunnel.messages import MICROS, NOTHING_ECHOED, Heartbeat, micros

PathId = NewType("PathId", int)

# With three paths or fewer a copy on each costs little and saves the choice.
FEW: Final = 3
# tunnel.md 4.5: with bursts of 200 ms the third path still divides the late share by seven, the fourth by
# less.
BEST: Final = 3
# iroh and Tailscale both call 5 ms "good enough": below that, changing paths costs more than it gains.
HYSTERESIS_MS: Final = 5.0
# Tailscale trusts a path for 6.5 s after it was last heard: two heartbeats of 3 s and a little.
TRUST_MS: Final = 6_500.0
# A loss of 1 % makes one input in a hundred wait for a resend of some 200 ms: 2 ms each, on average.
_LOSS_COST_MS: Final = 200.0
_JITTER_WEIGHT: Final = 4.0  # RFC 6298's factor: the slow one in a hundred is what a player feels
_UNKNOWN_DELAY_MS: Final = 250.0
# The link suffers when an answer is overdue by this (SRT's shortest stability timeout is 60 ms), or loses
# this.
OVERDUE_MS: Final = 50.0
LOSSY: Final = 0.02
# Loss is judged over about this many datagrams: enough to see 2 %, few enough to follow a line that turns
# bad.
_LOSS_MEMORY: Final = 200.0
# How long it is treated as suffering after the last sign: long enough not to flap between bursts.
RELAX_MS: Final = 5_000.0


@dataclass(frozen=True, slots=True)
class PathView:
    """One path, as the choice sees it. Times in milliseconds, loss as a share of 1.

    pinned  the streamer wants it to carry before all that are not pinned
    spared  most of what it may use in this hour is used
    """

    id: PathId
    delay: float | None
    jitter: float
    loss: float
    silent_for: float
    carrying: bool
    pinned: bool = False
    spared: bool = False

    @property
    def works(self) -> bool:
        """It was heard of lately, so it is believed to carry."""
        return self.silent_for <= TRUST_MS


def choose(paths: Iterable[PathView], *, suffering: bool) -> tuple[PathId, ...]:
    """The paths that carry the next datagram, out of those that are up. The first row that fits:

    those that may carry (`entitled`)  those of them that do
    ---------------------------------  ----------------------------------------------------------------------
    at most three                      all
    more, and the link suffers         all
    more, three or more of them work   the best three by delay, jitter and loss; one that carries already is
                                       replaced only by one better by more than the hysteresis
    more, but fewer than three work    those that work, and the best of those not heard for 6.5 s: three

    What is sent a second time goes on every path that is up all the same, pinned, spared or neither: that
    nobody answered the first copy is a sign that the chosen ones are broken in a way that heartbeats do not
    show yet, in one direction alone for example, and an input is played as long as one path works.
    """
    pool = entitled(paths)
    if suffering or len(pool) <= FEW:
        return tuple(path.id for path in pool)
    ranked = sorted(pool, key=lambda path: (not path.works, cost(path)))
    return tuple(path.id for path in ranked[:BEST])


def entitled(paths: Iterable[PathView]) -> list[PathView]:
    """Those that may carry, out of those that are up. The first row that fits:

    a path works that is               who may carry
    ---------------------------------  ----------------------------------------------------------------------
    pinned and not spared              the pinned ones that are not spared; no others, even while the link
                                       suffers
    not spared                         all that are not spared
    none of these                      all

    A pin is a wish about ways that work, never a reason to lose an input: a pinned path that was not heard
    for 6.5 s may be gone, and then the others carry as if nothing were pinned, until it is heard again. What
    a path may cost comes before the pin, because money does not come back. A path whose hour is used up
    entirely is down, and so not among these.
    """
    up = list(paths)
    spendable = [path for path in up if not path.spared]
    if not any(path.works for path in spendable):
        return up
    pinned = [path for path in spendable if path.pinned]
    return pinned if any(path.works for path in pinned) else spendable


def cost(path: PathView) -> float:
    """What a datagram on this path is expected to wait, in milliseconds; lower is better."""
    delay = _UNKNOWN_DELAY_MS if path.delay is None else path.delay
    bonus = HYSTERESIS_MS if path.carrying else 0.0
    return delay + _JITTER_WEIGHT * path.jitter + _LOSS_COST_MS * path.loss - bonus


def is_suffering(*, unanswered_for: float, round_trip: float, losses: Iterable[float]) -> bool:
    """Whether answers are overdue, or so many paths lose that the best three may not be enough.

    One lossy path among good ones is merely not chosen; it is the good ones becoming fewer than three that
    hurts.
    """
    good = [loss for loss in losses if loss <= LOSSY]
    return unanswered_for > round_trip + OVERDUE_MS or len(good) < BEST


class Path:
    """The measurements of one path. `now` in milliseconds."""

    def __init__(self, id: PathId) -> None:
        self.id = id
        self.up = False
        self.carrying = False
        self.pinned = False
        self.spared = False
        self.sent = 0  # datagrams put on it
        self.heard = 0  # authentic copies that came on it
        self.first = 0  # of those, the ones that came before any other copy
        self.peer_first = 0  # the same at the other end, as it says
        self.delay: float | None = None
        self.jitter = 0.0
        self.last_heard = float("-inf")
        self._echo: tuple[int, int, float, int] | None = None  # sent time, count, when it came, heard by then
        self._answered: tuple[int, int] | None = None  # the latest (sent, heard by the peer) that was echoed
        self._lately_sent = self._lately_heard = _LOSS_MEMORY  # fading sums: a path is innocent at first

    def view(self, now: float) -> PathView:
        """For `choose`."""
        silent_for = now - self.last_heard
        return PathView(
            self.id, self.delay, self.jitter, self.loss, silent_for, self.carrying, self.pinned, self.spared
        )

    @property
    def loss(self) -> float:
        """The share of the last two hundred or so datagrams that the peer did not hear."""
        return min(max(1 - self._lately_heard / self._lately_sent, 0.0), 1.0)

    def copy_came(self, *, first: bool, held_back: bool, now: float) -> None:
        """An authentic datagram came on this path, for the first time on it. `first` counts inputs alone."""
        self.heard += 1
        self.first += first
        if not held_back:
            self.last_heard = now

    def peer_restarted(self) -> None:
        """The peer counts from the beginning: nothing it says can be compared with what it said before.

        What came first on this path is counted for each run of the peer by itself: it is told the figure.
        """
        self._echo = None
        self._answered = None
        self.first = self.peer_first = 0

    def make_heartbeat(self, now: float) -> Heartbeat:
        """The next heartbeat on this path; counts itself as sent."""
        if self._echo is None:
            return Heartbeat(self.sent + 1, 0, NOTHING_ECHOED, 0, 0, self.first)
        echo, echo_sent, came, heard = self._echo
        held = min(int((now - came) * 1000), NOTHING_ECHOED - 1)
        return Heartbeat(self.sent + 1, echo, held, echo_sent, heard, self.first)

    def heartbeat_came(self, heartbeat: Heartbeat, sent_at: int, now: float) -> float | None:
        """The peer's heartbeat, sent at `sent_at` on its clock. Returns the round trip it proves, if any."""
        self._echo = (sent_at, heartbeat.sent, now, self.heard)
        self.peer_first = heartbeat.first
        if heartbeat.held == NOTHING_ECHOED:
            return None
        self._count_loss(heartbeat)
        round_trip = ((micros(now) - heartbeat.echo) % MICROS - heartbeat.held) / 1000
        if round_trip < 0:
            return None
        self._smooth(min(round_trip, TRUST_MS) / 2)
        return round_trip

    def _smooth(self, delay: float) -> None:
        if self.delay is None:
            self.delay = delay
            return
        self.jitter += (abs(delay - self.delay) - self.jitter) / 8
        self.delay += (delay - self.delay) / 8

    def _count_loss(self, heartbeat: Heartbeat) -> None:
        """Adds what went by since the last echo to sums that fade; a late echo from before it says nothing
        new.

        What is still under way makes one step's difference too large and the next one's too small. The sums
        even that out; judging each step by itself would turn jitter into loss.
        """
        echoed = (heartbeat.echo_sent, heartbeat.heard)
        if self._answered is None:
            self._answered = echoed
            return
        sent = (echoed[0] - self._answered[0]) % MICROS  # the wire's counts wrap at 2^32
        heard = (echoed[1] - self._answered[1]) % MICROS
        if not 0 < sent < MICROS // 2:
            return
        heard -= MICROS if heard >= MICROS // 2 else 0
        self._answered = echoed
        fading = max(0.0, 1 - sent / _LOSS_MEMORY)
        self._lately_sent = self._lately_sent * fading + sent
        self._lately_heard = max(0.0, self._lately_heard * fading + heard)
