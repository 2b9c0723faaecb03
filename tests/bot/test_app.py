from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any, cast

import pytest

from bot.app import FAREWELL_MS, LINGER_MS, Bot
from bot.chat.line import ChatEvent, ChatLine, SourceState
from bot.observer import Observer
from config.controllers import ControllerError
from config.model import BotConfig
from tunnel.endpoint import Endpoint
from tunnel.events import Connected, Event, Outcome, PeerSilent, Resolved
from tunnel.frame import Frame, SequenceId
from tunnel.identity import Identity
from tunnel.links.direct import DirectOptions
from tunnel.session import Role
from tunnel.wallclock import WallClock

Say = Callable[..., ChatLine]


class Clock(WallClock):
    """Stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.time = 1_000_000.0

    def now(self) -> float:
        return self.time


class FakeEndpoint:
    """An endpoint without a network: what it is told is kept, what it says the test decides."""

    def __init__(self, **arguments: Any) -> None:
        self.arguments = arguments
        self.say: Callable[[Event], None] = arguments["on_event"]
        self.in_flight = 0
        self.submitted: list[tuple[Frame, ...]] = []
        self.cancelled: list[tuple[SequenceId, ...]] = []
        self.ran = self.ended = False
        self.failure: Exception | None = None

    async def run(self) -> None:
        self.ran = True
        try:
            while self.failure is None:  # noqa: ASYNC110  the test sets it, nothing signals it
                await asyncio.sleep(0)
            raise self.failure
        finally:
            self.ended = True

    def submit(self, frames: tuple[Frame, ...]) -> SequenceId:
        self.submitted.append(frames)
        self.in_flight += 1
        return SequenceId(len(self.submitted))

    def cancel(self, ids: Iterable[SequenceId]) -> None:
        self.cancelled.append(tuple(ids))

    def send_note(self, kind: int, body: bytes) -> None:
        pass

    def flush(self) -> None:
        pass

    def resolve(self, id: int, outcome: Outcome = Outcome.APPLIED) -> None:
        self.in_flight -= 1
        self.say(Resolved(SequenceId(id), outcome, None))


class Script:
    """A source that says what the test puts in; None ends it."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[list[ChatEvent] | Exception | None] = asyncio.Queue()
        self.closed = False

    async def events(self) -> AsyncGenerator[list[ChatEvent], None]:
        try:
            while (batch := await self.queue.get()) is not None:
                if isinstance(batch, Exception):
                    raise batch
                yield batch
        finally:
            self.closed = True


class World:
    """A bot, its source and its endpoint."""

    def __init__(self, folder: Path, chat: dict[str, Any], **changed: Any) -> None:
        identity = Identity.create()
        identity.save(folder / "bot.key")
        (folder / "chat.log").write_text("")
        settings = {
            "identity": folder / "bot.key",
            "receiver": Identity.create().public.hex,
            "relays": ("ws://127.0.0.1:1",),
            "chat": chat,
        }
        self.config = BotConfig.model_validate(settings | changed)
        self.clock = Clock()
        self.source = Script()
        self.observer = Observer()
        self.bot = Bot(
            self.config,
            identity=identity,
            source=self.source,
            clock=self.clock,
            observer=self.observer,
            endpoint_factory=cast(Callable[..., Endpoint], FakeEndpoint),
        )
        self.endpoint = cast(FakeEndpoint, self.bot.endpoint)

    def chat(self, *events: ChatEvent) -> None:
        self.source.queue.put_nowait(list(events))

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():  # noqa: ASYNC110  the condition is the test's, nothing signals it
                await asyncio.sleep(0)


WorldOf = Callable[..., World]


@pytest.fixture
def world_of(tmp_path: Path) -> WorldOf:
    def build(source: str = "terminal", **changed: Any) -> World:
        chat = {"source": source} | ({"file": tmp_path / "chat.log"} if source == "log" else {})
        return World(tmp_path, chat, **changed)

    return build


def play(script: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(script, 30))


async def stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_the_endpoint_is_made_as_the_configuration_says(world_of: WorldOf) -> None:
    world = world_of()
    arguments = world.endpoint.arguments
    assert arguments["role"] is Role.SENDER
    assert arguments["peer"].hex == world.config.receiver
    assert arguments["relays"] == world.config.relays
    assert arguments["clock"] is world.clock
    assert arguments["direct"] is None


def test_direct_paths_are_looked_for_as_the_configuration_says(world_of: WorldOf) -> None:
    wanted = {"enabled": True, "stun": ["192.0.2.1:3478"], "ports": "47000-47010"}
    assert world_of(direct=wanted).endpoint.arguments["direct"] == DirectOptions(
        stun=(("192.0.2.1", 3478),), ports=(47_000, 47_010), router=True
    )


def test_left_alone_the_bot_uses_the_real_endpoint(world_of: WorldOf) -> None:
    world = world_of()
    identity = Identity.create()
    bot = Bot(world.config, identity=identity, source=world.source, clock=world.clock)
    assert isinstance(bot.endpoint, Endpoint)


def test_an_unknown_controller_is_said_before_anything_runs(world_of: WorldOf) -> None:
    with pytest.raises((ControllerError, ValueError), match="banana"):
        world_of(controller="banana")


def test_a_chat_line_reaches_the_tunnel_dated_now(world_of: WorldOf, say: Say) -> None:
    async def script() -> None:
        world = world_of()
        running = asyncio.create_task(world.bot.run())
        world.endpoint.say(Connected(fresh=True))
        world.chat(SourceState(up=True, text="Reading chat."), say("a"))
        await world.until(lambda: bool(world.endpoint.submitted))
        assert world.endpoint.submitted == [(Frame(1, 1300, 1_000_000), Frame(1, 2300, 1_000_200))]
        world.endpoint.resolve(1)
        assert world.bot.stats().applied == 1
        await stopped(running)

    play(script())


def test_what_waits_leaves_when_the_receiver_answers(world_of: WorldOf, say: Say) -> None:
    async def script() -> None:
        world = world_of()
        running = asyncio.create_task(world.bot.run())
        world.chat(say("a"))
        await world.until(lambda: world.bot.stats().waiting == 1)
        world.clock.time += 700
        world.endpoint.say(Connected(fresh=True))
        await world.until(lambda: bool(world.endpoint.submitted))
        assert world.endpoint.submitted[0][0].date == 1_000_700
        await stopped(running)

    play(script())


def test_what_waits_leaves_when_room_is_made(world_of: WorldOf, say: Say) -> None:
    async def script() -> None:
        world = world_of()
        running = asyncio.create_task(world.bot.run())
        world.endpoint.say(Connected(fresh=True))
        world.endpoint.in_flight = 2_048
        world.chat(say("a"))
        await world.until(lambda: world.bot.stats().waiting == 1)
        assert not world.endpoint.submitted
        world.endpoint.resolve(7)
        await world.until(lambda: bool(world.endpoint.submitted))
        await stopped(running)

    play(script())


def test_what_waits_in_vain_expires_with_nobody_saying_anything(world_of: WorldOf, say: Say) -> None:
    async def script() -> None:
        world = world_of()
        running = asyncio.create_task(world.bot.run())
        world.chat(say("a"))
        await world.until(lambda: world.bot.stats().waiting == 1)
        world.clock.time += 1_499
        world.chat(say("hello"))
        await world.until(lambda: world.bot.stats().talk == 1)
        assert world.bot.stats().waiting == 1
        world.clock.time += 1
        await world.until(lambda: world.bot.stats().late == 1)
        assert world.bot.stats().waiting == 0
        await stopped(running)

    play(script())


def test_the_end_lets_go_of_everything_while_the_tunnel_still_runs(world_of: WorldOf, say: Say) -> None:
    async def script() -> None:
        world = world_of()
        running = asyncio.create_task(world.bot.run())
        world.endpoint.say(Connected(fresh=True))
        world.chat(say("a5s"))
        await world.until(lambda: bool(world.endpoint.submitted))
        running.cancel()
        await world.until(lambda: world.endpoint.cancelled == [()])
        assert not world.endpoint.ended
        world.chat(say("b"))  # too late: nobody listens any more
        world.endpoint.resolve(1, Outcome.CANCELLED)
        with pytest.raises(asyncio.CancelledError):
            await running
        assert world.endpoint.ended
        assert len(world.endpoint.submitted) == 1

    play(script())


def test_the_end_waits_for_no_answer_that_cannot_come(world_of: WorldOf) -> None:
    async def script() -> None:
        world = world_of()
        running = asyncio.create_task(world.bot.run())
        world.endpoint.say(Connected(fresh=True))
        await world.until(lambda: world.endpoint.ran)
        world.endpoint.in_flight = 5
        world.endpoint.say(PeerSilent())
        await stopped(running)
        assert world.endpoint.cancelled == [()]

    play(script())


@pytest.mark.parametrize("culprit", ["source", "tunnel"])
def test_a_failure_of_a_part_ends_the_bot_and_is_raised(world_of: WorldOf, culprit: str) -> None:
    async def script() -> None:
        world = world_of()
        if culprit == "source":
            world.source.queue.put_nowait(RuntimeError("no such channel"))
        else:
            world.endpoint.failure = RuntimeError("no such channel")
        with pytest.raises(RuntimeError, match="no such channel"):
            await world.bot.run()
        assert world.endpoint.ended
        assert world.endpoint.cancelled == [()]

    play(script())


def test_a_recording_waits_for_the_receiver(world_of: WorldOf, say: Say) -> None:
    async def script() -> None:
        world = world_of("log")
        running = asyncio.create_task(world.bot.run())
        world.chat(say("a"))
        world.chat(say("b"))
        await world.until(lambda: world.endpoint.ran)
        await asyncio.sleep(0.02)  # long enough for whoever does not wait
        world.clock.time += 60_000
        assert world.bot.stats().lines == 0
        world.endpoint.say(Connected(fresh=True))
        await world.until(lambda: len(world.endpoint.submitted) == 2)
        assert world.bot.stats().late == 0
        await stopped(running)

    play(script())


def test_a_recording_is_read_no_faster_than_it_can_leave(world_of: WorldOf, say: Say) -> None:
    async def script() -> None:
        world = world_of("log")
        running = asyncio.create_task(world.bot.run())
        world.endpoint.say(Connected(fresh=True))
        world.endpoint.in_flight = 2_048
        for _ in range(3):
            world.chat(say("a"))
        await world.until(lambda: world.bot.stats().waiting == 1)
        await asyncio.sleep(0.02)
        assert world.bot.stats().lines == 1
        world.endpoint.in_flight = 0
        world.endpoint.say(Connected(fresh=False))
        await world.until(lambda: len(world.endpoint.submitted) == 3)
        await stopped(running)

    play(script())


def test_the_source_is_closed_before_the_bot_is_over_even_between_two_batches(
    world_of: WorldOf, say: Say
) -> None:
    async def script() -> None:
        world = world_of("log")
        running = asyncio.create_task(world.bot.run())
        world.endpoint.say(Connected(fresh=True))
        world.endpoint.in_flight = 2_048
        world.chat(say("a"))
        await world.until(lambda: world.bot.stats().waiting == 1)  # it reads on when there is room again
        world.endpoint.say(PeerSilent())
        await stopped(running)
        assert world.source.closed

    play(script())


def test_a_recording_ends_when_its_last_input_is_over(world_of: WorldOf, say: Say) -> None:
    async def script() -> None:
        world = world_of("log")
        running = asyncio.create_task(world.bot.run())
        world.endpoint.say(Connected(fresh=True))
        world.chat(say("a5s"))
        world.source.queue.put_nowait(None)
        await world.until(lambda: bool(world.endpoint.submitted))
        world.endpoint.resolve(1)
        await asyncio.sleep(0.05)
        assert not running.done()
        world.clock.time += 6_000
        await running
        assert world.endpoint.ended

    play(script())


def test_the_bounds_of_ending_are_short() -> None:
    assert FAREWELL_MS <= 300
    assert LINGER_MS <= 15_000
