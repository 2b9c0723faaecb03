"""What a relay is told before it starts. Plain values; reading them from a file is config's business."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tunnel.relay.login import check_relay_name
from tunnel.relay.stun_told import is_host

MESSAGE_BYTES: Final = (
    1_200  # the longest datagram there is (envelope.py); not a setting, all sides count on it
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayLimits:
    """Everything a relay bounds. ValueError, one sentence, if a limit is not above zero.

    The figures are for a small rented machine: a few hundred streamers, each a bot and a receiver. They bound
    what strangers can cost; people who know what they do may raise any of them.
    """

    connections: int = 4_000  # TCP connections of all kinds
    waiting: int = 256  # of these, not logged in: a flood fills these places and no others
    waiting_per_address: int = 64  # of these, from one IP address (or one IPv6 /64)
    rooms: int = 4_096  # a pair that meets uses two
    members_per_room: int = 8  # two talk; the others are connections that hang, and watchers
    login_ms: float = 5_000.0  # from the nonce to the signature; a slow line needs two round trips
    messages_per_second: float = 4_000.0  # per member. 10,000 commands a second are about 1,500 datagrams
    messages_burst: float = 8_000.0
    bytes_per_second: float = 4_000_000.0  # per member: 3,300 datagrams of full length
    bytes_burst: float = 8_000_000.0
    parked_messages: int = 32  # per member that reads slowly; DERP's figure. Newer ones repeat older ones
    write_buffer_bytes: int = 65_536  # per member, in the process; about 60 datagrams of full length
    stalled_ms: float = 10_000.0  # a member that reads nothing of what waits for it is closed after this

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not getattr(self, name) > 0:
                raise ValueError(f"a relay's limit {name} is above zero, not {getattr(self, name)}")
        if self.bytes_burst < MESSAGE_BYTES:
            raise ValueError(f"a relay's limit bytes_burst holds one message at least: {MESSAGE_BYTES}")


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """A certificate chain and its private key, both PEM."""

    cert: Path
    key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaySettings:
    """One relay.

    name     what members sign when they log in: 1 to 64 printable characters, best the host name
    host     where to listen; port 0 lets the system choose
    allow    Ethereum addresses that may log in; None: whoever can sign
    metrics  (host, port) for /metrics alone; None: the same port as everything else
    stun     also answers STUN over UDP and TCP, at the same addresses and port
    stun_at  (host, port) where that is for members, if a proxy stands before the port they come to; None: at
             the host they came to, and the port this relay listens at
    stun_alternate  (address, port): a second address of this machine, and a second port, so that the UDP
             server shows what routers let in (RFC 5780). `host` and `port` are then one address and port too
    """

    name: str
    host: str = "127.0.0.1"
    port: int = 0
    allow: frozenset[str] | None
    tls: TlsFiles | None = None
    metrics: tuple[str, int] | None = None
    stun: bool = True
    stun_at: tuple[str, int] | None = None
    stun_alternate: tuple[str, int] | None = None
    limits: RelayLimits = field(default_factory=RelayLimits)

    def __post_init__(self) -> None:
        check_relay_name(self.name)
        if self.stun_at is not None and not is_host(self.stun_at[0].lower()):
            raise ValueError(f"members are not told to ask for their address at {self.stun_at[0]}")
