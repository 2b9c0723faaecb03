"""What a search for a direct way orders, and what it tells (tunnel/nat/agent.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from tunnel.nat.stun import Address


class Transmit(NamedTuple):
    """Send these bytes there, now, by our socket `via`.

    0 is the main one; another number is a socket of its own, opened by its first packet, of IPv4.
    """

    address: Address
    data: bytes
    via: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """The path works: datagrams may be sent to `address`, by our socket `via`. Said again for another one."""

    address: Address
    via: int = 0


@dataclass(frozen=True, slots=True)
class Lost:
    """It does not any more; `why` is a sentence.

    anew  because the other end began anew, as its latest signal says: the next agent needs that signal too
    """

    why: str
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Rested:
    """A search has found nothing, and the next one comes later; `why` is a sentence."""

    why: str


@dataclass(frozen=True, slots=True)
class Released:
    """These sockets are needed no more, once what has to leave now has left."""

    sockets: frozenset[int]


Event = Found | Lost | Rested | Released
