"""The line that tells a streamer how it goes: each minute, whenever a path comes or goes, and at the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Final, Protocol

from tunnel.wallclock import WallClock

log = logging.getLogger(__name__)

EVERY_MS: Final = 60_000.0
# All relays come up within the same second at the start: one line then, not one for each.
LOOK_EVERY_S: Final = 1.0
# What the names of paths that need no relay begin with.
DIRECT: Final = "direct "


class Path(Protocol):
    """What is needed of a path to speak about it."""

    @property
    def name(self) -> str: ...
    @property
    def state(self) -> str: ...


Count = Callable[[], Mapping[str, int]]


class StatusLine:
    """Decides when there is something to say, and says it."""

    def __init__(self) -> None:
        self._states: tuple[str, ...] = ()
        self._said_ms = -EVERY_MS

    def due(self, now: float, paths: Sequence[Path], counts: Mapping[str, int]) -> str | None:
        """The line, if it is time for one."""
        states = tuple(path.state for path in paths)
        if states == self._states and now - self._said_ms < EVERY_MS:
            return None
        self._states, self._said_ms = states, now
        return f"{paths_in_words(paths)}; {counts_in_words(counts)}"


def paths_in_words(paths: Sequence[Path]) -> str:
    """`2 of 3 relays up (fra1 waiting), direct udp up`; without any relay the direct paths alone."""
    direct = [path for path in paths if path.name.startswith(DIRECT)]
    relays = [path for path in paths if path not in direct]
    down = [f"{path.name} {path.state}" for path in relays if path.state != "up"]
    details = f" ({', '.join(down)})" if down else ""
    told = [f"{len(relays) - len(down)} of {len(relays)} relays up{details}"] if relays else []
    return ", ".join([*told, *[f"{path.name} {path.state}" for path in direct]])


def counts_in_words(counts: Mapping[str, int]) -> str:
    """`played 12, late 0, lost 0`."""
    return ", ".join(f"{name} {count}" for name, count in counts.items())


async def beside(
    program: Coroutine[Any, Any, None], paths: Callable[[], Sequence[Path]], count: Count, clock: WallClock
) -> None:
    """Runs the program to its end, and says how it goes meanwhile and how it went, however it ends."""
    teller = asyncio.create_task(tell(paths, count, clock), name="status")
    try:
        await program
    finally:
        teller.cancel()
        await asyncio.wait([teller])
        log.info("At the end: %s", counts_in_words(count()))


async def tell(paths: Callable[[], Sequence[Path]], count: Count, clock: WallClock) -> None:
    """Says each line that is due, until cancelled."""
    status = StatusLine()
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        line = status.due(clock.now(), paths(), count())
        if line is not None:
            log.info("%s", line)
