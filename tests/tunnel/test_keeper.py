"""The keeper with links that do as they are told, and a clock whose date a test sets."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, cast

import pytest

from tunnel.keeper import Keeper
from tunnel.lane import Lane
from tunnel.links.direct import DirectLink
from tunnel.links.link import LinkError
from tunnel.meter import HOUR_MS, Caps
from tunnel.path import PathId
from tunnel.wallclock import WallClock

NOON = 500_000 * HOUR_MS


class Calendar(WallClock):
    """Its date is set by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.today = NOON

    def date(self) -> float:
        return self.today


class Wire:
    """A link that comes up, and ends when it is told to."""

    name = "wire"
    why: str | None = None

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter()
        self.address: tuple[str, int] | None = None
        self.sent: list[bytes] = []
        self.runs = 0
        self.closed = 0
        self.deliver: Callable[[bytes], None] = self.sent.append
        self._end: asyncio.Future[None] | None = None

    async def run(self, on_up: Callable[[], None], on_datagram: Callable[[bytes], None]) -> None:
        self.runs += 1
        self._end = asyncio.get_running_loop().create_future()
        self.address, self.deliver = ("192.0.2.1", 47_000), on_datagram
        on_up()
        await self._end

    def end(self, **why: Any) -> None:
        assert self._end is not None
        if not self._end.done():
            self._end.set_exception(LinkError("The wire broke.", **why))

    def send(self, datagram: bytes) -> None:
        self.sent.append(datagram)

    def close(self) -> None:
        self.closed += 1
        self.end()


class Kept:
    """Lanes that are kept, and what was told of them."""

    def __init__(self, count: int = 1, caps: dict[str, int] | None = None, *, direct: bool = False) -> None:
        self.clock = Calendar()
        self.wires = [Wire() for _ in range(count)]
        shared = Caps(caps or {})
        self.lanes = [
            Lane(PathId(n), f"wss://{n}", wire, cast(DirectLink, wire) if direct else None,
                 kind="relay", bill=shared.bill("relay", f"wss://{n}"))
            for n, wire in enumerate(self.wires)
        ]  # fmt: skip
        self.told: list[tuple[str, int]] = []
        self.keeper = Keeper(
            self.lanes,
            self.clock,
            on_up=lambda lane: self.told.append(("up", lane.id)),
            on_down=lambda lane: self.told.append(("down", lane.id)),
            on_datagram=lambda lane, datagram: self.told.append((datagram.decode(), lane.id)),
        )

    def run(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async def kept() -> None:
            tasks = [asyncio.create_task(self.keeper.keep(lane)) for lane in self.lanes]
            await until(lambda: all(lane.state == "up" for lane in self.lanes))
            await main()
            for task in tasks:
                task.cancel()
            assert all(
                isinstance(end, asyncio.CancelledError)
                for end in await asyncio.gather(*tasks, return_exceptions=True)
            )

        asyncio.run(asyncio.wait_for(kept(), 30))


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110  what is waited for sets no event
        await asyncio.sleep(0.002)


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunnel.keeper.random.random", lambda: 0.001)


def test_a_link_that_ends_is_brought_up_again_and_each_change_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    kept = Kept()

    async def main() -> None:
        kept.wires[0].deliver(b"hello")
        kept.wires[0].end()
        await until(lambda: kept.wires[0].runs == 2 and kept.lanes[0].state == "up")
        assert kept.told == [("up", 0), ("hello", 0), ("down", 0), ("up", 0)]
        assert kept.lanes[0].failures == 1

    with caplog.at_level(logging.WARNING, "tunnel.keeper"):
        kept.run(main)
    assert caplog.messages == ["wire: The wire broke."]


def test_what_goes_and_what_comes_is_on_the_bill() -> None:
    kept = Kept()

    async def main() -> None:
        kept.keeper.send(kept.lanes[0], bytes(8))
        kept.wires[0].deliver(b"12345678")
        assert kept.wires[0].sent == [bytes(8)]
        assert kept.lanes[0].bill.used(NOON) == 2 * (8 + 102)

    kept.run(main)


def test_what_came_and_nobody_heard_is_on_the_bill_too() -> None:
    kept = Kept()

    async def main() -> None:
        kept.wires[0].end(unheard=5_000)
        await until(lambda: kept.wires[0].runs == 2)
        assert kept.lanes[0].bill.used(NOON) == 5_000 + 102

    kept.run(main)


def test_a_lane_whose_hour_is_used_up_rests_until_the_hour_of_the_date_turns(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The program's clock hardly moves: the machine was suspended for that hour."""
    monkeypatch.setattr("tunnel.keeper._NAP_MS", 1.0)
    kept = Kept(2, {"wss://0": 1_000})
    lane, wire = kept.lanes[0], kept.wires[0]

    async def main() -> None:
        wire.deliver(b"x" * 1_000)
        assert lane.state == "waiting", "at once, not when the link has ended"
        assert kept.told[-1] == ("down", 0)
        await until(lambda: caplog.messages)
        for _ in range(5):
            await asyncio.sleep(0.002)
        assert (lane.state, wire.runs, wire.closed) == ("waiting", 1, 1)
        kept.clock.today += HOUR_MS
        await until(lambda: lane.state == "up")
        assert (wire.runs, lane.failures) == (2, 0)

    with caplog.at_level(logging.WARNING, "tunnel.keeper"):
        kept.run(main)
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("wire: its hour is used up until ")


def test_nothing_is_sent_on_a_lane_whose_hour_is_used_up() -> None:
    kept = Kept(caps={"relays": 1_000})

    async def main() -> None:
        kept.lanes[0].bill.count(1_000, NOON)
        kept.keeper.send(kept.lanes[0], b"late")
        assert kept.wires[0].sent == []
        assert kept.wires[0].counters == {"dropped_cap": 1}
        assert (kept.told[-1], kept.wires[0].closed) == (("down", 0), 1)

    kept.run(main)


def test_a_direct_link_that_leads_nowhere_any_more_is_down_while_it_tidies_up() -> None:
    kept = Kept(2, direct=True)

    async def main() -> None:
        kept.keeper.notice()
        assert ("down", 0) not in kept.told
        kept.wires[0].address = None
        for _ in range(3):
            kept.keeper.notice()
        assert [lane.state for lane in kept.lanes] == ["waiting", "up"]
        assert kept.told.count(("down", 0)) == 1
        kept.wires[0].end()
        await until(lambda: kept.lanes[0].state == "up")

    kept.run(main)


def test_a_relay_has_no_address_and_is_up_all_the_same() -> None:
    kept = Kept()

    async def main() -> None:
        kept.wires[0].address = None
        kept.keeper.notice()
        assert kept.lanes[0].state == "up"

    kept.run(main)


def test_a_mistake_of_ours_is_no_reason_to_try_again() -> None:
    async def main() -> None:
        kept = Kept()
        task = asyncio.create_task(kept.keeper.keep(kept.lanes[0]))
        await until(lambda: kept.lanes[0].state == "up")
        end = kept.wires[0]._end
        assert end is not None
        end.set_exception(RuntimeError("no"))
        with pytest.raises(RuntimeError, match="no"):
            await task
        assert kept.told[-1] == ("down", 0)

    asyncio.run(asyncio.wait_for(main(), 30))
