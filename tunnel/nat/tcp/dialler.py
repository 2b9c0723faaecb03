"""Whom to dial next, how fast, and how much in the long run. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from tunnel.bucket import TokenBucket
from tunnel.nat.candidates import Candidate, Kind, is_ipv6, is_plausible, priority
from tunnel.nat.stun import Address
from tunnel.nat.tcp.targets import Outcome, Targets
from tunnel.nat.tcp.turns import Likelihood

PACE_MS: Final = 20.0  # fifty dials a second, as UDP's checks
# In the long run far fewer, whatever the other end offers: these are 120 bytes a second at most.
_DIALS_PER_SECOND: Final = 1.5
# One search: three rounds of five dials at sixteen addresses.
_DIALS_BURST: Final = 240.0


class Dialler:
    """`now` in milliseconds. What was offered and is not dialled is counted in `counters`.

    loopback  whether this machine's own addresses may be dialled
    """

    def __init__(self, counters: Counter[str], *, loopback: bool) -> None:
        self.targets = Targets()
        self._counters = counters
        self._loopback = loopback
        self._paced_until = float("-inf")
        self._rate = TokenBucket(_DIALS_PER_SECOND, _DIALS_BURST)
        self._dials: list[Address] = []

    def offered(self, candidates: Iterable[Candidate], own: Iterable[Address]) -> bool:
        """The other end's addresses now. Returns whether there is any new one.

        own  our ports: what they cannot reach is left out
        """
        ours = frozenset(own)
        versions = {is_ipv6(address) for address in ours}
        worth = []
        for candidate in candidates:
            if not is_plausible(candidate.address, loopback=self._loopback):
                self._counters["dropped: implausible candidate"] += 1
            elif (
                candidate.address in ours
            ):  # its network has the same numbers as ours: we would meet ourselves
                self._counters["dropped: our own address"] += 1
            elif is_ipv6(candidate.address) in versions:
                worth.append(candidate)
        return self.targets.offered(worth)

    def fire(self, now: float) -> None:
        """A volley: everything is dialled that is not being dialled already."""
        self.targets.fire(now)
        self.dial(now)

    def dial(self, now: float) -> None:
        """One dial, if one is due and the pace allows it."""
        target = self.targets.next(now)
        if target is None or now < self._paced_until:
            return
        if not self._rate.take(now):
            self._counters["dials put off"] += 1
            self._paced_until = now + 1000 / _DIALS_PER_SECOND
            return
        self._paced_until = now + PACE_MS
        target.dialled()
        self._dials.append(target.address)

    def ended(self, address: Address, outcome: Outcome, spread: float, now: float) -> None:
        """How a dial ended; see Target."""
        target = self.targets.get(address)
        if target is not None:
            target.ended(outcome, spread, now)

    def stop(self) -> None:
        """There is a path: no dials until the next volley."""
        self.targets.stop()

    def take(self) -> list[Address]:
        """The dials to begin now."""
        dials, self._dials = self._dials, []
        return dials

    def likelihood(self, address: Address) -> tuple[Likelihood, int]:
        """How likely a connection to or from there is the other end; and its priority."""
        target = self.targets.get(address)
        if target is not None:
            return Likelihood.NAMED, target.priority
        is_host = any(each.address[0] == address[0] for each in self.targets)
        return Likelihood.HOST if is_host else Likelihood.STRANGER, priority(Kind.PEER, address)

    def next_timeout(self) -> float:
        """When `dial` has something to do; infinity if nothing is awaited."""
        return max(self._paced_until, self.targets.next_timeout())
