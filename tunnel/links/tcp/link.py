"""The direct path over TCP as a Link (see link.py): a thin shell around tunnel.nat.tcp.agent.

For networks that drop UDP. It searches while it is connecting, is up over one WebSocket on a connection that
was punched, and ends with that. Where nothing is found it stays, rests and searches again: `why` says what is
in the way.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Callable
from typing import Never

from tunnel.links import ports, stories
from tunnel.links.direct import DirectOptions, Story
from tunnel.links.heard import Heard
from tunnel.links.link import MAX_DATAGRAM, LinkError
from tunnel.links.stun_servers import StunServers
from tunnel.links.tcp import story as tcp_story
from tunnel.links.tcp.carrier import Carrier
from tunnel.links.tcp.port import open_ports
from tunnel.links.tcp.run import Ears, TcpRun
from tunnel.links.whereabouts import Whereabouts
from tunnel.nat.portmap_message import Transport
from tunnel.nat.stun import Address
from tunnel.nat.tcp.agent import TcpAgent
from tunnel.nat.tcp.proof import Asked
from tunnel.wallclock import WallClock

_log = logging.getLogger(__name__)


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
        self._heard = Heard(early=options.early)
        self._hard_until = float("-inf")
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
            opened = open_ports(self._options.hosts or ports.EVERYWHERE, self._options.ports, self.counters)
        except OSError as error:
            raise LinkError(f"Cannot open a TCP port: {(error.strerror or str(error)).lower()}.") from error
        agent = TcpAgent(
            controlling=self._controlling,
            random=os.urandom,
            now=self._clock.now(),
            delay_ms=self._delay_ms,
            loopback=bool(self._options.hosts),
            counters=self.counters,
            before=self._heard.take_offered(),
        )
        agent.look_hard(self._hard_until, self._clock.now())

        def up() -> None:
            self.why = None
            on_up()

        ears = Ears(self._send_signal, self._rested, up, on_datagram, self._path_ended)
        run = TcpRun(
            agent,
            opened,
            ears,
            asks=self._controlling,
            asked=self._asked,
            clock=self._clock,
            counters=self.counters,
        )
        self._running, self._ready = run, False
        whereabouts = Whereabouts(
            agent,
            opened.numbers,
            options=self._options,
            servers=self._servers,
            clock=self._clock,
            settle=self._told,
        )
        helpers = whereabouts.helpers(Transport.TCP, is_searching=lambda: run.carrier is None)
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
        self._heard.closed()
        if self._running is not None:
            self._running.end("The direct link was closed.")

    def peer_came(self, *, fresh: bool) -> None:
        """See DirectLink. A path that is there stays until the other end's offer says that it began anew: the
        session may have come by this very path.
        """
        self._heard.peer_came(fresh=fresh)
        if fresh and self._running is not None:
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
        self._heard.came(body)
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
        if run is None or not self._ready or not self._heard.peer_here or run.is_over:
            return
        if self._heard.signal is not None:
            run.signal_came(self._heard.signal)
        run.agent.start(self._clock.now())
        run.settle()

    def _rested(self, why: str) -> None:
        if why != self.why:
            _log.info("No direct path over TCP yet: %s", why)
        self.why = why

    def _path_ended(self, anew: bool) -> None:
        if self._running is not None:
            self._heard.lost(self._running.agent.offered, anew=anew)

    def _told(self) -> None:
        """The agent has been told where this end can be reached."""
        if not self._ready:
            self._ready = True
            self._begin()
        if self._running is not None:
            self._running.settle()
