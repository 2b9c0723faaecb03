"""The one way our requests leave for Twitch: with a deadline, a bound, and respect for its limits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
from yarl import URL

from bot.chat.fields import Fields
from bot.chat.helix_answer import HelixError, limit_wait_ms, read_answer
from bot.chat.network import is_loopback, reason
from bot.chat.twitch_library import Route
from tunnel.wallclock import WallClock

log = logging.getLogger(__name__)

API_URL: Final = "https://api.twitch.tv/helix/"
ID_URL: Final = "https://id.twitch.tv/"

# A session is closed 10 s after its welcome unless we have subscribed: two calls must fit.
REQUEST_SECONDS: Final = 5.0
# Twitch's answers to us are a few kilobytes.
MOST_BYTES: Final = 1 << 18


class HelixDoor:
    """Sends what twitchio calls a route, to the addresses given here. `open` first, `close` in the end."""

    def __init__(self, client_id: str, api_url: str, id_url: str, clock: WallClock) -> None:
        self._client_id = client_id
        self._api_url = api_url if api_url.endswith("/") else f"{api_url}/"
        self._id_url = id_url if id_url.endswith("/") else f"{id_url}/"
        self._clock = clock
        self._free_at_ms = float("-inf")
        self._session: aiohttp.ClientSession | None = None

    def open(self) -> None:
        """On the loop."""
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=not is_loopback(self._api_url),
        )

    async def close(self) -> None:
        """Ends whatever is under way."""
        if self._session is not None:
            await self._session.close()

    async def until_free(self) -> None:
        """Returns when no limit keeps us away, at most a minute from now."""
        await asyncio.sleep(max(0.0, self._free_at_ms - self._clock.now()) / 1000)

    async def send(self, route: Route, token: str | None) -> Fields | None:
        """The answer, None if it has no content. Raises HelixError. A 429 is waited out, once."""
        for attempt in (1, 2):
            await self.until_free()
            status, headers, body = await self._exchange(route, token)
            if status == 429:
                wait_ms = limit_wait_ms(headers)
                self._free_at_ms = self._clock.now() + wait_ms
                log.info("Twitch asks us to slow down for %.0f s.", wait_ms / 1000)
                if attempt == 1:
                    continue
            break
        return read_answer(status, body)

    async def _exchange(self, route: Route, token: str | None) -> tuple[int, Mapping[str, str], bytes]:
        assert self._session is not None, "open comes first"
        url, headers, body = self._written(route, token)
        try:
            async with self._session.request(
                route.method, url, headers=headers, allow_redirects=False, **body
            ) as response:
                return response.status, response.headers, await _read_bounded(response)
        except TimeoutError as error:
            raise HelixError(0, "Twitch does not answer in time") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # aiohttp wraps the system's own error, whose words are plainer.
            cause = getattr(error, "os_error", None) or error
            raise HelixError(0, f"Twitch cannot be reached: {reason(cause)}") from error

    def _written(self, route: Route, token: str | None) -> tuple[URL, dict[str, str], dict[str, Any]]:
        """Where it goes, its headers, its body.

        What logs in goes as a form and not in the address, where twitchio has it: addresses end up in logs,
        and these hold secrets.
        """
        base, ours = (Route.ID_BASE, self._id_url) if route.use_id else (Route.BASE, self._api_url)
        address, _, query = route.url.removeprefix(base).partition("?")
        headers = {"Client-Id": self._client_id, "Accept": "application/json"}
        body: dict[str, Any] = {}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        elif "Authorization" in route.headers:
            headers["Authorization"] = route.headers["Authorization"]
        if route.use_id and route.method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body, query = {"data": query.encode()}, ""
        elif route.json:
            body = {"json": route.json}
        return URL(f"{ours}{address}{'?' if query else ''}{query}", encoded=True), headers, body


async def _read_bounded(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for block in response.content.iter_any():
        body += block
        if len(body) > MOST_BYTES:
            raise HelixError(response.status, "its answer is far too long")
    return bytes(body)
