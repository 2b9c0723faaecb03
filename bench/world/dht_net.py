"""A BitTorrent DHT of its own: several libtorrent nodes on one machine, which know only each other.

    python -m bench.world.dht_net HOST PORT COUNT

HOST is an address, or several with commas between (`127.0.0.1,::1`). The first node listens on PORT, the next
ones on the ports above; 0 means any. Once they know each other it says "ready" and where the first one
listens; it lasts until its standard input ends or it is interrupted.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from tunnel.nat.stun import Address
from tunnel.rendezvous.dht_node import library, quiet_settings

READY_S: Final = 30.0  # a tenth of a second is usual, but the machine may be slow
_LOOK_MS: Final = 50
# Who knows three nodes finds the rest; a bucket of the routing table has room for eight.
_KNOWN: Final = 3


class DhtNet:
    """`start`, then `stop`; in between, nodes can be killed. Starting blocks.

    sessions  libtorrent's, for whoever wants to put and get with them; the first is that of the router
    """

    def __init__(self, hosts: Sequence[str], port: int, count: int) -> None:
        """Raises ValueError for fewer than two nodes, or without libtorrent."""
        self._libtorrent: Any = library()
        if self._libtorrent is None:
            raise ValueError("a DHT needs libtorrent, which is not installed here")
        if count < 2:
            raise ValueError(f"one node has nobody to talk to: {count} are too few")
        self.sessions: list[Any] = []
        self._hosts = tuple(hosts)
        self._port = port
        self._count = count
        self._places: list[list[Address]] = []

    @property
    def routers(self) -> tuple[Address, ...]:
        """Where to come in: the first node's addresses."""
        return tuple(self._places[0])

    def start(self) -> None:
        """Until the nodes know each other. Raises OSError if they do not, or one cannot listen."""
        for number in range(self._count):
            own = [(host, self._port + number if self._port else 0) for host in self._hosts]
            self.sessions.append(self._libtorrent.session(self._settings(own)))
        for session in self.sessions:
            self._places.append(self._listening(session))
        for session in self.sessions:
            for place in (place for places in self._places for place in places):
                session.add_dht_node(place)
        enough = min(_KNOWN, self._count - 1)
        for session in self.sessions:
            self._wait(session, partial(self._knows, session, enough))

    def kill(self, number: int) -> None:
        """Ends one node without a word to the others."""
        del self.sessions[number]
        del self._places[number]

    def stop(self) -> None:
        """Ends all. Harmless to repeat."""
        self.sessions.clear()
        self._places.clear()

    def _settings(self, own: Sequence[Address]) -> dict[str, Any]:
        categories = self._libtorrent.alert.category_t
        return quiet_settings(own, at_home=True) | {
            "dht_bootstrap_nodes": "",
            "dht_upload_rate_limit": 1_000_000,  # unlike the node of a program, these answer
            "dht_max_fail_count": 1,  # who puts an item is told of, though he may be silent: forget him soon
            "max_retry_port_bind": 0,  # the port asked for, or none
            "listen_system_port_fallback": False,
            "enable_ip_notifier": False,
            "alert_mask": categories.dht_notification | categories.status_notification,
        }

    def _listening(self, session: Any) -> list[Address]:
        """Where it does, one address for each of our hosts."""
        places: list[Address] = []

        def all_there() -> bool:
            for alert in session.pop_alerts():
                is_listening = isinstance(alert, self._libtorrent.listen_succeeded_alert)
                # What it calls uTP is its UDP socket, the DHT's.
                if is_listening and alert.socket_type == self._libtorrent.socket_type_t.utp:
                    places.append((alert.address, alert.port))
            return {host for host, _ in places} >= set(self._hosts)

        self._wait(session, all_there)
        return places

    def _knows(self, session: Any, enough: int) -> bool:
        """Whether it says that it knows as many nodes."""
        session.post_session_stats()
        session.wait_for_alert(_LOOK_MS)
        stats = [each for each in session.pop_alerts() if type(each).__name__ == "session_stats_alert"]
        return bool(stats) and stats[-1].values["dht.dht_nodes"] >= enough

    def _wait(self, session: Any, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_S
        while not condition():
            if time.monotonic() > deadline:
                raise OSError(f"a node of the DHT does not get up at {', '.join(self._hosts)}")
            session.wait_for_alert(_LOOK_MS)


def main(arguments: Sequence[str]) -> int:
    """The command in the module's docstring."""
    try:
        hosts, port, count = arguments
        net = DhtNet(hosts.split(","), int(port), int(count))
    except ValueError as error:
        print(f"python -m bench.world.dht_net HOST PORT COUNT: {error}", file=sys.stderr)
        return 2
    try:
        net.start()
        print("ready", *[f"{host} {port}" for host, port in net.routers], flush=True)
        sys.stdin.read()
    except KeyboardInterrupt:
        pass  # that is how it is ended
    finally:
        net.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
