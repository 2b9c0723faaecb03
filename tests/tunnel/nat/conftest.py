"""What the tests of STUN share: messages of every shape, and the RFC's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import strategies as st

from tunnel.nat.stun import Kind, Message

VECTORS: Final = Path(__file__).parents[2] / "vectors" / "stun_rfc5769.json"

ADDRESSES: Final = st.tuples(
    st.sampled_from(["192.0.2.1", "255.255.255.255", "2001:db8::1", "fe80::1"]), st.integers(0, 0xFFFF)
)
TEXTS: Final = st.text(st.characters(codec="utf-8"), max_size=40)
MESSAGES: Final = st.builds(
    Message,
    kind=st.sampled_from(Kind),
    transaction=st.binary(min_size=12, max_size=12),
    mapped=st.none() | ADDRESSES,
    xor_mapped=st.none() | ADDRESSES,
    username=st.none() | TEXTS,
    error=st.none() | st.tuples(st.integers(300, 699), TEXTS),
    priority=st.none() | st.integers(0, 2**32 - 1),
    use_candidate=st.booleans(),
    controlling=st.none() | st.integers(0, 2**64 - 1),
    controlled=st.none() | st.integers(0, 2**64 - 1),
    software=st.none() | TEXTS,
    response_origin=st.none() | ADDRESSES,
    other_address=st.none() | ADDRESSES,
    change_ip=st.booleans(),
    change_port=st.booleans(),
    response_port=st.none() | st.integers(0, 0xFFFF),
    padding=st.sampled_from([0, 1, 64]),
    refused=st.lists(st.integers(0, 0x7FFF), max_size=4).map(tuple),
)


@pytest.fixture(scope="session")
def rfc5769() -> list[dict[str, Any]]:
    """Name, key and bytes as hex, and what is in them."""
    vectors: list[dict[str, Any]] = json.loads(VECTORS.read_text(encoding="utf-8"))["vectors"]
    return vectors
