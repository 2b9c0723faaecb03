"""What a search for a direct way orders, and what it tells (tunnel/nat/agent.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from tunnel.nat.stun import Address


class Transmit(NamedTuple):
    """Send these bytes there, now."""

    address: Address
    data: bytes


@dataclass(frozen=True, slots=True)
class Found:
    """The path works: datagrams may be sent to `address`. Said again whenever that is another one."""

    address: Address


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


Event = Found | Lost | Rested
