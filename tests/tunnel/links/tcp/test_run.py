"""One run against a script: who is used of several connections, and what ends it. Two ends: test_tcp.py."""

from __future__ import annotations

import asyncio
import errno
import os
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import pytest

from tunnel.links.link import LinkError
from tunnel.links.tcp import visitors as tcp_visitors
from tunnel.links.tcp.port import open_ports
from tunnel.links.tcp.run import Ears, TcpRun
from tunnel.nat.tcp.agent import TcpAgent
from tunnel.nat.tcp.proof import Asked
from tunnel.wallclock import WallClock


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110  the conditions belong to sockets, and set no event
        await asyncio.sleep(0.005)


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(main, 30))


class End:
    """One run, what it said and what came."""

    def __init__(self, *, asks: bool) -> None:
        self.other: End
        self.counters: Counter[str] = Counter()
        self.ups = 0
        self.got: list[bytes] = []
        self.ended: list[bool] = []
        self.rested: list[str] = []
        clock = WallClock()
        self.agent = TcpAgent(
            controlling=asks, random=os.urandom, now=clock.now(), delay_ms=lambda: 1.0, loopback=True,
            counters=self.counters,
        )  # fmt: skip
        self.ports = open_ports(["127.0.0.1"], None, self.counters)
        ears = Ears(self._signal, self.rested.append, self._up, self.got.append, self.ended.append)
        self.run = TcpRun(
            self.agent, self.ports, ears, asks=asks, asked=Asked(), clock=clock, counters=self.counters
        )
        self.agent.set_hosts([("127.0.0.1", self.ports.numbers[False])], clock.now())
        self.clock = clock
        self.task: asyncio.Task[None] | None = None

    def start(self, *helpers: Coroutine[Any, Any, None]) -> None:
        self.task = asyncio.create_task(self.run.run(helpers))
        self.agent.start(self.clock.now())
        self.run.settle()

    async def stop(self) -> None:
        assert self.task is not None
        self.task.cancel()
        with suppress(asyncio.CancelledError, LinkError):
            await self.task
        await self.run.gone()

    def _signal(self, body: bytes) -> None:
        asyncio.get_running_loop().call_soon(self.other.run.signal_came, body)

    def _up(self) -> None:
        self.ups += 1


async def joined() -> tuple[End, End]:
    one, other = End(asks=True), End(asks=False)
    one.other, other.other = other, one
    one.start()
    other.start()
    await until(lambda: one.ups and other.ups)
    return one, other


def test_the_end_that_answers_uses_what_was_proved_last() -> None:
    """The other end would not ask again, had it not given up the first."""

    async def main() -> None:
        one, other = await joined()
        first = other.run.carrier
        second = End(asks=True)
        second.other = other
        second.agent._signalling = one.agent._signalling  # the same end, another port
        second.start()
        await until(lambda: second.ups)
        assert other.run.carrier is not first
        assert other.counters["replaced"] == 1
        assert other.ups == 1
        assert second.run.carrier is not None
        second.run.carrier.send(b"\x13")
        await until(lambda: other.got)
        assert other.ended == []
        await until(lambda: one.ended)  # the first is closed
        for end in (one, other, second):
            await end.stop()

    run(main())


def test_the_end_that_asks_closes_whoever_comes_once_it_has_a_path() -> None:
    async def main() -> None:
        one, other = await joined()
        reader, writer = await asyncio.open_connection("127.0.0.1", one.ports.numbers[False])
        with suppress(OSError):
            assert await reader.read() == b""
        writer.close()
        assert one.counters["dropped: late"] == 1
        await one.stop()
        await other.stop()

    run(main())


def test_an_end_is_told_once_and_nothing_goes_on_after_it() -> None:
    async def main() -> None:
        one, other = await joined()
        one.run.end("Enough.")
        one.run.end("Enough again.")
        assert one.run.is_over
        assert one.ended == [False]
        one.run.signal_came(b"late")
        one.run.settle()
        assert one.task is not None
        with pytest.raises(LinkError, match=r"^Enough\.$"):
            await one.task
        await until(lambda: other.ended)
        await other.stop()

    run(main())


def test_what_a_helper_raises_ends_the_run_loudly() -> None:
    async def fails() -> None:
        await asyncio.sleep(0)
        raise ZeroDivisionError("our mistake")

    async def main() -> None:
        one = End(asks=True)
        one.other = one
        one.start(fails())
        assert one.task is not None
        with pytest.raises(ZeroDivisionError):
            await one.task

    run(main())


def test_a_run_that_is_cancelled_leaves_nothing() -> None:
    async def main() -> None:
        one, other = await joined()
        await one.stop()
        await until(lambda: other.ended)
        await other.stop()
        await asyncio.sleep(0)
        assert [task for task in asyncio.all_tasks() if "direct tcp" in task.get_name()] == []

    run(main())


def test_the_port_is_closed_only_when_nobody_waits_at_it_any_more() -> None:
    """The loop watches numbers, and the next socket may get the one that was just closed."""

    async def main() -> None:
        one = End(asks=True)
        one.other = one
        alive: list[list[str]] = []
        close = one.ports.close

        def watched_close() -> None:
            names = [task.get_name() for task in asyncio.all_tasks()]
            alive.append([name for name in names if name == "direct tcp"])
            close()

        one.ports.close = watched_close  # type: ignore[method-assign]  # to look on
        one.start()
        await until(lambda: "direct tcp" in [task.get_name() for task in asyncio.all_tasks()])
        await one.stop()
        assert alive == [[]]

    run(main())


def test_the_end_does_not_wait_for_goodbyes() -> None:
    may_go = asyncio.Event()

    async def polite() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await may_go.wait()

    async def main() -> None:
        one, other = End(asks=True), End(asks=False)
        one.other, other.other = other, one
        one.start(polite())
        other.start()
        await until(lambda: one.ups and other.ups)
        one.run.end("Enough.")
        assert one.task is not None
        with pytest.raises(LinkError):
            await one.task
        await until(lambda: other.ended)  # it has heard so by now
        gone = asyncio.create_task(one.run.gone())
        await asyncio.sleep(0)
        assert not gone.done()
        may_go.set()
        await gone
        await other.stop()

    run(main())


def test_connections_that_are_reset_as_they_come_end_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        one, other = End(asks=True), End(asks=False)
        one.other, other.other = other, one
        loop = asyncio.get_running_loop()
        create = loop.create_connection
        resets = 0

        async def flaky(*args: Any, **options: Any) -> Any:
            nonlocal resets
            if resets < 4:
                resets += 1
                raise OSError(errno.EINVAL, "invalid argument")
            return await create(*args, **options)

        monkeypatch.setattr(loop, "create_connection", flaky)
        one.start()
        other.start()
        await until(lambda: one.ups and other.ups)
        assert one.counters["dropped: reset"] + other.counters["dropped: reset"] >= 4
        assert one.ended == other.ended == []
        for end in (one, other):
            await end.stop()

    run(main())


def test_whom_the_other_end_names_is_no_stranger_however_often_it_connects(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tcp_visitors, "_BURST", 1.0)
    monkeypatch.setattr(tcp_visitors, "_PER_SECOND", 0.001)

    async def main() -> None:
        one, other = await joined()
        writers = []
        for _ in range(5):
            _, writer = await asyncio.open_connection("127.0.0.1", one.ports.numbers[False])
            writers.append(writer)
        await until(lambda: one.counters["dropped: late"] == 5)
        assert not one.counters["dropped: connections over the rate"]
        for writer in writers:
            writer.close()
        await one.stop()
        await other.stop()

    run(main())
