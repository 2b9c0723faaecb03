"""Round trip and clock offset between the two ends, so that neither clock needs to be right.

Every answer that echoes a sending time gives one sample: the round trip without the time the answer was held,
and, taking the way out to be half of it, the peer's clock at that moment. The sample with the shortest round
trip of the last minute is the best (a minimum filter, as in NTP's clock filter, RFC 5905 section 10), and
half of that round trip bounds how wrong it can be. The retransmission timer follows RFC 6298.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from tunnel.messages import near

_MEMORY_MS: Final = 60_000
_MAX_SAMPLES: Final = 64
# What two crystals drift apart in a minute (100 parts per million each) is 12 ms.
_DRIFT_MS: Final = 12.0
# Nobody's first resend should wait long; most home lines answer a relay within this.
_FIRST_TIMEOUT_MS: Final = 250.0
# Below 50 ms a resend mostly overtakes the answer it waits for (Mosh's floor, too: section 2.2).
_SHORTEST_TIMEOUT_MS: Final = 50.0
# Late is dropped after 1.5 s; a longer timer would give a lost input no second chance.
_LONGEST_TIMEOUT_MS: Final = 400.0


class _Sample(NamedTuple):
    taken: float
    round_trip: float
    offset: float  # the peer's clock minus ours


class PeerClock:
    """What is known of the peer's clock. All values in milliseconds."""

    def __init__(self, now: float, peer_now: float) -> None:
        """From one message that told the peer's time and may have been under way for any while."""
        self._samples: deque[_Sample] = deque()
        self._best = _Sample(now, float("inf"), peer_now - now)
        self._smoothed: float | None = None
        self._variation = 0.0

    @property
    def round_trip(self) -> float | None:
        """Smoothed, or None before the first sample."""
        return self._smoothed

    @property
    def uncertainty(self) -> float:
        """How far off `to_local` may be; 0 before the first sample, when nothing is known."""
        return 0.0 if self._best.round_trip == float("inf") else self._best.round_trip / 2

    @property
    def resend_timeout(self) -> float:
        """How long to wait for an answer before sending again."""
        if self._smoothed is None:
            return _FIRST_TIMEOUT_MS
        timeout = self._smoothed + max(4 * self._variation, 10.0)
        return min(max(timeout, _SHORTEST_TIMEOUT_MS), _LONGEST_TIMEOUT_MS)

    def sample(
        self, *, sent: float, held: float, peer_time: float, now: float, first_copy: bool = True
    ) -> float | None:
        """We sent at `sent`; the peer held it for `held`, answered at its `peer_time`; here it is `now`.

        Only first copies say how long an answer takes; those of one slow path alone (`first_copy` false)
        still tell something about the clock. Returns the round trip, or None for an answer that contradicts
        itself: held longer than it took.
        """
        round_trip = now - sent - held
        if round_trip < 0 or held < 0:
            return None
        if not first_copy:
            pass
        elif self._smoothed is None:
            self._smoothed, self._variation = round_trip, round_trip / 2
        else:
            self._variation += (abs(round_trip - self._smoothed) - self._variation) / 4
            self._smoothed += (round_trip - self._smoothed) / 8
        sample = _Sample(now, round_trip, peer_time + round_trip / 2 - now)
        if abs(sample.offset - self._best.offset) > (round_trip + self._best.round_trip) / 2 + _DRIFT_MS:
            self._samples.clear()  # both cannot be true of one clock: one of the clocks has stepped
        while self._samples and now - self._samples[0].taken > _MEMORY_MS:
            self._samples.popleft()
        # Only samples that could ever become the best are kept: shorter than all that came after them.
        while self._samples and self._samples[-1].round_trip >= round_trip:
            self._samples.pop()
        if len(self._samples) == _MAX_SAMPLES:
            self._samples.pop()  # never the first: it is the best
        self._samples.append(sample)
        self._best = self._samples[0]
        return round_trip

    def age(self, sent: int, now: float) -> float:
        """How long ago the peer sent what says `sent`, in the wire's microseconds."""
        return now - self.to_local(near(sent, self.to_peer(now)))

    def to_local(self, peer_time: float) -> float:
        """A moment on the peer's clock as one on ours."""
        return peer_time - self._best.offset

    def to_peer(self, moment: float) -> float:
        """A moment on our clock as one on the peer's."""
        return moment + self._best.offset
