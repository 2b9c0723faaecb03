"""IID's layouts by length, against the published vectors of tests/vectors/iid_frames.json and IID's table."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from injector.iid.record import MOST_RECORDS, NOW_FROM, Record, RecordError, pack, parse

SENT_2024 = 1_720_342_174_000


@pytest.mark.parametrize(
    ("data", "record"),
    [
        ("14050000", Record(0, 1300)),
        ("96fc3d71", Record(0, 1_899_887_766)),
        ("d6fffffffc080000", Record(-42, 2300)),
        ("140500003059628c90010000", Record(0, 1300)),
        ("01000000140500003059628c90010000", Record(1, 1300)),
        ("03000000fc0800003059628c90010000", Record(3, 2300)),
        ("01000000fc0800009600000000000000", Record(1, 2300, 150)),
    ],
)
def test_the_length_says_the_layout(data: str, record: Record) -> None:
    assert parse(bytes.fromhex(data)) == (record,)


def test_several_records_of_sixteen_bytes_are_several_records() -> None:
    data = pack(1, 1300) + struct.pack("<iiQ", 1, 2300, 150)
    assert parse(data) == (Record(1, 1300), Record(1, 2300, 150))


@pytest.mark.parametrize("size", [0, 1, 3, 5, 15, 17, 20, 24, 31, 33, (MOST_RECORDS + 1) * 16])
def test_any_other_length_is_refused_whole(size: int) -> None:
    with pytest.raises(RecordError, match="wrong_length"):
        parse(bytes(size))


@pytest.mark.parametrize(
    ("date", "delay"), [(0, 0), (150, 150), (NOW_FROM - 1, NOW_FROM - 1), (NOW_FROM, 0), (SENT_2024, 0)]
)
def test_a_small_date_is_a_delay_and_a_large_one_is_now(date: int, delay: int) -> None:
    assert parse(struct.pack("<iQ", 1300, date)) == (Record(0, 1300, delay),)


@pytest.mark.parametrize("date", [10**18, 4 * 10**18, 2**64 - 1])
def test_tagged_dates_are_refused(date: int) -> None:
    with pytest.raises(RecordError, match="wrong_date"):
        parse(struct.pack("<iiQ", 1, 1300, date))


def test_what_we_write_is_dated_now() -> None:
    assert pack(1, 1300).hex() == "01000000140500000000000000000000"


@given(st.binary(max_size=100) | st.integers(1, 70).map(lambda n: bytes(16 * n)))
def test_any_bytes_are_records_or_refused(data: bytes) -> None:
    try:
        records = parse(data)
    except RecordError:
        return
    assert 1 <= len(records) <= MOST_RECORDS
    assert all(0 <= record.delay_ms < NOW_FROM for record in records)
