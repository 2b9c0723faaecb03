"""The six messages of a pairing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunnel.links.link import MAX_DATAGRAM
from tunnel.pairing.messages import Kind, Message, MessageError

SIZES = {
    Kind.KNOCK: 33,
    Kind.ANSWER: 33,
    Kind.PROOF: 1048,
    Kind.REPLY: 1048,
    Kind.STORED: 32,
    Kind.BURNT: 0,
}
RUN = bytes(range(16))


@pytest.mark.parametrize("kind", Kind)
def test_a_message_is_what_it_was_and_fits_a_datagram(kind: Kind) -> None:
    message = Message(kind, RUN, b"b" * SIZES[kind])
    datagram = message.pack()
    assert Message.parse(datagram) == message
    assert len(datagram) == 21 + SIZES[kind] <= MAX_DATAGRAM


def test_the_bytes_are_those_of_the_drawing() -> None:
    datagram = Message(Kind.KNOCK, RUN, b"B" + b"\x07" * 32).pack()
    assert datagram.hex() == "43507231" + "01" + "000102030405060708090a0b0c0d0e0f" + "42" + "07" * 32


@pytest.mark.parametrize(
    ("datagram", "counted"),
    [
        (b"", "foreign"),
        (b"CPr1", "foreign"),
        (b"CPr2" + b"\x06" + RUN, "foreign"),
        (b"CPr1" + b"\x00" + RUN, "unknown_kind"),
        (b"CPr1" + b"\x07" + RUN, "unknown_kind"),
        (b"CPr1" + b"\x06" + RUN + b"x", "wrong_length"),
        (b"CPr1" + b"\x01" + RUN, "wrong_length"),
    ],
)
def test_what_is_none_of_ours_has_a_name_to_be_counted_under(datagram: bytes, counted: str) -> None:
    with pytest.raises(MessageError, match=f"^{counted}$"):
        Message.parse(datagram)


@given(st.binary(max_size=1300) | st.binary(max_size=1300).map(lambda tail: b"CPr1" + tail))
def test_any_bytes_parse_or_raise_message_error(datagram: bytes) -> None:
    try:
        message = Message.parse(datagram)
    except MessageError:
        return
    assert message.pack() == datagram
