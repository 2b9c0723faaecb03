"""What all direct paths share: how they are looked for, and what the endpoint does with them besides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tunnel.links.link import Link
from tunnel.nat.stun import Address


@dataclass(frozen=True, slots=True)
class DirectOptions:
    """How direct paths are looked for.

    stun     servers to ask besides the relays: host and port
    ports    the lowest and highest local port; None: any
    router   whether the router is asked to keep our port open (PCP, NAT-PMP, UPnP)
    hosts    addresses to use instead of all of this machine's, at most one of each version of IP. Loopback
             addresses work only between two ends that both name them
    birthday whether ports are guessed where a router gives every destination another one: a thousand
             packets within ten seconds, which may look like a scan
    early    whether own addresses are looked for before the session has the other end, because offers also
             leave by other ways (tunnel/rendezvous)
    """

    stun: tuple[tuple[str, int], ...] = ()
    ports: tuple[int, int] | None = None
    router: bool = False
    hosts: tuple[str, ...] = ()
    birthday: bool = False
    early: bool = False


@dataclass(frozen=True, slots=True)
class Tried:
    """One address of the other end, and how that went.

    kind   what the address is to the other end, as a person would say it: "own", "seen", "mapped", "met"
    state  "waiting", "asked", "answers", "in use" or "silent"
    asked  how often it was tried in this search
    """

    kind: str
    address: Address
    state: str
    asked: int


@dataclass(frozen=True, slots=True)
class Story:
    """What a direct link knows, for people.

    address    where the other end is, while the path is up
    own        this machine's addresses as they were offered: kind and address
    tried      the other end's
    symmetric  whether the network gives every destination another port: here, and there (None: not known)
    deaf       whether no server answers: here, and there
    """

    address: Address | None
    own: tuple[tuple[str, Address], ...]
    tried: tuple[Tried, ...]
    symmetric: tuple[bool | None, bool | None]
    deaf: tuple[bool | None, bool | None]


class DirectLink(Link, Protocol):
    """A link that finds its own way to the other end, by notes over the ways that work already.

    why  while it searches: what is in the way, in a sentence
    """

    why: str | None

    @property
    def address(self) -> Address | None:
        """Where the other end is, while the path is up."""

    def peer_came(self, *, fresh: bool) -> None:
        """The session has the other end, so notes reach it: another run of its program, if `fresh`."""

    def signal_came(self, body: bytes) -> None:
        """A note of the other end's link of the same kind, by whatever way it came."""

    def look_hard(self, until: float) -> None:
        """Until then (milliseconds on the program's clock) no rests: people are waiting at both ends."""

    def story(self) -> Story:
        """What it has tried and seen."""
