"""A goodbye counts when it is said, not when the line is gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from injector.gateway import gateway


def test_what_is_held_is_let_go_though_the_client_reads_nothing_any_more(
    live: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "CLOSE_S", 600.0)
    monkeypatch.setattr(gateway, "PING_INTERVAL_S", None)

    async def test(house: Any) -> None:
        client = await house.open()
        await client.log_in()
        await client.send(1, 1300)
        await house.until(lambda: house.pressed(1))
        client.connection.transport.pause_reading()
        client.connection.protocol.send_close(1000)
        client.connection.send_data()
        await house.until(lambda: house.pressed(0))
        assert house.gateway.host.connections == 1  # the line is still there

    live(test, longest_hold_ms=60_000)  # longer than this test may take
