"""Where the two ends leave each other letters: every meeting place at once, each tried for ever on its own.

The first place that works brings the ends together; the others go on, so that it may fail any time after.
A mistake in the code of one place costs that place alone: it rests, and is tried again.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, NoReturn

from tunnel.backoff import next_wait_ms
from tunnel.rendezvous.desk import Desk
from tunnel.rendezvous.desk import PlaceReport as PlaceReport
from tunnel.rendezvous.keys import MeetingKeys
from tunnel.rendezvous.letter import seal, seal_brief
from tunnel.rendezvous.news import Incoming, Outgoing
from tunnel.rendezvous.place import Patient, Place, PlaceError
from tunnel.wallclock import WallClock

_log = logging.getLogger(__name__)

# How often we look whether the system's date has jumped, for nobody tells us: a machine that has slept over
# midnight has its letter in the day's hole, and dated, this long after it woke.
_DATE_MS: Final = 60_000.0

_MISTAKE: Final = "A mistake in this program stopped it; it is tried again."


class Board:
    """Law of use: `run` once at a time, until cancelled; everything else at any time, on the loop.

    keys       also what the places were given as their Holes
    on_signal  called with kind and body of each of the other end's signals that is news; must not wait or
               raise
    by_hand    places whose letters people carry: they get the brief kind
    """

    def __init__(
        self,
        keys: MeetingKeys,
        places: Sequence[Place],
        clock: WallClock,
        on_signal: Callable[[int, bytes], None],
        *,
        by_hand: Sequence[Place] = (),
    ) -> None:
        self._keys = keys
        self._clock = clock
        self._on_signal = on_signal
        self._desks = [Desk(place) for place in places] + [Desk(place, is_brief=True) for place in by_hand]
        self._counters: Counter[str] = Counter()
        self._outgoing = Outgoing()
        self._incoming = Incoming(keys, self._counters)
        self._said = asyncio.Event()

    @property
    def counters(self) -> Counter[str]:
        """What came and was dropped, by reason, and what the places dropped."""
        counters = Counter(self._counters)
        for desk in self._desks:
            counters.update(desk.place.counters)
        return counters

    def reports(self) -> list[PlaceReport]:
        """Every place as it stands."""
        return [desk.report() for desk in self._desks]

    def put(self, kind: int, body: bytes) -> None:
        """What the direct link of this kind says from now on. ValueError for a kind that no link has."""
        self._outgoing.put(kind, body, self._clock.now())
        self._said.set()

    def set_connected(self, connected: bool) -> None:
        """Whether the session has the other end: then nobody waits, and places are looked at less often."""
        for desk in self._desks:
            if isinstance(desk.place, Patient):
                desk.place.set_connected(connected)

    async def run(self) -> NoReturn:
        """Posts and reads at every place. Ends only when cancelled."""
        async with asyncio.TaskGroup() as group:
            for desk in self._desks:
                group.create_task(self._keep(desk), name=desk.place.name)
            group.create_task(self._write(), name="letters")
        raise AssertionError("places are kept until cancelled")

    async def _keep(self, desk: Desk) -> NoReturn:
        """One place for ever. A place is somebody's server: half a minute's rest is soon enough for it."""
        while True:
            desk.begins()
            try:
                await desk.place.run(
                    lambda: self._place_up(desk), lambda letter: self._letter_came(desk, letter)
                )
                raise AssertionError(f"{desk.place.name} ended by itself")
            except PlaceError as error:
                if desk.failed(error, self._clock.now()):
                    _log.warning("%s: %s", desk.place.name, error)
            except Exception as error:  # noqa: BLE001  logged; it costs this place alone
                self._stumbled(desk, error)
                desk.failed(PlaceError(_MISTAKE), self._clock.now())
            await asyncio.sleep(next_wait_ms(desk.failures, True, random.random()) / 1000)

    async def _write(self) -> NoReturn:
        """Posts a letter whenever one is due."""
        while True:
            now, date = self._clock.now(), self._clock.date()
            signals = self._outgoing.take_due(now, date)
            if signals is not None:
                whole, brief = seal(signals, self._keys, date), seal_brief(signals, self._keys, date)
                for desk in self._desks:
                    self._post(desk, brief if desk.is_brief else whole)
            self._said.clear()
            wait_ms = min(max(0.0, self._outgoing.next_timeout() - now), _DATE_MS)
            try:
                async with asyncio.timeout(wait_ms / 1000):
                    await self._said.wait()
            except TimeoutError:
                pass  # a letter is due, or may be

    def _post(self, desk: Desk, letter: bytes) -> None:
        try:
            desk.post(letter)
        except Exception as error:  # noqa: BLE001  logged; it costs this place alone
            self._stumbled(desk, error)

    def _stumbled(self, desk: Desk, error: Exception) -> None:
        self._counters["mistakes of this program"] += 1
        if desk.stumbled(error):
            _log.error("%s: %s", desk.place.name, _MISTAKE, exc_info=error)

    def _place_up(self, desk: Desk) -> None:
        desk.went_up(self._clock.now())
        _log.info("%s: works", desk.place.name)

    def _letter_came(self, desk: Desk, data: bytes) -> None:
        now = self._clock.now()
        letter = self._incoming.came(desk.place.name, data, now, self._clock.date())
        if letter is None:
            return
        desk.read(now)
        for kind, body in letter.signals:
            self._on_signal(kind, body)
