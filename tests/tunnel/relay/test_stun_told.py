from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunnel.relay.stun_told import StunTold, StunToldError, is_host

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["udp", "tcp", "host"]), inner)
    ),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (StunTold(), None),
        (StunTold(udp=8_765, tcp=8_765), {"udp": 8_765, "tcp": 8_765}),
        (StunTold(tcp=8_765), {"tcp": 8_765}),
        (StunTold(udp=1, host="stun.example.org"), {"udp": 1, "host": "stun.example.org"}),
        (StunTold(udp=1, host="2001:db8::1"), {"udp": 1, "host": "2001:db8::1"}),
    ],
)
def test_what_is_told_is_understood(told: StunTold, said: Any) -> None:
    assert told.to_json() == said
    assert StunTold.parse(said) == told


@pytest.mark.parametrize(
    "said",
    [
        True, 8_765, "stun", [], {"udp": 0}, {"udp": 65_536}, {"tcp": "8765"}, {"tcp": True}, {"udp": 1.0},
        {"udp": 1, "host": 5}, {"udp": 1, "host": ""}, {"udp": 1, "host": "a" * 64 + ".org"},
        {"udp": 1, "host": ".".join(["a" * 60] * 5)}, {"udp": 1, "host": "one two.org"},
    ],
)  # fmt: skip
def test_nonsense_is_an_error(said: Any) -> None:
    with pytest.raises(StunToldError):
        StunTold.parse(said)


@given(JSON)
def test_anything_a_relay_says_is_understood_or_an_error(said: Any) -> None:
    try:
        told = StunTold.parse(said)
    except StunToldError:
        return
    assert {told.udp, told.tcp} <= {None, *range(1, 65_536)}
    assert len(json.dumps(told.to_json())) <= 320


@pytest.mark.parametrize(
    "host", ["127.1", "1.0x7f", "0x7f.0x1", "2130706433", "fe80::1%eth0", "a..b", "localhost"]
)
def test_what_some_systems_take_for_an_address_is_no_host(host: str) -> None:
    assert not is_host(host)
    assert is_host("stun.example.org.")


def test_the_host_that_a_member_reached_is_asked_unless_another_is_named() -> None:
    assert StunTold(udp=1).host_for("relay.example.org") == "relay.example.org"
    assert StunTold(udp=1, host="8.8.8.8").host_for("relay.example.org") == "8.8.8.8"
    assert StunTold(udp=1, host="stun.example.org.").host_for("8.8.8.8") == "stun.example.org."


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "192.168.1.1", "10.0.0.1", "100.64.0.1", "169.254.1.1", "239.1.1.1", "255.255.255.255",
     "::1", "fe80::1", "fd00::1", "ff02::1", "::ffff:192.168.1.1", "router.local", "a.localhost.", "nas.lan"],
)  # fmt: skip
def test_a_relay_out_in_the_world_names_no_place_of_the_members_network(host: str) -> None:
    told = StunTold.parse({"udp": 53, "host": host})
    for reached in ("relay.example.org", "8.8.8.8", "2606:4700::1111"):
        with pytest.raises(StunToldError):
            told.host_for(reached)


def test_a_relay_of_the_members_network_names_what_it_likes() -> None:
    for reached in ("127.0.0.1", "localhost", "192.168.1.9", "relay", "relay.local", "::1"):
        assert StunTold(udp=1, host="192.168.1.1").host_for(reached) == "192.168.1.1"
