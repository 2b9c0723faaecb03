"""The programs that are measured, each in a process of its own: the real relay, receiver and bot.

Each actor takes plain values and one end of a pipe. It says ("ready", port or None) once it can work, and
answers "stop" with what it measured. Nothing here is faked but the pad: its device only notes when it was
called.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from array import array
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final

from bench.rss import resident_mib
from injector.report import Report
from tunnel.identity import Identity
from tunnel.wallclock import WallClock

_POLL_S: Final = 0.05
_EPOCH_MS: Final = 1_700_000_000_000.0  # dates on the wire count from 1970
_START_S: Final = 60.0
_STOP_S: Final = 60.0
_LONGEST_S: Final = 3_600.0
# Throw-away keys of the bench; they guard nothing.
BOT: Final = bytes([1]) * 32
CLOUD: Final = bytes([2]) * 32


class SharedClock(WallClock):
    """The same moment in every process: the system's monotonic clock, which all of them read alike."""

    def now(self) -> float:
        return time.perf_counter() * 1000 + _EPOCH_MS


class Actor:
    """A process that runs one of the functions below."""

    def __init__(self, function: Callable[..., None], *arguments: object) -> None:
        context = multiprocessing.get_context("spawn")  # the same on every system, and shares nothing
        self._pipe, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(target=function, args=(theirs, *arguments), daemon=True)
        self._process.start()
        theirs.close()

    def ready(self) -> Any:
        """Waits until it can work. RuntimeError if it does not come up in a minute."""
        return self._take(_START_S)

    def stop(self) -> Any:
        """Ends it and returns what it measured."""
        result = self._say("stop")
        self._process.join(_STOP_S)
        return result

    def ask(self) -> Any:
        """What it has measured so far."""
        return self._say("ask")

    def weigh(self) -> float | None:
        """Its resident memory in MiB, after it has thrown its rubbish away."""
        weight: float | None = self._say("weigh")
        return weight

    def kill(self) -> None:
        """Ends it at once, as a power cut would."""
        self._process.kill()
        self._process.join(_STOP_S)

    def _say(self, command: str) -> Any:
        try:
            self._pipe.send(command)
        except OSError:
            pass  # it has ended; said below
        return self._take(_STOP_S)

    def _take(self, deadline: float) -> Any:
        try:
            if self._pipe.poll(deadline):
                return self._pipe.recv()
        except (EOFError, OSError):
            pass  # it ended without a word; said below
        raise RuntimeError(f"the process {self._process.name} says nothing")


async def _serve(pipe: Connection, work: asyncio.Task[Any], measure: Callable[[], Any]) -> None:
    """Answers the pipe until told to stop, or until the work ends by itself."""
    while not work.done():
        while pipe.poll():
            command = pipe.recv()
            pipe.send(resident_mib() if command == "weigh" else measure())
            if command == "stop":
                work.cancel()
                await asyncio.wait({work})
                return
        await asyncio.sleep(_POLL_S)
    work.result()


def bare_relay(pipe: Connection) -> None:
    """The baseline: what the library's own example does, one loop and one send for each other member."""
    from websockets.asyncio.server import ServerConnection, serve

    members: set[ServerConnection] = set()

    async def forward(connection: ServerConnection) -> None:
        members.add(connection)
        try:
            async for message in connection:
                for other in members:
                    if other is not connection:
                        await other.send(message)
        finally:
            members.discard(connection)

    async def main() -> None:
        async with serve(forward, "127.0.0.1", 0, compression=None) as server:
            pipe.send(server.sockets[0].getsockname()[1])
            await _serve(pipe, asyncio.create_task(asyncio.sleep(_LONGEST_S)), lambda: None)

    asyncio.run(main())


def bare_client(pipe: Connection, port: int) -> None:
    """The far client of the baseline: notes when each message reached it."""
    from websockets.asyncio.client import connect

    clock = SharedClock()
    moments = array("d")

    async def main() -> None:
        async with connect(f"ws://127.0.0.1:{port}", compression=None, proxy=None) as connection:
            pipe.send(None)

            async def listen() -> None:
                async for _ in connection:
                    moments.append(clock.now())

            await _serve(pipe, asyncio.create_task(listen()), lambda: moments)

    asyncio.run(main())


def relay(pipe: Connection, name: str, port: int) -> None:
    """The real relay, open to the two keys of the bench."""
    from tunnel.relay.server import RelayServer
    from tunnel.relay.settings import RelaySettings

    async def main() -> None:
        members = frozenset(Identity(key).public.address.lower() for key in (BOT, CLOUD))
        server = RelayServer(RelaySettings(name=name, port=port, allow=members), WallClock())
        await server.start()
        pipe.send(server.port)
        await _serve(pipe, asyncio.create_task(asyncio.sleep(_LONGEST_S)), lambda: None)

    asyncio.run(main())


class CountingDevice:
    """A pad that costs nothing: counts its calls and knows what is held."""

    def __init__(self) -> None:
        self.calls = 0
        self.held = 0

    def apply(self, pad: int, report: Report) -> None:
        """See Device."""
        self.calls += 1
        self.held = report.buttons

    def neutral(self) -> None:
        """See Device."""
        self.held = 0

    def close(self) -> None:
        """See Device."""
        self.neutral()


def receiver(pipe: Connection, relays: tuple[str, ...], keep: bool) -> None:
    """The real receiver. It notes when each sequence had reached the device, unless it has to stay flat."""
    from config.model import ReceiverConfig
    from injector.app import Observer, Receiver

    clock = SharedClock()
    device = CountingDevice()
    ids, moments = array("L"), array("d")

    class Notes(Observer):
        def played(self, id: int, at_ms: float) -> None:
            if keep:
                ids.append(id)
                moments.append(at_ms)

    identity = Identity(CLOUD)
    config = ReceiverConfig(
        identity=Path("unused"), bot=Identity(BOT).public.hex, relays=relays, device="events"
    )

    async def main() -> None:
        program = Receiver(
            config, identity=identity, device_factory=lambda: device, clock=clock, observer=Notes()
        )

        def measure() -> dict[str, Any]:
            stats = program.stats()
            return {
                "ids": ids,
                "moments": moments,
                "held": device.held,
                "played": stats.played,
                "stale": stats.stale,
                "doubled": stats.doubled,
            }

        work = asyncio.create_task(program.run())
        await _until(lambda: program.endpoint.connected, work)
        pipe.send(None)
        await _serve(pipe, work, measure)

    asyncio.run(main())


def bot(pipe: Connection, relays: tuple[str, ...], chat: str, keep: bool) -> None:
    """The real bot on a local chat server, without limits: the bench types faster than any crowd."""
    from bot.app import Bot
    from bot.chat import open_source
    from bot.modes.mode import Choice
    from bot.observer import Observer
    from config.chats import IrcChat
    from config.model import BotConfig, ChatLimits
    from tunnel.events import Outcome
    from tunnel.frame import SequenceId

    clock = SharedClock()
    arrived, submitted, delays = array("d"), array("d"), array("d")

    class Notes(Observer):
        def command(self, choice: Choice, id: SequenceId) -> None:
            if keep:
                arrived.append(choice.since_ms)
                submitted.append(clock.now())

        def resolved(self, id: SequenceId, outcome: Outcome, played_ms: float | None) -> None:
            if keep and played_ms is not None and 0 < id <= len(submitted):
                delays.append(played_ms - submitted[id - 1])

    config = BotConfig(
        identity=Path("unused"),
        receiver=Identity(CLOUD).public.hex,
        relays=relays,
        chat=IrcChat(url=chat, channel="bench"),
        limits=ChatLimits(per_user_per_second=0, global_per_second=0),
        labels=False,
    )

    async def main() -> None:
        source = open_source(config.chat, clock)
        program = Bot(config, identity=Identity(BOT), source=source, clock=clock, observer=Notes())

        def measure() -> dict[str, Any]:
            stats = program.stats()
            return {
                "arrived": arrived,
                "submitted": submitted,
                "delays": delays,
                "stats": stats,
                "paths": program.endpoint.paths(),
            }

        work = asyncio.create_task(program.run())
        await _until(lambda: program.endpoint.connected, work)
        pipe.send(None)
        await _serve(pipe, work, measure)

    asyncio.run(main())


async def _until(condition: Callable[[], bool], work: asyncio.Task[Any]) -> None:
    for _ in range(int(_START_S / _POLL_S)):
        if work.done():
            work.result()
        if condition():
            return
        await asyncio.sleep(_POLL_S)
    raise RuntimeError("the tunnel does not come up")
