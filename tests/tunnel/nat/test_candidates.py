from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunnel.nat.candidates import (
    MAX_CANDIDATES,
    Candidate,
    CandidateError,
    Kind,
    best_first,
    is_plausible,
    pack,
    priority,
    unpack,
)

V4 = ("192.0.2.1", 47_000)
V6 = ("2001:db8::1", 47_000)

addresses = st.tuples(st.ip_addresses().map(str), st.integers(0, 0xFFFF))
candidates = st.builds(Candidate, st.sampled_from([Kind.HOST, Kind.REFLEXIVE, Kind.MAPPED]), addresses)


def test_the_bytes_are_as_drawn() -> None:
    packed = pack([Candidate(Kind.HOST, V4), Candidate(Kind.REFLEXIVE, V6)])
    assert packed.hex() == "0498b7c0000201" + "1698b720010db8000000000000000000000001"


@given(st.lists(candidates, max_size=MAX_CANDIDATES))
def test_what_is_packed_comes_out_the_same(some: list[Candidate]) -> None:
    assert unpack(pack(some), len(some)) == tuple(some)


@settings(max_examples=200)
@given(st.binary(max_size=400), st.integers(0, 255))
def test_any_bytes_are_candidates_or_refused(data: bytes, count: int) -> None:
    try:
        assert len(unpack(data, count)) == count <= MAX_CANDIDATES
    except CandidateError:
        pass


@pytest.mark.parametrize(
    "packed", ["34", "0498b7c00002", "0598b7c0000201", "3498b7c0000201", "f498b7c0000201"]
)
def test_a_cut_one_an_unknown_version_of_ip_and_a_kind_that_is_only_learned_are_refused(packed: str) -> None:
    with pytest.raises(CandidateError):
        unpack(bytes.fromhex(packed), 1)


def test_an_offer_of_strangers_is_bounded() -> None:
    many = [Candidate(Kind.HOST, ("192.0.2.1", port)) for port in range(1, 100)]
    assert len(best_first(many)) == MAX_CANDIDATES
    with pytest.raises(ValueError, match="at most 16"):
        pack(many)
    with pytest.raises(CandidateError):
        unpack(b"".join(pack([each]) for each in many), 17)


def test_own_addresses_come_first_and_ipv6_before_ipv4() -> None:
    some = [
        Candidate(Kind.REFLEXIVE, V4),
        Candidate(Kind.HOST, ("10.0.0.1", 1)),
        Candidate(Kind.MAPPED, ("192.0.2.1", 2)),
        Candidate(Kind.HOST, V6),
    ]
    assert [each.kind for each in best_first(some)] == [Kind.HOST, Kind.HOST, Kind.MAPPED, Kind.REFLEXIVE]
    assert best_first(some)[0].address == V6


def test_an_address_known_in_two_ways_is_tried_once_and_as_the_better_kind() -> None:
    assert best_first([Candidate(Kind.REFLEXIVE, V4), Candidate(Kind.HOST, V4)]) == (
        Candidate(Kind.HOST, V4),
    )


def test_priorities_are_those_of_rfc_8445() -> None:
    assert priority(Kind.HOST, V6) == (126 << 24) + (65_535 << 8) + 255
    assert priority(Kind.PEER, V4) == (110 << 24) + (32_767 << 8) + 255


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "224.0.0.1", "255.255.255.255", "240.0.0.1", "169.254.1.1", "127.0.0.1", "::", "::1",
     "fe80::1", "ff02::1", "::ffff:192.0.2.1"],
)  # fmt: skip
def test_groups_broadcasts_and_this_machine_are_no_candidates(host: str) -> None:
    assert not is_plausible((host, 47_000))


@pytest.mark.parametrize(
    "host", ["192.168.1.2", "10.0.0.1", "100.64.0.1", "8.8.8.8", "fd00::1", "2001:db8::1"]
)
def test_private_and_public_addresses_are(host: str) -> None:
    assert is_plausible((host, 47_000))
    assert not is_plausible((host, 0))


def test_this_machine_is_one_where_both_ends_are_on_it() -> None:
    assert is_plausible(("127.0.0.1", 1), loopback=True)
    assert is_plausible(("::1", 1), loopback=True)
    assert not is_plausible(("127.0.0.1", 0), loopback=True)


@given(addresses)
def test_any_address_is_plausible_or_not(address: tuple[str, int]) -> None:
    if ipaddress.ip_address(address[0]).is_multicast:
        assert not is_plausible(address, loopback=True)
    else:
        assert is_plausible(address) <= is_plausible(address, loopback=True)


def test_many_own_addresses_leave_room_for_how_others_see_us() -> None:
    own = [Candidate(Kind.HOST, (f"192.0.2.{n}", 1)) for n in range(1, 31)]
    seen = [Candidate(Kind.REFLEXIVE, (f"198.51.100.{n}", 1)) for n in range(1, 4)]
    assert best_first([*own, *seen]) == (*own[: MAX_CANDIDATES - 3], *seen)
    learned = [Candidate(Kind.REFLEXIVE, (f"198.51.100.{n}", 1)) for n in range(1, 31)]
    assert len(best_first([*own, *learned])) == MAX_CANDIDATES
    assert best_first([*own[:2], *learned]) == (*own[:2], *learned[: MAX_CANDIDATES - 2])
