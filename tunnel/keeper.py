"""Keeps the links of an endpoint: brings each up again when it ends, and down when its hour is used up."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from typing import Final, NoReturn

from tunnel.backoff import next_wait_ms
from tunnel.lane import Lane, used_up
from tunnel.links.link import LinkError
from tunnel.meter import next_hour
from tunnel.wallclock import WallClock

# The longest sleep until the hour turns: while a machine is suspended its timers stand and its date does not.
_NAP_MS: Final = 10_000.0
_log = logging.getLogger(__name__)


class Keeper:
    """What it is told and tells, it does on the loop.

    Law of use: `notice` before the paths of the next datagrams are chosen; `send` what then goes on a lane.

    on_up        this lane carries
    on_down      it carries nothing any more: as soon as that is known, and perhaps more than once
    on_datagram  what came on it
    """

    def __init__(
        self,
        lanes: Sequence[Lane],
        clock: WallClock,
        *,
        on_up: Callable[[Lane], None],
        on_down: Callable[[Lane], None],
        on_datagram: Callable[[Lane, bytes], None],
    ) -> None:
        self._lanes = lanes
        self._clock = clock
        self._on_up = on_up
        self._on_down = on_down
        self._on_datagram = on_datagram
        self._alone = asyncio.Event()  # no lane is up
        self._alone.set()

    async def keep(self, lane: Lane) -> NoReturn:
        """One link for ever: connect, carry, wait a little, connect again."""
        while True:
            await self._rest(lane)
            lane.state = "connecting"
            try:
                await lane.link.run(lambda: self._up(lane), lambda datagram: self._came(lane, datagram))
            except LinkError as error:
                self._ended(lane, error)
            finally:
                self._down(lane)
            await self._pause(lane)

    def send(self, lane: Lane, datagram: bytes) -> None:
        """On this one, unless its hour is used up."""
        date = self._clock.date()
        if lane.bill.is_spent(date):
            lane.link.counters["dropped_cap"] += 1
            self._stop(lane)
        else:
            lane.bill.count(len(datagram), date)
            lane.link.send(datagram)

    def notice(self) -> None:
        """A direct link that has ended is down from that moment on, however long it tidies up."""
        for lane in self._lanes:
            if lane.state == "up" and lane.direct is not None and lane.direct.address is None:
                self._down(lane)

    def _up(self, lane: Lane) -> None:
        lane.went_up(self._clock.now())
        self._alone.clear()
        _log.info("%s: connected", lane.name)
        self._on_up(lane)

    def _came(self, lane: Lane, datagram: bytes) -> None:
        lane.bill.count(len(datagram), self._clock.date())
        self._on_datagram(lane, datagram)
        if lane.bill.is_spent(self._clock.date()):
            self._stop(lane)

    def _stop(self, lane: Lane) -> None:
        """Its hour is used up. Merely not to send would not do: what stays connected is sent to."""
        self._down(lane)
        lane.link.close()

    def _down(self, lane: Lane) -> None:
        lane.went_down()
        self._on_down(lane)
        if not any(other.state == "up" for other in self._lanes):
            self._alone.set()

    def _ended(self, lane: Lane, error: LinkError) -> None:
        date = self._clock.date()
        if error.unheard:
            lane.bill.count(error.unheard, date)
        if lane.bill.is_spent(date):
            lane.rests()
        elif lane.failed(error, self._clock.now()):
            _log.warning("%s: %s", lane.name, error)

    async def _rest(self, lane: Lane) -> None:
        """Until the hour turns, if this one is used up."""
        told = False
        while lane.bill.is_spent(date := self._clock.date()):
            if not told:
                lane.rests()
                _log.warning("%s: %s", lane.name, used_up(date))
            told = True
            await asyncio.sleep(min(next_hour(date) - date, _NAP_MS) / 1000)

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
