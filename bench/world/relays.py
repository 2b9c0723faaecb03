"""Real relays on this machine that a person may cut and restore: each comes back on the port it had."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from bench.world.weather import Climate, Weather
from tunnel.relay.server import RelayError, RelayServer
from tunnel.relay.settings import RelaySettings
from tunnel.wallclock import WallClock

log = logging.getLogger(__name__)

# Nothing crosses a border here: these are names to tell five relays apart on a screen.
NAMES: Final = (
    "alder", "birch", "cedar", "dogwood", "elm", "fir", "ginkgo", "hazel", "ivy", "juniper",
)  # fmt: skip
# While a relay is down its port is anybody's, most likely that of a client that just tried it, for a moment.
_TRIES: Final = 40
_AGAIN_S: Final = 0.25


class Relay:
    """One relay, with or without weather before it. Cutting and restoring wait for each other."""

    def __init__(
        self, name: str, clock: WallClock, allow: frozenset[str], climate: Climate | None, seed: int
    ) -> None:
        self.name = name
        self.cut = False  # what was asked for last
        self._clock = clock
        self._allow = allow
        self._server: RelayServer | None = None
        self._port = 0
        self._weather = Weather(climate, seed) if climate else None
        self._busy = asyncio.Lock()

    @property
    def url(self) -> str:
        """Where members reach it, once it was started."""
        return f"ws://127.0.0.1:{self._weather.port if self._weather else self._port}"

    @property
    def listening(self) -> bool | None:
        """Whether members reach it; None while that is about to change."""
        return None if self._busy.locked() else self._server is not None

    async def start(self) -> None:
        """Listens, on the port of the last time if there was one. Raises RelayError."""
        self.cut = False
        async with self._busy:
            if self._server is not None:
                return
            self._server = await self._open()
            self._port = self._server.port
            if self._weather is not None:
                await self._weather.start(f"ws://127.0.0.1:{self._port}")

    async def stop(self) -> None:
        """Its connections die and its port refuses. Harmless to repeat."""
        self.cut = True
        async with self._busy:
            server, self._server = self._server, None
            if self._weather is not None:
                await self._weather.stop()
            if server is not None:
                await server.stop()

    async def _open(self) -> RelayServer:
        for attempt in range(_TRIES):
            server = RelayServer(
                RelaySettings(name=self.name, port=self._port, allow=self._allow), self._clock
            )
            try:
                await server.start()
            except RelayError:
                if not self._port or attempt == _TRIES - 1:
                    raise
                await asyncio.sleep(_AGAIN_S)
            else:
                return server
        raise AssertionError("the last attempt returns or raises")


class Relays:
    """All relays of a world. `start`, then `press` as often as anybody likes, then `stop`."""

    def __init__(
        self,
        count: int,
        clock: WallClock,
        allow: frozenset[str],
        climates: Sequence[Climate] | None,
        seed: int,
    ) -> None:
        """`count` is at most ten; `climates` has one for each, or is None: no weather."""
        self.all = [
            Relay(name, clock, allow, climates[place] if climates else None, seed + place)
            for place, name in enumerate(NAMES[:count])
        ]
        self._orders: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Starts all. Raises RelayError."""
        for relay in self.all:
            await relay.start()

    async def stop(self) -> None:
        """Stops all at once, whatever was under way."""
        for order in self._orders:
            order.cancel()
        await asyncio.gather(*self._orders, return_exceptions=True)
        await asyncio.gather(*[relay.stop() for relay in self.all])

    @property
    def urls(self) -> tuple[str, ...]:
        """Where each is reached."""
        return tuple(relay.url for relay in self.all)

    def press(self, number: int, cut: bool) -> None:
        """Cuts or restores relay `number` (from 1), soon. There is no such relay: nothing happens."""
        if not 1 <= number <= len(self.all) or self.all[number - 1].cut == cut:
            return
        self.all[number - 1].cut = cut
        order = asyncio.create_task(self._obey(self.all[number - 1]), name=f"relay {number}")
        self._orders.add(order)
        order.add_done_callback(self._orders.discard)

    async def _obey(self, relay: Relay) -> None:
        try:
            log.info("Relay %s is %s.", relay.name, "cut" if relay.cut else "restored")
            await (relay.stop() if relay.cut else relay.start())
        except RelayError as error:
            relay.cut = True
            log.warning("%s", error)
