from __future__ import annotations

from http import HTTPStatus

import pytest

from tunnel.relay import metrics
from tunnel.relay.pages import page


def test_a_healthy_relay_says_ok() -> None:
    assert page("/healthz", None)[::2] == (HTTPStatus.OK, "ok\n")


def test_metrics_are_served_where_there_are_any() -> None:
    shown = page("/metrics?x=1", lambda: {"members": 1})
    assert (shown.status, shown.content_type) == (HTTPStatus.OK, metrics.CONTENT_TYPE)
    assert "crowdpad_relay_members 1\n" in shown.body
    assert page("/metrics", None).status == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(("path", "status"), [("/", HTTPStatus.OK), ("/wp-login.php", HTTPStatus.NOT_FOUND)])
def test_everything_else_says_what_this_is(path: str, status: HTTPStatus) -> None:
    shown = page(path, None)
    assert shown.status == status
    assert "crowdpad relay" in shown.body
