"""The direct path over UDP as a Link (see link.py): a thin shell around tunnel.nat.agent.

It searches while it is connecting, is up while the other end answers, and ends when it does not any more.
Where nothing is found it stays, rests and searches again: `why` says what is in the way.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter, deque
from collections.abc import Callable
from functools import partial
from typing import Final, Never

from tunnel.bucket import TokenBucket
from tunnel.links import ports, stories
from tunnel.links.alarm import Alarm
from tunnel.links.datagrams import Datagrams, open_datagrams
from tunnel.links.direct import DirectOptions, Story
from tunnel.links.heard import Heard
from tunnel.links.link import MAX_DATAGRAM, LinkError
from tunnel.links.stun_servers import StunServers
from tunnel.links.tasks import Tasks
from tunnel.links.whereabouts import Whereabouts
from tunnel.nat import birthday, stun
from tunnel.nat.agent import Agent
from tunnel.nat.candidates import Kind
from tunnel.nat.events import Found, Lost, Released, Rested
from tunnel.nat.pairs import State
from tunnel.nat.portmap_message import Transport
from tunnel.nat.stun import Address
from tunnel.wallclock import WallClock

_log = logging.getLogger(__name__)

_EARLY: Final = 32  # datagrams kept that come before we know that our own reach the other end
_MOST_PER_SECOND: Final = 20_000  # as on a relay's link: a hundred times what a session sends
# STUN, and whatever comes from addresses that the other end only names: twenty times what a search makes.
_CHECKS_PER_SECOND: Final = 2_000
# From addresses that nobody names: the other end's checks through a router full of surprises, fifty a
# second, among everybody's junk. Each may cost us 30 µs.
_STRANGERS_PER_SECOND: Final = 500


class DirectUdpLink:
    """The law of use is Link's; besides, DirectLink's methods at any time.

    controlling  whether this end decides which address is used: one of the two does
    send_signal  puts a note into the other end's `signal_came`, best effort; never waits
    servers      whom to ask how the world sees us
    why          while no path is found: what is in the way, in a sentence
    """

    name = "direct udp"

    def __init__(
        self,
        options: DirectOptions,
        *,
        controlling: bool,
        servers: StunServers,
        send_signal: Callable[[bytes], None],
        clock: WallClock,
    ) -> None:
        self.counters: Counter[str] = Counter()
        self.why: str | None = None
        self._options = options
        self._controlling = controlling
        self._servers = servers
        self._send_signal = send_signal
        self._clock = clock
        self._sockets: dict[bool, Datagrams] = {}  # by whether they speak IPv6
        self._more: dict[int, Datagrams] = {}  # those that guess ports, by the number the agent gave them
        self._guesses = birthday.allowance() if options.birthday else None
        self._agent: Agent | None = None
        self._ready = False  # own addresses are known
        self._heard = Heard(early=options.early)
        self._hard_until = float("-inf")
        self._up = False
        self._on_up: Callable[[], None] = _nothing
        self._on_datagram: Callable[[bytes], None] = _nothing
        self._early: deque[bytes] = deque(maxlen=_EARLY)
        self._flood = TokenBucket(_MOST_PER_SECOND, _MOST_PER_SECOND)
        self._checks = TokenBucket(_CHECKS_PER_SECOND, _CHECKS_PER_SECOND)
        self._strangers = TokenBucket(_STRANGERS_PER_SECOND, _STRANGERS_PER_SECOND)
        self._proved: frozenset[Address] = frozenset()  # the other end has answered from there, or asked
        self._named: frozenset[Address] = frozenset()  # the other end, or a server, may be there
        self._whereabouts: Whereabouts | None = None
        self._ended: asyncio.Future[Never] | None = None
        self._helpers = Tasks("direct udp's helper", self._helper_failed)
        self._alarm = Alarm(self._ring, self._deadline, clock)

    @property
    def address(self) -> Address | None:
        """Where the other end is, while the path is up."""
        return self._agent.selected if self._agent is not None else None

    async def run(self, on_up: Callable[[], None], on_datagram: Callable[[bytes], None]) -> Never:
        """See Link.run."""
        await self._helpers.gone()  # those of the run before: the same port may be asked for anew
        self._ended = asyncio.get_running_loop().create_future()
        self._on_up, self._on_datagram = on_up, on_datagram
        try:
            self._open()
            self._agent = Agent(
                controlling=self._controlling,
                random=os.urandom,
                now=self._clock.now(),
                loopback=bool(self._options.hosts),
                counters=self.counters,
                before=self._heard.take_offered(),
                birthday=self._guesses,
            )
            self._agent.look_hard(self._hard_until, self._clock.now())
            self._whereabouts = Whereabouts(
                self._agent,
                {one.is_ipv6: one.port for one in self._sockets.values()},
                options=self._options,
                servers=self._servers,
                clock=self._clock,
                settle=self._told,
            )
            for helper in self._whereabouts.helpers(Transport.UDP, is_searching=lambda: not self._up):
                self._helpers.start(helper)
            await self._ended
        except asyncio.CancelledError:
            self._let_go()
            await self._helpers.gone()  # there may be no next run to wait for it
            raise
        finally:
            self._let_go()

    def send(self, datagram: bytes) -> None:
        """See Link.send."""
        if len(datagram) > MAX_DATAGRAM:
            raise ValueError(f"a datagram has at most {MAX_DATAGRAM} bytes, not {len(datagram)}")
        agent = self._agent
        if agent is None or agent.selected is None or not self._up:
            self.counters["dropped_down"] += 1
        else:
            self.counters["sent"] += 1
            self._put(datagram, agent.selected, agent.via)

    def close(self) -> None:
        """See Link.close."""
        self._heard.closed()
        self._end("The direct link was closed.")

    def peer_came(self, *, fresh: bool) -> None:
        """See DirectLink. A path that was found by letters stays: it may be what the session came by. Whether
        another run of the program has another offer, its offer says.
        """
        self._heard.peer_came(fresh=fresh)
        if fresh and self._agent is not None:
            self._agent.peer_began_anew()
        self._begin()

    def look_hard(self, until: float) -> None:
        """See DirectLink."""
        self._hard_until = until
        if self._agent is not None:
            self._agent.look_hard(until, self._clock.now())
            self._settle()

    def story(self) -> Story:
        """See DirectLink."""
        agent = self._agent
        if agent is None:
            return stories.NOTHING
        return stories.tell(
            agent.offered, agent.remote, agent.tried, selected=agent.selected, answers=agent.answers
        )

    def signal_came(self, body: bytes) -> None:
        """See DirectLink."""
        self._heard.came(body)
        if self._agent is not None and self._ready:
            self._agent.signal_came(body, self._clock.now())
            self._settle()

    # The sockets

    def _open(self) -> None:
        """IPv4 and IPv6 side by side, or one of them. Raises LinkError if there is neither."""
        failure: OSError | None = None
        for host in self._options.hosts or ports.EVERYWHERE:
            try:
                one = open_datagrams(host, ports.some(self._options.ports), self._came, self.counters)
                self._sockets[one.is_ipv6] = one
            except OSError as error:
                failure = error
        if not self._sockets:
            reason = (failure and failure.strerror) or "no version of IP works here"
            raise LinkError(f"Cannot open a UDP socket: {reason.lower()}.")

    def _put(self, data: bytes, address: Address, via: int) -> None:
        one = self._another(via) if via else self._sockets.get(":" in address[0])
        if one is not None:
            one.send(data, address)

    def _another(self, via: int) -> Datagrams | None:
        """One socket more, of IPv4. None if the system has none left: then there are fewer to be guessed."""
        if via not in self._more:
            host = next((host for host in self._options.hosts if ":" not in host), ports.EVERYWHERE[0])
            try:
                self._more[via] = open_datagrams(host, range(1), partial(self._came, via=via), self.counters)
            except OSError:
                self.counters["open_failed"] += 1
        return self._more.get(via)

    def _came(self, data: bytes, source: Address, via: int = 0) -> None:
        agent, now, is_stun = self._agent, self._clock.now(), stun.is_stun(data)
        if agent is None or not self._share(source, is_stun).take(now):
            self.counters["dropped_flood"] += 1
        elif is_stun:
            agent.receive(data, source, now, via)
            self._settle()
        elif not agent.accepts(source, len(data), now, via):
            self._settle()
        elif self._up:
            self._on_datagram(data)
        else:
            self._early.append(data)

    def _share(self, source: Address, is_stun: bool) -> TokenBucket:
        """What there may be of it: junk takes nothing of what is the other end's."""
        if source in self._proved and not is_stun:
            return self._flood
        return self._checks if source in self._named else self._strangers

    def _look_who_is_who(self, agent: Agent) -> None:
        pairs = agent.tried
        self._proved = frozenset(pair.address for pair in pairs if pair.heard or pair.state is State.VALID)
        named = [pair.address for pair in pairs if pair.kind is not Kind.PEER]  # those merely came by
        self._named = self._proved.union(named, self._whereabouts.asked if self._whereabouts else ())

    # The agent

    def _told(self) -> None:
        """The agent has been told where this end can be reached."""
        if not self._ready:
            self._ready = True
            self._begin()
        self._settle()

    def _helper_failed(self, error: BaseException) -> None:
        """A mistake of ours ends the link, loudly."""
        if self._ended is not None and not self._ended.done():
            self._ended.set_exception(error)

    def _begin(self) -> None:
        if self._agent is None or not self._ready or not self._heard.peer_here:
            return
        if self._heard.signal is not None:
            self._agent.signal_came(self._heard.signal, self._clock.now())
        self._agent.start(self._clock.now())
        self._settle()

    def _settle(self) -> None:
        """Does what the agent wants done; see its law of use."""
        agent, now = self._agent, self._clock.now()
        if agent is None:
            return
        released: set[int] = set()
        for event in agent.events():
            if isinstance(event, Released):
                released |= event.sockets
            else:
                self._tell(event)
        if self._agent is not agent:
            return  # it is lost: whatever it would still say, the next one says better
        for address, data, via in agent.transmits():
            self._put(data, address, via)
        for via in released & self._more.keys():
            self._more.pop(via).close()
        for body in agent.signals(now):
            self._send_signal(body)
        self._look_who_is_who(agent)
        self._alarm.set()

    def _tell(self, event: Found | Lost | Rested) -> None:
        if isinstance(event, Lost):
            if self._agent is not None:
                self._heard.lost(self._agent.offered, anew=event.anew)
            self._end(event.why)
        elif not isinstance(event, Found):
            if event.why != self.why:
                _log.info("No direct path over UDP yet: %s", event.why)
            self.why = event.why
        else:
            _log.info("The other end answers directly at %s port %d.", *event.address)
            self.why = None
            if not self._up:
                self._up = True
                self._on_up()
                while self._early:
                    self._on_datagram(self._early.popleft())

    def _deadline(self) -> float:
        return float("inf") if self._agent is None else self._agent.next_timeout()

    def _ring(self) -> None:
        if self._agent is not None:
            self._agent.handle_timeout(self._clock.now())
            self._settle()

    # The end

    def _end(self, why: str) -> None:
        if self._ended is not None and not self._ended.done():
            self._agent = None  # from now on, not when the task wakes: it must answer no check any more
            self._ended.set_exception(LinkError(why))

    def _let_go(self) -> None:
        """At once. The helpers may take a moment: the router is told that we need the port no more."""
        self._helpers.cancel()
        self._alarm.cancel()
        self._agent, self._whereabouts, self._ended = None, None, None
        self._ready = self._up = False
        self._proved = self._named = frozenset()
        self._early.clear()
        for one in (*self._sockets.values(), *self._more.values()):
            one.close()
        self._sockets.clear()
        self._more.clear()


def _nothing(*_: object) -> None:
    """Until `run` knows better."""
