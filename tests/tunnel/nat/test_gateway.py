from __future__ import annotations

import ipaddress
import struct
import sys
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from tunnel.nat.gateway import from_linux, from_windows

HEAD: Final = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"


def route(destination: str, gateway: str, flags: str = "0003", metric: int = 0, mask: str = "0.0.0.0") -> str:
    def as_hex(address: str) -> str:
        return f"{int.from_bytes(ipaddress.IPv4Address(address).packed, sys.byteorder):08X}"

    return (
        f"eth0\t{as_hex(destination)}\t{as_hex(gateway)}\t{flags}\t0\t0\t{metric}\t{as_hex(mask)}\t0\t0\t0\n"
    )


def test_the_default_route_leads_to_the_gateway() -> None:
    own = route("192.168.1.0", "0.0.0.0", "0001", 100, "255.255.255.0")
    assert from_linux(HEAD + own + route("0.0.0.0", "192.168.1.254", metric=100)) == "192.168.1.254"


def test_of_several_default_routes_the_lowest_metric_counts() -> None:
    table = HEAD + route("0.0.0.0", "10.0.0.1", metric=600) + route("0.0.0.0", "192.168.1.1", metric=100)
    assert from_linux(table) == "192.168.1.1"


def test_without_a_gateway_there_is_none() -> None:
    assert from_linux(HEAD) is None
    assert from_linux(HEAD + route("0.0.0.0", "0.0.0.0", "0001")) is None  # a tunnel to one other machine
    assert from_linux(HEAD + route("0.0.0.0", "10.0.0.1", "0002")) is None  # a route that is down


def test_a_row_of_windows_names_the_next_hop() -> None:
    row = struct.pack("<3I4s10I", 0, 0, 0, bytes([192, 168, 1, 1]), *range(10))
    assert from_windows(row + bytes(8)) == "192.168.1.1"
    assert from_windows(bytes(56)) is None
    assert from_windows(row[:40]) is None


@given(st.text(max_size=200) | st.lists(st.text("0123456789ABCDEF", max_size=9)).map("\t".join))
def test_any_table_gives_an_address_or_none(text: str) -> None:
    for found in (from_linux(text), from_linux(HEAD + text)):
        assert found is None or ipaddress.IPv4Address(found)
