"""Offers in few bytes: what matters arrives exactly, the rest is left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tunnel.rendezvous.conftest import HOME, NOW, TCP, UDP, candidate
from tunnel.nat.candidates import Candidate, Kind
from tunnel.nat.checks import Credentials
from tunnel.nat.offer import NEVER, Edition, Offer, parse
from tunnel.rendezvous.brief import pack, unpack
from tunnel.rendezvous.contents import Signal
from tunnel.rendezvous.text import LetterError

DATE = int(NOW)

ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6), st.ip_addresses(network="192.168.0.0/16"))
CANDIDATES = st.builds(
    lambda kind, host, port: Candidate(kind, (str(host), port)),
    st.sampled_from((Kind.HOST, Kind.REFLEXIVE, Kind.MAPPED)),
    ADDRESSES,
    st.integers(0, 65_535),
)
OFFERS = st.builds(
    Offer,
    edition=st.builds(Edition, st.integers(0, 2**64 - 1), st.integers(0, 65_535)),
    heard=st.just(Edition(7, 7)),
    credentials=st.builds(
        Credentials, st.binary(min_size=4, max_size=4), st.binary(min_size=16, max_size=16)
    ),
    candidates=st.lists(CANDIDATES, max_size=16).map(tuple),
    asks=st.booleans(),
    symmetric=st.booleans(),
    deaf=st.booleans(),
    birthday=st.booleans(),
)


def told(signals: tuple[Signal, ...]) -> dict[int, Offer]:
    return {kind: parse(body) for kind, body in signals}


@given(st.dictionaries(st.integers(128, 135), OFFERS, max_size=3))
def test_all_but_the_lesser_addresses_arrives_exactly(offers: dict[int, Offer]) -> None:
    came = told(unpack(pack([Signal(kind, offer.pack()) for kind, offer in offers.items()], DATE), DATE))
    assert list(came) == list(offers)
    for kind, offer in offers.items():
        assert set(came[kind].candidates) <= set(offer.candidates)
        assert replace(came[kind], candidates=()) == replace(offer, candidates=(), heard=NEVER, asks=True)


def test_the_addresses_of_a_home_arrive(offer: Callable[..., Offer]) -> None:
    udp, tcp = offer(1), offer(2)
    came = told(unpack(pack((Signal(UDP, udp.pack()), Signal(TCP, tcp.pack())), DATE), DATE))
    assert set(came[UDP].candidates) == set(came[TCP].candidates) == set(HOME)


def test_of_many_addresses_those_that_matter_are_told(offer: Callable[..., Offer]) -> None:
    seen = [candidate(Kind.REFLEXIVE, f"203.0.113.{n}", n) for n in (1, 2, 3)]
    mapped = candidate(Kind.MAPPED, "203.0.113.9", 9)
    own = [candidate(Kind.HOST, f"10.0.0.{n}", n) for n in (1, 2)]
    ipv6 = [candidate(Kind.HOST, f"2001:db8::{n}", n) for n in (1, 2)]
    body = offer(1, (*seen, *own, *ipv6, mapped)).pack()
    (came,) = told(unpack(pack((Signal(UDP, body),), DATE), DATE)).values()
    assert came.candidates == (mapped, seen[0], own[0], ipv6[0])


def test_two_ports_at_one_address_both_arrive(offer: Callable[..., Offer]) -> None:
    both = tuple(candidate(Kind.REFLEXIVE, "203.0.113.1", port) for port in (5, 6))
    (came,) = told(unpack(pack((Signal(UDP, offer(1, both).pack()),), DATE), DATE)).values()
    assert came.candidates == both


def test_what_two_offers_share_is_said_once(offer: Callable[..., Offer]) -> None:
    """A second link with the same password adds what is said about it, its edition and two ports."""
    kept = (HOME[0], candidate(Kind.REFLEXIVE, "203.0.113.77", 47_000))
    one = pack((Signal(UDP, offer(1, kept).pack()),), DATE)
    other = pack((Signal(UDP, offer(1).pack()),), DATE)
    assert len(other) - len(one) == 2  # the port
    two = pack((Signal(UDP, offer(1, kept).pack()), Signal(TCP, offer(1, kept).pack())), DATE)
    assert len(two) - len(one) == 5


def test_what_is_no_offer_is_left_to_whole_letters(offer: Callable[..., Offer]) -> None:
    body = offer(1).pack()
    signals = (Signal(UDP, b"another language"), Signal(200, body), Signal(TCP, body))
    assert list(told(unpack(pack(signals, DATE), DATE))) == [TCP]


def test_of_more_than_three_links_the_first_are_told(offer: Callable[..., Offer]) -> None:
    signals = [Signal(128 + n, offer(n).pack()) for n in range(5)]
    assert list(told(unpack(pack(signals, DATE), DATE))) == [128, 129, 130]


def test_nothing_to_say_is_nothing() -> None:
    assert pack((), DATE) == b""
    assert unpack(b"", DATE) == ()


CREDENTIALS = bytes(20)
ALONE = b"\x00" + CREDENTIALS + b"\x00\x00"


@pytest.mark.parametrize(
    "data",
    [
        ALONE[:-1],
        b"\x20\x00\x00",
        b"\x80" + ALONE[1:] + ALONE,
        (b"\x80" + ALONE[1:]) * 4,
        b"\x00" + CREDENTIALS + b"\x00\x80\x80\x04",
        b"\x00" + CREDENTIALS + b"\xff" * 11,
        b"\x00" + CREDENTIALS + b"\xfe" + b"\xff" * 8 + b"\x01\x00",
        ALONE + b"\x03",
        ALONE + b"\x2c" + bytes(20),
        ALONE + b"\x30\x01\x02\x03\x04",
        ALONE + b"\x40\x01\x02\x03\x04\x00\x01",
        ALONE + b"\x20\x01\x02\x03\x04\x00\x01" * 17,
    ],
    ids=[
        "cut", "same as nothing", "a kind twice", "four offers", "revision", "endless number",
        "before 1970", "an address that is learned", "no such shape", "the ports of nothing",
        "an offer there is not", "seventeen addresses",
    ],
)  # fmt: skip
def test_what_has_another_shape_is_refused(data: bytes) -> None:
    with pytest.raises(LetterError, match="Use the same version on both"):
        unpack(data, DATE)


@given(st.one_of(st.binary(max_size=200), st.binary(max_size=80).map(lambda tail: ALONE + tail)))
def test_any_bytes_are_offers_or_a_letter_error(data: bytes) -> None:
    try:
        signals = unpack(data, DATE)
    except LetterError:
        return
    assert len(told(signals)) <= 3
