"""A web store as a meeting place: whatever takes `PUT` at an address and gives it back at `GET`.

One address for each hole, which nobody can guess. With `as_json` the letter is a JSON string, as Firebase's
Realtime Database keeps it: `https://NAME.firebaseio.com/crowdpad/{hole}.json`. The store is a stranger: it
may say anything, at any length, late or never.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Never
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from tunnel.links.strangers import proxy_for
from tunnel.rendezvous.errands import Errands
from tunnel.rendezvous.place import MAX_LETTER, Hole, Holes, PlaceError
from tunnel.rendezvous.web_text import MAX_BODY, body_of, headers_in, letter_in
from tunnel.wallclock import WallClock

HOLE: Final = "{hole}"

# While somebody waits, and while nobody does. A look costs some 500 bytes, or 6 kB where the store has closed
# the connection: up to 100 bytes a second.
LOOK_MS: Final = 5_000.0
LOOK_CONNECTED_MS: Final = 60_000.0
# Longer than the longest rest, so that the connection is there for the next look.
_KEEP_S: Final = 75.0

_REQUEST_S: Final = 10.0
# The files may be on a machine that has just gone to sleep.
_FILES_S: Final = 10.0
_MAX_HEADERS_FILE: Final = 65_536
_NOTHING_THERE: Final = frozenset((204, 404, 410))
_NOT_ALLOWED: Final = frozenset((401, 403))
_TOO_OFTEN: Final = 429


@dataclass(frozen=True, slots=True)
class WebOptions:
    """A web store.

    url           where a letter lies, with `{hole}` for the hole's 32 hex digits
    as_json       whether it is put there as a JSON string
    headers_file  a file with lines of `Name: value` that every request carries
    headers_env   an environment variable with the same
    """

    url: str
    as_json: bool = False
    headers_file: Path | None = None
    headers_env: str | None = None


class WebPlace:
    """A web store as a Place (see place.py), and a Patient one.

    tls_ca  the one certificate authority to trust for https://, PEM; None: those the system trusts
    """

    def __init__(
        self, options: WebOptions, holes: Holes, clock: WallClock, *, tls_ca: Path | None = None
    ) -> None:
        self.counters: Counter[str] = Counter()
        self._options = options
        self._holes = holes
        self._clock = clock
        self._tls_ca = tls_ca
        self._host = urlsplit(options.url).netloc.rpartition("@")[2]
        self._letter: bytes | None = None
        self._lies: tuple[Hole, bytes] | None = None  # what we put last, and where
        self._known: dict[Hole, bytes] = {}
        self._connected = False
        self._look_at = 0.0
        self._stirred = asyncio.Event()
        self._errands = Errands(f"The disk with the certificates and headers for {self._host}")

    @property
    def name(self) -> str:
        """See Place."""
        return f"web store {self._host}"

    def post(self, letter: bytes) -> None:
        """See Place."""
        if len(letter) > MAX_LETTER:
            raise ValueError(f"a letter has at most {MAX_LETTER} bytes, not {len(letter)}")
        self._letter = letter
        self._stirred.set()

    def set_connected(self, connected: bool) -> None:
        """See Patient."""
        if self._connected and not connected:
            self._look_at = 0.0
            self._stirred.set()
        self._connected = connected

    async def run(self, on_up: Callable[[], None], on_letter: Callable[[bytes], None]) -> Never:
        """See Place."""
        self._lies, self._look_at = None, 0.0
        self._known.clear()
        is_up = False
        trusted, headers = await self._errands.run(self._read_files, _FILES_S)
        async with self._session(trusted, headers) as session:
            while True:
                self._stirred.clear()
                await self._put(session)
                if self._clock.now() >= self._look_at:
                    await self._look(session, on_letter)
                    if not is_up:
                        is_up = True
                        on_up()
                await self._rest()

    async def _rest(self) -> None:
        """Until there is something to do, or a minute at most: then the hole may be another day's."""
        wait_ms = min(max(0.0, self._look_at - self._clock.now()), LOOK_CONNECTED_MS)
        try:
            async with asyncio.timeout(wait_ms / 1000):
                await self._stirred.wait()
        except TimeoutError:
            pass  # time for another look

    async def _put(self, session: aiohttp.ClientSession) -> None:
        hole, letter = self._holes.own(self._clock.date()), self._letter
        if letter is None or self._lies == (hole, letter):
            return
        kind = "application/json" if self._options.as_json else "text/plain"
        body = body_of(letter, as_json=self._options.as_json)
        status, _ = await self._exchange(session, "PUT", hole, data=body, headers={"Content-Type": kind})
        if not 200 <= status < 300:
            raise self._refused(status)
        self._lies = hole, letter

    async def _look(self, session: aiohttp.ClientSession, on_letter: Callable[[bytes], None]) -> None:
        now = self._clock.now()
        self._look_at = now + (LOOK_CONNECTED_MS if self._connected else LOOK_MS)
        holes = self._holes.peer(self._clock.date())
        self._known = {hole: letter for hole, letter in self._known.items() if hole in holes}
        for hole in holes:
            status, body = await self._exchange(session, "GET", hole)
            letter = self._letter_in(status, body)
            if letter is not None and self._known.get(hole) != letter:
                self._known[hole] = letter
                on_letter(letter)

    def _letter_in(self, status: int, body: bytes) -> bytes | None:
        if status in _NOTHING_THERE:
            return None
        if status != 200:
            raise self._refused(status)
        try:
            return letter_in(body, as_json=self._options.as_json)
        except ValueError as error:
            self.counters["dropped: no letter"] += 1
            text = f"{self._host} has something else where letters lie; look whether it wants `json: true`."
            raise PlaceError(text) from error

    # The web

    def _read_files(self) -> tuple[ssl.SSLContext, Mapping[str, str]]:
        """In a thread: reading the system's certificates alone takes some 10 ms."""
        try:
            trusted = ssl.create_default_context(cafile=self._tls_ca)
        except OSError as error:
            raise PlaceError(f"The certificates in {self._tls_ca} cannot be read.") from error
        return trusted, self._headers()

    def _session(self, trusted: ssl.SSLContext, headers: Mapping[str, str]) -> aiohttp.ClientSession:
        is_elsewhere = proxy_for(urlsplit(self._options.url).hostname or "") is not None
        return aiohttp.ClientSession(
            headers={"Accept-Encoding": "identity", **headers},
            timeout=aiohttp.ClientTimeout(total=_REQUEST_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            connector=aiohttp.TCPConnector(ssl=trusted, limit=1, keepalive_timeout=_KEEP_S),
            auto_decompress=False,
            trust_env=is_elsewhere,
        )

    def _headers(self) -> Mapping[str, str]:
        """Read for every connection: a token that expires is another one in the same file."""
        file, variable = self._options.headers_file, self._options.headers_env
        headers: dict[str, str] = {}
        try:
            if variable is not None:
                if variable not in os.environ:
                    raise PlaceError(f"The environment variable {variable} is not set.")
                headers |= headers_in(os.environ[variable])
            if file is not None:
                headers |= headers_in(_text(file))
        except ValueError as error:
            raise PlaceError(f"The headers for {self._host} cannot be used: {error}.") from error
        except OSError as error:
            raise PlaceError(f"The file {file} cannot be read: {(error.strerror or '').lower()}.") from error
        return headers

    async def _exchange(
        self,
        session: aiohttp.ClientSession,
        method: str,
        hole: Hole,
        *,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Status and body. Raises PlaceError."""
        url = URL(self._options.url.replace(HOLE, hole.name.hex()), encoded=True)
        try:
            async with session.request(
                method, url, data=data, headers=headers, allow_redirects=False
            ) as response:
                return response.status, await self._bounded(response)
        except TimeoutError as error:
            raise PlaceError(f"{self._host} did not answer in time.") from error
        except aiohttp.ClientConnectorCertificateError as error:
            reason = getattr(error.certificate_error, "verify_message", str(error.certificate_error))
            raise PlaceError(f"The certificate of {self._host} is not trusted: {reason}.") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise PlaceError(f"Cannot reach {self._host}: {_reason(error)}.") from error

    async def _bounded(self, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for block in response.content.iter_any():
            body += block
            if len(body) > MAX_BODY:
                self.counters["dropped: too long"] += 1
                raise PlaceError(f"{self._host} answers with far more than a letter.")
        return bytes(body)

    def _refused(self, status: int) -> PlaceError:
        if 300 <= status < 400:
            text = (
                f"{self._host} sends us elsewhere (HTTP {status}), and we do not go; name the final address."
            )
        elif status in _NOT_ALLOWED:
            text = f"{self._host} does not let us in (HTTP {status}); look at its rules, and at the headers."
        elif status == _TOO_OFTEN:
            text = f"{self._host} says that we ask too often (HTTP {status})."
        else:
            text = f"{self._host} answers with HTTP {status}."
        return PlaceError(text)


def _text(file: Path) -> str:
    with file.open("rb") as opened:
        return opened.read(_MAX_HEADERS_FILE).decode("utf-8")


def _reason(error: Exception) -> str:
    """In the words of whoever noticed, on one line."""
    # aiohttp wraps the system's own error, and asyncio puts addresses where the system's words would stand.
    cause = getattr(error, "os_error", None) or error
    number = getattr(cause, "errno", None) or 0
    text = os.strerror(number).lower() if number > 0 else getattr(cause, "strerror", None) or str(cause)
    return " ".join(text.split()) or type(error).__name__
