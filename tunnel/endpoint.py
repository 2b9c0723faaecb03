"""The asyncio shell: one session over many links, its deadlines, and what it tells of them.

Everything runs on one event loop. What is submitted, reported or received during one turn of the loop leaves
together at the end of that turn; nothing waits for a timer.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NoReturn

from tunnel.events import Connected, Event, NoteArrived, Outcome, PeerHeard, PeerSilent
from tunnel.frame import Frame, SequenceId
from tunnel.identity import Identity, PublicKey, random_bytes
from tunnel.introductions import SIGNAL, Introductions
from tunnel.keeper import Keeper
from tunnel.lane import Lane
from tunnel.lane import PathReport as PathReport
from tunnel.links import open_link
from tunnel.links.alarm import Alarm
from tunnel.links.direct import DirectLink, DirectOptions, Story
from tunnel.links.link import Link
from tunnel.links.relay import RelayLink
from tunnel.links.stun_servers import Places
from tunnel.liveness import Phase
from tunnel.meter import Caps
from tunnel.minutes import Minute, Minutes
from tunnel.path import PathId
from tunnel.policy import Kind, PathPolicy
from tunnel.rendezvous.board import Board, PlaceReport
from tunnel.room import RoomNames
from tunnel.session import Role, Session
from tunnel.timing import Timing
from tunnel.wallclock import WallClock

MAX_PATHS: Final = 10
# Half the round trip of a usual relay, as long as no path has been measured.
_USUAL_DELAY_MS: Final = 50.0

# Makes the board of the meeting places, given where each signal that it finds is to go.
MakeBoard = Callable[[Callable[[int, bytes], None]], Board]


class Endpoint:
    """One end of the tunnel. `on_event` is called on the loop, in order, and must neither wait nor raise."""

    def __init__(
        self,
        *,
        role: Role,
        identity: Identity,
        peer: PublicKey,
        relays: Sequence[str],
        on_event: Callable[[Event], None],
        clock: WallClock | None = None,
        timing: Timing | None = None,
        tls_ca: Path | None = None,
        direct: DirectOptions | None = None,
        meeting: MakeBoard | None = None,
        policy: PathPolicy | None = None,
    ) -> None:
        """`relays` are up to 10 URLs; `tls_ca` is a PEM file to trust instead of the system's. ValueError.

        direct   how direct paths are looked for beside the relays, or instead of them; None: not at all
        meeting  makes the board of the places where the ends leave letters about them, given where each
                 signal is to go; None: the ends meet over relays alone
        policy   which paths are not used, which come first, and what they may cost; None: all are alike
        """
        if len(relays) > MAX_PATHS:
            raise ValueError(f"an endpoint has up to {MAX_PATHS} relays, not {len(relays)}")
        self._clock = clock or WallClock()
        self._on_event = on_event
        self._policy = policy or PathPolicy()
        self._caps = Caps(self._policy.caps)
        self._lanes: list[Lane] = []
        rooms = RoomNames(identity, peer)
        relays = [url for url in relays if not self._policy.forbids("relay", url)]
        for url in relays:
            self._add_lane("relay", url, open_link(url, identity, rooms, self._clock, tls_ca))
        self._introductions = None if direct is None else self._introduce(direct, role, relays, meeting)
        if not self._lanes:
            raise ValueError("there is no path, or every one is forbidden")
        self._session = Session(
            role=role,
            identity=identity,
            peer=peer,
            paths=[lane.id for lane in self._lanes],
            random=random_bytes,
            timing=timing or Timing(),
        )
        for lane in self._lanes:
            self._session.paths.all[lane.id].pinned = self._policy.pins(lane.kind, lane.url)
        self._capped = [lane for lane in self._lanes if lane.bill.caps]
        self._role = role
        self._minutes = Minutes()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._flush_scheduled = False
        self._alarm = Alarm(self._due, self._session.next_timeout, self._clock)
        self._keeper = Keeper(
            self._lanes,
            self._clock,
            on_up=self._link_up,
            on_down=lambda lane: self._session.path_down(lane.id),
            on_datagram=self._datagram,
        )

    @property
    def counters(self) -> Counter[str]:
        """What came and was dropped, by reason, and what the links dropped."""
        counters = Counter(self._session.counters)
        for lane in self._lanes:
            counters.update(lane.link.counters)
        if self._introductions is not None:
            counters.update(self._introductions.counters())
        return counters

    @property
    def in_flight(self) -> int:
        """Sequences whose fate is not known yet (sender only)."""
        return self._session.in_flight

    @property
    def connected(self) -> bool:
        """Whether the peer has been heard lately."""
        return self._session.phase is Phase.LIVE

    async def run(self) -> NoReturn:
        """Holds every link and reconnects each on its own. Ends only when cancelled."""
        self._loop = asyncio.get_running_loop()
        try:
            async with asyncio.TaskGroup() as group:
                for lane in self._lanes:
                    group.create_task(self._keeper.keep(lane), name=f"link {lane.url}")
                if self._introductions is not None:
                    group.create_task(self._introductions.run(), name="meeting places")
                self._schedule_flush()
        finally:
            self._alarm.cancel()
            self._loop = None
        raise AssertionError("links are kept until cancelled")

    def submit(self, frames: tuple[Frame, ...]) -> SequenceId:
        """Sends a sequence at the end of this turn of the loop. Raises OutboxFull or FrameError."""
        id = self._session.submit(frames, self._clock.now())
        self._schedule_flush()
        return id

    def cancel(self, ids: Iterable[SequenceId]) -> None:
        """Takes sequences back, reliably; no ids means everything."""
        self._session.cancel(ids, self._clock.now())
        self._schedule_flush()

    def report(self, id: SequenceId, outcome: Outcome) -> None:
        """Tells the sender what became of a sequence (receiver only)."""
        self._session.report(id, outcome, self._clock.now())
        self._schedule_flush()

    def send_note(self, kind: int, body: bytes) -> None:
        """A small message, best effort. Raises ValueError for a kind above 127 or more than 1,000 bytes."""
        if kind >= SIGNAL:
            raise ValueError(f"a program's notes have a kind below {SIGNAL}, not {kind}")
        self._session.send_note(kind, body)
        self._schedule_flush()

    def flush(self) -> None:
        """Sends what has gathered, now instead of at the end of this turn."""
        now = self._clock.now()
        try:
            self._keeper.notice()
            for lane in self._capped:
                self._session.paths.all[lane.id].spared = lane.bill.is_spared(self._clock.date())
            for transmit in self._session.collect(now):
                for path in transmit.paths:
                    self._keeper.send(self._lanes[path], transmit.datagram)
            self._deliver()
        finally:
            if self._loop is not None:
                self._alarm.set()
        if self._minutes.is_due(now):
            self._look(now)

    def paths(self) -> list[PathReport]:
        """Every path as it stands."""
        self._keeper.notice()
        paths, date = self._session.paths, self._clock.date()
        verdicts = paths.verdicts(self._clock.now())
        return [lane.report(paths.all[lane.id], date, verdicts.get(lane.id)) for lane in self._lanes]

    def minutes(self) -> tuple[Minute, ...]:
        """Which path won each of the last sixty minutes, and why; the running one last."""
        self._look(self._clock.now())
        return self._minutes.told()

    def stories(self) -> Mapping[str, Story]:
        """What each direct link has tried and seen, by the name of its path."""
        return {} if self._introductions is None else self._introductions.stories()

    def places(self) -> Sequence[PlaceReport]:
        """Every meeting place as it stands."""
        return () if self._introductions is None else self._introductions.places()

    def stun_places(self) -> Places:
        """Hosts and ports of the servers that tell how the world sees us; they change as relays come up."""
        return () if self._introductions is None else self._introductions.stun_places

    def look_hard(self, until: float) -> None:
        """People wait at both ends until then (on the program's clock): direct paths are looked for without
        a rest.
        """
        if self._introductions is not None:
            self._introductions.look_hard(until)

    def _look(self, now: float) -> None:
        paths = self._session.paths.all
        self._minutes.look([lane.standing(paths[lane.id], self._role) for lane in self._lanes], now)

    def _add_lane(self, kind: Kind, url: str, link: Link, direct: DirectLink | None = None) -> None:
        bill = self._caps.bill(kind, url)
        self._lanes.append(Lane(PathId(len(self._lanes)), url, link, direct, kind=kind, bill=bill))

    def _introduce(
        self, options: DirectOptions, role: Role, relays: Sequence[str], meeting: MakeBoard | None
    ) -> Introductions:
        kinds: tuple[Kind, ...] = ("direct udp", "direct tcp")
        introductions = Introductions(
            replace(options, early=meeting is not None),
            kinds=[kind for kind in kinds if not self._policy.forbids(kind, "")],
            controlling=role is Role.SENDER,
            relays=relays,
            send_note=self._send_signal,
            delay_ms=self._delay_ms,
            clock=self._clock,
        )
        for kind, link in introductions.links.items():
            self._add_lane(kind, f"{kind.removeprefix('direct ')}:", link, link)
        if meeting is not None:
            introductions.meet_at(meeting(introductions.signal_came))
        return introductions

    def _delay_ms(self) -> float:
        """What the next datagram takes to the other end: its first copy counts."""
        known = [
            path.delay for path in self._session.paths.all.values() if path.up and path.delay is not None
        ]
        return min(known, default=_USUAL_DELAY_MS)

    def _link_up(self, lane: Lane) -> None:
        if self._introductions is not None and isinstance(lane.link, RelayLink):
            self._introductions.relay_says(lane.link)
        self._session.path_up(lane.id, self._clock.now())
        self._schedule_flush()

    def _datagram(self, lane: Lane, datagram: bytes) -> None:
        self._session.receive(datagram, lane.id, self._clock.now())
        self._deliver()
        self._schedule_flush()

    def _deliver(self) -> None:
        for event in self._session.events():
            if self._introductions is not None:
                self._introduce_by(self._introductions, event)
            if not (isinstance(event, NoteArrived) and event.kind >= SIGNAL):
                self._on_event(event)

    def _introduce_by(self, introductions: Introductions, event: Event) -> None:
        if isinstance(event, NoteArrived):
            introductions.signal_came(event.kind, event.body)
        elif isinstance(event, Connected):
            introductions.peer_came(fresh=event.fresh)
        elif isinstance(event, PeerSilent | PeerHeard):
            introductions.peer_is_here(isinstance(event, PeerHeard))

    def _send_signal(self, kind: int, body: bytes) -> None:
        """At once, or never: an offer that waits for the other end is out of date when it comes."""
        if self.connected:
            self._session.send_note(kind, body)
            self._schedule_flush()

    def _schedule_flush(self) -> None:
        if not self._flush_scheduled and self._loop is not None:
            self._flush_scheduled = True
            self._loop.call_soon(self._end_of_turn)

    def _end_of_turn(self) -> None:
        self._flush_scheduled = False
        if self._loop is not None:
            self.flush()

    def _due(self) -> None:
        self._session.handle_timeout(self._clock.now())
        self.flush()
