"""The timer on a real loop, with a clock that moves only when a test moves it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from tunnel.links.alarm import Alarm
from tunnel.wallclock import WallClock

INF = float("inf")
NOW = 1_700_000_000_000.0


class Still(WallClock):
    """Stands until somebody moves it."""

    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> float:
        return self.moment


class Core:
    """Has one deadline, and does something when it is due."""

    def __init__(self, *deadlines: float, then: Callable[[], None] = lambda: None) -> None:
        self.deadlines = list(deadlines)
        self.then = then
        self.rings = 0
        self.clock = Still()
        self.alarm = Alarm(self.ring, self.deadline, self.clock)

    def deadline(self) -> float:
        return self.deadlines[0] if self.deadlines else INF

    def ring(self) -> None:
        self.rings += 1
        self.deadlines.pop(0)
        self.then()


def run(main: Coroutine[Any, Any, None]) -> list[BaseException]:
    """What the loop's exception handler was told meanwhile."""
    told: list[BaseException] = []

    async def guarded() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, said: told.append(said["exception"]))
        await asyncio.wait_for(main, 30)

    asyncio.run(guarded())
    return told


async def rung(core: Core, times: int) -> None:
    while core.rings < times:  # noqa: ASYNC110  a timer sets no event
        await asyncio.sleep(0.001)


async def turns() -> None:
    """Enough for anything that is due by now."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_it_rings_at_each_deadline_without_being_set_again() -> None:
    async def main() -> None:
        core = Core(NOW, NOW, NOW)
        core.alarm.set()
        assert core.rings == 0  # never within the call
        await rung(core, 3)
        assert core.alarm.at == INF

    assert run(main()) == []


def test_an_earlier_deadline_is_rung_for_and_a_later_one_leaves_it_as_it_is() -> None:
    async def main() -> None:
        core = Core(NOW + 5_000)
        core.alarm.set()
        for deadline, expected in (
            (NOW + 3_000, NOW + 3_000),
            (NOW + 9_000, NOW + 3_000),
            (INF, NOW + 3_000),
        ):
            core.deadlines = [deadline]
            core.alarm.set()
            assert core.alarm.at == expected
        core.alarm.cancel()

    assert run(main()) == []


def test_without_a_deadline_there_is_no_timer() -> None:
    async def main() -> None:
        core = Core()
        core.alarm.set()
        assert core.alarm.at == INF

    assert run(main()) == []


def test_what_a_ring_raises_is_told_and_the_next_deadline_is_kept_all_the_same() -> None:
    def fail() -> None:
        raise RuntimeError("no")

    async def main() -> None:
        core = Core(NOW, NOW + 7_000, then=fail)
        core.alarm.set()
        await rung(core, 1)
        assert core.alarm.at == NOW + 7_000
        core.alarm.cancel()

    told = run(main())
    assert [str(error) for error in told] == ["no"]


def test_a_ring_that_fails_for_ever_does_so_ten_times_a_second_and_no_more() -> None:
    def fail() -> None:
        core.deadlines.insert(0, NOW)
        core.alarm.set()
        raise RuntimeError("no")

    async def main() -> None:
        core.alarm.set()
        for n in range(1, 4):
            await rung(core, n)
            core.alarm.set()
            await turns()
            assert core.rings == n
            assert core.alarm.at == core.clock.moment + 100
            core.clock.moment += 100
        core.alarm.cancel()

    core = Core(NOW, then=fail)
    assert len(run(main())) == 3


def test_one_good_ring_ends_the_caution() -> None:
    def fail_once() -> None:
        if core.rings == 1:
            raise RuntimeError("no")

    async def main() -> None:
        core.alarm.set()
        await rung(core, 1)
        core.clock.moment += 100
        core.alarm.cancel()
        core.alarm.set()
        await rung(core, 3)

    core = Core(NOW, NOW, NOW, then=fail_once)
    assert len(run(main())) == 1


def test_once_cancelled_it_rings_no_more_until_it_is_set_anew() -> None:
    async def main() -> None:
        core = Core(NOW, NOW)
        core.alarm.set()
        core.alarm.cancel()
        core.alarm.cancel()
        await turns()
        assert (core.rings, core.alarm.at) == (0, INF)
        core.alarm.set()
        await rung(core, 2)

    assert run(main()) == []


def test_a_ring_may_cancel_its_own_alarm() -> None:
    async def main() -> None:
        core.alarm.set()
        await rung(core, 1)
        await turns()
        assert (core.rings, core.alarm.at) == (1, INF)

    core = Core(NOW, NOW)
    core.then = core.alarm.cancel
    assert run(main()) == []


def test_a_ring_that_sets_the_alarm_sees_it_ring_once_for_each_deadline() -> None:
    async def main() -> None:
        core.alarm.set()
        await rung(core, 3)
        await turns()
        assert core.rings == 3

    core = Core(NOW, NOW, NOW)
    core.then = core.alarm.set
    assert run(main()) == []
