from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tunnel.nat.conftest import MESSAGES
from tunnel.nat.stun import LONGEST, Kind, Message, StunError, build
from tunnel.nat.stun_stream import StunStream

ASK: Final = build(Message(kind=Kind.REQUEST, transaction=b"twelve bytes"))


def drain(stream: StunStream) -> list[bytes]:
    taken = []
    while (message := stream.take()) is not None:
        taken.append(message)
    return taken


@settings(max_examples=40)
@given(st.lists(MESSAGES, max_size=4), st.lists(st.integers(0, 300), max_size=8))
def test_messages_come_out_as_they_went_in_however_they_are_cut(
    messages: list[Message], sizes: list[int]
) -> None:
    wanted = [build(message) for message in messages]
    rest = b"".join(wanted)
    stream, got = StunStream(), []
    for size in [*sizes, len(rest)]:
        stream.feed(rest[:size])
        rest = rest[size:]
        got += drain(stream)
    assert got == wanted


def test_one_byte_at_a_time_is_a_message_with_its_last() -> None:
    stream = StunStream()
    for at in range(len(ASK)):
        assert stream.take() is None
        stream.feed(ASK[at : at + 1])
    assert drain(stream) == [ASK]


@pytest.mark.parametrize(
    "junk",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        ASK[:4] + bytes(16),  # no cookie
        ASK[:2] + (LONGEST - 16).to_bytes(2, "big") + ASK[4:],  # longer than any message
        ASK[:2] + b"\x00\x03" + ASK[4:],  # attributes come in fours
    ],
)
def test_a_stream_of_something_else_is_told_from_its_header(junk: bytes) -> None:
    stream = StunStream()
    stream.feed(ASK + junk)
    assert stream.take() == ASK
    with pytest.raises(StunError):
        stream.take()


@given(st.lists(st.binary(max_size=80) | st.binary(max_size=40).map(lambda tail: ASK + tail), max_size=6))
def test_any_bytes_are_messages_or_an_error_and_nothing_grows(pieces: list[bytes]) -> None:
    stream = StunStream()
    try:
        for piece in pieces:
            stream.feed(piece)
            drain(stream)
            assert len(stream._waiting) < LONGEST
    except StunError:
        pass
