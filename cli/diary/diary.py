"""The running program's diary: how its paths stand, written down every two seconds for the command `paths`.

It also hears what that command has to say: that people are waiting, so that direct paths are looked for
without a rest. Whatever happens to the diary, the program runs on.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from cli.diary.folder import STATUS, Folder, system_ms
from cli.diary.network_watch import NetworkWatch
from cli.diary.page import (
    MOST_MINUTES,
    MOST_PATHS,
    MOST_PLACES,
    Page,
    Settings,
    link_entry,
    minute_entry,
    path_entry,
    place_entry,
)
from config.model import BotConfig, ReceiverConfig
from tunnel.endpoint import Endpoint
from tunnel.identity import Identity, PublicKey
from tunnel.lane import PathReport
from tunnel.links.direct import Story
from tunnel.minutes import Minute
from tunnel.rendezvous.desk import PlaceReport
from tunnel.wallclock import WallClock

log = logging.getLogger(__name__)

EVERY_S: Final = 2.0
# One write may fail because somebody reads the file at that moment (Windows). Three do not.
_FAILURES_BORNE: Final = 2


@dataclass(frozen=True, slots=True)
class Facts:
    """What stays the same while the program runs. Addresses are Ethereum addresses."""

    program: Literal["bot", "receiver"]
    address: str
    peer: str
    settings: Settings


@dataclass(frozen=True, slots=True)
class Sources:
    """Whom to ask how it stands: an endpoint's methods. `look_hard` takes the program's own time."""

    paths: Callable[[], list[PathReport]]
    connected: Callable[[], bool]
    stories: Callable[[], Mapping[str, Story]] = dict
    minutes: Callable[[], Sequence[Minute]] = tuple
    places: Callable[[], Sequence[PlaceReport]] = tuple
    look_hard: Callable[[float], None] = lambda until: None


class Diary:
    """`beside` runs the program, once."""

    def __init__(
        self, folder: Folder, facts: Facts, sources: Sources, clock: WallClock, network: NetworkWatch | None
    ) -> None:
        """network  None where direct paths are off: then nobody is asked anything"""
        self._folder = folder
        self._facts = facts
        self._sources = sources
        self._clock = clock
        self._network = network
        self._started_ms = system_ms()
        self._look_hard_until_ms: float | None = None
        self._last: Page | None = None
        self._failures = 0  # in a row
        # A disk may take seconds to wake up, and inputs do not wait for it. One thread keeps the order.
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="diary")

    async def beside(self, program: Coroutine[Any, Any, None]) -> None:
        """Runs the program to its end, and writes the diary meanwhile, however it ends."""
        helpers = [asyncio.create_task(self._keep(), name="diary")]
        if self._network is not None:
            helpers.append(asyncio.create_task(self._network.keep(), name="network"))
        for helper in helpers:
            helper.add_done_callback(_say_what_broke)
        try:
            await program
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.wait(helpers)
            await self._write(ended=True)
            self._writer.shutdown(wait=False)

    def page(self, *, ended: bool = False) -> Page:
        """How it stands."""
        ask, now_ms = self._sources, system_ms()
        ahead_ms = now_ms - self._clock.now()
        return Page(
            program=self._facts.program,
            pid=os.getpid(),
            address=self._facts.address,
            peer=self._facts.peer,
            connected=ask.connected(),
            started_ms=self._started_ms,
            written_ms=now_ms,
            ended=ended,
            look_hard_until_ms=self._look_hard_until_ms,
            settings=self._facts.settings,
            paths=tuple(path_entry(report) for report in ask.paths()[:MOST_PATHS]),
            links=tuple(link_entry(name, story) for name, story in ask.stories().items()),
            networks=() if self._network is None else self._network.entries,
            minutes=tuple(minute_entry(minute, ahead_ms) for minute in ask.minutes()[-MOST_MINUTES:]),
            places=tuple(place_entry(report, ahead_ms) for report in ask.places()[:MOST_PLACES]),
        )

    async def _keep(self) -> None:
        while True:
            until_ms = await self._write()
            if until_ms is not None and until_ms != self._look_hard_until_ms:
                self._sources.look_hard(self._clock.now() + until_ms - system_ms())
            self._look_hard_until_ms = until_ms
            await asyncio.sleep(EVERY_S)

    async def _write(self, *, ended: bool = False) -> float | None:
        """One page. Returns until when people wait, if they do.

        The last one tells how it stood before the program closed its paths.
        """
        if ended and self._last is not None:
            page = self._last.model_copy(update={"ended": True, "written_ms": system_ms()})
        else:
            page = self._last = self.page(ended=ended)
        data = page.model_dump_json(indent=1).encode()
        try:
            until_ms = await asyncio.get_running_loop().run_in_executor(self._writer, self._put, data)
        except OSError as error:
            self._failures += 1
            if self._failures == _FAILURES_BORNE + 1:
                reason = error.strerror or error
                log.warning("The command `paths` will know nothing: %s: %s", self._folder.path, reason)
            return self._look_hard_until_ms
        self._failures = 0
        return until_ms

    def _put(self, data: bytes) -> float | None:
        """In the thread."""
        self._folder.make()
        self._folder.write(STATUS, data)
        return self._folder.looking_hard_until(system_ms())


def diary_of(
    file: Path, config: BotConfig | ReceiverConfig, identity: Identity, endpoint: Endpoint, clock: WallClock
) -> Diary:
    """That of the program which runs with the configuration in `file`."""
    direct = config.direct
    facts = Facts(
        program="bot" if isinstance(config, BotConfig) else "receiver",
        address=identity.public.address,
        peer=PublicKey.parse(config.receiver if isinstance(config, BotConfig) else config.bot).address,
        settings=Settings(
            enabled=direct.enabled,
            port_mapping=direct.port_mapping,
            birthday=direct.birthday,
            servers=len(direct.servers),
            forbid=config.paths.forbid,
            pin=config.paths.pin,
        ),
    )
    sources = Sources(
        paths=endpoint.paths,
        connected=lambda: endpoint.connected,
        stories=endpoint.stories,
        minutes=endpoint.minutes,
        places=endpoint.places,
        look_hard=endpoint.look_hard,
    )
    network = NetworkWatch(endpoint.stun_places, clock) if direct.enabled else None
    return Diary(Folder(file), facts, sources, clock, network)


def _say_what_broke(helper: asyncio.Task[Any]) -> None:
    error = None if helper.cancelled() else helper.exception()
    if error is not None:
        log.error("The diary for the command `paths` has stopped.", exc_info=error)
