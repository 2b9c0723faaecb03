from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunnel.nat.candidates import Candidate, Kind
from tunnel.nat.checks import Credentials
from tunnel.nat.offer import MAX_OFFER, Edition, Offer, OfferError, parse

OFFER = Offer(
    edition=Edition(1_700_000_000_000, 3),
    heard=Edition(1_600_000_000_000, 2),
    credentials=Credentials(b"abcd", bytes(range(16))),
    candidates=(Candidate(Kind.HOST, ("192.0.2.1", 47_000)),),
    asks=True,
    deaf=True,
)
GOLDEN = (
    "01" "05" "0068e5cf8b010000" "0300" "00806e8774010000" "0200" "61626364"
    "000102030405060708090a0b0c0d0e0f" "01" "0498b7c0000201"
)  # fmt: skip


def test_the_bytes_are_as_drawn() -> None:
    assert OFFER.pack().hex() == GOLDEN
    assert parse(bytes.fromhex(GOLDEN)) == OFFER


def test_the_wish_to_guess_ports_is_a_flag_that_older_ends_do_not_read() -> None:
    guessing = replace(OFFER, birthday=True, guessing=True)
    assert guessing.pack().hex() == GOLDEN[:2] + "1d" + GOLDEN[4:]
    assert parse(guessing.pack()) == guessing
    unknown = bytearray(guessing.pack())
    unknown[1] |= 0xE0
    assert parse(bytes(unknown)) == guessing


def test_what_a_later_version_adds_behind_is_not_read() -> None:
    assert parse(bytes.fromhex(GOLDEN) + b"more") == OFFER


@pytest.mark.parametrize(
    "body", [b"", bytes.fromhex(GOLDEN)[:-1], b"\x02" + bytes.fromhex(GOLDEN)[1:], bytes(MAX_OFFER + 1)]
)
def test_what_is_cut_too_long_or_of_another_version_is_refused(body: bytes) -> None:
    with pytest.raises(OfferError):
        parse(body)


@settings(max_examples=200)
@given(st.one_of(st.binary(max_size=500), st.binary(max_size=500).map(lambda rest: b"\x01" + rest)))
def test_any_bytes_are_an_offer_or_refused(body: bytes) -> None:
    try:
        offer = parse(body)
    except OfferError:
        return
    assert parse(offer.pack()) == offer


def test_the_longest_offer_fits_into_a_note() -> None:
    many = tuple(Candidate(Kind.HOST, (f"2001:db8::{n}", 1)) for n in range(1, 17))
    longest = Offer(OFFER.edition, OFFER.heard, OFFER.credentials, many, True, True, True)
    assert len(longest.pack()) == 347 <= MAX_OFFER


def test_a_later_attempt_is_greater_whatever_its_revision() -> None:
    assert Edition(2, 0) > Edition(1, 65_535)
