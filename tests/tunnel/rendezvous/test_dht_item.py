"""Keys and values of items, held against the published vectors."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tunnel.rendezvous import krpc
from tunnel.rendezvous.dht_item import SALT, hole_key, letter_in
from tunnel.rendezvous.place import MAX_LETTER

# RFC 8032, 7.1: secret key (there the seed), public key.
RFC_8032 = (
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    ),
)


@pytest.mark.parametrize(("seed", "public"), RFC_8032)
def test_the_public_key_is_that_of_the_published_vectors(seed: str, public: str) -> None:
    assert hole_key(bytes.fromhex(seed)).public.hex() == public


@pytest.mark.parametrize(("seed", "public"), RFC_8032)
def test_the_secret_key_is_expanded_and_its_scalar_makes_the_public_key(seed: str, public: str) -> None:
    secret = hole_key(bytes.fromhex(seed)).secret
    assert len(secret) == 64
    assert secret[32:] == hashlib.sha512(bytes.fromhex(seed)).digest()[32:]
    assert krpc.public_of_scalar(secret[:32]).hex() == public


def test_our_scalar_arithmetic_is_that_of_bep_44() -> None:
    assert krpc.public_of_scalar(krpc.BEP44_SECRET[:32]) == krpc.BEP44_PUBLIC


def test_a_seed_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="32"):
        hole_key(bytes(31))


def test_an_item_says_nothing_of_the_program_it_is_of() -> None:
    assert SALT == b""


def test_the_longest_letter_fits_into_an_item() -> None:
    assert len(krpc.encode(bytes(MAX_LETTER))) <= 1_000


@pytest.mark.parametrize(
    "value", [0, -1, [], [b"letter"], {b"v": b"letter"}, b"", bytes(MAX_LETTER + 1), None]
)
def test_what_is_no_letter_is_none(value: object) -> None:
    assert letter_in(value) is None


@given(
    st.recursive(
        st.binary(max_size=MAX_LETTER + 40) | st.integers() | st.none(),
        lambda inner: st.lists(inner) | st.dictionaries(st.binary(), inner),
    )
)
def test_any_value_is_a_letter_that_fits_or_none(value: object) -> None:
    letter = letter_in(value)
    assert letter is None or (letter == value and 0 < len(letter) <= MAX_LETTER)
