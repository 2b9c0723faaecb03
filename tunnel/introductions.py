"""How two ends find a way to each other: the direct links, and how their words reach the other end's.

What a direct link says leaves by two ways: as a note of the session, sealed and at once, while that has the
other end; and as a letter, sealed too, which lies at every meeting place until the other end finds it. By
which way its counterpart's words come is all the same to a link.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from tunnel.links.direct import DirectLink, DirectOptions, Story
from tunnel.links.places import relay_places
from tunnel.links.relay import RelayLink
from tunnel.links.stun_servers import Places, StunServers
from tunnel.links.tcp.link import DirectTcpLink
from tunnel.links.udp import DirectUdpLink
from tunnel.policy import Kind
from tunnel.rendezvous.board import Board, PlaceReport
from tunnel.wallclock import WallClock

# Notes of these kinds, 128 to 255, are not the program's; a direct link's signals have a kind for each link.
SIGNAL: Final = 128
UDP_SIGNAL: Final = SIGNAL
TCP_SIGNAL: Final = SIGNAL + 1

_KINDS: Final[Mapping[int, Kind]] = {UDP_SIGNAL: "direct udp", TCP_SIGNAL: "direct tcp"}


class Introductions:
    """The direct links of one end, and what they say to those of the other.

    links        by kind: those that are not forbidden
    controlling  whether this end decides: one of the two does
    relays       their URLs: they answer STUN as well, and say where (`relay_says`)
    send_note    puts a note into the other end's `signal_came` if the session has it, else drops it
    delay_ms     how long a note takes to the other end, as far as anybody knows
    """

    def __init__(
        self,
        options: DirectOptions,
        *,
        kinds: Collection[Kind],
        controlling: bool,
        relays: Sequence[str],
        send_note: Callable[[int, bytes], None],
        delay_ms: Callable[[], float],
        clock: WallClock,
    ) -> None:
        self._send_note = send_note
        self._board: Board | None = None
        # A relay that does not speak of it is older than STUN over TCP, and may be as old as that over UDP.
        self._udp = StunServers({url: relay_places([url]) for url in relays}, options.stun)
        self._tcp = StunServers(named=options.stun)
        self._links: dict[int, DirectLink] = {}
        if "direct udp" in kinds:
            self._links[UDP_SIGNAL] = DirectUdpLink(
                options,
                controlling=controlling,
                servers=self._udp,
                send_signal=lambda body: self._say(UDP_SIGNAL, body),
                clock=clock,
            )
        if "direct tcp" in kinds:
            self._links[TCP_SIGNAL] = DirectTcpLink(
                options,
                controlling=controlling,
                servers=self._tcp,
                send_signal=lambda body: self._say(TCP_SIGNAL, body),
                clock=clock,
                delay_ms=delay_ms,
            )

    @property
    def links(self) -> dict[Kind, DirectLink]:
        """See above."""
        return {_KINDS[signal]: link for signal, link in self._links.items()}

    def meet_at(self, board: Board) -> None:
        """From now on what the links say also lies there. What comes from there goes to `signal_came`."""
        self._board = board

    async def run(self) -> None:
        """Keeps the meeting places, if there are any. Ends only when cancelled."""
        if self._board is not None:
            await self._board.run()

    def relay_says(self, relay: RelayLink) -> None:
        """It has come up, and said where it answers STUN."""
        self._udp.told(relay.url, relay.stun_places)
        self._tcp.told(relay.url, relay.stun_tcp_places)

    def signal_came(self, kind: int, body: bytes) -> None:
        """The other end's link of this kind says something. A kind that we do not have is ignored."""
        if kind in self._links:
            self._links[kind].signal_came(body)

    def peer_came(self, *, fresh: bool) -> None:
        """The session has the other end: another run of its program, if `fresh`."""
        for link in self._links.values():
            link.peer_came(fresh=fresh)
        self.peer_is_here(True)

    def peer_is_here(self, here: bool) -> None:
        """Whether the session hears the other end: then nobody waits for a letter."""
        if self._board is not None:
            self._board.set_connected(here)

    def look_hard(self, until: float) -> None:
        """People wait at both ends until then (milliseconds on the program's clock): no rests."""
        for link in self._links.values():
            link.look_hard(until)

    def stories(self) -> dict[str, Story]:
        """What each link has tried and seen, by the name of its path."""
        return {link.name: link.story() for link in self._links.values()}

    @property
    def stun_places(self) -> Places:
        """Hosts and ports of the servers that are asked over UDP how the world sees us."""
        return self._udp.places

    def places(self) -> list[PlaceReport]:
        """Every meeting place as it stands."""
        return [] if self._board is None else self._board.reports()

    def counters(self) -> Mapping[str, int]:
        """What came as letters and was dropped, by reason."""
        return {} if self._board is None else self._board.counters

    def _say(self, kind: int, body: bytes) -> None:
        self._send_note(kind, body)
        if self._board is not None:
            self._board.put(kind, body)
