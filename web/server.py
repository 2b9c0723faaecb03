"""Serves the page and its feed on one port: GET for the files, one WebSocket at /feed for the snapshots.

Who may talk to it. It listens on loopback unless told otherwise, but every web page a person has open can
reach loopback too. So a request must name a host that cannot be a foreign site's (an address, localhost, or
the name it listens on: this stops DNS rebinding), and a WebSocket that comes from a page must come from this
one (its Origin). A page can say one thing, "cut or restore relay N", and only where the program offers it.

The files and their types are a fixed table, so no path in a request ever reaches the file system.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from http import HTTPStatus
from importlib import resources
from typing import Final
from urllib.parse import urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from config.addresses import split_host_port

# The library logs every junk request with a traceback. Here junk is ordinary: counted, not told.
_silent = logging.getLogger(f"{__name__}.library")
_silent.setLevel(logging.CRITICAL + 1)

Snapshot = Callable[[], Mapping[str, object]]
Press = Callable[[int, bool], None]  # relay number from 1, True to cut it, False to restore it

MAX_CLIENTS: Final = 16  # one stream overlay, a few screens; each costs one socket and one snapshot
EVERY_S: Final = 1 / 30  # the page is drawn at most this often; faster is invisible on a 30 fps stream
SAY_AT_LEAST_S: Final = 1.0  # a page that hears nothing for 3 s calls the feed lost
MAX_MESSAGE: Final = 128  # {"relay": 10, "cut": false} has 26 bytes
OPEN_TIMEOUT_S: Final = 5.0  # a connection that asks for nothing
CLOSE_TIMEOUT_S: Final = 0.3  # Ctrl-C ends any command within a second, whoever still looks

_FILES: Final = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/style.css": ("style.css", "text/css; charset=utf-8"),
    "/app.js": ("app.js", "text/javascript; charset=utf-8"),
    "/mode.js": ("mode.js", "text/javascript; charset=utf-8"),
    "/pad.js": ("pad.js", "text/javascript; charset=utf-8"),
    "/panels.js": ("panels.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
_HEADERS: Final = (
    # Nothing from elsewhere, nothing inline: a hostile name that found a hole would still not run.
    ("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
     "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
    ("Connection", "close"),
)  # fmt: skip


class PageServer:
    """The page of one program, for a handful of browsers. `start`, read `.address`, `stop`.

    snapshot  asked at most 30 times a second, and only while somebody looks
    press     what a relay's button does; None where there are no buttons
    """

    def __init__(self, listen: str, snapshot: Snapshot, press: Press | None = None) -> None:
        self._host, self._port = split_host_port(listen)
        self._snapshot = snapshot
        self._press = press
        self._server: Server | None = None
        self._publisher: asyncio.Task[None] | None = None
        self._newest = ""
        self._version = 0
        self._changed = asyncio.Condition()
        self._clients = 0
        self._watched = asyncio.Event()
        self._files = {path: (_read(name), kind) for path, (name, kind) in _FILES.items()}
        self.counters: Counter[str] = Counter()

    async def start(self) -> None:
        """Listens. Raises OSError if the address is taken or is not ours."""
        self._server = await serve(
            self._feed,
            self._host,
            self._port,
            process_request=self._answer,
            compression=None,
            max_size=MAX_MESSAGE,
            max_queue=4,
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            server_header=None,
            logger=_silent,
        )
        self._port = self._server.sockets[0].getsockname()[1]
        self._publisher = asyncio.create_task(self._publish(), name="page feed")

    async def stop(self) -> None:
        """Closes every connection. Harmless to repeat. Raises what `snapshot` raised, if it did."""
        if self._publisher is not None:
            self._publisher.cancel()
            await asyncio.wait({self._publisher})
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        if self._publisher is not None and not self._publisher.cancelled():
            self._publisher.result()

    @property
    def address(self) -> str:
        """What to type into a browser on this machine."""
        anywhere = self._host in ("", "0.0.0.0", "::")
        host = "127.0.0.1" if anywhere else self._host
        return f"http://{f'[{host}]' if ':' in host else host}:{self._port}/"

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """The reply to a request, or None to go on with the WebSocket handshake."""
        hosts, origins = request.headers.get_all("Host"), request.headers.get_all("Origin")
        if len(hosts) != 1 or not is_own_host(hosts[0], self._host):
            return self._refuse(HTTPStatus.FORBIDDEN, "This page answers only under its own address.")
        if len(origins) > 1 or (origins and not is_same_origin(origins[0], hosts[0])):
            return self._refuse(HTTPStatus.FORBIDDEN, "This feed answers only its own page.")
        path = request.path.partition("?")[0]
        if path == "/feed":
            if self._clients >= MAX_CLIENTS:
                return self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "Too many pages are open.")
            return None
        if path not in self._files:
            return self._refuse(HTTPStatus.NOT_FOUND, "There is no such page.")
        body, kind = self._files[path]
        return _response(HTTPStatus.OK, kind, body)

    def _refuse(self, status: HTTPStatus, text: str) -> Response:
        self.counters[status.phrase.lower()] += 1
        return _response(status, "text/plain; charset=utf-8", f"{text}\n".encode())

    async def _publish(self) -> None:
        loop = asyncio.get_running_loop()
        said_at = loop.time()
        while True:
            await self._watched.wait()
            text = self._encoded()
            if text != self._newest or loop.time() - said_at >= SAY_AT_LEAST_S:
                said_at = loop.time()
                async with self._changed:
                    self._newest, self._version = text, self._version + 1
                    self._changed.notify_all()
            await asyncio.sleep(EVERY_S)

    def _encoded(self) -> str:
        return json.dumps(self._snapshot(), separators=(",", ":"))

    async def _feed(self, connection: ServerConnection) -> None:
        if self._clients >= MAX_CLIENTS:  # several handshakes were under way at once
            await connection.close(1013, "too many pages")
            return
        self._clients += 1
        self._watched.set()
        both = [asyncio.create_task(self._tell(connection)), asyncio.create_task(self._hear(connection))]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            self._clients -= 1
            if not self._clients:
                self._watched.clear()

    async def _tell(self, connection: ServerConnection) -> None:
        """A slow reader waits in `send`, and then gets the newest snapshot, not those in between."""
        text, shown = self._encoded(), self._version
        try:
            while True:
                await connection.send(text)
                async with self._changed:
                    while self._version == shown:
                        await self._changed.wait()
                    shown, text = self._version, self._newest
        except ConnectionClosed:
            return

    async def _hear(self, connection: ServerConnection) -> None:
        try:
            async for message in connection:
                order = parse_order(message)
                if order is None or self._press is None:
                    self.counters["nonsense"] += 1
                else:
                    self._press(*order)
        except ConnectionClosed:
            return


def is_own_host(host: str, listening: str) -> bool:
    """Whether a Host header can only mean this machine: an address, localhost, or the name it listens on."""
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    if not name:
        return False
    if name in ("localhost", listening.lower()):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_same_origin(origin: str, host: str) -> bool:
    """Whether a page from `origin` is the page of `host`. https is for a proxy in front of us."""
    return origin.lower() in (f"http://{host.lower()}", f"https://{host.lower()}")


def parse_order(message: str | bytes) -> tuple[int, bool] | None:
    """`{"relay": N, "cut": true|false}` as (N, cut), or None for anything else."""
    try:
        order = json.loads(message)
    except (ValueError, RecursionError):
        return None
    if not isinstance(order, dict) or order.keys() != {"relay", "cut"}:
        return None
    number, cut = order["relay"], order["cut"]
    if type(number) is not int or type(cut) is not bool or number < 1:
        return None
    return number, cut


def _response(status: HTTPStatus, kind: str, body: bytes) -> Response:
    headers = Headers([*_HEADERS, ("Content-Type", kind), ("Content-Length", str(len(body)))])
    return Response(status.value, status.phrase, headers, body)


def _read(name: str) -> bytes:
    return resources.files("web").joinpath("pages", name).read_bytes()
