"""The bot: reads chat, and sends what it asks for to the receiver. The thin shell around bot.flow."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

from bot.assembly import NOTHING_REMEMBERED, assemble
from bot.changes import Change
from bot.chat.line import ChatSource, ChatVoice
from bot.game.keeper import LOOK_MS
from bot.observer import BotStats, Observer
from bot.storage.writer import StoreWriter
from bot.store import Store
from config.model import BotConfig
from tunnel.endpoint import Endpoint
from tunnel.events import Event
from tunnel.identity import Identity, PublicKey
from tunnel.session import Role
from tunnel.wallclock import WallClock
from tunnel.wishes import endpoint_options

# At the end everything is taken back. Time for that to leave, to be lost once and sent again; longer, and
# whoever pressed Ctrl-C notices. If it does not get through, the receiver's own silence limit does the same.
FAREWELL_MS: Final = 300
# A source that ends by itself (a recording): its last line may last 10 s, and be a stale-limit late.
LINGER_MS: Final = 15_000
_POLL_MS: Final = 10  # how often the end of such a wait is looked for


class Bot:
    """One bot: one chat, one receiver.

    store    where it keeps what moderators and viewers set; None: nothing outlives this run
    letters  the folder from and to which people carry letters to the receiver; None: nobody does

    Raises config.controllers.ControllerError, config.games.GameError, config.mistakes.ConfigError,
    bot.store.StoreError or tunnel.identity.IdentityError if the configuration names no such controller, game
    or receiver, or the store cannot be read.
    """

    def __init__(
        self,
        config: BotConfig,
        *,
        identity: Identity,
        source: ChatSource,
        clock: WallClock,
        store: Store | None = None,
        observer: Observer | None = None,
        letters: Path | None = None,
        endpoint_factory: Callable[..., Endpoint] = Endpoint,
    ) -> None:
        self._source = source
        self._clock = clock
        self._is_recording = config.chat.source == "log"
        self._wake = asyncio.Event()
        self._wake_ms = math.inf
        self._linked = asyncio.Event()
        self._drained = asyncio.Event()
        self._writer: StoreWriter | None = None
        peer = PublicKey.parse(config.receiver)
        self.endpoint = endpoint_factory(
            role=Role.SENDER,
            identity=identity,
            peer=peer,
            on_event=self._on_event,
            clock=clock,
            **endpoint_options(config, identity, peer, clock, letters),
        )
        self._flow, self._library, self._people = assemble(
            config,
            self.endpoint,
            now=clock.now(),
            memory=NOTHING_REMEMBERED if store is None else store.load(clock.now()),
            voice=source if isinstance(source, ChatVoice) else None,
            observer=observer,
            on_change=self._remember,
        )
        self._writer = None if store is None else StoreWriter(store, self._people.changes)

    @property
    def playing(self) -> str:
        """What is played with: a game, and whose words."""
        game = self._library.game
        return f"{game.title} ({game.controller.name})" if game.name else game.controller.name

    def stats(self) -> BotStats:
        """What the bot has done so far."""
        return self._flow.stats()

    async def run(self) -> None:
        """Runs until cancelled, or until a recording has ended and its last input is played.

        However it ends, the receiver is told to let go of everything.
        """
        tunnel = asyncio.create_task(self.endpoint.run(), name="tunnel")
        others = {
            asyncio.create_task(self._follow_chat(), name="chat"),
            asyncio.create_task(self._keep_time(), name="time"),
            asyncio.create_task(self._look_at_pages(), name="pages"),
        }
        if self._writer is not None:
            others.add(asyncio.create_task(self._writer.run(), name="store"))
        try:
            done, _ = await asyncio.wait({tunnel, *others}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in others:
                task.cancel()  # nobody presses anything any more
            try:
                await self._let_go(tunnel)
            finally:
                tunnel.cancel()
                await asyncio.wait({tunnel, *others})
                if self._writer is not None:
                    await self._writer.close()

    def _on_event(self, event: Event) -> None:
        self._flow.handle_event(event)
        if self._flow.link_up:
            self._linked.set()
        else:
            self._linked.clear()
        if self._flow.waiting:  # what an answer makes room for; it makes nothing end sooner
            self._drained.clear()
            self._wake.set()

    async def _follow_chat(self) -> None:
        await self._readiness()
        # Cancelled between two batches, the source would keep its sockets until somebody collects it.
        async with contextlib.aclosing(self._source.events()) as batches:
            async for batch in batches:
                self._flow.handle(batch, self._clock.now())
                self.endpoint.flush()  # the whole batch leaves now, not a turn of the loop later
                self._look_after_the_waiting()
                await self._readiness()
        await self._quiet()

    def _look_after_the_waiting(self) -> None:
        """Wakes `_keep_time`, outside the call we are in: to submit what fits, and to mind what ends
        sooner.
        """
        if self._flow.waiting:
            self._drained.clear()
            self._wake.set()
        elif self._flow.next_timeout() < self._wake_ms:
            self._wake.set()

    async def _keep_time(self) -> None:
        while True:
            self._wake.clear()
            now = self._clock.now()
            self._flow.handle_timeout(now)
            if not self._flow.waiting:
                self._drained.set()
            self._wake_ms = self._flow.next_timeout()
            try:
                async with asyncio.timeout(max(0.0, self._wake_ms - now) / 1000):
                    await self._wake.wait()
            except TimeoutError:
                pass  # the deadline has come

    async def _look_at_pages(self) -> NoReturn:
        """Whether somebody has edited the game's page."""
        while True:
            await asyncio.sleep(LOOK_MS / 1000)
            self._library.look(self._clock.now())

    def _remember(self, change: Change) -> None:
        if self._writer is not None:
            self._writer.put(change)

    async def _readiness(self) -> None:
        """A recording can wait until there is somebody to play to; people cannot."""
        if self._is_recording:
            await self._drained.wait()
            await self._linked.wait()

    async def _let_go(self, tunnel: asyncio.Task[NoReturn]) -> None:
        """Takes everything back, and waits until the receiver has answered that, within `FAREWELL_MS`."""
        self.endpoint.cancel(())
        for _ in range(FAREWELL_MS // _POLL_MS):
            if tunnel.done() or not self._flow.link_up or not self.endpoint.in_flight:
                return
            await asyncio.sleep(_POLL_MS / 1000)

    async def _quiet(self) -> None:
        """Until nothing is under way or held any more, within `LINGER_MS`."""
        for _ in range(LINGER_MS // _POLL_MS):
            if self._flow.is_idle(self._clock.now()):
                return
            await asyncio.sleep(_POLL_MS / 1000)
