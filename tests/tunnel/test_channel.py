"""Sealing and opening: golden datagrams made with other libraries, and everything that must not open."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunnel.channel import REJECT_AFTER_MS, SIGNED_OVERHEAD, Channel
from tunnel.envelope import HEADER_SIZE, MAX_COUNTER, DatagramError, Header, Type, parse_header
from tunnel.identity import SIGNATURE_SIZE, Identity

GOLDEN = json.loads((Path(__file__).parents[1] / "vectors" / "datagram.json").read_text("ascii"))["sealed"]
KEY, OTHER_KEY = bytes.fromhex(GOLDEN["key"]), bytes(32)
TRANSCRIPT = bytes.fromhex(GOLDEN["transcript"])
SIGNER = Identity(bytes.fromhex(GOLDEN["signer_secret"]))


def pair(transcript: bytes = TRANSCRIPT) -> tuple[Channel, Channel]:
    """Two ends of one channel."""
    session = GOLDEN["session"]
    here = Channel((KEY, OTHER_KEY), transcript, local_index=9, peer_index=session, born=0.0)
    there = Channel((OTHER_KEY, KEY), transcript, local_index=session, peer_index=9, born=0.0)
    return here, there


def opened(channel: Channel, datagram: bytes) -> tuple[bytes, bool]:
    return channel.open(parse_header(datagram), datagram)


def test_sealed_bytes_are_those_of_another_implementation() -> None:
    here, _ = pair()
    inputs, notes = GOLDEN["inputs"], GOLDEN["notes"]
    assert here.seal_signed(bytes.fromhex(inputs["content"]), SIGNER).hex() == inputs["bytes"]
    assert here.seal(Type.NOTES, bytes.fromhex(notes["content"])).hex() == notes["bytes"]


def test_bytes_of_another_implementation_open() -> None:
    _, there = pair()
    inputs, notes = bytes.fromhex(GOLDEN["inputs"]["bytes"]), bytes.fromhex(GOLDEN["notes"]["bytes"])
    content, first = opened(there, inputs)
    assert first
    assert content.hex() == GOLDEN["inputs"]["content"] + GOLDEN["inputs"]["signature"]
    assert there.is_signed(inputs, content, SIGNER.public)
    assert opened(there, notes) == (bytes.fromhex(GOLDEN["notes"]["content"]), True)


def test_each_datagram_has_the_next_counter_whatever_its_type() -> None:
    here, _ = pair()
    sealed = [here.seal(Type.NOTES, b""), here.seal_signed(b"", SIGNER), here.seal(Type.NOTES, b"")]
    assert [parse_header(datagram).counter for datagram in sealed] == [0, 1, 2]


def test_the_second_copy_opens_and_is_known_for_one() -> None:
    here, there = pair()
    datagram = here.seal(Type.NOTES, b"again")
    assert opened(there, datagram) == (b"again", True)
    assert opened(there, datagram) == (b"again", False)


def test_a_forged_datagram_leaves_the_place_of_the_true_one_free() -> None:
    here, there = pair()
    datagram = here.seal(Type.NOTES, b"true")
    with pytest.raises(DatagramError, match="forged"):
        opened(there, datagram[:-1] + bytes((datagram[-1] ^ 1,)))
    assert opened(there, datagram) == (b"true", True)


@given(st.binary(max_size=100), st.integers(0, 10_000))
def test_a_datagram_with_any_bit_bent_does_not_open(content: bytes, place: int) -> None:
    here, there = pair()
    header, datagram = Header(Type.NOTES, GOLDEN["session"], 0), here.seal(Type.NOTES, content)
    bent = bytearray(datagram)
    bent[place // 8 % len(bent)] ^= 1 << place % 8
    with pytest.raises(DatagramError, match="forged"):
        there.open(header, bytes(bent))


def test_a_datagram_does_not_open_on_the_side_that_sealed_it() -> None:
    here, _ = pair()
    with pytest.raises(DatagramError, match="forged"):
        opened(here, here.seal(Type.NOTES, b"mirror"))


def test_the_type_cannot_be_changed_under_way() -> None:
    here, there = pair()
    datagram = bytearray(here.seal(Type.NOTES, bytes(100)))
    datagram[0] = 0x10 | Type.INPUTS
    with pytest.raises(DatagramError, match="forged"):
        opened(there, bytes(datagram))


@pytest.mark.parametrize("changed", ["content", "header", "transcript", "signer", "signature"])
def test_a_signature_binds_signer_session_counter_and_content(changed: str) -> None:
    here, there = pair()
    datagram = here.seal_signed(b"press", SIGNER)
    content, _ = opened(there, datagram)
    signer = SIGNER.public
    if changed == "content":
        content = b"prexx" + content[5:]
    elif changed == "header":
        datagram = Header(Type.INPUTS, GOLDEN["session"], 1).pack() + datagram[HEADER_SIZE:]
    elif changed == "transcript":
        _, there = pair(bytes(32))
    elif changed == "signer":
        signer = Identity(bytes(31) + b"\5").public
    else:
        content = content[:-1] + bytes((content[-1] ^ 1,))
    assert not there.is_signed(datagram, content, signer)


@given(st.binary(max_size=2 * SIGNATURE_SIZE))
def test_any_content_is_judged_without_raising(content: bytes) -> None:
    _, there = pair()
    assert not there.is_signed(bytes.fromhex(GOLDEN["inputs"]["bytes"]), content, SIGNER.public)


def test_what_signing_and_sealing_add_is_what_is_reckoned_with() -> None:
    here, _ = pair()
    assert len(here.seal_signed(b"12345", SIGNER)) == 5 + SIGNED_OVERHEAD


def test_each_path_counts_a_datagram_once() -> None:
    _, there = pair()
    came = [(0, 5), (1, 5), (0, 5), (1, 4), (1, 5), (0, 4)]
    assert [there.first_on(*each) for each in came] == [True, True, False, True, False, True]


def test_keys_are_dead_after_three_minutes_and_not_before() -> None:
    here, _ = pair()
    assert REJECT_AFTER_MS == 180_000
    assert not here.expired(REJECT_AFTER_MS - 1)
    assert here.expired(REJECT_AFTER_MS)


def test_a_wiped_channel_seals_and_opens_nothing() -> None:
    here, there = pair()
    datagram = here.seal(Type.NOTES, b"")
    here.wipe()
    there.wipe()
    assert here.expired(0.0)
    with pytest.raises(RuntimeError, match="wiped"):
        here.seal(Type.NOTES, b"")
    with pytest.raises(RuntimeError, match="wiped"):
        here.seal_signed(b"", SIGNER)
    with pytest.raises(DatagramError, match="expired"):
        opened(there, datagram)


def test_no_counter_is_used_twice_even_when_they_run_out() -> None:
    here, there = pair()
    here._counter = MAX_COUNTER  # 2^48 datagrams cannot be sent in a test
    assert opened(there, here.seal(Type.NOTES, b"last")) == (b"last", True)
    with pytest.raises(RuntimeError, match="used up"):
        here.seal(Type.NOTES, b"one more")
