"""The checks between the two ends: ours at a bounded pace, theirs answered at a bounded rate. No I/O.

Every address of the other end is a pair (pairs.py); a pair is valid once it has answered a check that only
the other end can answer. Where a check comes from an address we did not know, that address is checked in
turn: so an end that moves is followed, and a false source address gains nothing.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from tunnel.bucket import TokenBucket
from tunnel.nat import stun
from tunnel.nat.candidates import Kind, is_plausible
from tunnel.nat.checks import Checks, Credentials, Outstanding, SentCheck, Verdict
from tunnel.nat.events import Transmit
from tunnel.nat.gathering import Random
from tunnel.nat.offer import Offer
from tunnel.nat.pairs import Pair, Pairs, State
from tunnel.nat.stun import Address, Message

# RFC 8445, 14.2 wants 5 ms at least between checks, advises 50. Twenty make 50 checks a second.
PACE_MS: Final = 20.0
# And in the long run far fewer, whatever the other end offers: two whole searches at once (three rounds of
# six checks for sixteen addresses each), then as many as consent and the rare search need.
_CHECKS_PER_SECOND: Final = 5.0
_CHECKS_BURST: Final = 600.0
# The other end keeps the same pace; what it sends beyond twice that is not answered.
_ANSWERS_PER_SECOND: Final = 100.0
# An unknown source whose datagrams may be the other end's, from a new address: it gets one check a second.
_STRANGERS_PER_SECOND: Final = 1.0
_SHORTEST_STRANGER: Final = 128  # no check is longer, so nobody gains by a false source address


class Prober:
    """`now` in milliseconds. What came and was dropped is counted in `counters`.

    remote      what the other end's answers are signed with; None before its first offer
    selected    the pair in use: the end that controls nominates it
    transmits   what has to leave; whoever sends it empties the list
    controlling, loopback  as Agent's
    """

    def __init__(
        self, checks: Checks, random: Random, counters: Counter[str], *, controlling: bool, loopback: bool
    ) -> None:
        self.pairs = Pairs()
        self.remote: Credentials | None = None
        self.selected: Pair | None = None
        self.transmits: list[Transmit] = []
        self._counters = counters
        self._checks = checks
        self._random = random
        self._controlling = controlling
        self._loopback = loopback
        self._outstanding = Outstanding()
        self._paced_until = float("-inf")
        self._checking = TokenBucket(_CHECKS_PER_SECOND, _CHECKS_BURST)
        self._answering = TokenBucket(_ANSWERS_PER_SECOND, _ANSWERS_PER_SECOND)
        self._meeting = TokenBucket(_STRANGERS_PER_SECOND, 1)

    # The other end's addresses

    def offered(self, offer: Offer, own_versions: frozenset[bool], now: float) -> None:
        """Its newest offer. `own_versions`: of IP that our sockets speak; IPv6 is True."""
        self.remote = offer.credentials
        self.pairs.keep(address for _, address in offer.candidates)
        for kind, address in offer.candidates:
            if not is_plausible(address, loopback=self._loopback):
                self._counters["dropped: implausible candidate"] += 1
            elif (":" in address[0]) in own_versions and self.pairs.add(kind, address, now) is None:
                self._counters["dropped: no room for a pair"] += 1

    def knows(self, source: Address, via: int) -> bool:
        """Whether what comes from there is the other end's: it has proved that by a check or an answer."""
        pair = self.pairs.get(source, via)
        return pair is not None and (pair.heard or pair.state is State.VALID)

    def meet(self, source: Address, size: int, now: float, via: int = 0) -> None:
        """A datagram of `size` bytes came from an unknown source: perhaps the other end, which has moved."""
        if self.selected is not None and size >= _SHORTEST_STRANGER and self._meeting.take(now):
            pair = self.pairs.add(Kind.PEER, source, now, via)
            if pair is not None:
                pair.hurry(now)
                self.check(now)

    def begin(self, now: float) -> None:
        """A search: the first round of checks."""
        for pair in self.pairs:
            pair.asked = 0
        self.rewind(now)

    def rewind(self, now: float, *, failed_only: bool = False) -> None:
        """Another round of checks."""
        for pair in self.pairs:
            if not failed_only or pair.state is State.FAILED:
                pair.rewind(now)

    # Our checks

    def check(self, now: float) -> None:
        """One check, if one is due and the pace allows it."""
        if self.remote is None or now < self._paced_until:
            return
        pair = self.pairs.next_check(now)
        if pair is None:
            return
        if not self._checking.take(now):
            self._counters["checks put off"] += 1
            self._paced_until = now + 1000 / _CHECKS_PER_SECOND
            return
        nominate = self._controlling and pair is self.selected
        self._ask(self.remote, pair.address, pair.via, nominate=nominate)
        self._paced_until = now + PACE_MS
        pair.check_left(now)

    def guess(self, address: Address, via: int) -> None:
        """One check that belongs to no pair yet (birthday.py, which keeps its own pace)."""
        if self.remote is not None:
            self._ask(self.remote, address, via, nominate=False)

    def next_timeout(self) -> float:
        """When `check` has something to send, or a pair's consent ends; infinity if nothing is awaited."""
        deadlines = [pair.expires() for pair in self.pairs]
        if self.remote is not None and len(self.pairs):
            deadlines.append(max(self._paced_until, min(pair.due for pair in self.pairs)))
        return min(deadlines, default=float("inf"))

    def _ask(self, remote: Credentials, address: Address, via: int, *, nominate: bool) -> None:
        transaction = self._random(stun.TRANSACTION)
        request = self._checks.request(remote, address, transaction, nominate=nominate)
        self._outstanding.add(transaction, SentCheck(address, nominate, via))
        self.transmits.append(Transmit(address, request, via))

    # What comes

    def check_came(self, message: Message, data: bytes, source: Address, now: float, via: int = 0) -> None:
        """A check: answered, and answered by one of ours, if it is the other end's."""
        verdict = self._checks.judge(message, data)
        if verdict is not Verdict.FINE:
            self._counters[f"dropped: check, {verdict.value}"] += 1
            return
        if not self._answering.take(now) or not is_plausible(source, loopback=self._loopback):
            self._counters["dropped: check, over the rate"] += 1
            return
        self.transmits.append(Transmit(source, self._checks.answer(message, source), via))
        pair = self.pairs.add(Kind.PEER, source, now, via)
        if pair is None:
            self._counters["dropped: no room for a pair"] += 1
            return
        pair.heard = True
        if message.use_candidate:
            self.pairs.nominate(pair)
        if pair.state is not State.VALID:
            pair.hurry(now)
            self.check(now)

    def answer_came(self, message: Message, data: bytes, source: Address, now: float, via: int = 0) -> None:
        """An answer: the address that was asked is valid, if it is the other end's."""
        asked = self._outstanding.get(message.transaction, source, via)
        if self.remote is None or asked is None or not stun.verify(data, self.remote.key):
            self._counters["dropped: answer"] += 1
            return
        self._outstanding.forget(message.transaction)
        pair = self.pairs.add(Kind.PEER, source, now, via)  # a guess that was right is news
        if pair is None:
            self._counters["dropped: no room for a pair"] += 1
            return
        pair.answered(self.draw(), now)

    def draw(self) -> float:
        """A random number in [0, 1)."""
        return int.from_bytes(self._random(4), "big") / 2**32
