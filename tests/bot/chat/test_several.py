from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from bench.world.twitch import LocalTwitch
from bot.chat.irc_source import IrcSource
from bot.chat.limits import AS_MODERATOR, AS_VIEWER, SendingLimits
from bot.chat.line import ChatEvent, ChatLine, SourceState, Triggered
from bot.chat.mailbox import Mailbox
from bot.chat.several import SeveralSources
from config.levels import Level

DEADLINE_SECONDS = 30
NOW = 1_784_473_011_634.0


class Script:
    """A source that puts what the test gives it, at once."""

    def __init__(self, *, can_say: bool = False, limits: SendingLimits = AS_VIEWER) -> None:
        self.can_say = can_say
        self.limits = limits
        self.said: list[tuple[str, str]] = []
        self.mailbox: Mailbox | None = None
        self.error: Exception | None = None
        self.ended = asyncio.Event()

    async def fill(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox
        await self.ended.wait()
        if self.error is not None:
            raise self.error

    def say(self, text: str, reply_to: str = "") -> None:
        self.said.append((text, reply_to))

    def put(self, *events: ChatEvent) -> None:
        assert self.mailbox is not None
        self.mailbox.put(events)


def line(id: str) -> ChatLine:
    return ChatLine(id, "7", "Ada", Level.VIEWER, "left", int(NOW), NOW, "arcade", "ada")


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(main, DEADLINE_SECONDS))


@contextlib.asynccontextmanager
async def reading(source: SeveralSources) -> AsyncIterator[asyncio.Task[list[ChatEvent]]]:
    """The first batch, which is waited for already."""
    events = source.events()
    async with contextlib.aclosing(events):
        first = asyncio.create_task(anext(events))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        try:
            yield first
        finally:
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)


def test_what_is_put_is_there_within_the_call_whoever_puts_it() -> None:
    """No line waits for a task that carries it from one mailbox to the next."""

    async def main() -> None:
        one, two = Script(), Script()
        async with reading(SeveralSources({"one": one, "two": two})) as batch:
            one.put(line("1"))
            two.put(line("1"), line("2"))
            assert await batch == [line("1"), line("2")]

    run(main())


def test_the_one_that_can_speaks() -> None:
    one, two = Script(), Script(can_say=True, limits=AS_MODERATOR)
    source = SeveralSources({"one": one, "two": two})
    assert source.can_say
    assert source.limits == AS_MODERATOR
    source.say("hello", "line-1")
    assert (one.said, two.said) == ([], [("hello", "line-1")])
    two.can_say = False
    assert not source.can_say
    assert source.limits == AS_VIEWER
    source.say("hello")
    assert source.counters == {"unsayable": 1}


def test_a_source_that_breaks_is_not_hidden() -> None:
    async def main() -> None:
        one, two = Script(), Script()
        one.error = ValueError("a fault of ours")
        source = SeveralSources({"one": one, "two": two})
        events = source.events()
        async with contextlib.aclosing(events):
            one.ended.set()
            with pytest.raises(ValueError, match="a fault of ours"):
                await anext(events)

    run(main())


def test_a_full_mailbox_holds_both_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.chat.mailbox.FULL_AT", 2)

    async def main() -> None:
        one, two = Script(), Script()
        source = SeveralSources({"one": one, "two": two})
        events = source.events()
        async with contextlib.aclosing(events):
            waiting = asyncio.create_task(anext(events))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            one.put(line("1"), line("2"))
            assert two.mailbox is not None
            assert two.mailbox.full
            await waiting
            assert not two.mailbox.full
            await two.mailbox.space()

    run(main())


# Both of Twitch's ways, over real sockets.

World = Callable[..., contextlib.AbstractAsyncContextManager[Any]]


@pytest.fixture
def with_both(twitch_world: World, listener: type[Any]) -> Callable[..., None]:
    """Runs `work(twitch, irc, listener, source)`; both ways are read."""

    def run(work: Callable[..., Coroutine[Any, Any, None]]) -> None:
        async def main() -> None:
            irc = LocalTwitch(("arcade",))
            await irc.start()
            async with twitch_world() as twitch:
                sources: dict[str, Any] = {"EventSub": twitch.source(), "IRC": IrcSource(irc.url, "arcade")}
                source = SeveralSources(sources, is_ours=sources["EventSub"].is_ours)
                ear = listener(source)
                try:
                    await ear.told("EventSub: Reading")
                    await ear.told("IRC: Reading")
                    await work(twitch, irc, ear, source)
                finally:
                    await ear.stop()
                    await irc.stop()

        asyncio.run(asyncio.wait_for(main(), DEADLINE_SECONDS))

    return run


def both_say(twitch: Any, irc: LocalTwitch, text: str) -> None:
    """As Twitch does it: one line, one id, two ways."""
    twitch.eventsub.say("Ada", text, id=irc.say("Ada", text))


def test_a_line_that_comes_both_ways_counts_once(with_both: Callable[..., None]) -> None:
    async def work(twitch: Any, irc: LocalTwitch, ear: Any, source: SeveralSources) -> None:
        for number in range(50):
            both_say(twitch, irc, str(number))
        await ear.hear("49")
        await ear.eventually(lambda: source.counters["told_twice"] == 50)
        assert sorted(ear.texts, key=int) == [str(number) for number in range(50)]

    with_both(work)


def test_the_same_person_is_the_same_both_ways(with_both: Callable[..., None]) -> None:
    async def work(twitch: Any, irc: LocalTwitch, ear: Any, source: SeveralSources) -> None:
        irc.say("Ada", "left", level=Level.MODERATOR)
        twitch.eventsub.say("Ada", "right", level=Level.MODERATOR)
        await ear.until(lambda _: len(ear.texts) == 2)
        one, two = [event for event in ear.events if isinstance(event, ChatLine)]
        assert (one.user, one.login, one.name, one.level, one.room) == (
            two.user,
            two.login,
            two.name,
            two.level,
            two.room,
        )

    with_both(work)


@pytest.mark.parametrize("silent", ["eventsub", "irc"])
def test_when_one_falls_silent_the_other_carries_on_without_a_gap(
    with_both: Callable[..., None], silent: str
) -> None:
    async def work(twitch: Any, irc: LocalTwitch, ear: Any, source: SeveralSources) -> None:
        for number in range(100):
            if number == 50:
                (twitch.eventsub if silent == "eventsub" else irc).go_silent()
            both_say(twitch, irc, str(number))
        await ear.hear("99")
        assert sorted(ear.texts, key=int) == [str(number) for number in range(100)]

    with_both(work)


@pytest.mark.parametrize("broken", ["EventSub", "IRC"])
def test_when_one_closes_the_other_carries_on_and_it_is_told(
    with_both: Callable[..., None], broken: str
) -> None:
    async def work(twitch: Any, irc: LocalTwitch, ear: Any, source: SeveralSources) -> None:
        if broken == "EventSub":
            await twitch.eventsub.close_all(4000)
        else:
            irc.drop_all()
        for number in range(50):
            both_say(twitch, irc, str(number))
        await ear.hear("49")
        other = {"EventSub": "IRC", "IRC": "EventSub"}[broken]
        state: SourceState = await ear.told(f"{other} carries on")
        assert state.up
        await ear.until(
            lambda _: len([state for state in ear.states if f"{broken}: Reading" in state.text]) == 2
        )
        assert sorted(ear.texts, key=int) == [str(number) for number in range(50)]

    with_both(work)


def test_a_cheer_that_irc_had_first_is_a_cheer_all_the_same(with_both: Callable[..., None]) -> None:
    async def work(twitch: Any, irc: LocalTwitch, ear: Any, source: SeveralSources) -> None:
        id = irc.say("Ada", "cheer100 left")
        await ear.hear("cheer100 left")
        twitch.eventsub.say("Ada", "cheer100 left", id=id, cheer={"bits": 100})
        await ear.until(lambda events: any(isinstance(event, Triggered) for event in events))
        assert ear.texts == ["cheer100 left"]

    with_both(work)


def test_answers_leave_through_the_login(with_both: Callable[..., None]) -> None:
    async def work(twitch: Any, irc: LocalTwitch, ear: Any, source: SeveralSources) -> None:
        assert source.can_say
        source.say("left")
        await twitch.helix.requested("POST /helix/chat/messages")
        both = irc.say("arcade", "left")
        twitch.eventsub.say("arcade", "left", id=both)
        both_say(twitch, irc, "right")
        await ear.hear("right")
        assert ear.texts == ["right"], "an answer is no input, whoever hears it"

    with_both(work)
