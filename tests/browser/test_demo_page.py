"""The page, in a real browser: it shows what is played, and its button cuts a real relay."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from bench.world.pipeline import Pipeline, World
from config.codes import Control
from config.model import ChatLimits
from config.notes import Label
from injector.report import BUTTON_BIT, NEUTRAL, Report
from web.server import PageServer

if TYPE_CHECKING:
    from tests.browser.conftest import NewStage

pytestmark = pytest.mark.browser

HOSTILE = '<img src=x onerror="window.hacked=1"><b>x'


def lit(control: str, pad: int = 1) -> str:
    return f'.pad[data-pad="{pad}"] [data-control="{control}"].lit'


def test_every_button_lights_up_while_it_is_down_and_no_longer(
    browse: Callable[..., None], new_stage: NewStage
) -> None:
    async def look(browser: Any) -> None:
        stage = new_stage()
        async with stage.shown(browser) as page:
            for control, bit in BUTTON_BIT.items():
                stage.feed.report(1, Report(buttons=bit))
                await page.wait_for_selector(lit(control))
                assert await page.locator(".pad .lit").count() == 1
                stage.feed.report(1, NEUTRAL)
                await page.wait_for_selector(lit(control), state="detached")

    browse(look)


def test_sticks_and_triggers_move_as_far_as_they_are_pushed(
    browse: Callable[..., None], new_stage: NewStage
) -> None:
    async def look(browser: Any) -> None:
        stage = new_stage()
        async with stage.shown(browser) as page:
            stage.feed.report(1, Report(lx=-1.0, ry=0.5, lt=0.3, rt=1.0))
            await page.wait_for_selector('[data-stick="LX LY"] .cap[transform="translate(-18 0)"]')
            await page.wait_for_selector('[data-stick="RX RY"] .cap[transform="translate(0 -9)"]')
            heights = [
                await page.locator(f'[data-control="{name}"] .level').evaluate(
                    "e => e.getBoundingClientRect().height"
                )
                for name in ("LT", "RT")
            ]
            assert 0 < heights[0] < heights[1]

    browse(look)


def test_four_pads_are_four_drawings(browse: Callable[..., None], new_stage: NewStage) -> None:
    async def look(browser: Any) -> None:
        stage = new_stage(pads=4)
        async with stage.shown(browser) as page:
            stage.feed.report(3, Report(buttons=BUTTON_BIT[Control.X]))
            await page.wait_for_selector(lit("X", pad=3))
            assert await page.locator(".pad").count() == 4
            assert await page.locator(".pad .lit").count() == 1

    browse(look)


def test_a_hostile_name_is_shown_as_the_letters_it_is(
    browse: Callable[..., None], new_stage: NewStage
) -> None:
    async def look(browser: Any) -> None:
        stage = new_stage()
        async with stage.shown(browser) as page:
            stage.feed.label(Label(1, HOSTILE, HOSTILE))
            stage.feed.played(1)
            await page.wait_for_selector("#played li")
            assert await page.locator("#played .who").text_content() == HOSTILE
            assert await page.locator("#played .what").text_content() == HOSTILE
            assert await page.locator("#played img, #played b").count() == 0
            assert await page.evaluate("window.hacked") is None

    browse(look)


def test_a_receivers_page_hides_what_only_a_demo_knows(
    browse: Callable[..., None], new_stage: NewStage
) -> None:
    async def look(browser: Any) -> None:
        stage = new_stage()
        async with stage.shown(browser) as page:
            assert not await page.locator("#relays").is_visible()
            assert not await page.locator("#counters").is_visible()
            assert await page.locator("#quiet").is_visible()

    browse(look)


def test_the_page_asks_for_nothing_from_elsewhere(browse: Callable[..., None], new_stage: NewStage) -> None:
    async def look(browser: Any) -> None:
        stage = new_stage()
        async with stage.shown(browser) as page:
            assert page.asked
            assert all(url.startswith(stage.server.address) for url in page.asked)

    browse(look)


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080), (390, 844)])
def test_the_page_fits_the_window(
    browse: Callable[..., None], new_stage: NewStage, width: int, height: int
) -> None:
    async def look(browser: Any) -> None:
        async with new_stage().shown(browser, viewport={"width": width, "height": height}) as page:
            wide, tall = await page.evaluate(
                "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
            )
            assert wide == width
            assert tall == height or width < 720  # a telephone scrolls

    browse(look)


def test_a_lost_feed_is_said_the_pads_go_dark_and_it_comes_back_by_itself(
    browse: Callable[..., None],
    new_stage: NewStage,
) -> None:
    async def look(browser: Any) -> None:
        stage = new_stage()
        await stage.server.start()
        page = await browser.new_page()
        await page.goto(stage.server.address)
        stage.feed.report(1, Report(buttons=BUTTON_BIT[Control.A]))
        await page.wait_for_selector(lit("A"))
        port = stage.server.address.rstrip("/").rpartition(":")[2]
        await stage.server.stop()
        await page.wait_for_selector('[data-feed="lost"]')
        assert "lost" in await page.locator("#status").inner_text()
        assert await page.locator(".pad .lit").count() == 0
        stage.server = PageServer(f"127.0.0.1:{port}", stage.feed.snapshot)
        await stage.server.start()
        await page.wait_for_selector(f'[data-feed="live"] {lit("A")}')
        await stage.server.stop()

    browse(look)


def test_the_demo_lights_buttons_and_its_button_cuts_and_restores_a_relay(
    browse: Callable[..., None],
) -> None:
    async def look(browser: Any) -> None:
        world = World(relays=3, viewers=0, page="127.0.0.1:0", limits=ChatLimits(per_user_per_second=0))
        async with Pipeline(world) as pipeline:
            assert pipeline.twitch is not None
            assert pipeline.page is not None
            await pipeline.twitch.joined()
            await pipeline.linked()
            page = await browser.new_page(viewport={"width": 1280, "height": 720})
            await page.goto(pipeline.page.address)
            second = page.locator(".relay").nth(1)
            await page.wait_for_selector('.relay:nth-child(2)[data-state="up"]')

            pipeline.twitch.say("ann", "a5s")
            await page.wait_for_selector(lit("A"))
            assert await page.locator("#played .who").first.text_content() == "ann"
            assert "Simulated: 0 viewers" in await page.locator("#about").inner_text()

            await second.get_by_role("button").focus()  # by keyboard, as some must
            await page.keyboard.press("Enter")
            await page.wait_for_selector('.relay:nth-child(2)[data-state="cut"]')
            assert pipeline.relays.all[1].cut
            await second.get_by_role("button", name="Restore").click()
            await page.wait_for_selector('.relay:nth-child(2)[data-state="up"]')
            assert not pipeline.relays.all[1].cut
            await page.close()
            await asyncio.sleep(0)

    browse(look)
