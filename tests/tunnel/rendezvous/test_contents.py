"""What a letter says: signals go through untouched; without room, the last addresses stay behind."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tunnel.rendezvous.conftest import TCP, UDP, candidate
from tunnel.nat.candidates import Candidate, Kind
from tunnel.nat.offer import Offer, parse
from tunnel.rendezvous.contents import Signal, pack, unpack
from tunnel.rendezvous.text import LetterError

ROOM = 939
MANY: tuple[Candidate, ...] = tuple(candidate(Kind.HOST, f"2001:db8::{n}", 47_000) for n in range(1, 17))

SIGNALS = st.dictionaries(st.integers(128, 255), st.binary(max_size=200), max_size=4).map(
    lambda found: tuple(Signal(kind, body) for kind, body in found.items())
)


@given(SIGNALS)
def test_what_fits_goes_through_as_it_is(signals: tuple[Signal, ...]) -> None:
    assert unpack(pack(signals, ROOM)) == signals


@given(SIGNALS, st.integers(0, 300))
def test_never_more_than_there_is_room_for(signals: tuple[Signal, ...], room: int) -> None:
    data = pack(signals, room)
    assert len(data) <= room
    assert set(unpack(data)) <= set(signals)


def test_the_length_tells_little_of_what_is_said() -> None:
    lengths = {len(pack((Signal(UDP, bytes(size)),), ROOM)) for size in range(ROOM - 3)}
    assert lengths == {128, 256, 384, 512, 640, 768, 896, ROOM}


def test_two_links_with_all_their_addresses_fit(offer: Callable[..., Offer]) -> None:
    signals = (Signal(UDP, offer(1, MANY).pack()), Signal(TCP, offer(2, MANY).pack()))
    assert unpack(pack(signals, ROOM)) == signals


def test_without_room_the_addresses_to_be_tried_last_stay_behind(offer: Callable[..., Offer]) -> None:
    own, last = candidate(Kind.HOST, "192.168.1.2", 1), candidate(Kind.REFLEXIVE, "203.0.113.1", 1)
    udp, tcp = offer(1, (last, own, *MANY[:14])), offer(2, (last, own))
    (_, first), (_, second) = unpack(pack((Signal(UDP, udp.pack()), Signal(TCP, tcp.pack())), 300))
    kept = parse(first).candidates
    assert kept == MANY[: len(kept)]
    assert len(kept) > 8
    assert parse(first).credentials == udp.credentials
    assert parse(second) == tcp


def test_what_is_no_offer_and_does_not_fit_stays_behind(offer: Callable[..., Offer]) -> None:
    small = Signal(UDP, offer(1).pack())
    assert unpack(pack((small, Signal(TCP, bytes(range(1, 200)))), 150)) == (small,)


@pytest.mark.parametrize(
    "data",
    [
        b"\x80",
        b"\x80\x05\x00abcd",
        b"\x7f\x00\x00",
        b"\x80\x00\x00\x80\x00\x00",
    ],
    ids=["no length", "cut", "no signal's kind", "a kind twice"],
)
def test_what_has_another_shape_is_refused(data: bytes) -> None:
    with pytest.raises(LetterError, match="Use the same version on both"):
        unpack(data)


@given(st.binary(max_size=ROOM))
def test_any_bytes_are_signals_or_a_letter_error(data: bytes) -> None:
    try:
        signals = unpack(data)
    except LetterError:
        return
    assert all(kind >= 128 for kind, _ in signals)
