"""The receiver command: its page, and what keeps it from starting."""

from __future__ import annotations

import signal
import socket
import sys
import urllib.request
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from cli.errors import EXIT_TROUBLE
from cli.receiver import counts

Crowdpad = Callable[..., Any]


def test_a_port_that_is_taken_is_one_sentence(crowdpad: Crowdpad, folder: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        extra = f"device: screen\nscreen: {{listen: 127.0.0.1:{port}}}\n"
        said = crowdpad("receiver", "--config", folder.receiver_config(8765, extra))
    assert said.status == EXIT_TROUBLE
    assert said.err.startswith(f"crowdpad receiver: the page cannot listen on 127.0.0.1:{port}: ")


def test_programs_at_the_gateway_are_told_once_one_has_come() -> None:
    receiver: Any = SimpleNamespace(stats=lambda: SimpleNamespace(played=12, stale=1, refused=0))
    gateway: Any = SimpleNamespace(host=SimpleNamespace(counters={}))
    assert counts(receiver, gateway) == {"played": 12, "late": 1, "refused": 0}
    gateway.host.counters = {"admitted": 2, "refused": 1, "too_slow": 3, "records_sent": 900, "denied": 7}
    told = list(counts(receiver, gateway).items())[3:]
    assert told == [("programs let in", 2), ("programs turned away", 4), ("their inputs left out", 7)]


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal to another process")
def test_the_screen_is_a_page_in_the_browser(folder: Any, start: Callable[..., Any]) -> None:
    config = folder.receiver_config(8765, "device: screen\nscreen: {listen: '127.0.0.1:0'}\n")
    receiver = start("receiver", "--config", config)
    address = receiver.wait_for("plays on http://").split("plays on ")[1].split(",")[0]
    with urllib.request.urlopen(address, timeout=60) as answer:
        assert b"<html" in answer.read()
    assert receiver.end(signal.SIGINT) == 0
