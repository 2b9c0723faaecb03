"""A tiny world with a seed: two real sessions, a virtual clock, and a network that behaves as badly as told.

Nothing sleeps and nothing is random twice: the same seed plays the same world again. The clock jumps from one
moment at which something happens to the next.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tunnel.events import Event, Outcome, SequenceArrived
from tunnel.identity import Identity
from tunnel.path import PathId
from tunnel.session import Role, Session
from tunnel.timing import Timing

_START_MS: Final = 1_700_000_000_000.0  # some day in 2023; a clock before 1970 is out of the wire's range


@dataclass(frozen=True, slots=True)
class Weather:
    """How one path behaves. Times in milliseconds, shares of 1.

    delay      the middle of the way through; jitter takes up to `spread` off it or adds it, evenly
    loss       share of time spent in bursts during which everything is lost
    burst      how long such a burst lasts
    reorder    share of datagrams held back by another 1 to 3 delays
    duplicate  share of datagrams that come twice
    """

    delay: float = 40.0
    spread: float = 20.0
    loss: float = 0.0
    burst: float = 200.0
    reorder: float = 0.0
    duplicate: float = 0.0


CALM: Final = Weather()
# What the project is measured against: see docs/protocol.md, "How well".
ROUGH: Final = Weather(loss=0.10, burst=200.0, reorder=0.01, duplicate=0.01)


@dataclass(slots=True)
class SimPath:
    """One way between the ends, the same weather in both directions but its own dice."""

    weather: Weather
    dice: random.Random
    up: bool = True
    alter: Callable[[bytes], bytes | None] | None = None  # what a lying relay does to each datagram
    _burst_until: list[float] = field(default_factory=lambda: [0.0, 0.0])
    _burst_next: list[float] = field(default_factory=lambda: [-1.0, -1.0])

    def arrivals(self, now: float, direction: int) -> list[float]:
        """When the copies of a datagram sent now arrive; none if it is lost."""
        if not self.up or self._in_burst(now, direction):
            return []
        weather, dice = self.weather, self.dice
        delay = max(0.0, weather.delay + dice.uniform(-weather.spread, weather.spread))
        if dice.random() < weather.reorder:
            delay += weather.delay * dice.uniform(1, 3)
        copies = [now + delay]
        if dice.random() < weather.duplicate:
            copies.append(now + delay + dice.uniform(0, weather.delay))
        return copies

    def _in_burst(self, now: float, direction: int) -> bool:
        """Bursts come as a Poisson process whose share of time is `loss`."""
        weather = self.weather
        if weather.loss <= 0 or weather.loss >= 1:
            return weather.loss >= 1
        pause = weather.burst * (1 - weather.loss) / weather.loss
        if self._burst_next[direction] < 0:
            self._burst_next[direction] = now + self.dice.expovariate(1 / pause)
        while now >= self._burst_next[direction]:
            start = self._burst_next[direction]
            self._burst_until[direction] = start + weather.burst
            self._burst_next[direction] = self._burst_until[direction] + self.dice.expovariate(1 / pause)
        return now < self._burst_until[direction]


class World:
    """A sender and a receiver that plays whatever comes in time, as a receiver's program would.

    skew is how far the receiver's clock is ahead of the sender's, in milliseconds.
    """

    def __init__(
        self,
        weathers: list[Weather],
        seed: int,
        *,
        skew: float = 123_456.7,
        timing: Timing | None = None,
    ) -> None:
        self.dice = random.Random(seed)
        self.now = _START_MS
        self.skew = skew
        self.timing = timing or Timing()
        self.paths = [SimPath(weather, random.Random(self.dice.random())) for weather in weathers]
        self.bot, self.cloud = Identity.create(), Identity.create()
        self.sender = self._session(Role.SENDER)
        self.receiver = self._session(Role.RECEIVER)
        self.sender_events: list[Event] = []
        self.receiver_events: list[Event] = []
        self.played: dict[int, list[float]] = {}
        self.delivered = 0
        self._queue: list[tuple[float, int, int, int, bytes]] = []
        self._serial = 0
        for place in range(len(self.paths)):
            self.set_up(place, True)

    def restart(self, role: Role) -> None:
        """One end's program ends and another run of it begins."""
        session = self._session(role)
        if role is Role.SENDER:
            self.sender = session
        else:
            self.receiver = session
        for place, path in enumerate(self.paths):
            if path.up:
                session.path_up(PathId(place), self._clock(session))
        self._settle()

    def set_up(self, place: int, up: bool) -> None:
        """A path goes down or comes back, as both ends notice at once."""
        self.paths[place].up = up
        for session in (self.sender, self.receiver):
            if up:
                session.path_up(PathId(place), self._clock(session))
            else:
                session.path_down(PathId(place))
        self._settle()

    def run(self, duration: float, *, steps: int = 10_000_000) -> None:
        """Lets `duration` milliseconds pass, in at most so many steps."""
        end = self.now + duration
        while steps and (moment := self._next_moment()) <= end:
            steps -= 1
            self.now = max(self.now, moment)
            self._step()
        if not steps:
            raise AssertionError("the world does not come to rest")
        self.now = end

    def act(self, action: Callable[[float], object]) -> None:
        """Something the sender's program does now; `action` gets the sender's `now`."""
        action(self.now)
        self._settle()

    def inject(self, datagram: bytes, place: int, role: Role) -> None:
        """Bytes from nowhere arrive at one end."""
        session = self.sender if role is Role.SENDER else self.receiver
        session.receive(datagram, PathId(place), self._clock(session))
        self._settle()

    def _session(self, role: Role) -> Session:
        sender = role is Role.SENDER
        return Session(
            role=role,
            identity=self.bot if sender else self.cloud,
            peer=(self.cloud if sender else self.bot).public,
            paths=[PathId(place) for place in range(len(self.paths))],
            random=self.dice.randbytes,
            timing=self.timing,
        )

    def _clock(self, session: Session) -> float:
        return self.now + (self.skew if session is self.receiver else 0.0)

    def _next_moment(self) -> float:
        arrival = self._queue[0][0] if self._queue else float("inf")
        return min(arrival, self.sender.next_timeout(), self.receiver.next_timeout() - self.skew)

    def _step(self) -> None:
        while self._queue and self._queue[0][0] <= self.now:
            _, _, direction, place, datagram = heapq.heappop(self._queue)
            session = (self.receiver, self.sender)[direction]
            if self.paths[place].up:
                self.delivered += 1
                session.receive(datagram, PathId(place), self._clock(session))
        for session in (self.sender, self.receiver):
            session.handle_timeout(self._clock(session))
        self._settle()

    def _settle(self) -> None:
        """Drains both sessions until neither has anything left to say."""
        self._hear()
        for direction, session in enumerate((self.sender, self.receiver)):
            for transmit in session.collect(self._clock(session)):
                for place in transmit.paths:
                    self._put(transmit.datagram, place, direction)
        self._hear()

    def _hear(self) -> None:
        for event in self.receiver.events():
            self.receiver_events.append(event)
            if isinstance(event, SequenceArrived):
                self._play(event)
        self.sender_events += self.sender.events()

    def _play(self, event: SequenceArrived) -> None:
        sequence = event.sequence
        if event.age_ms > self.timing.stale_after:
            outcome = Outcome.STALE
        else:
            outcome = Outcome.APPLIED
            self.played.setdefault(sequence.id, []).append(self.now - sequence.date)
        self.receiver.report(sequence.id, outcome, self._clock(self.receiver))

    def _put(self, datagram: bytes, place: int, direction: int) -> None:
        path = self.paths[place]
        if path.alter is not None:
            altered = path.alter(datagram)
            if altered is None:
                return
            datagram = altered
        for arrival in path.arrivals(self.now, direction):
            self._serial += 1
            heapq.heappush(self._queue, (arrival, self._serial, direction, place, datagram))
