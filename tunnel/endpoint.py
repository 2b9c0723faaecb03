"""The asyncio shell: one session over many links, its timers, and their reconnecting.

Everything runs on one event loop. What is submitted, reported or received during one turn of the loop leaves
together at the end of that turn; nothing waits for a timer.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from tunnel.backoff import next_wait_ms
from tunnel.events import Event, Outcome
from tunnel.frame import Frame, SequenceId
from tunnel.identity import Identity, PublicKey, random_bytes
from tunnel.links import open_link
from tunnel.links.link import Link, LinkError
from tunnel.liveness import Phase
from tunnel.path import PathId
from tunnel.room import RoomNames
from tunnel.session import Role, Session
from tunnel.timing import Timing
from tunnel.wallclock import WallClock

MAX_PATHS: Final = 10
# A relay that lets us in and throws us out at once has failed again; after this long it starts afresh.
_STEADY_MS: Final = 5_000.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PathReport:
    """One path, for people. Times in milliseconds, loss as a share of 1; None where nothing is known yet.

    state    "connecting", "up", "waiting" (to try again) or "refused" (the other side does not want us)
    sent     datagrams put on it;  received  authentic copies that came on it
    first    how many of ours reached the other end on it before any other copy, as the other end says
    carrying whether it is among those chosen for the next datagram
    """

    name: str
    url: str
    state: str
    delay_ms: float | None
    jitter_ms: float
    loss: float
    sent: int
    received: int
    first: int
    carrying: bool


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
    ) -> None:
        """`relays` are 1 to 10 URLs; `tls_ca` is a PEM file to trust instead of the system's. ValueError."""
        if not 1 <= len(relays) <= MAX_PATHS:
            raise ValueError(f"an endpoint has 1 to {MAX_PATHS} relays, not {len(relays)}")
        self._clock = clock or WallClock()
        self._on_event = on_event
        rooms = RoomNames(identity, peer)
        self._lanes = [
            _Lane(PathId(place), url, open_link(url, identity, rooms, self._clock, tls_ca))
            for place, url in enumerate(relays)
        ]
        self._session = Session(
            role=role,
            identity=identity,
            peer=peer,
            paths=[lane.id for lane in self._lanes],
            random=random_bytes,
            timing=timing or Timing(),
        )
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
        """A small message, best effort. Raises ValueError if it is larger than 1,000 bytes."""
        self._session.send_note(kind, body)
        self._schedule_flush()

    def flush(self) -> None:
        """Sends what has gathered, now instead of at the end of this turn."""
        now = self._clock.now()
        for transmit in self._session.collect(now):
            for path in transmit.paths:
                self._lanes[path].link.send(transmit.datagram)
        self._deliver()
        self._arm(now)

    def paths(self) -> list[PathReport]:
        """Every path as it stands."""
        return [self._path_report(lane) for lane in self._lanes]

    async def _keep(self, lane: _Lane) -> NoReturn:
        """One link for ever: connect, carry, wait a little, connect again."""
        while True:
            lane.state = "connecting"
            try:
                await lane.link.run(
                    lambda: self._link_up(lane), lambda datagram: self._datagram(lane, datagram)
                )
            except LinkError as error:
                steady = self._clock.now() - lane.up_since >= _STEADY_MS
                lane.failures = 1 if steady else lane.failures + 1
                lane.up_since = float("inf")
                lane.state = "refused" if error.refused else "waiting"
                if lane.said != str(error):
                    _log.warning("%s: %s", lane.name, error)
                    lane.said = str(error)
            finally:
                self._link_down(lane)
            await self._pause(lane)

    async def _pause(self, lane: _Lane) -> None:
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

    def _link_up(self, lane: _Lane) -> None:
        lane.state, lane.said, lane.up_since = "up", None, self._clock.now()
        self._alone.clear()
        _log.info("%s: connected", lane.name)
        self._session.path_up(lane.id, self._clock.now())
        self._schedule_flush()

    def _link_down(self, lane: _Lane) -> None:
        self._session.path_down(lane.id)
        if not any(lane.state == "up" for lane in self._lanes):
            self._alone.set()

    def _datagram(self, lane: _Lane, datagram: bytes) -> None:
        self._session.receive(datagram, lane.id, self._clock.now())
        self._deliver()
        self._schedule_flush()

    def _deliver(self) -> None:
        for event in self._session.events():
            self._on_event(event)

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

    def _path_report(self, lane: _Lane) -> PathReport:
        path = self._session.paths.all[lane.id]
        return PathReport(
            name=lane.name,
            url=lane.url,
            state=lane.state,
            delay_ms=path.delay,
            jitter_ms=path.jitter,
            loss=path.loss,
            sent=path.sent,
            received=path.heard,
            first=path.peer_first,
            carrying=path.carrying,
        )


class _Lane:
    """One link and how it fares."""

    def __init__(self, id: PathId, url: str, link: Link) -> None:
        self.id = id
        self.url = url
        self.link = link
        self.state = "connecting"
        self.failures = 0
        self.up_since = float("inf")
        self.said: str | None = None  # the last complaint logged, so that it is not logged every two seconds

    @property
    def name(self) -> str:
        return self.link.name
