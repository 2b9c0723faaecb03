"""What a letter says, in as few bytes as can be: for people who read it to each other over the phone.

    offer    | 1 about it | 4 fragment, 16 password      | began, varint | revision, varint |
    ... for each direct link; the last one says that it is
    address  | 1 about it | 2, 4 or 16 address           | 2 port in each offer that has it |
    ... until the end

    about an offer    0-2  its kind, less 128        3  symmetric   4  deaf (tunnel/nat/offer.py)
                      5    fragment and password are left out: the same as in the offer before
                      6  birthday (tunnel/nat/offer.py)           7  another offer follows
    about an address  0-1  where it comes from (tunnel/nat/candidates.py)
                      2-3  0 IPv4, 1 IPv6, 2 the last two bytes of 192.168.x.y
                      4    the ports are left out: for each offer the same as in its address before
                      5-7  which of the offers have it, the first in bit 5

Little-endian; varints have seven bits a byte, the lowest first. `began` is how long before the letter was
written, in ms, zigzag; for all but the first offer, how long before the offer before. The edition must arrive
exact: the same offer may also come by other ways.

Left out: what was heard of the other end (who is telephoned to has not been heard), that an answer is wanted
(it always is), that guessing has just begun (a moment that is over before anybody has read it), and all
addresses but the few that matter.
"""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from tunnel.nat.candidates import MAX_CANDIDATES, Candidate, Kind, best_first, is_ipv6
from tunnel.nat.checks import FRAGMENT_SIZE, PASSWORD_SIZE, Credentials
from tunnel.nat.offer import MAX_REVISION, NEVER, Edition, Offer, OfferError, parse
from tunnel.rendezvous.contents import FIRST_KIND, Signal
from tunnel.rendezvous.text import LetterError

MAX_OFFERS: Final = 3

# About an offer
_KIND: Final = 7
_SYMMETRIC: Final = 8
_DEAF: Final = 16
_SAME_CREDENTIALS: Final = 32
_BIRTHDAY: Final = 64
_MORE: Final = 128
# About an address
_SHAPE: Final = 4  # the factor of its two bits
_SAME_PORTS: Final = 16
_HOLDERS: Final = 5  # the shift of its three bits

_IPV4, _IPV6, _HOME = range(3)
_SIZES: Final = {_IPV4: 4, _IPV6: 16, _HOME: 2}
_HOME_PREFIX: Final = bytes((192, 168))
_MOST_VARINT: Final = 10  # bytes: 64 bits and a sign
_MOST_ATTEMPT: Final = (1 << 64) - 1

# What is worth a breath: where the internet sees us, twice if its servers do not agree or the router keeps a
# port open; one address that nothing translates; and one for two machines in one home.
_MOST_SEEN: Final = 2
_MOST_IPV6: Final = 1
_MOST_OWN: Final = 1


def pack(signals: Iterable[Signal], date: int) -> bytes:
    """The first three offers among the signals; `date` is when the letter is written, ms since 1970."""
    offers = list(itertools.islice(_offers(signals), MAX_OFFERS))
    data = bytearray()
    before: Offer | None = None
    for at, (kind, offer) in enumerate(offers):
        same = before is not None and before.credentials == offer.credentials
        data.append(
            (kind - FIRST_KIND)
            | _SYMMETRIC * offer.symmetric
            | _DEAF * offer.deaf
            | _SAME_CREDENTIALS * same
            | _BIRTHDAY * offer.birthday
            | _MORE * (at < len(offers) - 1)
        )
        if not same:
            data += offer.credentials.fragment + offer.credentials.password
        began = (date if before is None else before.edition.attempt) - offer.edition.attempt
        data += _varint(2 * began if began >= 0 else -2 * began - 1) + _varint(offer.edition.revision)
        before = offer
    return bytes(data) + _pack_hosts([offer for _, offer in offers])


def unpack(data: bytes, date: int) -> tuple[Signal, ...]:
    """The offers as signals. Raises LetterError."""
    reader = _Reader(data)
    offers: list[tuple[int, Offer]] = []
    more = bool(data)
    while more:
        if len(offers) == MAX_OFFERS:
            raise _misshapen()
        about = reader.byte()
        more = bool(about & _MORE)
        offers.append((FIRST_KIND + (about & _KIND), _read_offer(reader, about, date, offers)))
    if len(dict(offers)) < len(offers):
        raise _misshapen()
    held = _read_hosts(reader, len(offers))
    return tuple(
        Signal(kind, replace(offer, candidates=tuple(candidates)).pack())
        for (kind, offer), candidates in zip(offers, held, strict=True)
    )


@dataclass(slots=True)
class _Host:
    """One address, and its port in each of the offers that have it."""

    kind: Kind
    host: str
    ports: dict[int, int] = field(default_factory=dict)


def _offers(signals: Iterable[Signal]) -> Iterator[tuple[int, Offer]]:
    for kind, body in signals:
        try:
            offer = parse(body)
        except OfferError:
            continue  # not a link that speaks in offers: only a whole letter carries it
        if FIRST_KIND <= kind <= FIRST_KIND + _KIND:
            yield kind, offer


def _worth_telling(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Those seen from outside first, as they are what most calls need."""
    best = best_first(candidates)
    ipv6 = [one for one in best if is_ipv6(one.address)]
    own = [one for one in best if one.kind is Kind.HOST and one not in ipv6]
    seen = [one for one in best if one.kind is not Kind.HOST and one not in ipv6]
    return seen[:_MOST_SEEN] + own[:_MOST_OWN] + ipv6[:_MOST_IPV6]


def _pack_hosts(offers: list[Offer]) -> bytes:
    hosts: list[_Host] = []
    for at, offer in enumerate(offers):
        for kind, (host, port) in _worth_telling(offer.candidates):
            fitting = (one for one in hosts if (one.kind, one.host) == (kind, host) and at not in one.ports)
            entry = next(fitting, None)
            if entry is None:
                entry = _Host(kind, host)
                hosts.append(entry)
            entry.ports[at] = port
    data = bytearray()
    before: dict[int, int] = {}
    for entry in hosts:
        shape, packed = _shaped(entry.host)
        same = entry.ports.items() <= before.items()
        holders = sum(1 << at for at in entry.ports)
        data.append(entry.kind | shape * _SHAPE | _SAME_PORTS * same | holders << _HOLDERS)
        data += packed
        if not same:
            data += b"".join(entry.ports[at].to_bytes(2, "little") for at in sorted(entry.ports))
        before.update(entry.ports)
    return bytes(data)


def _shaped(host: str) -> tuple[int, bytes]:
    packed = ipaddress.ip_address(host).packed
    if len(packed) == _SIZES[_IPV6]:
        return _IPV6, packed
    return (_HOME, packed[2:]) if packed.startswith(_HOME_PREFIX) else (_IPV4, packed)


def _read_offer(reader: _Reader, about: int, date: int, before: list[tuple[int, Offer]]) -> Offer:
    if about & _SAME_CREDENTIALS and not before:
        raise _misshapen()
    if about & _SAME_CREDENTIALS:
        credentials = before[-1][1].credentials
    else:
        credentials = Credentials(reader.take(FRAGMENT_SIZE), reader.take(PASSWORD_SIZE))
    began = reader.varint()
    attempt = (before[-1][1].edition.attempt if before else date) - (
        -(began + 1) // 2 if began % 2 else began // 2
    )
    revision = reader.varint()
    if not 0 <= attempt <= _MOST_ATTEMPT or revision > MAX_REVISION:
        raise _misshapen()
    return Offer(
        Edition(attempt, revision),
        NEVER,
        credentials,
        (),
        asks=True,
        symmetric=bool(about & _SYMMETRIC),
        deaf=bool(about & _DEAF),
        birthday=bool(about & _BIRTHDAY),
    )


def _read_hosts(reader: _Reader, offers: int) -> list[list[Candidate]]:
    held: list[list[Candidate]] = [[] for _ in range(offers)]
    before: dict[int, int] = {}
    while not reader.is_empty:
        about = reader.byte()
        kind, shape, holders = about & 3, about // _SHAPE & 3, about >> _HOLDERS
        if kind not in (Kind.HOST, Kind.REFLEXIVE, Kind.MAPPED) or shape not in _SIZES:
            raise _misshapen()
        packed = reader.take(_SIZES[shape])
        host = str(ipaddress.ip_address(_HOME_PREFIX + packed if shape == _HOME else packed))
        for at in (at for at in range(MAX_OFFERS) if holders >> at & 1):
            if not about & _SAME_PORTS:
                before[at] = int.from_bytes(reader.take(2), "little")
            if at >= offers or at not in before or len(held[at]) == MAX_CANDIDATES:
                raise _misshapen()
            held[at].append(Candidate(Kind(kind), (host, before[at])))
    return held


class _Reader:
    """Takes bytes from the front; raises LetterError where there are none left."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def is_empty(self) -> bool:
        return self._at == len(self._data)

    def take(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        if len(taken) < size:
            raise _misshapen()
        self._at += size
        return taken

    def byte(self) -> int:
        return self.take(1)[0]

    def varint(self) -> int:
        number = 0
        for count in range(_MOST_VARINT):
            byte = self.byte()
            number |= (byte & 127) << 7 * count
            if byte < 128:
                return number
        raise _misshapen()


def _varint(number: int) -> bytes:
    data = bytearray()
    while number >= 128:
        data.append(number & 127 | 128)
        number >>= 7
    data.append(number)
    return bytes(data)


def _misshapen() -> LetterError:
    text = "The other end's program wrote an offer that this one cannot read. Use the same version on both."
    return LetterError("contents", text)
