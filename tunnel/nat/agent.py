"""Finds a direct way to the other end over UDP, and watches over it. No I/O, no clock of its own.

In spirit this is ICE (RFC 8445) with one socket: both ends tell each other, sealed, where they may be
reached; both check every address of the other; what answers is valid; the end that controls nominates the
best. The address in use is asked every 5 s whether it still wants our traffic (RFC 7675). Where the other end
moves, its checks come from a new address, which is checked in turn and taken once it has answered.

Law of use: after any call that may change something, send what `transmits()` returns, pass what
`signals(now)` returns to the other end's `signal_came`, and look at `events()`; then wait no longer than
until `next_timeout()` and call `handle_timeout(now)`. Calling too early or too often is harmless. `now` is in
milliseconds and never decreases. After Lost the agent is done: make another one.
"""

from __future__ import annotations

from collections import Counter

from tunnel.bucket import TokenBucket
from tunnel.nat import stun
from tunnel.nat.birthday import Birthday
from tunnel.nat.checks import Checks
from tunnel.nat.diagnosis import explain
from tunnel.nat.events import Event, Found, Lost, Released, Rested, Transmit
from tunnel.nat.gathering import Random
from tunnel.nat.offer import Offer
from tunnel.nat.pairs import Pair, choose
from tunnel.nat.prober import Prober
from tunnel.nat.search import Stage, Step
from tunnel.nat.seeker import Seeker, seldom
from tunnel.nat.stun import Address, StunError


class Agent(Seeker):
    """See the law of use above. What came and was dropped is counted in `counters`, by reason.

    controlling  whether this end decides which address is used: one of the two does
    loopback     whether this machine's own addresses may be candidates: both ends run on it
    counters     where to count; None: its own
    before       what we offered last, if only the other end began anew (see seeker.py)
    birthday     how often ports may be guessed (birthday.allowance); None: not at all
    """

    def __init__(
        self,
        *,
        controlling: bool,
        random: Random,
        now: float,
        loopback: bool = False,
        counters: Counter[str] | None = None,
        before: Offer | None = None,
        birthday: TokenBucket | None = None,
    ) -> None:
        super().__init__(random, now, loopback=loopback, counters=counters, before=before)
        self._controlling = controlling
        own = self.offered.credentials
        checks = Checks(own, controlling=controlling, tie_breaker=int.from_bytes(random(8), "big"))
        self._prober = Prober(checks, random, self.counters, controlling=controlling, loopback=loopback)
        self._birthday = Birthday(random, birthday)
        self._opened: set[int] = set()  # sockets besides the main one
        self._in_doubt = False
        self._prolonging = seldom()
        self._events: list[Event] = []

    @property
    def selected(self) -> Address | None:
        """Where datagrams go; None while there is no path."""
        return None if self._prober.selected is None else self._prober.selected.address

    @property
    def via(self) -> int:
        """By which of our sockets; 0 is the main one."""
        return 0 if self._prober.selected is None else self._prober.selected.via

    @property
    def tried(self) -> tuple[Pair, ...]:
        """The other end's addresses, and how each fares; to look at only."""
        return tuple(self._prober.pairs)

    # What comes from the other end, or pretends to

    def signal_came(self, body: bytes, now: float) -> None:
        """An offer of the other end; the seal around it has proved that."""
        heard = self._hear(body, now)
        if heard is None:
            return
        offer, is_known = heard
        self._prober.offered(offer, self._own.versions, now)
        if not self._has_begun:
            self._begin(now)
        elif not self._wake(now, patiently=is_known):
            self._look_longer(now)
        if offer.guessing:
            self._guess(now)
        self._release(now)

    def receive(self, data: bytes, source: Address, now: float, via: int = 0) -> None:
        """Anything that `stun.is_stun` lets through: used, or counted and dropped. `via`: see Transmit."""
        try:
            message = stun.parse(data)
        except StunError:
            self.counters["dropped: stun"] += 1
            return
        if message.kind is stun.Kind.REQUEST:
            self._prober.check_came(message, data, source, now, via)
        elif message.kind is stun.Kind.SUCCESS:
            if not self._answered(message, source, now):
                self._prober.answer_came(message, data, source, now, via)
        else:
            self.counters["dropped: stun kind"] += 1
        self._decide(now)
        self._release(now)

    def accepts(self, source: Address, size: int, now: float, via: int = 0) -> bool:
        """Whether a datagram (no STUN) from there is for the session. An unknown source may get a check."""
        if self._prober.knows(source, via):
            return True
        self.counters["dropped: unknown source"] += 1
        if self._own.can_reach(source):
            self._prober.meet(source, size, now, via)
        return False

    # Time

    def handle_timeout(self, now: float) -> None:
        """Does what has fallen due."""
        for pair in self._prober.pairs:
            pair.expire(now)
        self._decide(now)
        self._ask(now)
        found = self._has_path and not self._in_doubt
        step = self._search.take_due(found=found, draw=self._prober.draw(), now=now)
        if step is Step.AGAIN:
            self._announce(now)  # by now we know whether servers answer
            self._prober.rewind(now)
            self._ask_again(now)
        elif step is Step.BEGIN:
            self._begin(now, patiently=True)
        elif step is Step.REST:
            self._events.append(Rested(explain(self.offered, self.remote)))
        if step in (Step.AGAIN, Step.REST):
            self._guess(now)
        for probe in self._birthday.take_due(now):
            self._opened.update({probe.via} - {0})
            self._prober.guess(*probe)
        self._release(now)
        self._prober.check(now)

    def next_timeout(self) -> float:
        """When to call `handle_timeout` at the latest; infinity if nothing is awaited."""
        deadlines = [self._next_timeout(), self._prober.next_timeout(), self._birthday.next_timeout()]
        if self._prober.selected is not None and not self._in_doubt:
            deadlines.append(self._prober.selected.doubt_at())
        return min(deadlines)

    def transmits(self) -> list[Transmit]:
        """What has to leave now."""
        checks, self._prober.transmits = self._prober.transmits, []
        return [*(Transmit(*question) for question in self._take_questions()), *checks]

    def signals(self, now: float) -> list[bytes]:
        """The notes that have to reach the other end, now."""
        offer = self._signalling.take_due(now)
        return [] if offer is None else [offer]

    def events(self) -> list[Event]:
        """What has happened since the last call, in order."""
        events, self._events = self._events, []
        return events

    # Looking

    @property
    def _has_path(self) -> bool:
        return self._prober.selected is not None

    def _begin_trying(self, now: float) -> None:
        self._prober.begin(now)

    def _look_longer(self, now: float) -> None:
        """The other end has begun while we look too: what failed may work now."""
        if self._search.stage is Stage.LOOKING and self._prolonging.take(now):
            self._search.prolong()
            self._prober.rewind(now, failed_only=True)

    def _announce(self, now: float) -> None:
        own = self._own
        self._signalling.announce(
            own.candidates(),
            symmetric=own.symmetric,
            deaf=own.deaf(now),
            now=now,
            birthday=self._birthday.agrees and own.confirmed,
            guessing=self._birthday.running,
        )

    def _forget_peer(self) -> None:
        self._prober.pairs.clear()
        self._birthday.stop()
        if self._prober.selected is not None:
            self._prober.selected = None
            self._events.append(Lost("The other end began anew.", anew=True))

    # Guessing

    def _guess(self, now: float) -> None:
        """An ordinary round found nothing, here or there. The other end has to begin at the same time."""
        if self.remote is None or self._has_path:
            return
        if self._birthday.begin(self.offered, self.remote, now):
            self._announce(now)

    def _release(self, now: float) -> None:
        """When guessing is over, its sockets are closed but for those that hit, and those when they fail."""
        if self._birthday.running:
            return
        if self.offered.guessing:
            self._announce(now)
        if self._opened:
            unused = self._opened - self._prober.pairs.keep_sockets()
            self._opened -= unused
            if unused:
                self._events.append(Released(frozenset(unused)))

    # Choosing

    def _decide(self, now: float) -> None:
        """Which pair carries; and whether ours is so doubtful that we look for another."""
        best = choose(self._prober.pairs, self._prober.selected, controlling=self._controlling, now=now)
        if best is not self._prober.selected:
            self._select(best, now)
        in_doubt = best is not None and best.is_doubtful(now)
        if in_doubt and not self._in_doubt and self._search.stage is Stage.SETTLED:
            self._begin(now)
        self._in_doubt = in_doubt

    def _select(self, best: Pair | None, now: float) -> None:
        if self._prober.selected is not None:
            self._prober.selected.watch(False, now)
        self._prober.selected = best
        if best is None:
            self._events.append(Lost("The other end does not answer any more."))
            return
        best.watch(True, now)
        self._birthday.stop()
        self._events.append(Found(best.address, best.via))
        self._prober.check(now)
