"""The assembled world. What it does while things die: tests/e2e."""

from __future__ import annotations

import asyncio
import json

import pytest

from bench.world.pipeline import Pipeline, World
from bench.world.schedule import Cut


def test_the_page_says_honestly_what_is_simulated() -> None:
    assert "Simulated: 60 viewers" in World().about
    assert "weather" in World(weather=True).about
    live = World(channel="somebody").about
    assert "#somebody" in live
    assert "Simulated" not in live
    assert "Simulated: bad weather" in World(channel="somebody", weather=True).about


def test_a_relay_is_cut_on_schedule_and_the_summary_says_so() -> None:
    async def main() -> None:
        async with Pipeline(World(relays=2, viewers=5, rate=20)) as pipeline:
            await pipeline.live(1, [Cut(at_s=0.2, relay=2)])
            summary = pipeline.summary()
        assert [path.state for path in summary.paths] == ["up", "cut"]
        assert summary.seconds >= 1

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_snapshot_is_json_with_a_card_for_each_relay() -> None:
    async def main() -> None:
        async with Pipeline(World(relays=2, viewers=0, page="127.0.0.1:0")) as pipeline:
            await pipeline.linked()
            snapshot = json.loads(json.dumps(pipeline.snapshot()))
        assert [relay["name"] for relay in snapshot["relays"]] == ["alder", "birch"]
        assert snapshot["counters"] == {"commands": 0, "played": 0, "late": 0, "lost": 0, "doubled": 0}

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_page_whose_port_is_taken_moves_to_another() -> None:
    async def main() -> None:
        async with Pipeline(World(relays=1, viewers=0, page="127.0.0.1:0")) as first:
            assert first.page is not None
            taken = first.page.address.removeprefix("http://").rstrip("/")
            async with Pipeline(World(relays=1, viewers=0, page=taken)) as second:
                assert second.page is not None
                assert second.page.address != first.page.address

    asyncio.run(asyncio.wait_for(main(), 60))


def test_through_bad_weather_everything_still_arrives_once() -> None:
    async def main() -> None:
        async with Pipeline(World(relays=3, viewers=10, rate=30, weather=True)) as pipeline:
            await pipeline.live(2)
            summary = pipeline.summary()
        assert (summary.totals.lost, summary.doubled, summary.totals.in_flight) == (0, 0, 0)
        assert summary.totals.played > 0
        assert summary.weather

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_part_that_breaks_ends_the_demo_with_its_reason() -> None:
    def no_device() -> None:
        raise OSError("no such device")

    async def main() -> None:
        async with Pipeline(World(relays=1, viewers=0), no_device) as pipeline:  # type: ignore[arg-type]  # on purpose
            await pipeline.live(30)

    with pytest.raises(OSError, match="no such device"):
        asyncio.run(asyncio.wait_for(main(), 60))
