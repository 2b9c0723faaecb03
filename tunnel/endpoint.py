"""The asyncio shell: one session over many links, its timers, and their reconnecting.

Everything runs on one event loop. What is submitted, reported or received during one turn of the loop leaves
together at the end of that turn; nothing waits for a timer.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NoReturn

from tunnel.backoff import next_wait_ms
from tunnel.events import Connected, Event, NoteArrived, Outcome, PeerHeard, PeerSilent
from tunnel.frame import Frame, SequenceId
from tunnel.identity import Identity, PublicKey, random_bytes
from tunnel.introductions import SIGNAL, Introductions
from tunnel.lane import Lane, used_up
from tunnel.lane import PathReport as PathReport
from tunnel.links import open_link
from tunnel.links.direct import DirectLink, DirectOptions, Story
from tunnel.links.link import Link, LinkError
from tunnel.links.relay import RelayLink
from tunnel.links.stun_servers import Places
from tunnel.liveness import Phase
from tunnel.meter import Caps, next_hour
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
_log = logging.getLogger(__name__)


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
        meeting: Callable[[Callable[[int, bytes], None]], Board] | None = None,
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
        self._introductions: Introductions | None = None
        if direct is not None:
            options = replace(direct, early=meeting is not None)
            self._introductions = self._introduce(options, role, relays)
            if meeting is not None:
                self._introductions.meet_at(meeting(self._introductions.signal_came))
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
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = float("inf")
        self._alone = asyncio.Event()

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
        self._alone.set()
        try:
            async with asyncio.TaskGroup() as group:
                for lane in self._lanes:
                    group.create_task(self._keep(lane), name=f"link {lane.url}")
                if self._introductions is not None:
                    group.create_task(self._introductions.run(), name="meeting places")
                self._schedule_flush()
        finally:
            if self._timer is not None:
                self._timer.cancel()
            self._timer, self._timer_at, self._loop = None, float("inf"), None
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
        for lane in self._capped:
            self._session.paths.all[lane.id].spared = lane.bill.is_spared(now)
        for transmit in self._session.collect(now):
            for path in transmit.paths:
                self._put(self._lanes[path], transmit.datagram, now)
        self._deliver()
        self._arm(now)
        if self._minutes.is_due(now):
            self._look(now)

    def paths(self) -> list[PathReport]:
        """Every path as it stands."""
        now, paths = self._clock.now(), self._session.paths
        verdicts = paths.verdicts(now)
        return [lane.report(paths.all[lane.id], now, verdicts.get(lane.id)) for lane in self._lanes]

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

    def _put(self, lane: Lane, datagram: bytes, now: float) -> None:
        """On one path, unless its hour is used up."""
        if lane.bill.is_spent(now):
            lane.link.counters["dropped_cap"] += 1
            self._stop(lane)
        else:
            lane.bill.count(len(datagram), now)
            lane.link.send(datagram)

    def _stop(self, lane: Lane) -> None:
        """Its hour is used up. Merely not to send would not do: what stays connected is sent to."""
        self._session.path_down(lane.id)
        lane.link.close()

    def _add_lane(self, kind: Kind, url: str, link: Link, direct: DirectLink | None = None) -> None:
        bill = self._caps.bill(kind, url)
        self._lanes.append(Lane(PathId(len(self._lanes)), url, link, direct, kind=kind, bill=bill))

    def _introduce(self, options: DirectOptions, role: Role, relays: Sequence[str]) -> Introductions:
        kinds: tuple[Kind, ...] = ("direct udp", "direct tcp")
        introductions = Introductions(
            options,
            kinds=[kind for kind in kinds if not self._policy.forbids(kind, "")],
            controlling=role is Role.SENDER,
            relays=relays,
            send_note=self._send_signal,
            delay_ms=self._delay_ms,
            clock=self._clock,
        )
        for kind, link in introductions.links.items():
            self._add_lane(kind, f"{kind.removeprefix('direct ')}:", link, link)
        return introductions

    def _delay_ms(self) -> float:
        """What the next datagram takes to the other end: its first copy counts."""
        known = [
            path.delay for path in self._session.paths.all.values() if path.up and path.delay is not None
        ]
        return min(known, default=_USUAL_DELAY_MS)

    async def _keep(self, lane: Lane) -> NoReturn:
        """One link for ever: connect, carry, wait a little, connect again."""
        while True:
            await self._rest(lane)
            lane.state = "connecting"
            try:
                await lane.link.run(
                    lambda: self._link_up(lane), lambda datagram: self._datagram(lane, datagram)
                )
            except LinkError as error:
                if lane.bill.is_spent(self._clock.now()):
                    lane.rests()
                elif lane.failed(error, self._clock.now()):
                    _log.warning("%s: %s", lane.name, error)
            finally:
                self._link_down(lane)
            await self._pause(lane)

    async def _rest(self, lane: Lane) -> None:
        """Until the hour turns, if this one is used up."""
        while lane.bill.is_spent(now := self._clock.now()):
            lane.rests()
            _log.warning("%s: %s", lane.name, used_up(now))
            await asyncio.sleep((next_hour(now) - now) / 1000)

    async def _pause(self, lane: Lane) -> None:
        """Back-off, cut short when the last other link goes down: then nobody may wait long."""
        others_up = not self._alone.is_set()
        wait = next_wait_ms(lane.failures, others_up, random.random()) / 1000
        try:
            async with asyncio.timeout(wait):
                if others_up:
                    await self._alone.wait()
                    await asyncio.sleep(next_wait_ms(1, False, random.random()) / 1000)
                else:
                    await asyncio.sleep(wait + 1)
        except TimeoutError:
            pass  # that is the back-off, over

    def _link_up(self, lane: Lane) -> None:
        lane.went_up(self._clock.now())
        self._alone.clear()
        _log.info("%s: connected", lane.name)
        if self._introductions is not None and isinstance(lane.link, RelayLink):
            self._introductions.relay_says(lane.link)
        self._session.path_up(lane.id, self._clock.now())
        self._schedule_flush()

    def _link_down(self, lane: Lane) -> None:
        self._session.path_down(lane.id)
        if not any(lane.state == "up" for lane in self._lanes):
            self._alone.set()

    def _datagram(self, lane: Lane, datagram: bytes) -> None:
        now = self._clock.now()
        lane.bill.count(len(datagram), now)
        self._session.receive(datagram, lane.id, now)
        if lane.bill.is_spent(now):
            self._stop(lane)
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

    def _arm(self, now: float) -> None:
        """One timer for all deadlines. Firing early is harmless, so a later deadline leaves it as it is."""
        deadline = self._session.next_timeout()
        if self._loop is None or deadline >= self._timer_at:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = deadline
        self._timer = self._loop.call_later(max(0.0, deadline - now) / 1000, self._fire)

    def _fire(self) -> None:
        self._timer, self._timer_at = None, float("inf")
        self._session.handle_timeout(self._clock.now())
        self.flush()
