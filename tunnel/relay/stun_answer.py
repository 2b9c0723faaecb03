"""What a relay answers to a STUN Binding request: where it came from. Pure.

Anybody may ask, and over UDP in a stranger's name. What a stranger can be made to receive is bounded three
ways: a rate per address, a rate for all together, and the size. A reply is never longer than its request,
with one exception: the bare address, the least that RFC 8489 allows, also goes to the shortest request there
is, because plain clients send those. On the wire (IP and UDP headers counted) that is 60 bytes for 48 with
IPv4 and 92 for 68 with IPv6, a factor of 1.25 and 1.35: nobody's amplifier. Our own clients make their
requests longer, so for them the rule has no exception.

A relay with two addresses says so (OTHER-ADDRESS) and answers from the other one if asked to (CHANGE-REQUEST
of RFC 5780), but always to where the question came from. With one address it refuses that by error 420, which
tells a client at once that it cannot help. Nobody is answered at another port (RESPONSE-PORT) or at length
(PADDING).
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import replace
from typing import Final, NamedTuple

from tunnel.bucket import TokenBucket
from tunnel.nat.stun import Address, Attribute, Kind, Message, StunError, address, build, is_stun, parse
from tunnel.relay.door import origin
from tunnel.relay.stun_corners import Corners

# One client that looks around asks from two sockets, three times each at most; a carrier's NAT puts many
# clients behind one address. As a flood, 20 replies of 60 bytes a second are nothing.
PER_ADDRESS_PER_SECOND: Final = 20.0
PER_ADDRESS_BURST: Final = 60.0
# An answer costs about 20 microseconds: at this rate a flood takes a sixteenth of a core from the members.
IN_ALL_PER_SECOND: Final = 3_000.0
IN_ALL_BURST: Final = 3_000.0
# Whoever invents more sources than this gets past the rate per address, and stops at the rate for all.
ADDRESSES: Final = 4_096


class _DroppedError(Exception):
    """A datagram that gets no answer; the text is what it is counted as."""


class Reply(NamedTuple):
    """Send `data` to whoever asked, from our address `origin`; None: from the one that was asked."""

    data: bytes
    origin: Address | None = None


class StunAnswerer:
    """All that a relay's UDP sockets need: feed each datagram to `answer`, send back what it returns.

    TCP has one of its own: whoever forges sources over UDP uses up nobody's answers over TCP.

    corners  our four addresses, once there are sockets at all of them
    """

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter()
        self.corners: Corners | None = None
        self._in_all = TokenBucket(IN_ALL_PER_SECOND, IN_ALL_BURST)
        self._by_address: OrderedDict[str, TokenBucket] = OrderedDict()

    def answer(
        self,
        data: bytes,
        host: str,
        port: int,
        now: float,
        *,
        at: Address | None = None,
        room: int | None = None,
    ) -> Reply | None:
        """The reply for whoever sent `data`, or None. Any bytes, whatever they are, raise nothing.

        at    the address of ours that was asked, if it is known
        room  how long the reply may be; None: as long as the request, which is the rule over UDP
        """
        room = len(data) if room is None else room
        corners = self.corners if self.corners is not None and at in self.corners.all else None
        try:
            request, source = self._admit(data, host, port, now)
            if refused := _beyond_us(request, corners):
                reply = Reply(_refuse(request, refused, room))
            elif corners is None or at is None:
                reply = Reply(_tell(request, source, room))
            else:
                reply = _tell_around(request, source, room, corners, at)
        except _DroppedError as dropped:
            self.counters[str(dropped)] += 1
            return None
        self.counters["refused" if refused else "answered"] += 1
        return reply

    def _admit(self, data: bytes, host: str, port: int, now: float) -> tuple[Message, Address]:
        """The request and where it came from. Raises _DroppedError."""
        if not is_stun(data):
            raise _DroppedError("not_stun")
        try:
            source = address(host, port)
        except ValueError as error:
            raise _DroppedError("no_source") from error
        if not port:
            raise _DroppedError("no_source")
        if not (self._bucket(source[0]).take(now) and self._in_all.take(now)):
            raise _DroppedError("over_rate")
        try:
            request = parse(data)
        except StunError as error:
            raise _DroppedError("malformed") from error
        if request.kind is not Kind.REQUEST:
            raise _DroppedError("no_request")  # answering answers would let two servers talk for ever
        return request, source

    def _bucket(self, host: str) -> TokenBucket:
        """The bucket of an address; the one unused for longest gives way to a new one."""
        name = origin(host)
        bucket = self._by_address.get(name)
        if bucket is None:
            bucket = self._by_address[name] = TokenBucket(PER_ADDRESS_PER_SECOND, PER_ADDRESS_BURST)
            if len(self._by_address) > ADDRESSES:
                self._by_address.popitem(last=False)
        self._by_address.move_to_end(name)
        return bucket


def _tell(request: Message, source: Address, room: int) -> bytes:
    told = Message(kind=Kind.SUCCESS, transaction=request.transaction, xor_mapped=source)
    full = build(told)
    return full if len(full) <= room else build(told, fingerprint=False)


def _tell_around(request: Message, source: Address, room: int, corners: Corners, at: Address) -> Reply:
    """The same, with as much of what RFC 5780 adds as there is room for."""
    origin = corners.changed(at, ip=request.change_ip, port=request.change_port)
    told = Message(
        kind=Kind.SUCCESS,
        transaction=request.transaction,
        xor_mapped=source,
        response_origin=origin,
        other_address=corners.opposite(at),
    )
    # MAPPED-ADDRESS, which shows routers that rewrite what they carry, is what clients miss least.
    for message, fingerprint in ((replace(told, mapped=source), True), (told, True), (told, False)):
        if len(data := build(message, fingerprint=fingerprint)) <= room:
            return Reply(data, origin)
    return Reply(_tell(request, source, room), origin)


def _beyond_us(request: Message, corners: Corners | None) -> tuple[int, ...]:
    """Types of the attributes that forbid us to answer as if they were not there."""
    asked = {
        Attribute.CHANGE_REQUEST: corners is None and (request.change_ip or request.change_port),
        Attribute.RESPONSE_PORT: request.response_port is not None,
        Attribute.PADDING: request.padding > 0,
    }
    return (*request.unknown, *(number for number, there in asked.items() if there))


def _refuse(request: Message, refused: tuple[int, ...], room: int) -> bytes:
    """420, naming what we refuse if there is room for it. Raises _DroppedError if there is none at all."""
    for named in (refused, ()):
        refusal = Message(kind=Kind.ERROR, transaction=request.transaction, error=(420, ""), refused=named)
        reply = build(refusal, fingerprint=False)
        if len(reply) <= room:
            return reply
    raise _DroppedError("too_short")
