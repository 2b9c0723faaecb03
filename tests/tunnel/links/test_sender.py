from __future__ import annotations

from collections import Counter
from typing import cast

import pytest

from tunnel.links import sender
from tunnel.links.fast import FastConnection


class Pipe:
    """A connection as the sender sees it."""

    paused = False
    on_writable = None

    def __init__(self) -> None:
        self.written: list[bytes] = []


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Pipe:
    def broadcast(connections: tuple[Pipe, ...], data: bytes) -> None:
        connections[0].written.append(data)

    monkeypatch.setattr(sender, "broadcast", broadcast)
    return Pipe()


def test_with_room_in_the_buffer_a_datagram_leaves_at_once(pipe: Pipe) -> None:
    counters: Counter[str] = Counter()
    sender.Sender(cast(FastConnection, pipe), counters).send(b"x")
    assert pipe.written == [b"x"]
    assert counters == {"sent": 1}


def test_without_room_it_waits_and_the_oldest_gives_way(pipe: Pipe) -> None:
    counters: Counter[str] = Counter()
    out = sender.Sender(cast(FastConnection, pipe), counters)
    pipe.paused = True
    for n in range(34):
        out.send(bytes([n]))
    assert pipe.written == []
    assert counters == {"dropped_queue": 2}
    pipe.paused = False
    assert pipe.on_writable is not None
    pipe.on_writable()
    assert pipe.written == [bytes([n]) for n in range(2, 34)]


def test_draining_stops_when_the_buffer_is_full_again(pipe: Pipe) -> None:
    out = sender.Sender(cast(FastConnection, pipe), Counter())
    pipe.paused = True
    out.send(b"x")
    assert pipe.on_writable is not None
    pipe.on_writable()
    assert pipe.written == []
