"""Finds a direct way to the other end over TCP: whom to dial and when, whom to believe. No I/O, no clock.

Both ends listen at the port they dial from, and dial each other at the same time. Whichever SYN comes first
meets a closed door, but has opened its own, and the next one comes in: at the listener, or at a dial that is
under way (RFC 9293, 3.5: simultaneous open). The start is libp2p's DCUtR: the end that controls sends a new
edition of its offer, the other end dials when it comes, the first as long after sending as it takes to come.
Where only one end can be reached the other one's dial simply gets through.

Law of use: after any call that may change something, dial what `dials()` returns, ask what `questions()`
returns, pass on what `signals(now)` returns, drop the connections in `drops()`, begin the proof of the one
that `take_turn(now)` names, and look at `events()`; then wait no longer than until `next_timeout()` and call
`handle_timeout(now)`. Calling too early or too often is harmless. `now` is in milliseconds and never
decreases. After Lost the agent is done: make another one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from tunnel.bucket import TokenBucket
from tunnel.nat.checks import FRAGMENT_SIZE, PASSWORD_SIZE, Credentials
from tunnel.nat.events import Lost, Rested
from tunnel.nat.gathering import Random
from tunnel.nat.offer import NEVER, Edition, Offer
from tunnel.nat.own import OwnAddresses
from tunnel.nat.search import Search, Stage, Step
from tunnel.nat.signalling import Signalling, following
from tunnel.nat.stun import Address, Message
from tunnel.nat.tcp_diagnosis import explain
from tunnel.nat.tcp_dialler import Dialler
from tunnel.nat.tcp_proof import Passwords
from tunnel.nat.tcp_targets import Outcome, Target
from tunnel.nat.tcp_turns import Likelihood, Turns, gives_itself_away

# How often the other end's offers may start a search of ours, in the long run and at once.
_WOKEN_PER_SECOND: Final = 1 / 60
_WOKEN_BURST: Final = 4.0
# While people wait, servers are asked again: relays hang up on whoever asks where it comes from, and a router
# that keeps our port only for them may forget us.
_ASK_AGAIN_MS: Final = 12_000.0
# A note may take minutes (tunnel/rendezvous). Nobody waits so long, or the round would be over.
_LONGEST_DELAY_MS: Final = 1_000.0


class TcpAgent:
    """See the law of use above. What came and was dropped is counted in `counters`, by reason.

    controlling  whether this end times the start, and asks for proof: one of the two does
    delay_ms     how long a note takes to the other end, as far as anybody knows
    loopback     whether this machine's own addresses may be candidates: both ends run on it
    counters     where to count; None: its own
    before       what we offered last, if only the other end began anew (see nat/agent.py)
    """

    def __init__(
        self,
        *,
        controlling: bool,
        random: Random,
        now: float,
        delay_ms: Callable[[], float],
        loopback: bool = False,
        counters: Counter[str] | None = None,
        before: Offer | None = None,
    ) -> None:
        self.counters: Counter[str] = Counter() if counters is None else counters
        self._controlling = controlling
        self._random = random
        self._delay_ms = delay_ms
        credentials = (
            Credentials(random(FRAGMENT_SIZE), random(PASSWORD_SIZE))
            if before is None
            else before.credentials
        )
        edition = Edition(int(now), 0) if before is None else following(before.edition)
        self._signalling = Signalling(credentials, edition, self.counters)
        self._own = OwnAddresses(random, loopback=loopback)
        self._hosts: tuple[Address, ...] = ()
        self._dialler = Dialler(self.counters, loopback=loopback)
        self._turns = Turns(asks=controlling)
        self._dialled: dict[int, Address] = {}  # unproved connections that we have made
        self._search = Search()
        self._said = NEVER  # the newest edition of ours that has left
        self._volley_at = float("inf")
        self._up: Address | None = None
        self._waking = TokenBucket(_WOKEN_PER_SECOND, _WOKEN_BURST)
        self._questions: list[tuple[Address, bytes]] = []
        self._drops: list[int] = []
        self._events: list[Lost | Rested] = []

    @property
    def offered(self) -> Offer:
        """What we offer."""
        return self._signalling.own

    @property
    def remote(self) -> Offer | None:
        """What the other end offers, as far as we know."""
        return self._signalling.remote

    @property
    def tried(self) -> tuple[Target, ...]:
        """The other end's addresses, and how each fares; to look at only."""
        return tuple(self._dialler.targets)

    @property
    def answers(self) -> int:
        """How many servers have said how they see us: two must, to tell whether they see the same."""
        return self._own.answers

    @property
    def passwords(self) -> Passwords | None:
        """What proofs are made with; None while the other end is unknown."""
        if self.remote is None:
            return None
        return Passwords(self.offered.credentials.password, self.remote.credentials.password)

    @property
    def is_looking(self) -> bool:
        """Whether servers may still have something to tell: their connections keep the router's port ours."""
        return self._search.stage is Stage.LOOKING and self._up is None

    # What the shell knows of this machine

    def set_hosts(self, addresses: Iterable[Address], now: float) -> None:
        """The addresses of our own ports; when they change while we look, everything is looked at anew."""
        self._hosts = tuple(addresses)
        changed = self._own.set_hosts(self._hosts)
        if changed and self._up is None and self._search.stage is not Stage.IDLE:
            self._begin(now)

    def set_mapped(self, addresses: Iterable[Address], now: float) -> None:
        """What the router keeps open for us."""
        self._own.set_mapped(addresses)
        if self._up is None and self._search.stage is not Stage.IDLE:
            self._announce(now)

    def set_servers(self, servers: Iterable[Address]) -> None:
        """The STUN servers to ask from the next search on."""
        self._own.set_servers(servers)

    def start(self, now: float) -> None:
        """Signals reach the other end: looks for a path. If it does already, its offer is said again."""
        if self._search.stage is Stage.IDLE:
            self._begin(now)
        else:
            self._signalling.insist(now)

    def look_hard(self, until: float, now: float) -> None:
        """Until then no rests: somebody carries our offer to the other end."""
        self._search.look_hard(until)
        if self._search.stage is Stage.RESTING and self._up is None:
            self._begin(now)

    # What comes

    def peer_began_anew(self) -> None:
        """Its session says so; see nat/agent.py."""
        if self._up is None:
            self._signalling.expect_anew()

    def signal_came(self, body: bytes, now: float) -> None:
        """An offer of the other end; the seal around it has proved that."""
        before = self._signalling.remote
        offer = self._signalling.came(body, now)
        if offer is None:
            return
        is_known = before is not None and before.edition.attempt == offer.edition.attempt
        if before is not None and not is_known:
            self._forget_peer()
        is_new = self._dialler.offered(offer.candidates, self._hosts)
        if self._search.stage is Stage.IDLE:
            self._begin(now)
        elif self._up is None:
            self._look_again(now, is_new=is_new, patiently=is_known)
        if not self._controlling:
            self._volley_at = float("inf")
            self._dialler.fire(now)  # even while we are up: the other end is not, or it would not say so

    def stun_came(self, message: Message, server: Address, now: float) -> None:
        """A server's answer."""
        if not self._own.answered(message, server):
            self.counters["dropped: answer"] += 1
        elif self._up is None:
            self._announce(now)

    def dial_ended(self, address: Address, outcome: Outcome, now: float) -> None:
        """How a dial of ours ended. If it made a connection, `arrived` follows."""
        self._dialler.ended(address, outcome, self._draw(), now)

    def arrived(self, id: int, address: Address, *, dialled: bool, now: float) -> None:
        """A connection: to where we dialled, or from there. It is nothing yet, and `gone` follows."""
        if dialled:
            self._dialled[id] = address
        likelihood, worth = self._dialler.likelihood(address)
        is_unlikely = likelihood is Likelihood.STRANGER and self._controlling
        if is_unlikely and self.remote is not None and gives_itself_away(self.remote, address):
            self.counters["dropped: stranger"] += 1
            self._drops.append(id)
            return
        goes = self._turns.arrived(id, likelihood, worth, now)
        if goes is not None:
            self.counters["dropped: too many unproved"] += 1
            self._drops.append(goes)

    def gone(self, id: int, now: float) -> None:
        """The connection was closed, by either end, before it was proved."""
        self._turns.gone(id)
        address = self._dialled.pop(id, None)
        if address is not None:
            self._dialler.ended(address, Outcome.REFUSED, self._draw(), now)

    def joined(self, id: int, address: Address) -> None:
        """The connection is proved: this is the path. No more is looked for."""
        self._turns.gone(id)
        self._dialled.pop(id, None)
        self._up = address
        self._volley_at = float("inf")
        self._dialler.stop()

    # Time

    def handle_timeout(self, now: float) -> None:
        """Does what has fallen due."""
        for id in self._turns.take_overdue(now):
            self.counters["dropped: not proved in time"] += 1
            self._drops.append(id)
        if now >= self._volley_at:
            self._volley_at = float("inf")
            self._dialler.fire(now)
        step = self._search.take_due(found=self._up is not None, draw=self._draw(), now=now)
        if step is Step.BEGIN and self._up is None:
            self._begin(now, patiently=True)
        elif step is Step.BEGIN:
            self._search.begin(now, patiently=True)  # it was found in the meantime: the next look settles it
        elif step is Step.AGAIN:
            self._round(now)
            if self._search.is_hard(now) and now >= self._own.asked + _ASK_AGAIN_MS:
                self._own.ask(now)
        elif step is Step.REST:
            self._events.append(Rested(explain(self.offered, self.remote)))
        self._ask(now)
        self._dialler.dial(now)

    def next_timeout(self) -> float:
        """When to call `handle_timeout` at the latest; infinity if nothing is awaited."""
        return min(
            self._search.next_timeout(),
            self._own.next_timeout(),
            self._signalling.next_timeout(),
            self._turns.next_timeout(asking=self.remote is not None),
            self._volley_at,
            self._dialler.next_timeout(),
        )

    def dials(self) -> list[Address]:
        """Where to dial now; the dial ends after DIAL_MS at the latest, and `dial_ended` follows."""
        return self._dialler.take()

    def questions(self) -> list[tuple[Address, bytes]]:
        """What to ask which server now; of a server that is being asked already: nothing."""
        questions, self._questions = self._questions, []
        return questions

    def signals(self, now: float) -> list[bytes]:
        """The notes that have to reach the other end, now."""
        note = self._signalling.take_due(now)
        if note is None:
            return []
        if self._said != self.offered.edition:
            self._said = self.offered.edition
            if self._controlling and self.is_looking:
                self._volley_at = now + min(max(0.0, self._delay_ms()), _LONGEST_DELAY_MS)
        return [note]

    def drops(self) -> list[int]:
        """The connections to close without a word."""
        drops, self._drops = self._drops, []
        return drops

    def take_turn(self, now: float) -> int | None:
        """The connection to ask for its proof now, if any."""
        return None if self.remote is None else self._turns.take_due(self._dialler.targets.best(), now)

    def events(self) -> list[Lost | Rested]:
        """What has happened since the last call, in order."""
        events, self._events = self._events, []
        return events

    # Looking

    def _begin(self, now: float, *, patiently: bool = False) -> None:
        """A search of our own; the other end is told to look too."""
        self._search.begin(now, patiently=patiently)
        self._gather(now)
        self._signalling.renew(now)
        self._round(now)

    def _look_again(self, now: float, *, is_new: bool, patiently: bool) -> None:
        """The other end has begun a search, or has more addresses."""
        if self._search.stage is Stage.LOOKING:
            self._search.prolong()
        elif self._waking.take(now):
            self._search.begin(now, patiently=patiently)
            self._gather(now)
            is_new = True
        if is_new and self._controlling and self.is_looking:
            self._signalling.renew(now)

    def _gather(self, now: float) -> None:
        self._dialler.targets.begin()
        self._own.ask(now)
        self._ask(now)

    def _ask(self, now: float) -> None:
        self._questions += self._own.take_questions(now)

    def _round(self, now: float) -> None:
        """One more. The end that is told when to dial does not wait for that for ever: notes get lost."""
        self._announce(now)
        if self._controlling:
            self._signalling.renew(now)
        else:
            self._volley_at = now + _LONGEST_DELAY_MS

    def _announce(self, now: float) -> None:
        own = self._own
        self._signalling.announce(own.candidates(), symmetric=own.symmetric, deaf=own.deaf(now), now=now)

    def _forget_peer(self) -> None:
        """It began anew: its old addresses and password are void."""
        self._dialler.targets.clear()
        if self._up is not None:
            self._events.append(Lost("The other end began anew.", anew=True))

    def _draw(self) -> float:
        return int.from_bytes(self._random(4), "big") / 2**32
