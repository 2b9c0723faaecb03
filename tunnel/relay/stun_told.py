"""Where a relay says that it answers STUN, as a part of its welcome (login.py). Pure.

    "stun": {"udp": PORT, "tcp": PORT}                  at the host that the member came to
    "stun": {"udp": PORT, "tcp": PORT, "host": HOST}    elsewhere: a reverse proxy passes no UDP on
    "stun": null                                        nowhere

A port that is left out is not answered. Relays of before say nothing of it: whoever wants to know asks over
UDP at the port of the relay's own URL.

A relay is a stranger, and a member that believes it sends a few short questions to the place it names. So a
relay out in the world may not name places in the member's own network: no address that is not public, no name
that can only be one of this machine or this network, nothing that only some systems take for an address.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

_LABEL: Final = "[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME: Final = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})+\.?")  # RFC 1035, 2.3.4, for its lengths
# RFC 6761, 6762, 8375 and what the ICANN keeps free: names that mean something else on each machine.
_OWN: Final = frozenset({"localhost", "local", "internal", "arpa", "lan", "home", "corp"})
_LIKE_AN_ADDRESS: Final = re.compile("[0-9]+|0x[0-9a-f]*")  # as the last label; inet_aton reads "1.2" as one


class StunToldError(Exception):
    """What a relay says of STUN is nonsense. One sentence."""


@dataclass(frozen=True, slots=True)
class StunTold:
    """Where a relay answers.

    udp, tcp  ports; None: not over that
    host      None: at the host that the member came to
    """

    udp: int | None = None
    tcp: int | None = None
    host: str | None = None

    @classmethod
    def parse(cls, said: object) -> Self:
        """From what stands in the welcome. Raises StunToldError."""
        if said is None:
            return cls()
        if not isinstance(said, Mapping):
            raise StunToldError("stun is neither null nor an object")
        host = said.get("host")
        if host is not None and not (isinstance(host, str) and is_host(host.lower())):
            raise StunToldError("the host of stun is none")
        return cls(_port(said.get("udp")), _port(said.get("tcp")), host and host.lower())

    def to_json(self) -> dict[str, Any] | None:
        """What stands in the welcome."""
        parts = {"udp": self.udp, "tcp": self.tcp, "host": self.host}
        return {k: v for k, v in parts.items() if v is not None} if self.udp or self.tcp else None

    def host_for(self, reached: str) -> str:
        """Which host to ask, for a member that reached the relay at `reached`. Raises StunToldError if the
        relay names one that it has no business to name.
        """
        if self.host is None:
            return reached
        if is_public(self.host) or not is_public(reached.lower()):
            return self.host
        raise StunToldError(f"a relay out in the world answers STUN at {self.host}, it says")


def is_host(text: str) -> bool:
    """Whether this can stand as `host`: an address, or a name of at least two parts; in small letters."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return _NAME.fullmatch(text) is not None and not _LIKE_AN_ADDRESS.fullmatch(_last(text))
    return "%" not in text


def is_public(host: str) -> bool:
    """Whether this address or name (in small letters) may be one out in the world. Where a name leads, only
    looking it up says.
    """
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return "." in host and _last(host) not in _OWN
    return ip.is_global and not ip.is_multicast


def _last(name: str) -> str:
    return name.rstrip(".").rpartition(".")[2]


def _port(said: object) -> int | None:
    if said is None:
        return None
    if not isinstance(said, int) or isinstance(said, bool) or not 1 <= said <= 0xFFFF:
        raise StunToldError("a port of stun is none")
    return said
