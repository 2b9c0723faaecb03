"""The receiver command: its page, and what keeps it from starting."""

from __future__ import annotations

import signal
import socket
import sys
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from cli.errors import EXIT_TROUBLE

Crowdpad = Callable[..., Any]


def test_a_port_that_is_taken_is_one_sentence(crowdpad: Crowdpad, folder: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        extra = f"device: screen\nscreen: {{listen: 127.0.0.1:{port}}}\n"
        said = crowdpad("receiver", "--config", folder.receiver_config(8765, extra))
    assert said.status == EXIT_TROUBLE
    assert said.err.startswith(f"crowdpad receiver: the page cannot listen on 127.0.0.1:{port}: ")


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal to another process")
def test_the_screen_is_a_page_in_the_browser(folder: Any, start: Callable[..., Any]) -> None:
    config = folder.receiver_config(8765, "device: screen\nscreen: {listen: '127.0.0.1:0'}\n")
    receiver = start("receiver", "--config", config)
    address = receiver.wait_for("plays on http://").split("plays on ")[1].split(",")[0]
    with urllib.request.urlopen(address, timeout=60) as answer:
        assert b"<html" in answer.read()
    assert receiver.end(signal.SIGINT) == 0
