"""The panel of the mode, in a real browser: each mode shows what viewers must know to take part."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import pytest

from bench.world.pipeline import Pipeline, World
from config.play import ModeName
from config.views import Candidate, ModeView, TeamView

if TYPE_CHECKING:
    from tests.browser.conftest import NewStage, Stage

pytestmark = pytest.mark.browser

Browse = Callable[..., None]

HOSTILE = '<img src=x onerror="window.hacked=1"><b>x'
EIGHT = tuple(Candidate(f"right{number}s", 9 - number) for number in range(1, 9))
VOTE = ModeView(
    "democracy",
    "Type what should be played.",
    ends_in_ms=59_300.0,
    candidates=(Candidate("left*2", 12), Candidate("a", 6)),
    voters=18,
    quorum=4,
    delay_ms=60_000.0,
    result="down (7 of 9)",
)


@pytest.fixture
def show(browse: Browse, new_stage: NewStage) -> Callable[..., None]:
    """`show(view, look)` puts the view on a page and has it looked at: `await look(page, stage)`."""

    def run(view: ModeView, look: Callable[[Any, Stage], Any], pads: int = 1, **options: Any) -> None:
        async def main(browser: Any) -> None:
            stage = new_stage(pads)
            stage.feed.mode(view)
            async with stage.shown(browser, **options) as page:
                await page.wait_for_selector(f'#mode[data-mode="{view.mode}"]')
                await look(page, stage)

        browse(main)

    return run


async def texts(page: Any, selector: str) -> list[str]:
    """What is to be read there, and visible."""
    return [await one.inner_text() for one in await page.locator(selector).all() if await one.is_visible()]


def test_a_page_without_a_bot_shows_no_mode(browse: Browse, new_stage: NewStage) -> None:
    async def look(browser: Any) -> None:
        stage = new_stage()
        async with stage.shown(browser) as page:
            assert not await page.locator("#mode").is_visible()
            stage.feed.mode(VOTE)
            await page.wait_for_selector("#mode", state="visible")

    browse(look)


def test_democracy_shows_its_candidates_their_votes_and_the_last_result(show: Callable[..., None]) -> None:
    async def look(page: Any, stage: Stage) -> None:
        assert await texts(page, "#mode h2, #mode .headline") == ["Democracy", VOTE.headline]
        assert await texts(page, ".candidates .text") == ["left*2", "a"]
        assert await texts(page, ".candidates .votes") == ["12", "6"]
        bars = [await bar.get_attribute("style") for bar in await page.locator(".candidates i").all()]
        assert bars == ["transform: scaleX(1);", "transform: scaleX(0.5);"]
        assert await texts(page, ".voters, .quorum, .result b") == [
            "18 voted",
            "enough to count",
            "down (7 of 9)",
        ]
        assert await texts(page, ".turn, .teams, .wait, .share, .badge") == []

    show(VOTE, look)


def test_votes_grow_and_candidates_overtake_each_other(show: Callable[..., None]) -> None:
    async def look(page: Any, stage: Stage) -> None:
        later = ModeView("democracy", "", candidates=(Candidate("a", 13), *VOTE.candidates[:1]), voters=25)
        stage.feed.mode(later)
        await page.wait_for_selector('.candidates li:first-child .text:text-is("a")')
        assert await texts(page, ".candidates .votes") == ["13", "12"]

    show(VOTE, look)


def test_a_vote_below_its_quorum_says_how_many_are_missing(show: Callable[..., None]) -> None:
    async def look(page: Any, stage: Stage) -> None:
        assert await texts(page, ".voters, .quorum, .result b") == ["1 voted", "3 more to count", "–"]

    show(ModeView("democracy", "", candidates=(Candidate("a", 1),), voters=1, quorum=4), look)


def test_the_page_counts_down_by_itself_and_anew_with_each_view(show: Callable[..., None]) -> None:
    async def look(page: Any, stage: Stage) -> None:
        await page.wait_for_selector('#mode .left:not(:text-is("60 s"))')  # nothing was sent meanwhile
        stage.feed.mode(ModeView("democracy", "", ends_in_ms=500.0))
        await page.wait_for_selector('#mode .left:text-is("0 s")')
        stage.feed.mode(ModeView("democracy", ""))
        await page.wait_for_selector("#mode .left", state="hidden")

    show(VOTE, look)


def test_turns_show_whose_it_is_and_who_is_next(show: Callable[..., None]) -> None:
    async def look(page: Any, stage: Stage) -> None:
        assert await texts(page, "#mode h2, .player, .queue .name") == ["Turns", "ann", "bob", "cat"]
        assert await texts(page, ".vote, .teams, .wait") == []
        stage.feed.mode(ModeView("turns", "Type !join."))
        await page.wait_for_selector('.player:text-is("nobody")')
        assert await texts(page, ".next, .queue .name") == []

    show(ModeView("turns", "", ends_in_ms=9000.0, player="ann", queue=("bob", "cat")), look)


def test_teams_show_their_members_and_each_pad_says_whose_it_is(show: Callable[..., None]) -> None:
    async def look(page: Any, stage: Stage) -> None:
        assert await texts(page, ".teams .name, .teams .members") == ["red", "31", "owls", "1"]
        assert await texts(page, ".pad figcaption") == ["red · pad 1", "owls · pad 2"]
        boxes = [await pad.bounding_box() for pad in await page.locator(".pad").all()]
        assert boxes[0]["y"] == boxes[1]["y"]  # side by side
        stage.feed.mode(ModeView("anarchy", ""))
        await page.wait_for_selector('.pad figcaption:text-is("pad 1")')

    show(ModeView("teams", "", teams=(TeamView("red", 1, 31), TeamView("owls", 2, 1))), look, pads=2)


def test_anarchy_shows_how_long_an_input_waits_and_what_it_takes_for_democracy(
    show: Callable[..., None],
) -> None:
    async def look(page: Any, stage: Stage) -> None:
        assert await texts(page, ".delay, .wait .unit, .waiting") == ["420", "ms", "3"]
        assert await texts(page, ".figure, .needed") == ["64 % for democracy", "democracy from 75 %"]
        assert await page.locator(".share .mark").get_attribute("style") == "left: 75%;"
        stage.feed.mode(ModeView("democracy", "", democracy_share=0.64, anarchy_below=0.5))
        await page.wait_for_selector('.needed:text-is("anarchy at 50 %")')
        stage.feed.mode(ModeView("anarchy", "", delay_ms=1260.0))
        await page.wait_for_selector('.delay:text-is("1.3")')
        assert await texts(page, ".share") == []

    view = ModeView("anarchy", "", waiting=3, delay_ms=420.0, democracy_share=0.64, democracy_from=0.75)
    show(view, look)


def test_step_is_a_vote_and_shows_that_a_moderator_holds_it(show: Callable[..., None]) -> None:
    async def look(page: Any, stage: Stage) -> None:
        assert await texts(page, "#mode h2, .badge, .candidates .text") == ["Step", "pinned", "paused", "up"]

    show(ModeView("step", "", candidates=(Candidate("up", 1),), pinned=True, paused=True), look)


def test_what_a_bot_says_is_shown_as_the_letters_it_is(show: Callable[..., None]) -> None:
    async def look(page: Any, stage: Stage) -> None:
        assert await texts(page, ".headline, .candidates .text, .player, .queue .name, .result b") == [
            HOSTILE,
            HOSTILE,
            HOSTILE,
            HOSTILE,
            HOSTILE,
        ]
        assert await page.locator("#mode img").count() == 0
        assert await page.evaluate("window.hacked") is None

    view = ModeView(
        "democracy", HOSTILE, candidates=(Candidate(HOSTILE, 1),),
        player=HOSTILE, queue=(HOSTILE,), result=HOSTILE,
    )  # fmt: skip
    show(view, look, viewport={"width": 390, "height": 844})


def test_the_mode_of_a_silent_bot_is_dimmed(show: Callable[..., None]) -> None:
    async def look(page: Any, stage: Stage) -> None:
        stage.feed.link(False)
        await page.wait_for_selector('#mode[data-heard="false"]')

    show(VOTE, look)


@pytest.mark.parametrize(
    "view",
    [
        ModeView("democracy", "x" * 200, 1.0, EIGHT, 40, 4, "a" * 64, democracy_share=0.5, pinned=True),
        ModeView("turns", "", 1.0, player="w" * 32, queue=("w" * 32,) * 8),
        ModeView("teams", "", teams=tuple(TeamView("w" * 16, pad, 1000) for pad in (1, 2, 3, 4))),
    ],
    ids=lambda view: view.mode,
)
def test_the_longest_there_is_fits_every_window(show: Callable[..., None], view: ModeView) -> None:
    async def look(page: Any, stage: Stage) -> None:
        for width, height in [(1280, 720), (1920, 1080), (390, 844)]:
            await page.set_viewport_size({"width": width, "height": height})
            wide, tall = await page.evaluate(
                "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
            )
            assert wide == width
            assert tall == height or width < 720  # a telephone scrolls
            assert await page.locator("#mode").evaluate("e => e.scrollWidth - e.clientWidth") == 0

    show(view, look)


# What is said, and what is to be seen of it then.
SCENES: Final[dict[ModeName, tuple[list[tuple[str, str]], list[str]]]] = {
    "anarchy": ([("ann", "democracy"), ("bob", "b2s")], ['.figure:text-is("100 % for democracy")', ".delay"]),
    "democracy": (
        [("ann", "left"), ("bob", "left"), ("cat", "a2s")],
        ['.candidates li:has-text("left") .votes:text-is("2")', '.voters:text-is("3 voted")', ".left"],
    ),
    "step": (
        [("ann", "left"), ("bob", "left")],
        [
            '.candidates li:has-text("left") .votes:text-is("2")',
            ".clock",
            '.headline:has-text("stands still")',
        ],
    ),
    "turns": (
        [("ann", "b3s"), ("bob", "a"), ("cat", "!join")],
        ['.player:text-is("ann")', '.queue li:nth-child(1):has-text("bob")', '.queue li:has-text("cat")'],
    ),
    "teams": (
        [("ann", "!join blue"), ("bob", "!join blue"), ("bob", "x3s")],
        ['.teams [data-colour="blue"] .members:text-is("2")', '.pad[data-pad="2"] [data-control="X"].lit'],
    ),
}


@pytest.mark.parametrize("mode", SCENES)
def test_a_demo_shows_what_its_chat_does_in_each_mode(browse: Browse, mode: ModeName) -> None:
    async def look(browser: Any) -> None:
        said, seen = SCENES[mode]
        world = World(relays=1, viewers=0, mode=mode, page="127.0.0.1:0")
        async with Pipeline(world) as pipeline:
            assert pipeline.twitch is not None
            assert pipeline.page is not None
            await pipeline.twitch.joined()
            await pipeline.linked()
            page = await browser.new_page()
            await page.goto(pipeline.page.address)
            await page.wait_for_selector(f'#mode[data-mode="{mode}"]')
            pipeline.twitch.say_many(said)
            for selector in seen:
                await page.wait_for_selector(selector)
            await page.close()

    browse(look)
