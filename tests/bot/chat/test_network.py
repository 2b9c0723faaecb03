from __future__ import annotations

import errno
import os
import socket

import pytest

from bot.chat.network import is_loopback, reason


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(111, "Connect call failed ('127.0.0.1', 1)"), "connection refused"),
        (
            OSError(f"Multiple exceptions: [Errno {errno.ECONNRESET}] a, [Errno {errno.ECONNRESET}] b"),
            os.strerror(errno.ECONNRESET).lower(),
        ),
        (
            socket.gaierror(-2, "Name or service not known"),
            "the chat server's name is not found (Name or service not known)",
        ),
        (OSError(), "OSError"),
    ],
)
def test_a_reason_is_told_in_plain_words(error: Exception, words: str) -> None:
    assert reason(error) == words


@pytest.mark.parametrize(
    ("url", "is_ours"),
    [
        ("ws://127.0.0.1:1/ws", True),
        ("http://localhost/", True),
        ("ws://[::1]:7", True),
        ("wss://eventsub.wss.twitch.tv/ws", False),
        ("ws://127.0.0.1.example", False),
        ("", False),
    ],
)
def test_only_this_machine_is_this_machine(url: str, is_ours: bool) -> None:
    assert is_loopback(url) is is_ours
