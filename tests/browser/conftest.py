"""A real browser, if the machine has one."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from web.feed import Feed
from web.server import PageServer

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
# Far beyond what anything here takes: it only ends a test that would wait for ever.
DEADLINE_S = 90.0
QUIETLY = (
    "--headless",
    "--no-sandbox",  # it opens nothing but our own page, and containers run tests as root
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


class Stage:
    """A feed to fill by hand, and its page."""

    def __init__(self, pads: int = 1) -> None:
        self.feed = Feed("a test", pads)
        self.feed.link(True)
        self.server = PageServer("127.0.0.1:0", self.feed.snapshot)

    @asynccontextmanager
    async def shown(self, browser: Any, **options: Any) -> AsyncIterator[Any]:
        await self.server.start()
        try:
            page = await browser.new_page(**options)
            page.asked = []
            page.broken = []
            page.on("request", lambda request: page.asked.append(request.url))
            page.on("pageerror", lambda error: page.broken.append(str(error)))
            page.on("console", lambda message: page.broken.append(message.text))
            await page.goto(self.server.address)
            await page.wait_for_selector('[data-feed="live"] .pad')
            yield page
            assert page.broken == []
        finally:
            await self.server.stop()


NewStage = Callable[..., Stage]
Look = Callable[[Any], Coroutine[Any, Any, None]]


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where it is."""
    pytest.importorskip("playwright", reason="playwright is not installed")
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("there is no Chromium on this machine")
    return path


@pytest.fixture
def browse(chromium: str) -> Callable[..., None]:
    """`browse(look)` runs `look(browser)` on a loop of its own, and ends the browser."""

    def run(look: Look) -> None:
        from playwright.async_api import async_playwright

        async def main() -> None:
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=chromium, args=[*QUIETLY])
                try:
                    await look(browser)
                finally:
                    await browser.close()

        asyncio.run(asyncio.wait_for(main(), DEADLINE_S))

    return run


@pytest.fixture
def new_stage() -> NewStage:
    """`new_stage(pads=2)`: a page and its feed, with nothing behind it."""
    return Stage
