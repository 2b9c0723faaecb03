"""The direct path over TCP as a Link (see link.py): a thin shell around tunnel.nat.tcp_agent.

For networks that drop UDP. It searches while it is connecting, is up over one WebSocket on a connection that
was punched, and ends with that. Where nothing is found it stays, rests and searches again: `why` says what is
in the way.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Never

from tunnel.links import stories, tcp_story
from tunnel.links.direct import DirectOptions, Story
from tunnel.links.link import MAX_DATAGRAM, LinkError
from tunnel.links.portmapper import RouterPorts
from tunnel.links.stun_servers import StunServers
from tunnel.links.surroundings import watch
from tunnel.links.tcp_carrier import Carrier
from tunnel.links.tcp_port import TcpPorts, open_ports
from tunnel.links.tcp_run import Ears, TcpRun
from tunnel.nat.offer import Offer
from tunnel.nat.portmap import Mapped, Want
from tunnel.nat.portmap_message import Transport
from tunnel.nat.stun import Address
from tunnel.nat.tcp_agent import TcpAgent
from tunnel.nat.tcp_proof import Asked
from tunnel.wallclock import WallClock

_log = logging.getLogger(__name__)

_EVERYWHERE: Final = ("0.0.0.0", "::")


class DirectTcpLink:
    """The law of use is Link's; besides, DirectLink's methods at any time.

    controlling  whether this end times the start and is the WebSocket client: one of the two is
    send_signal  puts a note into the other end's `signal_came`, best effort; never waits
    servers      whom to ask how the world sees us
    delay_ms     how long a note takes to the other end, as far as anybody knows
    why          while no path is found: what is in the way, in a sentence
    """

    name = "direct tcp"

    def __init__(
        self,
        options: DirectOptions,
        *,
        controlling: bool,
        servers: StunServers,
        send_signal: Callable[[bytes], None],
        clock: WallClock,
        delay_ms: Callable[[], float],
    ) -> None:
        self.counters: Counter[str] = Counter()
        self.why: str | None = None
        self._options = options
        self._controlling = controlling
        self._servers = servers
        self._send_signal = send_signal
        self._clock = clock
        self._delay_ms = delay_ms
        self._asked = Asked()
        self._peer_here = options.early
        self._hard_until = float("-inf")
        self._last_signal: bytes | None = None
        self._offered: Offer | None = None  # by the run before, where only the other end began anew
        self._running: TcpRun | None = None
        self._before: TcpRun | None = None  # the run before: it may still be saying goodbye
        self._ready = False  # own addresses are known

    @property
    def address(self) -> Address | None:
        """See DirectLink."""
        carrier = self._carrier
        return None if carrier is None else carrier.address

    async def run(self, on_up: Callable[[], None], on_datagram: Callable[[bytes], None]) -> Never:
        """See Link.run."""
        if self._before is not None:
            await self._before.gone()  # the same port may be asked for anew
        try:
            ports = open_ports(self._options.hosts or _EVERYWHERE, self._options.ports, self.counters)
        except OSError as error:
            raise LinkError(f"Cannot open a TCP port: {(error.strerror or str(error)).lower()}.") from error
        agent = TcpAgent(
            controlling=self._controlling,
            random=os.urandom,
            now=self._clock.now(),
            delay_ms=self._delay_ms,
            loopback=bool(self._options.hosts),
            counters=self.counters,
            before=self._offered,
        )
        self._offered = None
        agent.look_hard(self._hard_until, self._clock.now())

        def up() -> None:
            self.why = None
            on_up()

        ears = Ears(self._send_signal, self._rested, up, on_datagram, self._path_ended)
        run = TcpRun(
            agent,
            ports,
            ears,
            asks=self._controlling,
            asked=self._asked,
            clock=self._clock,
            counters=self.counters,
        )
        self._running, self._ready = run, False
        helpers = [self._look(run, ports)]
        if self._options.router and False in ports.numbers:
            helpers.append(self._ask_router(run, ports.numbers[False]))
        try:
            await run.run(helpers)
        except asyncio.CancelledError:
            await run.gone()  # there may be no next run to wait for it
            raise
        finally:
            self._running, self._before = None, run

    def send(self, datagram: bytes) -> None:
        """See Link.send."""
        if len(datagram) > MAX_DATAGRAM:
            raise ValueError(f"a datagram has at most {MAX_DATAGRAM} bytes, not {len(datagram)}")
        carrier = self._carrier
        if carrier is None:
            self.counters["dropped_down"] += 1
        else:
            carrier.send(datagram)

    def close(self) -> None:
        """See Link.close."""
        self._last_signal = None
        if self._running is not None:
            self._running.end("The direct link was closed.")

    def peer_came(self, *, fresh: bool) -> None:
        """See DirectLink. A path that is there stays until the other end's offer says that it began anew: the
        session may have come by this very path.
        """
        self._peer_here = True
        if fresh:
            if not self._options.early:
                self._last_signal = None  # letters may come before the session does, notes do not
            if self._running is not None:
                self._running.agent.peer_began_anew()
        self._begin()

    def look_hard(self, until: float) -> None:
        """See DirectLink."""
        self._hard_until = until
        if self._running is not None:
            self._running.agent.look_hard(until, self._clock.now())
            self._running.settle()

    def signal_came(self, body: bytes) -> None:
        """See DirectLink."""
        self._last_signal = body
        if self._running is not None and self._ready:
            self._running.signal_came(body)

    def story(self) -> Story:
        """See DirectLink."""
        if self._running is None:
            return stories.NOTHING
        return tcp_story.tell(self._running.agent, self.address)

    @property
    def _carrier(self) -> Carrier | None:
        run = self._running
        return None if run is None or run.is_over else run.carrier

    def _begin(self) -> None:
        run = self._running
        if run is None or not self._ready or not self._peer_here or run.is_over:
            return
        if self._last_signal is not None:
            run.signal_came(self._last_signal)
        run.agent.start(self._clock.now())
        run.settle()

    def _rested(self, why: str) -> None:
        if why != self.why:
            _log.info("No direct path over TCP yet: %s", why)
        self.why = why

    def _path_ended(self, anew: bool) -> None:
        """What the other end offered to this run is no news for the next, unless it has ended this one."""
        if not anew:
            self._last_signal = None
        elif self._running is not None:
            self._offered = self._running.agent.offered

    async def _look(self, run: TcpRun, ports: TcpPorts) -> None:
        """Tells the agent our addresses, at once and whenever they change."""

        def seen(hosts: Iterable[str], servers: Iterable[Address]) -> None:
            run.agent.set_servers(servers)
            numbers = [(host, ports.numbers.get(":" in host)) for host in hosts]
            addresses = [(host, number) for host, number in numbers if number is not None]
            run.agent.set_hosts(addresses, self._clock.now())
            if not self._ready:
                self._ready = True
                self._begin()
            run.settle()

        await watch(self._options.hosts, self._servers, seen, is_searching=lambda: run.carrier is None)

    async def _ask_router(self, run: TcpRun, port: int) -> None:
        """Tells the agent what the router keeps open for our IPv4 port; IPv6 needs no translation."""

        def changed(opened: Mapping[Want, Mapped]) -> None:
            run.agent.set_mapped([mapped.outer for mapped in opened.values()], self._clock.now())
            run.settle()

        await RouterPorts([Want(Transport.TCP, port)], self._clock, changed).run()
