"""One libtorrent session that is nothing but a silent node of the BitTorrent DHT. No torrents, no peers.

libtorrent runs threads of its own and keeps what happens in a queue of alerts. It writes a byte to a socket
of ours when that queue is no longer empty (`set_alert_fd`), so we wait for that byte on the loop. Its other
way, calling a Python function from its thread, would need the interpreter's lock there, which whoever
destroys the session holds while he waits for that very thread.

The node is *read-only* (BEP 43): it asks, and answers nobody. So the upkeep is one small question every five
seconds, and no stranger's requests are served over the home line. A node of libtorrent that has taken an item
from us tells others of us all the same. Among the millions nobody minds; in a DHT of a dozen nodes we are
among the nearest to everything then, and searches end 15 s later because we are silent. What they find comes
at once even there.

Departure: libtorrent cannot be kept from listening for TCP on the port of its UDP socket. Whoever connects
there is dropped at once: no incoming connections, a limit of none, and an empty backlog.
"""

from __future__ import annotations

import asyncio
import importlib
import ipaddress
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from tunnel.nat.stun import Address
from tunnel.rendezvous.dht_item import SALT, HoleKey

# A search says two things of an item: what it found first, and what was the last of it.
_MOST_ALERTS: Final = 200
# Only answers are held to it, and we give none; libtorrent's own default is 8,000.
_UPLOAD_BYTES_PER_S: Final = 1_000
# What one address may send us per second before libtorrent is deaf to it for five minutes. In a DHT of a
# laboratory all nodes may share an address.
_RATE_LIMIT, _RATE_LIMIT_AT_HOME = 5, 1_000
# Reserved for documentation (RFC 3849): never reached, only asked which address we would send from.
_FAR_AWAY: Final = ("2001:db8::1", 9)


class Entered(NamedTuple):
    """One version of IP has found its way into the DHT, or has given up. `Heard` says which."""


class Heard(NamedTuple):
    """The answer to `ask_heard`.

    datagrams  how many have come from other nodes since the session began
    nodes      how many nodes we know that answered once
    """

    datagrams: int
    nodes: int


class Found(NamedTuple):
    """An item with a valid signature of `public`; `value` None: no item. `last`: that search is over."""

    public: bytes
    value: object
    last: bool


class Stored(NamedTuple):
    """A put is over; this many nodes took it."""

    public: bytes
    nodes: int


Event = Entered | Heard | Found | Stored

# Said at the start of every session.
_ORDINARY: Final = frozenset({"session_stats_header_alert", "listen_succeeded_alert"})


def library() -> Any | None:
    """libtorrent, or None where it is not installed. Loading it takes some tens of milliseconds."""
    try:
        return importlib.import_module("libtorrent")
    except ImportError:
        return None


class DhtNode:
    """One session. Close it; nothing blocks, and closing takes a few milliseconds.

    versions  how many `Entered` to expect: one for each version of IP that leads to the DHT
    """

    def __init__(
        self, libtorrent: Any, routers: Sequence[Address], memory: Any | None, counters: Counter[str]
    ) -> None:
        """Raises OSError if no address of ours leads to any of the routers.

        routers   where to begin, as numbers: libtorrent's own resolver could hold up the end for minutes
        memory    `memory()` of an earlier node, so that the routers are spared
        counters  where alerts that nobody needs are counted, by their names
        """
        own = _own_addresses(routers)
        if not own:
            raise OSError("this machine has no address that leads there")
        self.versions = len(own)
        self._libtorrent = libtorrent
        self._counters = counters
        self._wake, self._poke = socket.socketpair()
        self._wake.setblocking(False)
        self._poke.setblocking(False)
        categories = libtorrent.alert.category_t
        parameters = libtorrent.session_params(
            quiet_settings(own, at_home=is_at_home(routers))
            | {
                "dht_bootstrap_nodes": ",".join(_as_text(router) for router in routers),
                "dht_read_only": True,
                "alert_mask": categories.dht_notification | categories.error_notification,
            }
        )
        if memory is not None:
            parameters.dht_state = memory
        self._session = libtorrent.session(parameters)
        self._session.set_alert_fd(self._poke.fileno())

    def get(self, public: bytes) -> None:
        """Searches the item of this key: some `Found`, the last of which says so."""
        self._session.dht_get_mutable_item(public, SALT)

    def put(self, key: HoleKey, value: bytes) -> None:
        """Makes this the item of this key, wherever it can: one `Stored`."""
        self._session.dht_put_mutable_item(key.secret, key.public, value, SALT)

    def ask_heard(self) -> None:
        """One `Heard`, soon."""
        self._session.post_session_stats()

    def memory(self) -> Any:
        """The nodes that we know, for the next one of us. Blocks for about a millisecond."""
        flags = self._libtorrent.save_state_flags_t.save_dht_state
        return self._session.session_state(flags).dht_state

    async def watch(self, on_stir: Callable[[], None]) -> None:
        """Calls `on_stir` whenever there are new events. Until it is cancelled."""
        loop = asyncio.get_running_loop()
        while await loop.sock_recv(self._wake, 64):
            on_stir()

    def take(self) -> list[Event]:
        """What has happened since the last time. What nobody needs is counted."""
        events = []
        for alert in self._session.pop_alerts():
            event = _event(alert)
            if event is not None:
                events.append(event)
            elif type(alert).__name__ not in _ORDINARY:
                self._counters[f"libtorrent: {type(alert).__name__}"] += 1
        return events

    def close(self) -> None:
        """Ends the session; no events any more. Harmless to repeat.

        In this order: a session that still runs would write to whatever gets the socket's number next.
        """
        self._session = None
        self._wake.close()
        self._poke.close()


def quiet_settings(own: Sequence[Address], *, at_home: bool) -> dict[str, Any]:
    """Settings of a session that does nothing but the DHT, at these addresses of ours (port 0: any).

    at_home  all nodes are on one machine or in one laboratory: the rules that make it dear to flood the
             world's DHT from one network are off, for there they would shut out everybody
    """
    return {
        "listen_interfaces": ",".join(_as_text(address) for address in own),
        "alert_queue_size": _MOST_ALERTS,
        "enable_dht": True,
        # Asking the router for ports is done elsewhere, and this node needs none.
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "enable_incoming_tcp": False,
        "enable_outgoing_tcp": False,
        "enable_incoming_utp": False,
        "enable_outgoing_utp": False,
        "connections_limit": 0,
        "listen_queue_size": 0,
        "aio_threads": 0,
        "hashing_threads": 0,
        "dht_upload_rate_limit": _UPLOAD_BYTES_PER_S,
        "dht_block_ratelimit": _RATE_LIMIT_AT_HOME if at_home else _RATE_LIMIT,
        "dht_restrict_routing_ips": not at_home,
        "dht_restrict_search_ips": not at_home,
        "dht_prefer_verified_node_ids": not at_home,  # BEP 42 ties an id to an address
        "dht_ignore_dark_internet": not at_home,
    }


def is_at_home(routers: Sequence[Address]) -> bool:
    """Whether none of these is in the world's internet."""
    return not any(ipaddress.ip_address(host).is_global for host, _ in routers)


def _event(alert: Any) -> Event | None:
    name = type(alert).__name__
    if name == "dht_mutable_item_alert":
        # An empty item and none look alike here, and mean the same to us.
        return Found(bytes(alert.key), alert.item or None, bool(alert.authoritative))
    if name == "dht_put_alert":
        return Stored(bytes(alert.public_key), int(alert.num_success))
    if name == "dht_bootstrap_alert":
        return Entered()
    if name == "session_stats_alert":
        values = alert.values
        return Heard(int(values["dht.dht_messages_in"]), int(values["dht.dht_nodes"]))
    return None


def _own_addresses(routers: Sequence[Address]) -> list[Address]:
    """What the system would send from to the routers: one address for each version of IP.

    Not every address of the machine: at each, libtorrent would be one more node of the DHT. IPv6 is used in
    the world's DHT even if no router has such an address: answers over IPv4 tell of nodes that have one.
    """
    targets = [*routers] if is_at_home(routers) else [*routers, _FAR_AWAY]
    found: dict[socket.AddressFamily, Address] = {}
    for host, port in targets:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        if family not in found:
            try:
                with socket.socket(family, socket.SOCK_DGRAM) as sock:
                    sock.connect((host, port))
                    found[family] = (sock.getsockname()[0], 0)
            except OSError:
                continue  # no route, or no such version of IP here
    return list(found.values())


def _as_text(address: Address) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
