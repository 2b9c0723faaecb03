"""The twelve clear bytes: golden ones, and any others."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunnel.envelope import (
    HEADER_SIZE,
    MAX_COUNTER,
    MAX_DATAGRAM,
    SEALED_OVERHEAD,
    DatagramError,
    Header,
    Type,
    parse_header,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "vectors" / "datagram.json").read_text("ascii"))["headers"]
BODY = bytes(SEALED_OVERHEAD - HEADER_SIZE)
HEADERS = st.builds(Header, st.sampled_from(Type), st.integers(0, 2**32 - 1), st.integers(0, MAX_COUNTER))


@pytest.mark.parametrize("entry", GOLDEN, ids=lambda entry: entry["type"])
def test_a_header_has_the_bytes_drawn_for_it(entry: dict[str, Any]) -> None:
    header = Header(Type[entry["type"]], entry["session"], entry["counter"])
    assert header.pack().hex() == entry["bytes"]
    assert parse_header(bytes.fromhex(entry["bytes"]) + BODY) == header


@given(HEADERS)
def test_a_header_comes_back_as_it_went(header: Header) -> None:
    assert parse_header(header.pack() + BODY) == header


@given(st.binary(max_size=MAX_DATAGRAM + 10))
def test_any_bytes_are_a_header_or_a_datagram_error(data: bytes) -> None:
    try:
        header = parse_header(data)
    except DatagramError:
        return
    assert header.pack() == data[:HEADER_SIZE]


@given(st.binary(min_size=HEADER_SIZE, max_size=HEADER_SIZE))
def test_twelve_bytes_are_read_in_one_way_only(clear: bytes) -> None:
    if clear[0] in (0x11, 0x12, 0x13, 0x14) and clear[1] == 0:
        assert parse_header(clear + BODY).pack() == clear
    else:
        with pytest.raises(DatagramError, match="version"):
            parse_header(clear + BODY)


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        (0, "size"),
        (HEADER_SIZE, "size"),
        (SEALED_OVERHEAD - 1, "size"),
        (SEALED_OVERHEAD, None),
        (MAX_DATAGRAM, None),
        (MAX_DATAGRAM + 1, "size"),
    ],
)
def test_a_datagram_holds_at_least_its_tag_and_at_most_1200_bytes(size: int, reason: str | None) -> None:
    data = Header(Type.NOTES, 1, 1).pack().ljust(size, b"\0")[:size]
    if reason is None:
        parse_header(data)
    else:
        with pytest.raises(DatagramError) as caught:
            parse_header(data)
        assert caught.value.reason == reason


@pytest.mark.parametrize("first", [0x00, 0x03, 0x10, 0x16, 0x1F, 0x23, 0xF3])
def test_another_version_or_an_unknown_type_is_dropped(first: int) -> None:
    data = bytes((first,)) + Header(Type.INPUTS, 1, 1).pack()[1:] + BODY
    with pytest.raises(DatagramError, match="version"):
        parse_header(data)


@pytest.mark.parametrize("flags", [1, 0x80, 0xFF])
def test_flags_that_mean_nothing_yet_are_not_ignored(flags: int) -> None:
    data = bytearray(Header(Type.INPUTS, 1, 1).pack() + BODY)
    data[1] = flags
    with pytest.raises(DatagramError, match="version"):
        parse_header(bytes(data))


@pytest.mark.parametrize(("session", "counter"), [(2**32, 0), (-1, 0), (0, MAX_COUNTER + 1), (0, -1)])
def test_a_field_that_does_not_fit_is_our_own_mistake(session: int, counter: int) -> None:
    with pytest.raises(struct.error):
        Header(Type.INPUTS, session, counter).pack()
