from __future__ import annotations

import dataclasses
import os
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tunnel.nat.conftest import MESSAGES
from tunnel.envelope import MAX_DATAGRAM, Type
from tunnel.nat.stun import (
    LONGEST,
    Kind,
    Message,
    StunError,
    build,
    is_stun,
    parse,
    verify,
)

KEY: Final = b"VOkJxbRl1RmTxUk/WvJxBt"
ASK: Final = Message(kind=Kind.REQUEST, transaction=bytes(range(12)))


def test_the_rfcs_messages_read_as_the_rfc_says(rfc5769: list[dict[str, Any]]) -> None:
    for vector in rfc5769:
        message = parse(bytes.fromhex(vector["bytes"]))
        assert message.kind is Kind[vector["kind"]]
        assert message.signed
        assert message.unknown == ()
        for name in ("software", "priority", "controlled", "username", "xor_mapped"):
            said = getattr(message, name)
            assert (list(said) if isinstance(said, tuple) else said) == vector.get(name)


def test_the_rfcs_messages_verify_with_their_key_and_no_other(rfc5769: list[dict[str, Any]]) -> None:
    for vector in rfc5769:
        data, key = bytes.fromhex(vector["bytes"]), bytes.fromhex(vector["key"])
        assert is_stun(data)
        assert verify(data, key)
        assert not verify(data, key + b"!")


def test_a_changed_byte_under_the_integrity_shows(rfc5769: list[dict[str, Any]]) -> None:
    data, key = bytes.fromhex(rfc5769[0]["bytes"]), bytes.fromhex(rfc5769[0]["key"])
    for at in range(len(data) - 8):
        if at in (2, 3):  # a wrong length is no message at all
            continue
        changed = bytearray(data)
        changed[at] ^= 1
        assert not verify(bytes(changed), key)


@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda tail: build(ASK)[:20] + tail))
def test_any_bytes_parse_or_are_a_stun_error(data: bytes) -> None:
    try:
        parse(data)
    except StunError:
        pass
    is_stun(data)
    verify(data, KEY)


@settings(max_examples=50)
@given(MESSAGES, st.data())
def test_a_damaged_message_parses_or_is_a_stun_error(message: Message, data: st.DataObject) -> None:
    raw = bytearray(build(message, KEY, fingerprint=False))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(20, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(raw[: data.draw(st.integers(0, len(raw)))])
    for damaged in (bytes(raw), cut):
        try:
            parse(damaged)
        except StunError:
            pass


@settings(max_examples=100)
@given(MESSAGES, st.none() | st.binary(min_size=1, max_size=30), st.booleans())
def test_what_is_built_reads_back_the_same(message: Message, key: bytes | None, fingerprint: bool) -> None:
    data = build(message, key, fingerprint=fingerprint)
    assert parse(data) == dataclasses.replace(message, signed=key is not None)
    assert is_stun(data)
    assert verify(data, key or b"") == (key is not None)


@pytest.mark.parametrize("length", [0, 20, 21, 48, 100, 512, LONGEST])
@pytest.mark.parametrize("key", [None, KEY])
def test_a_request_is_made_as_long_as_asked_and_says_nothing_more(length: int, key: bytes | None) -> None:
    data = build(ASK, key, length=length)
    assert length <= len(data) <= max(length + 7, 52)
    read = parse(data)
    assert dataclasses.replace(read, software=None, signed=False) == ASK
    assert not (read.software or "").strip()


def test_nothing_longer_than_any_path_carries_is_built() -> None:
    with pytest.raises(ValueError, match="longest"):
        build(ASK, length=LONGEST + 8)


def test_what_stands_behind_the_integrity_is_not_read() -> None:
    signed = build(ASK, KEY, fingerprint=False)
    smuggled = bytes.fromhex("0025 0000")  # USE-CANDIDATE, which nobody signed
    data = signed[:2] + (len(signed) - 20 + 4).to_bytes(2, "big") + signed[4:] + smuggled
    assert verify(data, KEY)
    assert not parse(data).use_candidate


def test_of_an_attribute_that_comes_twice_the_first_counts() -> None:
    first, second = "0024 0004 00000001", "0024 0004 00000002"
    assert parse(framed(first + second)).priority == 1


def test_an_attribute_we_must_understand_and_do_not_is_named() -> None:
    message = parse(framed("7abc 0000" + "fabc 0000" + "0014 0001 61000000"))
    assert message.unknown == (0x7ABC,)


@pytest.mark.parametrize(
    "attributes",
    [
        pytest.param("0024 0005 0000000000000000", id="a priority of five bytes"),
        pytest.param("0024 0008 00000000", id="an attribute longer than the message"),
        pytest.param("0006 0001 ff000000", id="a name that is not UTF-8"),
        pytest.param("0020 0008 0003000000000000", id="an address of no known family"),
        pytest.param("0020 0008 0002000000000000", id="an IPv6 address of four bytes"),
        pytest.param("0009 0004 00000200", id="an error of class 2"),
        pytest.param("0009 0004 00000464", id="an error with number 100"),
        pytest.param("000a 0001 00000000", id="half a type"),
        pytest.param("8028 0004 00000000", id="a wrong fingerprint"),
    ],
)
def test_nonsense_inside_a_message_is_a_stun_error(attributes: str) -> None:
    with pytest.raises(StunError):
        parse(framed(attributes))


def test_a_fingerprint_must_be_the_last_attribute() -> None:
    data = build(ASK)
    longer = data[:2] + (len(data) - 20 + 4).to_bytes(2, "big") + data[4:] + bytes.fromhex("80220000")
    with pytest.raises(StunError, match="FINGERPRINT"):
        parse(longer)


@pytest.mark.parametrize("kind", [0x0003, 0x0101 | 0x0002, 0xC001])
def test_other_methods_are_not_ours(kind: int) -> None:
    data = kind.to_bytes(2, "big") + build(ASK, fingerprint=False)[2:]
    with pytest.raises(StunError):
        parse(data)


def test_our_own_datagrams_never_look_like_stun() -> None:
    for kind in Type:
        worst = bytes([0x10 | kind, 0, 0, 0]) + bytes.fromhex("2112a442") + os.urandom(MAX_DATAGRAM - 8)
        assert not is_stun(worst)


def framed(attributes: str) -> bytes:
    """A request with these attributes, as hex."""
    body = bytes.fromhex(attributes)
    return b"\x00\x01" + len(body).to_bytes(2, "big") + build(ASK, fingerprint=False)[4:20] + body
