"""The whole way on one machine: chat server, crowd, bot, relays, receiver, page. Every hop is a real socket.

Law of use: `async with Pipeline(world) as pipeline`, then `live` for a while, or start and stop its parts by
hand; `quiet` before `summary` if every command should have its answer. Keys are made on the spot and never
leave memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from bench.world import habits
from bench.world.crowd import Crowd
from bench.world.meter import BotMeter, Meter, PadMeter
from bench.world.relays import Relays
from bench.world.schedule import Cut
from bench.world.summary import PathTotal, Summary, Totals
from bench.world.twitch import LocalTwitch
from bench.world.weather import CLIMATES
from bot.app import Bot
from bot.chat import open_source
from config.chats import TWITCH_URL, IrcChat
from config.model import BotConfig, ChatLimits, ReceiverConfig
from config.play import ModeName, ModesConfig
from injector.app import Receiver
from injector.devices.device import Device
from injector.devices.screen import ScreenDevice
from tunnel.identity import Identity
from tunnel.wallclock import WallClock
from web.feed import Feed, RelayCard, shares
from web.server import PageServer

CHANNEL: Final = "crowdpad"  # the local chat's only one
QUIET_S: Final = 3.0  # longer than `stale_after`: by then everything was played, or never will be

# The link is up within a round trip or two; only a machine that is busy with something else takes longer.
_LINK_S: Final = 15.0
_POLL_S: Final = 0.02
# What was typed last is still in sockets when nothing is in flight yet: this many polls must agree.
_QUIET_POLLS: Final = 5
_NO_FILE: Final = Path("in-memory")  # a configuration names its key file; these keys have none


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What there is.

    viewers, rate  how many type, and about how many lines a second together
    channel        a real Twitch channel instead of the local chat and its viewers
    weather        delay, jitter and loss in front of every relay, different for each
    page           HOST:PORT of the page, another port if that is taken; None for no page
    mode           who decides what is played
    modes          how the modes are set; None for a short show
    """

    relays: int = 5
    viewers: int = 60
    rate: float = 12.0
    seed: int = 1
    channel: str | None = None
    weather: bool = False
    page: str | None = None
    limits: ChatLimits = field(default_factory=ChatLimits)
    mode: ModeName = "anarchy"
    modes: ModesConfig | None = None

    @property
    def pads(self) -> int:
        """How many there are."""
        return habits.pads(self.mode)

    @property
    def about(self) -> str:
        """For people, honestly: what of this is real."""
        weather = "bad weather before each relay"
        if self.channel is not None:
            simulated = f" Simulated: {weather}." if self.weather else ""
            return f"Live from the Twitch chat of #{self.channel}, over relays on this machine.{simulated}"
        crowd = f"{self.viewers} viewers who type into a chat server on this machine"
        simulated = f"{crowd}, and {weather}" if self.weather else crowd
        return f"Simulated: {simulated}. Bot, relays and receiver are real."


class Pipeline:
    """One world, from start to stop. `device_factory` is what the receiver plays on."""

    bot: Bot
    receiver: Receiver

    def __init__(self, world: World, device_factory: Callable[[], Device] = ScreenDevice) -> None:
        self.world = world
        self.clock = WallClock()
        self.meter = Meter()
        self.feed = Feed(world.about, world.pads)
        self.twitch = LocalTwitch() if world.channel is None else None
        self.page: PageServer | None = None
        self._device_factory = device_factory
        self._bot_key, self._receiver_key = Identity.create(), Identity.create()
        allow = frozenset((self._bot_key.public.address, self._receiver_key.public.address))
        climates = (
            [CLIMATES[place % len(CLIMATES)] for place in range(world.relays)] if world.weather else None
        )
        self.relays = Relays(world.relays, self.clock, allow, climates, world.seed)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._began_ms = self._ended_ms = self.clock.now()

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def live(self, seconds: float | None, cuts: Sequence[Cut] = ()) -> None:
        """The demo: from the first answer of the receiver on, the crowd types for so long (None: for ever).

        Raises whatever a part of the world ends with.
        """
        loop = asyncio.get_running_loop()
        self._began_ms = self.clock.now()
        orders = [loop.call_later(cut.at_s, self.relays.press, cut.relay, True) for cut in cuts]
        try:
            await self._together(self.linked())
            self.start_crowd()
            spent_s = (self.clock.now() - self._began_ms) / 1000
            await self._together(
                asyncio.sleep(seconds - spent_s) if seconds is not None else asyncio.Event().wait()
            )
            await self.end("crowd")
            self._ended_ms = self.clock.now()
            await self.quiet()
        finally:
            for order in orders:
                order.cancel()

    async def linked(self) -> None:
        """Until the bot hears the receiver; for a while at most, for the relays may all be cut."""
        for _ in range(round(_LINK_S / _POLL_S)):
            if self.bot.endpoint.connected:
                return
            await asyncio.sleep(_POLL_S)

    async def quiet(self, seconds: float = QUIET_S) -> bool:
        """Until every command has its answer, for so long at most. Whether it came to that."""
        calm = 0
        for _ in range(round(seconds / _POLL_S)):
            calm = 0 if Totals.of(self.bot.stats()).in_flight else calm + 1
            if calm == _QUIET_POLLS:
                return True
            await asyncio.sleep(_POLL_S)
        return False

    def start_bot(self) -> None:
        """A bot that reads the world's chat. After `end("bot")` it is another run of the program."""
        chat = IrcChat(
            channel=self.world.channel or CHANNEL, url=self.twitch.url if self.twitch else TWITCH_URL
        )
        self.bot = Bot(
            BotConfig(
                identity=_NO_FILE,
                receiver=self._receiver_key.public.hex,
                relays=self.relays.urls,
                chat=chat,
                pads=self.world.pads,
                modes=self.world.modes or habits.modes(self.world.mode),
                game=habits.game(self.world.mode),
                limits=self.world.limits,
            ),
            identity=self._bot_key,
            source=open_source(chat, self.clock),
            clock=self.clock,
            observer=BotMeter(self.meter, self.feed, self.clock.now),
        )
        self._run("bot", self.bot.run())

    def start_crowd(self) -> None:
        """The local chat's viewers begin to type. Nothing if the chat is a real one."""
        if self.twitch is not None and self.world.viewers:
            world = self.world
            crowd = Crowd(
                self.twitch.url,
                CHANNEL,
                world.viewers,
                world.rate,
                world.seed,
                habits.habits(world.mode),
                self._player if world.mode == "turns" else None,
            )
            self._run("crowd", crowd.run())

    def _player(self) -> str:
        """Whose turn it is, as every viewer sees it on the page."""
        mode = self.feed.mode_shown
        return mode["player"] if mode else ""

    async def end(self, *names: str) -> None:
        """Ends these parts (bot, receiver, crowd) at once, if they run."""
        ending = [self._tasks.pop(name) for name in names if name in self._tasks]
        for task in ending:
            task.cancel()
        if ending:
            await asyncio.wait(ending)

    async def stop(self) -> None:
        """Everything, pads neutral first. Harmless to repeat."""
        self._ended_ms = max(self._ended_ms, self._began_ms)
        await self.end("crowd", "bot", "receiver")
        await asyncio.gather(
            self.relays.stop(),
            *([self.twitch.stop()] if self.twitch else []),
            *([self.page.stop()] if self.page else []),
        )

    def summary(self) -> Summary:
        """What it came to, so far."""
        ended_ms = self._ended_ms if self._ended_ms > self._began_ms else self.clock.now()
        p50, p95, p99 = self.meter.latencies.percentiles(50, 95, 99)
        return Summary(
            totals=Totals.of(self.bot.stats()),
            doubled=self.meter.doubled,
            p50=p50,
            p95=p95,
            p99=p99,
            highest=self.meter.latencies.highest,
            paths=tuple(
                PathTotal(relay.name, "cut" if relay.cut else path.state, path.sent, path.first)
                for relay, path in zip(self.relays.all, self.bot.endpoint.paths(), strict=True)
            ),
            seconds=(ended_ms - self._began_ms) / 1000,
            weather=self.world.weather,
            mode=self.world.mode,
        )

    def snapshot(self) -> Mapping[str, object]:
        """What the page shows now."""
        totals = Totals.of(self.bot.stats())
        counters = {
            "commands": totals.commands,
            "played": totals.played,
            "late": totals.late,
            "lost": totals.lost,
            "doubled": self.meter.doubled,
        }
        if totals.passed_over:
            counters["passed_over"] = totals.passed_over
        return self.feed.snapshot(self._cards(), counters, self.meter.recent())

    def _cards(self) -> list[RelayCard]:
        paths = self.bot.endpoint.paths()
        parts = shares([path.first for path in paths])
        return [
            RelayCard(
                name=relay.name,
                state="cut" if relay.cut else path.state,
                delay_ms=path.delay_ms if path.state == "up" else None,
                jitter_ms=path.jitter_ms if path.state == "up" else None,
                loss=path.loss if path.state == "up" else None,
                share=part,
                can_cut=True,
            )
            for relay, path, part in zip(self.relays.all, paths, parts, strict=True)
        ]

    async def _start(self) -> None:
        if self.twitch is not None:
            await self.twitch.start()
        await self.relays.start()
        config = ReceiverConfig(
            identity=_NO_FILE,
            bot=self._bot_key.public.hex,
            relays=self.relays.urls,
            device="screen",
            pads=self.world.pads,
        )
        self.receiver = Receiver(
            config,
            identity=self._receiver_key,
            device_factory=self._device_factory,
            clock=self.clock,
            observer=PadMeter(self.meter, self.feed),
        )
        self._run("receiver", self.receiver.run())
        self.start_bot()
        if self.world.page is not None:
            self.page = await self._open_page(self.world.page)

    async def _open_page(self, listen: str) -> PageServer:
        page = PageServer(listen, self.snapshot, self.relays.press)
        try:
            await page.start()
        except OSError:
            page = PageServer(f"{listen.rpartition(':')[0]}:0", self.snapshot, self.relays.press)
            await page.start()
        return page

    def _run(self, name: str, part: Coroutine[Any, Any, None]) -> None:
        self._tasks[name] = asyncio.create_task(part, name=name)

    async def _together(self, until: Coroutine[Any, Any, object]) -> None:
        """Waits for `until`, unless a part ends first: none should, and it knows why."""
        waiting = asyncio.create_task(until)
        try:
            done, _ = await asyncio.wait(
                {waiting, *self._tasks.values()}, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                task.result()
        finally:
            waiting.cancel()
