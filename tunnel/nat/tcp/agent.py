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
from collections.abc import Callable
from typing import Final

from tunnel.nat.events import Lost, Rested
from tunnel.nat.gathering import Random
from tunnel.nat.offer import NEVER, Offer
from tunnel.nat.search import Stage, Step
from tunnel.nat.seeker import Seeker
from tunnel.nat.stun import Address, Message
from tunnel.nat.tcp.diagnosis import explain
from tunnel.nat.tcp.dialler import Dialler
from tunnel.nat.tcp.proof import Passwords
from tunnel.nat.tcp.targets import Outcome, Target
from tunnel.nat.tcp.turns import Likelihood, Turns, gives_itself_away

# A note may take minutes (tunnel/rendezvous). Nobody waits so long, or the round would be over.
_LONGEST_DELAY_MS: Final = 1_000.0


class TcpAgent(Seeker):
    """See the law of use above. What came and was dropped is counted in `counters`, by reason.

    controlling  whether this end times the start, and asks for proof: one of the two does
    delay_ms     how long a note takes to the other end, as far as anybody knows
    loopback     whether this machine's own addresses may be candidates: both ends run on it
    counters     where to count; None: its own
    before       what we offered last, if only the other end began anew (see seeker.py)
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
        super().__init__(random, now, loopback=loopback, counters=counters, before=before)
        self._controlling = controlling
        self._random = random
        self._delay_ms = delay_ms
        self._dialler = Dialler(self.counters, loopback=loopback)
        self._turns = Turns(asks=controlling)
        self._dialled: dict[int, Address] = {}  # unproved connections that we have made
        self._said = NEVER  # the newest edition of ours that has left
        self._volley_at = float("inf")
        self._up: Address | None = None
        self._drops: list[int] = []
        self._events: list[Lost | Rested] = []

    @property
    def tried(self) -> tuple[Target, ...]:
        """The other end's addresses, and how each fares; to look at only."""
        return tuple(self._dialler.targets)

    @property
    def passwords(self) -> Passwords | None:
        """What proofs are made with; None while the other end is unknown."""
        if self.remote is None:
            return None
        return Passwords(self.offered.credentials.password, self.remote.credentials.password)

    @property
    def is_looking(self) -> bool:
        """Whether servers may still have something to tell: their connections keep the router's port ours."""
        return self._search.stage is Stage.LOOKING and not self._has_path

    # What comes

    def signal_came(self, body: bytes, now: float) -> None:
        """An offer of the other end; the seal around it has proved that."""
        heard = self._hear(body, now)
        if heard is None:
            return
        offer, is_known = heard
        is_new = self._dialler.offered(offer.candidates, self._own.hosts)
        if not self._has_begun:
            self._begin(now)
        elif not self._is_content:
            self._look_again(now, is_new=is_new, patiently=is_known)
        if not self._controlling:
            self._volley_at = float("inf")
            self._dialler.fire(now)  # even while we are up: the other end is not, or it would not say so

    def stun_came(self, message: Message, server: Address, now: float) -> None:
        """A server's answer."""
        if not self._answered(message, server, now):
            self.counters["dropped: answer"] += 1

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
        step = self._search.take_due(found=self._has_path, draw=self._draw(), now=now)
        if step is Step.BEGIN and not self._is_content:
            self._begin(now, patiently=True)
        elif step is Step.BEGIN:
            self._search.begin(now, patiently=True)  # it was found in the meantime: the next look settles it
        elif step is Step.AGAIN:
            self._announce(now)
            self._time_volley(now)
            self._ask_again(now)
        elif step is Step.REST:
            self._events.append(Rested(explain(self.offered, self.remote)))
        self._ask(now)
        self._dialler.dial(now)

    def next_timeout(self) -> float:
        """When to call `handle_timeout` at the latest; infinity if nothing is awaited."""
        return min(
            self._next_timeout(),
            self._turns.next_timeout(asking=self.remote is not None),
            self._volley_at,
            self._dialler.next_timeout(),
        )

    def dials(self) -> list[Address]:
        """Where to dial now; the dial ends after DIAL_MS at the latest, and `dial_ended` follows."""
        return self._dialler.take()

    def questions(self) -> list[tuple[Address, bytes]]:
        """What to ask which server now; of a server that is being asked already: nothing."""
        return self._take_questions()

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

    @property
    def _has_path(self) -> bool:
        return self._up is not None

    @property
    def _is_content(self) -> bool:
        return self._has_path  # a connection cannot move to a better address

    def _begin_trying(self, now: float) -> None:
        self._dialler.targets.begin()

    def _begin(self, now: float, *, patiently: bool = False) -> None:
        super()._begin(now, patiently=patiently)
        self._time_volley(now)

    def _look_again(self, now: float, *, is_new: bool, patiently: bool) -> None:
        """The other end has begun a search, or has more addresses. The dialler bounds what that can cost."""
        woken = self._wake(now, patiently=patiently)
        if not woken and self._search.stage is Stage.LOOKING:
            self._search.prolong()
        if (woken or is_new) and self._controlling and self.is_looking:
            self._signalling.renew(now)

    def _time_volley(self, now: float) -> None:
        """A round begins. The end that is told when to dial does not wait for ever: notes get lost."""
        if self._controlling:
            self._signalling.renew(now)
        else:
            self._volley_at = now + _LONGEST_DELAY_MS

    def _forget_peer(self) -> None:
        self._dialler.targets.clear()
        if self._has_path:
            self._events.append(Lost("The other end began anew.", anew=True))

    def _draw(self) -> float:
        return int.from_bytes(self._random(4), "big") / 2**32
