"""What a relay answers to a plain HTTP request. Pure: a path in, a page out."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Final, NamedTuple

from tunnel.relay import metrics

PLAIN: Final = "text/plain; charset=utf-8"
_ABOUT: Final = (
    "This is a crowdpad relay. It passes sealed datagrams between a chat bot and a game,\n"
    "and can read none of them. Bots and receivers connect here by WebSocket.\n"
)


class Page(NamedTuple):
    status: HTTPStatus
    content_type: str
    body: str


def page(path: str, snapshot: Callable[[], metrics.Snapshot] | None) -> Page:
    """The page at `path`; without a snapshot there is no /metrics here."""
    route = path.partition("?")[0]
    if route == "/healthz":
        return Page(HTTPStatus.OK, PLAIN, "ok\n")
    if route == "/metrics" and snapshot is not None:
        return Page(HTTPStatus.OK, metrics.CONTENT_TYPE, metrics.exposition(snapshot()))
    return Page(HTTPStatus.OK if route == "/" else HTTPStatus.NOT_FOUND, PLAIN, _ABOUT)
