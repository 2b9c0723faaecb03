"""The kinds of values that name somebody or some place in a network. See `config.kinds`."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError

from config.kinds import Kind, Setting
from config.mistakes import CALL

_LABEL: Final = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST: Final = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*\.?")
_HOST_PORT: Final = re.compile(r"(\[[0-9A-Fa-f:.]*\]|[!-9;-Z^-~]*):([!-9;-~]*)")
_MAX_URL: Final = 500
_EVERYWHERE: Final = frozenset(("0.0.0.0", "::"))  # whoever listens here takes the port of every network


@dataclass(frozen=True)
class PublicKeyHex(Kind):
    """A compressed secp256k1 public key: its shape alone. Whether it is a point, the tunnel says."""

    @property
    def wanted(self) -> str:
        return "a public key: 66 hex digits that start with 02 or 03"

    def read(self, value: object, setting: Setting | None) -> str:
        text = value.strip().lower().removeprefix("0x") if isinstance(value, str) else ""
        if re.fullmatch("0[23][0-9a-f]{64}", text):
            return text
        if re.fullmatch("[0-9a-f]{40}", text):
            raise self.refused(f"that is an address; `{CALL} keys show FILE` prints the public key too")
        if re.fullmatch("[0-9a-f]{64}", text):
            raise self.refused("that may be a private key, which belongs nowhere but in its own file")
        raise self.refused()

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^(0x)?0[23][0-9a-fA-F]{64}$"}


@dataclass(frozen=True)
class EthereumAddress(Kind):
    """An Ethereum address; kept in small letters, so that comparing is simple."""

    @property
    def wanted(self) -> str:
        return "an address: 0x and 40 hex digits"

    def read(self, value: object, setting: Setting | None) -> str:
        text = value.lower() if isinstance(value, str) else ""
        if re.fullmatch("0x[0-9a-f]{40}", text):
            return text
        if re.fullmatch("(0x)?0[23][0-9a-f]{64}", text):
            raise self.refused(f"that is a public key; `{CALL} keys show FILE` prints the address too")
        raise self.refused()

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^0[xX][0-9a-fA-F]{40}$"}


@dataclass(frozen=True)
class WebSocketUrl(Kind):
    """ws:// or wss://, a host, perhaps a port and a path; no name and password, no question mark."""

    @property
    def wanted(self) -> str:
        return "a WebSocket address such as wss://relay.example.org or ws://127.0.0.1:8765"

    def read(self, value: object, setting: Setting | None) -> str:
        if not isinstance(value, str) or len(value) > _MAX_URL or not re.fullmatch("[!-~]+", value):
            raise self.refused()
        try:
            parts = urlsplit(str(value))
            port = parts.port
        except ValueError as error:
            raise self.refused("the host or the port is none; ports go from 1 to 65535") from error
        if parts.scheme not in {"ws", "wss"}:
            raise self.refused("it begins with ws:// or wss://")
        if parts.username is not None or parts.password is not None:
            raise self.refused("without a name or password inside")
        if port == 0 or parts.netloc.endswith(":"):
            raise self.refused("ports go from 1 to 65535")
        if parts.query or parts.fragment or not _is_host(parts.hostname or ""):
            raise self.refused()
        return str(value)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[wW][sS]{1,2}://[!-~]+$"}


@dataclass(frozen=True)
class HostPort(Kind):
    """HOST:PORT. An IPv6 host stands in brackets (and then in quotes, for YAML).

    `listening`: port 0 is allowed and means any free one. `loopback`: only addresses of this machine.
    """

    listening: bool = False
    loopback: bool = False

    @property
    def wanted(self) -> str:
        where = "a host of this machine and a port" if self.loopback else "a host and a port"
        return f"{where}, such as 127.0.0.1:{3615 if self.loopback else 8765}"

    def read(self, value: object, setting: Setting | None) -> str:
        match = _HOST_PORT.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise self.refused()
        host, port = match[1].strip("[]"), match[2]
        lowest = 0 if self.listening else 1
        if not re.fullmatch("0|[1-9][0-9]{0,4}", port) or not lowest <= int(port) <= 65535:
            raise self.refused(f"ports go from {lowest} to 65535")
        if match[1].startswith("[") and not _is_ipv6(host):
            raise self.refused("brackets hold an IPv6 address")
        if not _is_host(host):
            raise self.refused()
        if self.loopback and not is_loopback(host):
            raise self.refused("nothing protects this traffic on the way to another machine")
        return match[0]

    def json_schema(self) -> dict[str, Any]:
        host = r"(127\.[0-9.]+|localhost|\[::1\])" if self.loopback else r"[^ ]+"
        return {"type": "string", "pattern": f"^{host}:[0-9]{{1,5}}$"}


def split_host_port(text: str) -> tuple[str, int]:
    """Host, without brackets, and port of a text that `HostPort` let through."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def same_port(one: str, other: str) -> bool:
    """Whether two servers, given as HOST:PORT, would want the same port of the same network."""
    (host, port), (other_host, other_port) = split_host_port(one), split_host_port(other)
    if port != other_port or port == 0:  # 0 is any free one
        return False
    hosts = {host.lower(), other_host.lower()}
    return len(hosts) == 1 or not hosts.isdisjoint(_EVERYWHERE)


def is_loopback(host: str) -> bool:
    """Whether this host can only be the machine itself. Names are not looked up: localhost alone is known."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def no_repeats(values: tuple[str, ...]) -> tuple[str, ...]:
    """Refuses a list that names something twice (an AfterValidator)."""
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise PydanticCustomError("repeated", "the same entry twice: {entry}", {"entry": value})
        seen.add(value)
    return values


def _is_host(host: str) -> bool:
    if _is_ipv6(host):
        return True
    if re.fullmatch(r"[0-9.]+", host):  # digits and dots are an IPv4 address, or a slip in one
        return _is_ipv4(host)
    return _HOST.fullmatch(host) is not None


def _is_ipv4(host: str) -> bool:
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True


def _is_ipv6(host: str) -> bool:
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return True
