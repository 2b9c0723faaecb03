"""The inside of a datagram: golden bytes, round trips, any bytes, and the clock that wraps."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunnel.envelope import DatagramError
from tunnel.events import Outcome
from tunnel.frame import FRAME_SIZE, MAX_FRAMES, SequenceId
from tunnel.messages import (
    HEARTBEAT,
    INQUIRY,
    MAX_TARGETS,
    MICROS,
    NOTE_BASE,
    NOTHING_ECHOED,
    RECEIPTS,
    Heartbeat,
    Receipt,
    Receipts,
    Record,
    micros,
    near,
    pack_cancel,
    pack_heartbeat,
    pack_ids,
    pack_inputs,
    pack_item,
    pack_notes,
    pack_receipts,
    pack_sequence,
    parse_heartbeat,
    parse_ids,
    parse_inputs,
    parse_notes,
    parse_receipts,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "vectors" / "datagram.json").read_text("ascii"))
ITEMS = GOLDEN["items"]
NOTES = bytes.fromhex(GOLDEN["notes"]["bytes"])

U32 = st.integers(0, MICROS - 1)
IDS = U32.map(SequenceId)
SEQUENCES = st.builds(
    lambda id, n, filler: Record(id, False, bytes((filler,)) * n * FRAME_SIZE),
    IDS,
    st.integers(1, MAX_FRAMES),
    st.integers(0, 255),
)
CANCELS = st.builds(
    lambda id, targets: Record(id, True, pack_ids(targets)), IDS, st.lists(IDS, max_size=MAX_TARGETS)
)
ON_THE_WIRE = [outcome for outcome in Outcome if outcome is not Outcome.LOST]


def pack_record(record: Record) -> bytes:
    if record.is_cancel:
        return pack_cancel(record.id, parse_ids(record.body))
    return pack_sequence(record.id, record.body)


def item(name: str) -> tuple[int, bytes]:
    """A golden item's kind and body."""
    data = bytes.fromhex(ITEMS[name]["bytes"])
    _, [(kind, body)] = parse_notes(bytes(4) + data)
    return kind, body


@pytest.mark.parametrize("entry", GOLDEN["inputs"], ids=lambda entry: entry["name"])
def test_inputs_have_the_bytes_drawn_for_them(entry: dict[str, Any]) -> None:
    records = [
        Record(SequenceId(record["id"]), record["is_cancel"], bytes.fromhex(record["body"]))
        for record in entry["records"]
    ]
    assert pack_inputs(entry["sent"], map(pack_record, records)).hex() == entry["bytes"]
    assert parse_inputs(bytes.fromhex(entry["bytes"])) == (entry["sent"], records)


@pytest.mark.parametrize("name", ["heartbeat", "first_heartbeat"])
def test_a_heartbeat_has_the_bytes_drawn_for_it(name: str) -> None:
    fields = {key: value for key, value in ITEMS[name].items() if key != "bytes"}
    heartbeat = Heartbeat(**fields)
    assert pack_heartbeat(heartbeat).hex() == ITEMS[name]["bytes"]
    kind, body = item(name)
    assert (kind, parse_heartbeat(body)) == (HEARTBEAT, heartbeat)


def test_receipts_have_the_bytes_drawn_for_them() -> None:
    golden = ITEMS["receipts"]
    receipts = tuple(
        Receipt(SequenceId(entry["id"]), Outcome[entry["outcome"]], entry["at"])
        for entry in golden["receipts"]
    )
    assert pack_receipts(golden["echo"], golden["held"], receipts).hex() == golden["bytes"]
    kind, body = item("receipts")
    assert (kind, parse_receipts(body)) == (RECEIPTS, Receipts(golden["echo"], golden["held"], receipts))


def test_an_inquiry_and_a_note_have_the_bytes_drawn_for_them() -> None:
    inquiry, note = ITEMS["inquiry"], ITEMS["note"]
    ids = tuple(map(SequenceId, inquiry["ids"]))
    assert pack_item(INQUIRY, pack_ids(ids)).hex() == inquiry["bytes"]
    assert item("inquiry") == (INQUIRY, pack_ids(ids))
    assert parse_ids(item("inquiry")[1]) == ids
    assert pack_item(NOTE_BASE + note["kind"], bytes.fromhex(note["body"])).hex() == note["bytes"]


def test_notes_are_their_items_one_after_another() -> None:
    golden = GOLDEN["notes"]
    sent, items = parse_notes(bytes.fromhex(golden["bytes"]))
    assert sent == golden["sent"]
    assert [kind for kind, _ in items] == golden["kinds"]
    assert pack_notes(sent, [pack_item(*parts) for parts in items]).hex() == golden["bytes"]


@given(U32, st.lists(st.one_of(SEQUENCES, CANCELS), max_size=5))
def test_inputs_come_back_as_they_went(sent: int, records: list[Record]) -> None:
    assert parse_inputs(pack_inputs(sent, map(pack_record, records))) == (sent, records)


@given(U32, st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=50)), max_size=8))
def test_notes_come_back_as_they_went(sent: int, items: list[tuple[int, bytes]]) -> None:
    assert parse_notes(pack_notes(sent, [pack_item(*parts) for parts in items])) == (sent, items)


@given(st.builds(Heartbeat, U32, U32, U32, U32, U32, U32))
def test_heartbeats_come_back_as_they_went(heartbeat: Heartbeat) -> None:
    assert parse_heartbeat(pack_heartbeat(heartbeat)[3:]) == heartbeat


def test_counts_beyond_32_bits_wrap_in_a_heartbeat() -> None:
    heartbeat = Heartbeat(MICROS + 5, 0, 0, 0, MICROS, 0)
    assert parse_heartbeat(pack_heartbeat(heartbeat)[3:]) == Heartbeat(5, 0, 0, 0, 0, 0)


@given(U32, U32, st.lists(st.builds(Receipt, IDS, st.sampled_from(ON_THE_WIRE), U32), max_size=20))
def test_receipts_come_back_as_they_went(echo: int, held: int, receipts: list[Receipt]) -> None:
    assert parse_receipts(pack_receipts(echo, held, receipts)[3:]) == Receipts(echo, held, tuple(receipts))


def test_what_was_held_too_long_to_be_written_is_written_as_the_longest() -> None:
    assert parse_receipts(pack_receipts(0, 10 * MICROS, [])[3:]).held == NOTHING_ECHOED


def test_lost_is_never_said_on_the_wire() -> None:
    with pytest.raises(DatagramError):
        parse_receipts(pack_receipts(0, 0, [Receipt(SequenceId(1), Outcome.LOST, 0)])[3:])


PARSERS: list[Callable[[bytes], object]] = [
    parse_inputs, parse_notes, parse_ids, parse_heartbeat, parse_receipts,
]  # fmt: skip


@pytest.mark.parametrize("parse", PARSERS, ids=lambda parse: parse.__name__)
@given(data=st.binary(max_size=300))
def test_any_bytes_parse_or_raise_a_datagram_error(parse: Callable[[bytes], object], data: bytes) -> None:
    try:
        parse(data)
    except DatagramError:
        pass  # that is the one way out


@given(st.binary(max_size=300))
def test_any_bytes_that_are_inputs_are_so_in_one_way_only(data: bytes) -> None:
    try:
        sent, records = parse_inputs(data)
    except DatagramError:
        return
    assert pack_inputs(sent, map(pack_record, records)) == data


@given(st.one_of(st.binary(max_size=300), st.integers(0, len(NOTES)).map(lambda end: NOTES[:end])))
def test_any_bytes_that_are_notes_are_so_in_one_way_only(data: bytes) -> None:
    try:
        sent, items = parse_notes(data)
    except DatagramError:
        return
    assert pack_notes(sent, [pack_item(*parts) for parts in items]) == data


def test_an_item_longer_than_its_datagram_condemns_the_whole() -> None:
    for size in (1, 5, 65_535):
        with pytest.raises(DatagramError):
            parse_notes(bytes(4) + pack_item(NOTE_BASE, bytes(size))[:-1])


@given(st.sampled_from(GOLDEN["inputs"]), st.integers(0, 2000))
def test_inputs_cut_short_are_condemned_as_a_whole(entry: dict[str, Any], length: int) -> None:
    data = bytes.fromhex(entry["bytes"])
    cut = data[: length % len(data)]
    try:
        sent, records = parse_inputs(cut)
    except DatagramError:
        return
    assert pack_inputs(sent, map(pack_record, records)) == cut  # cut between two records


@pytest.mark.parametrize(
    ("n", "size", "fine"),
    [
        (0, 0, False),
        (1, 16, True),
        (64, 1024, True),
        (65, 1040, False),
        (127, 127 * 16, False),
        (128, 0, True),
        (128 + 64, 256, True),
        (128 + 65, 260, False),
        (255, 127 * 4, False),
        (2, 31, False),
        (128 + 2, 7, False),
    ],
)
def test_a_record_has_1_to_64_frames_or_0_to_64_targets(n: int, size: int, fine: bool) -> None:
    data = bytes(4) + bytes(4) + bytes((n,)) + bytes(size)
    if fine:
        assert len(parse_inputs(data)[1]) == 1
    else:
        with pytest.raises(DatagramError):
            parse_inputs(data)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
def test_ids_have_four_bytes_each(size: int) -> None:
    with pytest.raises(DatagramError):
        parse_ids(bytes(size))


@pytest.mark.parametrize("size", [0, 23, 25])
def test_a_heartbeat_has_its_length_and_no_other(size: int) -> None:
    with pytest.raises(DatagramError):
        parse_heartbeat(bytes(size))


# The clock of the wire

WRAP_MS = MICROS / 1000  # 71 minutes and a half


def test_micros_counts_microseconds_and_wraps() -> None:
    assert [micros(ms) for ms in (0.0, 0.001, 1.5, WRAP_MS - 0.001, WRAP_MS, WRAP_MS + 1)] == [
        0, 1, 1500, MICROS - 1, 0, 1000,
    ]  # fmt: skip


NOW = st.floats(0, 4e12, allow_nan=False)  # from 1970 to the year 2096


@given(NOW, st.floats(-WRAP_MS / 2 + 1, WRAP_MS / 2 - 1))
def test_a_moment_comes_back_if_it_is_within_half_an_hour_of_now(now: float, distance: float) -> None:
    moment = now + distance
    if moment >= 0:
        assert near(micros(moment), now) == pytest.approx(moment, rel=0, abs=0.002)


@given(U32, NOW)
def test_near_is_never_further_away_than_half_the_range(value: int, now: float) -> None:
    moment = near(value, now)
    assert abs(moment - now) <= WRAP_MS / 2 + 0.002
    assert abs((round(moment * 1000) - value + MICROS // 2) % MICROS - MICROS // 2) <= 1


@pytest.mark.parametrize(
    ("value", "now", "moment"),
    [
        (MICROS - 1000, WRAP_MS + 1, WRAP_MS - 1),  # sent before the wrap, read after it
        (1000, 5 * WRAP_MS - 1, 5 * WRAP_MS + 1),  # the other clock is ahead, and has wrapped
        (0, WRAP_MS, WRAP_MS),
        (MICROS // 2 - 1, 0.0, (MICROS // 2 - 1) / 1000),
        (MICROS // 2, 0.0, -MICROS / 2000),  # exactly opposite: taken to be in the past
    ],
)
def test_near_around_the_wrap(value: int, now: float, moment: float) -> None:
    assert near(value, now) == pytest.approx(moment, abs=0.002)
