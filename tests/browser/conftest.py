"""A real browser, if the machine has one."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

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
