"""What a router can be asked for and can answer, in either protocol. Pure vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

GATEWAY_PORT: Final = 5351  # RFC 6886, 3 and RFC 6887, 19.1: both protocols share it


class PortmapError(ValueError):
    """These bytes are no answer that we understand."""


class Transport(Enum):
    """What the mapped port is for; the values are IP's protocol numbers."""

    UDP = 17
    TCP = 6


class Outcome(Enum):
    """What a router says. Each protocol has numbers of its own for it."""

    OK = "ok"
    OTHER_VERSION = "it speaks another version"
    REFUSED = "its owner does not allow it"
    NO_NETWORK = "it has no public address itself"
    FULL = "it has no room for another one"
    BEHIND_ANOTHER = "another router stands between it and this machine"
    FAILED = "it could not, and did not say why"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer of a router.

    epoch_s    seconds since the router began to remember its mappings
    transport  None in an answer that is about no mapping
    internal, external  ports; external and lifetime_s mean something only if the outcome is OK
    address    the router's outer address, if this answer says it
    nonce      the request's, where the protocol has one
    """

    outcome: Outcome
    epoch_s: int
    transport: Transport | None = None
    internal: int = 0
    external: int = 0
    lifetime_s: int = 0
    address: str | None = None
    nonce: bytes | None = None
