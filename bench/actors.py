"""The programs that are measured, as functions for bench.actor: the real relay, receiver and bot.

Nothing here is faked but the pad: its device only notes when it was called.
"""

from __future__ import annotations

import asyncio
import gc
from array import array
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from bench.actor import SharedClock, answer, until
from bench.notebook import Notebook
from bench.setting import Setting
from injector.report import Report
from tunnel.identity import Identity
from tunnel.wallclock import WallClock

_LONGEST_S: Final = 3_600.0
# Throw-away keys of the bench; they guard nothing.
BOT: Final = bytes([1]) * 32
CLOUD: Final = bytes([2]) * 32


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
            await answer(pipe, asyncio.create_task(asyncio.sleep(_LONGEST_S)), {"ask": lambda: None})

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

            await answer(pipe, asyncio.create_task(listen()), {"ask": lambda: moments})

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
        await answer(pipe, asyncio.create_task(asyncio.sleep(_LONGEST_S)), {"ask": lambda: None})

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


def receiver(pipe: Connection, relays: tuple[str, ...], keep: bool, setting: Setting) -> None:
    """The real receiver. It notes when each sequence had reached the device, if it is to `keep` that."""
    from config.model import ReceiverConfig
    from injector.app import Observer, Receiver

    clock = SharedClock()
    device = CountingDevice()
    played = Notebook() if keep else None

    class Notes(Observer):
        def played(self, id: int, at_ms: float) -> None:
            if played is not None:
                played.note(id, at_ms)

    config = ReceiverConfig(
        identity=Path("unused"),
        bot=Identity(BOT).public.hex,
        relays=relays,
        device="events",
        pads=setting.pads,
    )

    async def main() -> None:
        program = Receiver(
            config, identity=Identity(CLOUD), device_factory=lambda: device, clock=clock, observer=Notes()
        )

        def measure() -> dict[str, Any]:
            stats = program.stats()
            return {
                "held": device.held,
                "played": stats.played,
                "stale": stats.stale,
                "doubled": stats.doubled,
            }

        work = asyncio.create_task(program.run())
        await until(lambda: program.endpoint.connected, work)
        pipe.send(None)
        await answer(pipe, work, {"ask": measure, "notes": lambda: _read(played=played)})

    asyncio.run(main())


def bot(pipe: Connection, relays: tuple[str, ...], chat: str, keep: bool, setting: Setting) -> None:
    """The real bot on a local chat server, without limits: the bench types faster than any crowd.

    Of each sequence it notes when the line that asked for it had arrived, when it was submitted, and when it
    was played, as the receiver answers; if it is to `keep` that.
    """
    from bot.app import Bot
    from bot.chat import open_source
    from bot.modes.mode import Choice
    from bot.observer import Observer
    from config.chats import IrcChat
    from config.model import BotConfig, ChatLimits
    from tunnel.events import Outcome
    from tunnel.frame import SequenceId

    clock = SharedClock()
    arrived, submitted, played = (Notebook() if keep else None for _ in range(3))

    class Notes(Observer):
        def command(self, choice: Choice, id: SequenceId) -> None:
            if arrived is not None and submitted is not None:
                arrived.note(id, choice.since_ms)
                submitted.note(id, clock.now())

        def resolved(self, id: SequenceId, outcome: Outcome, played_ms: float | None) -> None:
            if played is not None and played_ms is not None:
                played.note(id, played_ms)

    config = BotConfig(
        identity=Path("unused"),
        receiver=Identity(CLOUD).public.hex,
        relays=relays,
        chat=IrcChat(url=chat, channel="bench"),
        controller=setting.controller,
        game=setting.game,
        pads=setting.pads,
        modes=setting.modes,
        limits=ChatLimits(per_user_per_second=0, global_per_second=0),
        labels=False,
    )

    async def main() -> None:
        source = open_source(config.chat, clock)
        program = Bot(config, identity=Identity(BOT), source=source, clock=clock, observer=Notes())
        gc.collect()
        gc.freeze()  # as `crowdpad bot` does when all is loaded

        def measure() -> dict[str, Any]:
            return {"stats": program.stats()}

        def notes() -> dict[str, Any]:
            return _read(arrived=arrived, submitted=submitted, played=played)

        work = asyncio.create_task(program.run())
        await until(lambda: program.endpoint.connected, work)
        pipe.send(None)
        await answer(pipe, work, {"ask": measure, "notes": notes})

    asyncio.run(main())


def _read(**notebooks: Notebook | None) -> dict[str, dict[int, float]]:
    return {name: {} if notebook is None else notebook.read() for name, notebook in notebooks.items()}
