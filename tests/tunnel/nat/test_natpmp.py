from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunnel.nat import natpmp
from tunnel.nat.portmap_message import Answer, Outcome, PortmapError, Transport

VECTORS: Final = Path(__file__).parents[2] / "vectors" / "portmap.json"
SAID: Final = {
    name: bytes.fromhex(raw)
    for name, raw in json.loads(VECTORS.read_text(encoding="utf-8"))["natpmp"].items()
}


def test_requests_are_the_rfcs_bytes() -> None:
    assert SAID["address_request"] == natpmp.ADDRESS_REQUEST
    assert natpmp.map_request(Transport.UDP, 50_000, 50_001, 1_200) == SAID["udp_request"]


def test_answers_read_as_the_rfc_says() -> None:
    assert natpmp.parse(SAID["address_answer"]) == Answer(outcome=Outcome.OK, epoch_s=256, address="1.2.3.4")
    assert natpmp.parse(SAID["tcp_answer"]) == Answer(
        outcome=Outcome.OK,
        epoch_s=256,
        transport=Transport.TCP,
        internal=50_000,
        external=50_002,
        lifetime_s=1_200,
    )


def test_a_refusal_says_which_port_and_why() -> None:
    assert natpmp.parse(SAID["refused"]) == Answer(
        outcome=Outcome.REFUSED, epoch_s=256, transport=Transport.UDP, internal=50_000
    )
    assert natpmp.parse(SAID["other_version"]).outcome is Outcome.OTHER_VERSION


def test_a_result_nobody_knows_is_a_failure() -> None:
    assert natpmp.parse(bytes.fromhex("0081ffff00000000")).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "raw", ["", "0080", "0000000000000000", "0280000000000100", "0083000000000100" + "00" * 8]
)
def test_what_is_no_answer_is_refused(raw: str) -> None:
    with pytest.raises(PortmapError):
        natpmp.parse(bytes.fromhex(raw))


@given(st.binary(max_size=70) | st.binary(max_size=20).map(lambda tail: b"\0\x81\0\0" + tail))
def test_any_bytes_parse_or_are_a_portmap_error(data: bytes) -> None:
    try:
        natpmp.parse(data)
    except PortmapError:
        pass
