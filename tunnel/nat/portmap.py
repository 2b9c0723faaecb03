"""Asks a router for ports and keeps them: PCP (RFC 6887) first, then NAT-PMP (RFC 6886). Pure.

    PCP says "another version", or nothing   -> the same in NAT-PMP
    NAT-PMP says nothing either              -> again in ten minutes, from the beginning
    a port is granted                        -> renewed at half its lifetime; gone if that fails until its end
    the router's clock shows that it forgot  -> all asked again at once

One question is open at a time, as RFC 6886 (3.1) asks. What comes from anywhere but the router's own port is
dropped. Nothing here is sealed: what a router grants is one more address to try, and no more.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

from tunnel.nat import natpmp, pcp
from tunnel.nat.portmap_message import Answer, Outcome, PortmapError, Transport
from tunnel.nat.stun import Address, address

# RFC 6886, 3.1 begins with 250 ms and doubles up to 64 s; RFC 6887, 8.1.1 begins with 3 s. A router is one
# hop away: one that has not answered four questions in four seconds does not speak the protocol.
TRIES_MS: Final = (0.0, 250.0, 750.0, 1_750.0)
PATIENCE_MS: Final = 3_750.0
# Long enough that renewing costs nothing, short enough that the port of a program that crashed closes soon.
# RFC 6886 advises two hours, and leaves the choice to us.
LIFETIME_S: Final = 1_200
LONGEST_LIFETIME_S: Final = 86_400  # a router that grants a year is asked again within the day
SOONEST_MS: Final = 4_000.0  # RFC 6887, 11.2.1: two renewals are at least this far apart
AGAIN_MS: Final = 600_000.0  # a router that refused is asked again: its owner may have changed a switch
# A clock that goes back with every answer must not make us ask without end.
RESTARTS_APART_MS: Final = 60_000.0
MAX_PORTS: Final = 4  # ours: UDP and TCP

Draw = Callable[[int], bytes]


class Want(NamedTuple):
    """One of our own ports."""

    transport: Transport
    port: int


class Mapped(NamedTuple):
    """A port that the router holds open for us.

    outer    where others reach us
    public   whether `outer` is an address of the whole internet; if not, there is another NAT behind this one
    """

    outer: Address
    via: str
    expires: float

    @property
    def public(self) -> bool:
        return ipaddress.ip_address(self.outer[0]).is_global


class _Dialect(Enum):
    PCP = "PCP"
    NAT_PMP = "NAT-PMP"


@dataclass(slots=True)
class _Lease:
    want: Want
    nonce: bytes
    ask_at: float
    mapped: Mapped | None = None


@dataclass(slots=True)
class _Question:
    """What we are waiting for: a lease, or (None) the router's address."""

    lease: _Lease | None
    began: float
    tries: int = 0

    def due(self) -> float:
        return self.began + (TRIES_MS[self.tries] if self.tries < len(TRIES_MS) else PATIENCE_MS)


class PortMapper:
    """One router, our ports. After `start` and after each call with `now`, send what `take_due` returns to
    `gateway`; feed what comes back to `receive`; call `handle_timeout` at `next_timeout`; at the end send
    what `release` returns.

    gateway  the router's address, and the port where it listens;  own  our address towards it
    draw     draw(n) is n random bytes
    """

    def __init__(self, gateway: Address, own: str, wants: Iterable[Want], draw: Draw) -> None:
        self.counters: Counter[str] = Counter()
        self.gateway = address(*gateway)
        self.refusal: Outcome | None = None
        self._own = own
        never = float("inf")
        self._leases = [_Lease(want, draw(pcp.NONCE), never) for want in dict.fromkeys(wants)]
        if len(self._leases) > MAX_PORTS:
            raise ValueError(f"{len(self._leases)} ports to map; the most are {MAX_PORTS}")
        self._dialect = _Dialect.PCP
        self._spoken = False  # the router has answered in this dialect
        self._question: _Question | None = None
        self._address: str | None = None  # NAT-PMP tells it apart from ports
        self._epoch: tuple[int, float] | None = None  # as the router said, and when
        self._restarted = float("-inf")

    def start(self, now: float) -> None:
        """Once."""
        self._ask_everything(now)

    @property
    def mappings(self) -> dict[Want, Mapped]:
        """What is open now."""
        return {lease.want: lease.mapped for lease in self._leases if lease.mapped is not None}

    def take_due(self, now: float) -> list[bytes]:
        """What to send to the router now."""
        self._advance(now)
        question = self._question
        if question is None or now < question.due():
            return []
        question.tries += 1
        return [self._request(question.lease, LIFETIME_S)]

    def receive(self, data: bytes, source: Address, now: float) -> None:
        """Any datagram at the socket that asks."""
        if source != self.gateway:
            self.counters["stranger"] += 1
            return
        try:
            answer = natpmp.parse(data) if data[:1] == b"\0" else pcp.parse(data)
        except PortmapError:
            self.counters["malformed"] += 1
            return
        if self._question is None or not self._answers(answer, self._question.lease):
            self.counters["unasked"] += 1
            return
        lease, self._question = self._question.lease, None
        self._notice_restart(answer, lease, now)
        if answer.outcome is Outcome.OTHER_VERSION:
            self._change_dialect(now)
        elif answer.outcome is not Outcome.OK:
            self._refused(answer.outcome, lease, now)
        else:
            self._granted(answer, lease, now)
        self._advance(now)

    def next_timeout(self) -> float | None:
        """When to call `handle_timeout`; None without anything to map."""
        if self._question is not None:
            return self._question.due()
        times = [lease.ask_at for lease in self._leases]
        times += [lease.mapped.expires for lease in self._leases if lease.mapped is not None]
        return min(times, default=None)

    def handle_timeout(self, now: float) -> None:
        """Harmless at any time."""
        self._advance(now)

    def release(self) -> list[bytes]:
        """Takes all back, without waiting for an answer; the mappings would end by themselves too."""
        held = [lease for lease in self._leases if lease.mapped is not None]
        goodbyes = [self._request(lease, 0) for lease in held]
        self._question = None
        for lease in self._leases:
            lease.mapped, lease.ask_at = None, float("inf")
        return goodbyes

    # What happens.

    def _advance(self, now: float) -> None:
        """Ends what is over and asks what is due."""
        for lease in self._leases:
            if lease.mapped is not None and now >= lease.mapped.expires:
                lease.mapped = None
                self.counters["expired"] += 1
        if self._question is not None and now >= self._question.began + PATIENCE_MS:
            lease_asked, self._question = self._question.lease, None
            self._silence(lease_asked, now)
        if self._question is None:
            due = next((lease for lease in self._leases if now >= lease.ask_at), None)
            if due is not None:
                unknown = self._dialect is _Dialect.NAT_PMP and self._address is None
                self._question = _Question(None if unknown else due, now)

    def _silence(self, lease: _Lease | None, now: float) -> None:
        """The router has not answered, however often it was asked."""
        self.counters["silent"] += 1
        if not self._spoken:
            self._change_dialect(now)
            return
        self._postpone(lease, now)
        if not self.mappings:  # it spoke once, and holds nothing: perhaps it is another router by now
            self._speak(_Dialect.PCP)

    def _change_dialect(self, now: float) -> None:
        if self._dialect is _Dialect.PCP:
            self._speak(_Dialect.NAT_PMP)
            self._ask_everything(now)
        else:
            self._speak(_Dialect.PCP)
            self._postpone(None, now)

    def _refused(self, outcome: Outcome, lease: _Lease | None, now: float) -> None:
        self._spoken = True
        self.counters["refused"] += 1
        self.refusal = outcome
        self._postpone(lease, now)

    def _granted(self, answer: Answer, lease: _Lease | None, now: float) -> None:
        self._spoken = True
        self._address = answer.address or self._address
        if self._address is not None and ipaddress.ip_address(self._address).is_unspecified:
            self._address = None
            self._refused(Outcome.NO_NETWORK, lease, now)
            return
        if lease is None:
            return
        if not (answer.lifetime_s and answer.external):
            self._refused(Outcome.FAILED, lease, now)
            return
        if self._address is None:
            return  # it restarted meanwhile, perhaps with another address: that first, then this again
        self.counters["granted"] += 1
        self.refusal = None
        lifetime_ms = min(answer.lifetime_s, LONGEST_LIFETIME_S) * 1000.0
        outer = (self._address, answer.external)
        lease.mapped = Mapped(outer, self._dialect.value, now + lifetime_ms)
        lease.ask_at = now + max(SOONEST_MS, lifetime_ms / 2)
        if self._dialect is _Dialect.NAT_PMP and all(other.ask_at > now for other in self._leases):
            self._address = None  # asked anew with the next renewal: it may have changed by then

    def _notice_restart(self, answer: Answer, answered: _Lease | None, now: float) -> None:
        """A router whose clock went back has forgotten everything (RFC 6886, 3.6; RFC 6887, 8.5)."""
        if self._epoch is not None:
            epoch, when = self._epoch
            passed_s = max(0.0, now - when) / 1000
            went_back = answer.epoch_s < epoch + passed_s * 7 / 8 - 2
            if went_back and now >= self._restarted + RESTARTS_APART_MS:
                self.counters["restarted"] += 1
                self._restarted = now
                self._address = None
                for lease in self._leases:
                    if lease is not answered:
                        lease.ask_at = min(lease.ask_at, now)
        self._epoch = (answer.epoch_s, now)

    def _answers(self, answer: Answer, lease: _Lease | None) -> bool:
        """Whether this is about what we asked, in the dialect we asked in."""
        if answer.outcome is Outcome.OTHER_VERSION:
            return self._dialect is _Dialect.PCP  # in NAT-PMP it is a late answer to PCP
        if lease is None or answer.transport is None:
            return answer.transport is None and (lease is None or answer.outcome is not Outcome.OK)
        about = (answer.transport, answer.internal) == lease.want
        failed = answer.outcome is not Outcome.OK and answer.transport is lease.want.transport
        if self._dialect is _Dialect.NAT_PMP:
            return answer.nonce is None and (about or failed)
        return about and answer.nonce == lease.nonce

    def _request(self, lease: _Lease | None, lifetime_s: int) -> bytes:
        if lease is None:
            return natpmp.ADDRESS_REQUEST
        transport, port = lease.want
        # The port we have, or our own: then the outer port says nothing more about us than the inner one.
        wish = lease.mapped.outer[1] if lease.mapped is not None else port
        if self._dialect is _Dialect.NAT_PMP:
            return natpmp.map_request(transport, port, wish if lifetime_s else 0, lifetime_s)
        return pcp.map_request(transport, self._own, port, wish if lifetime_s else 0, lifetime_s, lease.nonce)

    def _speak(self, dialect: _Dialect) -> None:
        self._dialect = dialect
        self._spoken = False
        self._address = None
        self._epoch = None

    def _ask_everything(self, now: float) -> None:
        for lease in self._leases:
            lease.ask_at = now

    def _postpone(self, lease: _Lease | None, now: float) -> None:
        """Asks later: before an open port ends, else in ten minutes. None: all that would be asked now."""
        for each in self._leases if lease is None else [lease]:
            if each.ask_at <= now:
                left = each.mapped.expires - now if each.mapped is not None else 2 * AGAIN_MS
                each.ask_at = now + max(SOONEST_MS, left / 2)
