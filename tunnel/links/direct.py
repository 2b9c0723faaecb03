"""What all direct paths share: how they are looked for, and what the endpoint does with them besides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tunnel.links.link import Link


@dataclass(frozen=True, slots=True)
class DirectOptions:
    """How direct paths are looked for.

    stun   servers to ask besides the relays: host and port
    ports  the lowest and highest local UDP port; None: any
    router whether the router is asked to keep our port open (PCP, NAT-PMP, UPnP)
    hosts  addresses to use instead of all of this machine's, at most one of each version of IP. Loopback
           addresses work only between two ends that both name them
    """

    stun: tuple[tuple[str, int], ...] = ()
    ports: tuple[int, int] | None = None
    router: bool = False
    hosts: tuple[str, ...] = ()


class DirectLink(Link, Protocol):
    """A link that finds its own way to the other end, by notes over the ways that work already.

    why  while it searches: what is in the way, in a sentence
    """

    why: str | None

    def peer_came(self, *, fresh: bool) -> None:
        """The session has the other end, so notes reach it: another run of its program, if `fresh`."""

    def signal_came(self, body: bytes) -> None:
        """A note of the other end's link of the same kind."""
