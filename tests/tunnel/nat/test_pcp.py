from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunnel.nat import pcp
from tunnel.nat.portmap_message import Answer, Outcome, PortmapError, Transport

VECTORS: Final = Path(__file__).parents[2] / "vectors" / "portmap.json"
SAID: Final = {
    name: bytes.fromhex(raw) for name, raw in json.loads(VECTORS.read_text(encoding="utf-8"))["pcp"].items()
}
NONCE: Final = bytes(range(12))


def test_a_request_is_the_rfcs_bytes() -> None:
    request = pcp.map_request(Transport.UDP, "10.0.0.2", 50_000, 50_001, 1_200, NONCE)
    assert request == SAID["udp_request"]


def test_an_answer_reads_as_the_rfc_says() -> None:
    assert pcp.parse(SAID["tcp_answer"]) == Answer(
        outcome=Outcome.OK,
        epoch_s=256,
        transport=Transport.TCP,
        internal=50_000,
        external=50_002,
        lifetime_s=1_200,
        address="1.2.3.4",
        nonce=NONCE,
    )


def test_refusals_say_why() -> None:
    assert pcp.parse(SAID["refused"]).outcome is Outcome.REFUSED
    assert pcp.parse(SAID["other_version"]).outcome is Outcome.OTHER_VERSION


def test_an_ipv6_address_asks_for_an_ipv6_one() -> None:
    request = pcp.map_request(Transport.TCP, "2001:db8::1", 1, 2, 3, NONCE)
    assert request[-16:] == bytes(16)


def test_a_nonce_has_twelve_bytes() -> None:
    with pytest.raises(ValueError, match="12 bytes"):
        pcp.map_request(Transport.TCP, "10.0.0.2", 1, 2, 3, b"short")


@given(
    st.binary(max_size=80)
    | st.integers(24, 60).map(lambda cut: SAID["tcp_answer"][:cut])
    | st.tuples(st.integers(0, 59), st.integers(0, 255)).map(
        lambda change: (
            SAID["tcp_answer"][: change[0]] + bytes([change[1]]) + SAID["tcp_answer"][change[0] + 1 :]
        )
    )
)
def test_any_bytes_parse_or_are_a_portmap_error(data: bytes) -> None:
    try:
        pcp.parse(data)
    except PortmapError:
        pass
