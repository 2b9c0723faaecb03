"""One run of the direct link over TCP: does what its agent wants done, from the first question to the end."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, Never

from tunnel.links.alarm import Alarm
from tunnel.links.link import LinkError
from tunnel.links.tasks import Tasks
from tunnel.links.tcp.carrier import Carrier
from tunnel.links.tcp.lobby import Lobby
from tunnel.links.tcp.port import TcpPorts
from tunnel.links.tcp.punched import PunchedConnection
from tunnel.links.tcp.stun import StunOverTcp
from tunnel.nat.events import Lost
from tunnel.nat.stun import Address, Message
from tunnel.nat.tcp.agent import TcpAgent
from tunnel.nat.tcp.proof import Asked
from tunnel.nat.tcp.targets import DIAL_MS, Outcome
from tunnel.wallclock import WallClock

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ears:
    """Who hears of a run; called on the loop, and must neither wait nor raise.

    signal    a note for the other end
    rested    a search has found nothing: why, as a sentence
    up        there is a path: once
    datagram  what came over it
    ended     the run is over: whether because the other end began anew
    """

    signal: Callable[[bytes], None]
    rested: Callable[[str], None]
    up: Callable[[], None]
    datagram: Callable[[bytes], None]
    ended: Callable[[bool], None]


class TcpRun:
    """Law of use: `run` once; after a call to the agent that may change something, `settle`. Await `gone`
    before the next run begins.

    asks     whether this end is the WebSocket client
    asked    what this end has been asked before: an offer may outlive the run that made it
    carrier  the path, once there is one
    """

    def __init__(
        self,
        agent: TcpAgent,
        ports: TcpPorts,
        ears: Ears,
        *,
        asks: bool,
        asked: Asked,
        clock: WallClock,
        counters: Counter[str],
    ) -> None:
        self.agent = agent
        self.carrier: Carrier | None = None
        self._ports = ports
        self._ears = ears
        self._asks = asks
        self._clock = clock
        self._counters = counters
        self._stun = StunOverTcp(ports, self._answered, counters)
        self._lobby = Lobby(asks=asks, on_proved=self._proved, on_gone=self._gone, asked=asked)
        self._ended: asyncio.Future[Never] = asyncio.get_running_loop().create_future()
        self._connections = Tasks("direct tcp", self._failed)
        self._helpers = Tasks("direct tcp's helper", self._failed)
        self._goodbyes = Tasks("direct tcp's goodbye", self._failed)
        self._alarm = Alarm(self._ring, agent.next_timeout, clock)

    async def run(self, helpers: Iterable[Coroutine[Any, Any, None]]) -> Never:
        """Ends by raising LinkError, or by cancellation. The helpers end with it."""
        try:
            self._connections.start(self._ports.listen(self._accepted, self._is_named))
            for helper in helpers:
                self._helpers.start(helper)
            await self._ended
        finally:
            await self._let_go()
        raise AssertionError("it ends by an error")

    async def gone(self) -> None:
        """Until all has been told that `run` has ended: the other end, and the router that keeps our port.
        Whoever only needs to know that the path is down does not wait for it.
        """
        await self._goodbyes.gone()
        await self._helpers.gone()

    def settle(self) -> None:
        """Does what the agent wants done; see its law of use."""
        agent, now = self.agent, self._clock.now()
        if self.is_over:
            return
        for event in agent.events():
            if isinstance(event, Lost):
                self.end(event.why, anew=event.anew)
                return  # whatever it would still say, the next one says better
            self._ears.rested(event.why)
        for address in agent.dials():
            self._connections.start(self._dial(address))
        for server, request in agent.questions():
            self._stun.ask(server, request)
        if not agent.is_looking:
            self._stun.close()
        for body in agent.signals(now):
            self._ears.signal(body)
        for id in agent.drops():
            self._lobby.drop(id)
        turn = agent.take_turn(now)
        if turn is not None:
            self._lobby.begin(turn)
        self._alarm.set()

    def signal_came(self, body: bytes) -> None:
        """A note of the other end."""
        if not self.is_over:
            self.agent.signal_came(body, self._clock.now())
            self._lobby.look_again()
            self.settle()

    def end(self, why: str, *, anew: bool = False) -> None:
        """Makes `run` end. Harmless to repeat."""
        if not self.is_over:
            self._ended.set_exception(LinkError(why))
            self._ears.ended(anew)

    @property
    def is_over(self) -> bool:
        """Whether it has ended, or is about to."""
        return self._ended.done()

    # Connections that are nothing yet

    async def _dial(self, address: Address) -> None:
        try:
            sock = await self._ports.dial(address, DIAL_MS)
        except TimeoutError:
            self._dial_ended(address, Outcome.SILENT)
        except ConnectionError:
            self._dial_ended(address, Outcome.REFUSED)
        except OSError:  # no way there; or the other end's dial came first, and is with our listener
            self._counters["dial_failed"] += 1
            self._dial_ended(address, Outcome.SILENT)
        else:
            self._dial_ended(address, Outcome.CONNECTED)
            await self._meet(sock, address, dialled=True)

    def _dial_ended(self, address: Address, outcome: Outcome) -> None:
        self.agent.dial_ended(address, outcome, self._clock.now())
        self.settle()

    def _accepted(self, sock: socket.socket, source: Address) -> None:
        self._connections.start(self._meet(sock, source, dialled=False))

    def _is_named(self, host: str) -> bool:
        remote = self.agent.remote
        return remote is not None and any(host == address[0] for _, address in remote.candidates)

    async def _meet(self, sock: socket.socket, address: Address, *, dialled: bool) -> None:
        if self.is_over or (self._asks and self.carrier is not None):
            self._counters["dropped: late"] += 1
            sock.close()
            return
        id = await self._lobby.enter(sock, address, lambda: self.agent.passwords)
        if id is None:
            self._counters["dropped: reset"] += 1
            if dialled:
                self._dial_ended(address, Outcome.REFUSED)
        else:
            self.agent.arrived(id, address, dialled=dialled, now=self._clock.now())
            self.settle()

    def _gone(self, id: int) -> None:
        self._counters["dropped: unproved"] += 1
        self.agent.gone(id, self._clock.now())
        self.settle()

    # The connection that is used

    def _proved(self, id: int, connection: PunchedConnection) -> None:
        """It is the other end. The one that answers may be asked over a better connection later."""
        if self.is_over:
            connection.abort()
            return
        self.agent.joined(id, connection.address)
        before = self.carrier
        self.carrier = Carrier(connection, self._ears.datagram, self._counters, self._clock)
        self._connections.start(self._carry(self.carrier))
        if before is not None:
            self._counters["replaced"] += 1
            before.abort()
        else:
            _log.info("The other end answers directly at %s port %d, over TCP.", *connection.address)
            self._ears.up()
        if self._asks:
            self._lobby.clear()
        self.settle()

    async def _carry(self, carrier: Carrier) -> None:
        why = await carrier.run()
        if carrier is self.carrier:
            self.end(why)

    # The agent's needs

    def _answered(self, message: Message, server: Address) -> None:
        self.agent.stun_came(message, server, self._clock.now())
        self.settle()

    def _ring(self) -> None:
        if not self.is_over:
            self.agent.handle_timeout(self._clock.now())
            self.settle()

    # The end

    def _failed(self, error: BaseException) -> None:
        """A mistake of ours ends the run, loudly."""
        if not self.is_over:
            self._ended.set_exception(error)

    async def _let_go(self) -> None:
        if not self.is_over:
            self._ended.cancel()
        self._alarm.cancel()
        self._stun.close()
        self._lobby.clear()
        self._helpers.cancel()
        self._connections.cancel()
        if self.carrier is not None:
            self._goodbyes.start(self.carrier.leave())
        try:
            await self._connections.gone()
        finally:
            self._ports.close()
