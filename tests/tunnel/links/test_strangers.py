from __future__ import annotations

import asyncio
from typing import cast

import pytest

from tunnel.links.strangers import StrangerConnect, StrangerConnection, leave, proxy_for


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_no_proxy_stands_between_a_program_and_its_own_machine(host: str) -> None:
    assert proxy_for(host) is None


@pytest.mark.parametrize("host", ["192.0.2.1", "relay.example.org", "localhost.example.org"])
def test_elsewhere_the_environment_says_which_proxy(host: str) -> None:
    assert proxy_for(host) is True


def test_a_redirect_leads_nowhere() -> None:
    moved = ConnectionError("moved")
    assert StrangerConnect("ws://192.0.2.1").process_redirect(moved) is moved


def test_whoever_does_not_answer_the_close_is_cut_off() -> None:
    class Transport:
        aborted = False

        def abort(self) -> None:
            self.aborted = True

    class Deaf:
        transport = Transport()

        async def close(self) -> None:
            await asyncio.Event().wait()

    deaf = Deaf()
    asyncio.run(asyncio.wait_for(leave(cast(StrangerConnection, deaf)), 30))
    assert deaf.transport.aborted
