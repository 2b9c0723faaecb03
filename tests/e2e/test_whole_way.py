"""A chat line on a real socket becomes a call of the device, whatever dies on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from bench.world.pipeline import Pipeline, World
from bench.world.summary import Totals
from config.codes import Control

if TYPE_CHECKING:
    from tests.e2e.conftest import Scene

# Five seconds of one button, then another: whoever sees the first let go and never sees the second knows
# that the hold was taken back, and did not merely end.
LONG = "right5s y5s"


def test_a_chat_line_presses_a_button_and_lets_it_go(play: Callable[..., None]) -> None:
    async def act(scene: Scene) -> None:
        scene.say("ann", "a")
        await scene.until(lambda: scene.device.holds(Control.A))
        await scene.until(lambda: not scene.device.holds(Control.A))
        assert [report.value(Control.A) for _, report in scene.device.reports] == [1, 0]

    play(act)


def test_the_page_shows_who_typed_what_was_played(play: Callable[..., None]) -> None:
    async def act(scene: Scene) -> None:
        scene.say("ann", "lup70%")
        feed = scene.pipeline.feed
        named = {"user": "ann", "text": "lup70%"}
        await scene.until(lambda: any(named.items() <= row.items() for row in feed.snapshot()["played"]))

    play(act)


def test_four_of_five_relays_die_under_load_and_nothing_is_lost_or_doubled(play: Callable[..., None]) -> None:
    async def act(scene: Scene) -> None:
        talking = asyncio.create_task(_talk(scene))
        for relay in (3, 1, 5, 2):
            await scene.cut(relay)
            await _ten_more_played(scene)
        talking.cancel()
        await asyncio.wait([talking])
        assert await scene.pipeline.quiet(20)
        totals = Totals.of(scene.pipeline.bot.stats())
        assert (totals.lost, totals.in_flight, scene.pipeline.meter.doubled) == (0, 0, 0)
        assert totals.commands == totals.accounted == totals.played + totals.late
        assert totals.played >= 40

    play(act, relays=5)


def test_without_any_relay_the_pads_rest_and_inputs_flow_again_when_one_is_back(
    play: Callable[..., None],
) -> None:
    async def act(scene: Scene) -> None:
        scene.say("ann", LONG)
        await scene.until(lambda: scene.device.holds(Control.RIGHT))
        await scene.cut(1, 2, 3, 4, 5)
        await scene.until(lambda: scene.device.is_neutral)
        assert not scene.device.ever_held(Control.Y)
        scene.restore(4)
        await scene.until(lambda: scene.path_is_up(4) and scene.pipeline.bot.endpoint.connected)
        scene.say("bob", "b2s")
        await scene.until(lambda: scene.device.holds(Control.B))
        assert not scene.device.holds(Control.RIGHT)
        assert not scene.device.ever_held(Control.Y)
        assert scene.pipeline.meter.doubled == 0
        scene.restore(1, 2, 3, 5)
        await scene.until(lambda: all(scene.path_is_up(relay) for relay in range(1, 6)))

    play(act, relays=5)


def test_a_ban_lets_go_of_what_the_banned_viewer_holds_and_of_nothing_else(play: Callable[..., None]) -> None:
    async def act(scene: Scene) -> None:
        scene.say("ann", LONG)
        scene.say("bob", "b5s")
        await scene.until(lambda: scene.device.holds(Control.RIGHT) and scene.device.holds(Control.B))
        assert scene.pipeline.twitch is not None
        scene.pipeline.twitch.clear_user("ann", seconds=None)
        await scene.until(lambda: not scene.device.holds(Control.RIGHT))
        assert scene.device.holds(Control.B)

    play(act)


def test_a_deleted_message_lets_go_of_what_it_holds(play: Callable[..., None]) -> None:
    async def act(scene: Scene) -> None:
        message = scene.say("ann", LONG)
        await scene.until(lambda: scene.device.holds(Control.RIGHT))
        assert scene.pipeline.twitch is not None
        scene.pipeline.twitch.delete_message(message, user="ann")
        await scene.until(lambda: scene.device.is_neutral)
        assert not scene.device.ever_held(Control.Y)

    play(act)


def test_a_bot_that_ends_in_the_middle_of_a_hold_leaves_the_pads_neutral(play: Callable[..., None]) -> None:
    async def act(scene: Scene) -> None:
        scene.say("ann", LONG)
        await scene.until(lambda: scene.device.holds(Control.RIGHT))
        await scene.pipeline.end("bot")
        await scene.until(lambda: scene.device.is_neutral)
        assert not scene.device.ever_held(Control.Y)
        scene.pipeline.start_bot()
        await scene.ready()
        scene.say("ann", "a2s")
        await scene.until(lambda: scene.device.holds(Control.A))

    play(act)


def test_a_receiver_that_ends_in_the_middle_of_a_hold_leaves_the_pads_neutral(
    play: Callable[..., None],
) -> None:
    async def act(scene: Scene) -> None:
        scene.say("ann", LONG)
        await scene.until(lambda: scene.device.holds(Control.RIGHT))
        await scene.pipeline.end("receiver")
        assert scene.device.is_neutral

    play(act)


def test_every_command_of_a_crowd_has_exactly_one_end() -> None:
    async def main() -> None:
        async with Pipeline(World(relays=3, viewers=20, rate=60, page="127.0.0.1:0")) as pipeline:
            await pipeline.live(2)
            totals = Totals.of(pipeline.bot.stats())
            assert totals.commands == totals.accounted
            assert (totals.in_flight, totals.lost, pipeline.meter.doubled) == (0, 0, 0)
            assert totals.played > 0
            assert pipeline.bot.stats().talk > 0

    asyncio.run(asyncio.wait_for(main(), 60))


async def _ten_more_played(scene: Scene) -> None:
    enough = scene.pipeline.bot.stats().applied + 10
    await scene.until(lambda: scene.pipeline.bot.stats().applied >= enough)


async def _talk(scene: Scene) -> None:
    """About a hundred commands a second, from twenty people."""
    number = 0
    while True:
        number += 1
        scene.say(f"viewer{number % 20}", ("a", "b500ms", "a+right", "down down a")[number % 4])
        await asyncio.sleep(0.01)
