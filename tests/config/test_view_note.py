from __future__ import annotations

import json
import math
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.notes import NoteError
from config.view_note import MAX_BYTES, _Wire, pack_view, unpack_view
from config.views import Candidate, ModeView, TeamView

PLAIN = ModeView("turns", "Ada plays. Type an input to be next.", 4_250.0, player="Ada", queue=("Bob",))
FULL = ModeView(
    mode="democracy",
    headline="Chat votes: type the input you want.",
    ends_in_ms=12_345.678,
    candidates=tuple(Candidate(f"left*{number} down", 40 - number) for number in range(8)),
    voters=120,
    quorum=12,
    result="left*2 (14 of 30)",
    player="Ada",
    queue=("Bob", "Cléo", "だん"),
    waiting=7,
    delay_ms=250.0,
    teams=(TeamView("red", 1, 30), TeamView("blue", 2, 31)),
    democracy_share=0.75,
    democracy_from=0.75,
    anarchy_below=0.5,
    pinned=True,
    paused=True,
)


def note(**fields: Any) -> bytes:
    return json.dumps({"mode": "anarchy", "headline": "", **fields}).encode()


def test_the_bytes_are_the_described_ones() -> None:
    assert pack_view(PLAIN) == (
        b'{"mode":"turns","headline":"Ada plays. Type an input to be next.","ends_in_ms":4250.0,'
        b'"player":"Ada","queue":["Bob"]}'
    )
    assert b'"candidates":[["left*0 down",40],' in pack_view(FULL)
    assert b'"teams":[["red",1,30],["blue",2,31]]' in pack_view(FULL)


@pytest.mark.parametrize("view", [PLAIN, FULL, ModeView("anarchy", "")])
def test_a_view_survives_the_round_trip(view: ModeView) -> None:
    assert unpack_view(pack_view(view)) == view


def test_nought_is_not_nothing() -> None:
    view = replace(PLAIN, ends_in_ms=0.0, democracy_share=0.0)
    assert unpack_view(pack_view(view)) == view


def test_every_field_of_a_view_has_its_place() -> None:
    assert [field.name for field in fields(ModeView)] == list(_Wire.model_fields)


def test_what_is_too_long_is_cut() -> None:
    view = unpack_view(pack_view(replace(PLAIN, headline="h" * 500, player="p" * 500, queue=("q",) * 50)))
    assert (len(view.headline), len(view.player), len(view.queue)) == (80, 32, 8)


def test_the_least_important_goes_first_until_it_fits() -> None:
    wide = "\U0001f3ae" * 40
    view = replace(FULL, candidates=(Candidate(wide, 1),) * 8, queue=(wide,) * 8)
    kept = unpack_view(pack_view(view))
    assert kept.queue == ()
    assert 0 < len(kept.candidates) < 8
    assert (kept.teams, kept.result, kept.player) == (view.teams, view.result, view.player)


def test_the_worst_there_is_fits_all_the_same() -> None:
    worst = "\0" * 500  # six bytes a character in JSON
    view = ModeView(
        worst, worst, 1e99, (Candidate(worst, 10**99),) * 99, 10**99, 10**99, worst, worst, (worst,) * 99,
        10**99, 1e99, (TeamView(worst, 10**99, 10**99),) * 99, 0.123456, 0.123456, 0.123456, True, True,
    )  # fmt: skip
    data = pack_view(view)
    assert len(data) <= MAX_BYTES
    kept = unpack_view(data)
    assert (kept.mode, kept.headline, kept.voters) == ("\0" * 32, "\0" * 80, 10**9)


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    assert unpack_view(pack_view(replace(PLAIN, player="a\ud83d"))).player == "a?"


def test_a_number_that_is_none_is_our_own_mistake() -> None:
    with pytest.raises(NoteError, match="ends_in_ms"):
        pack_view(replace(PLAIN, ends_in_ms=math.nan))


def test_fields_of_a_newer_bot_are_left_alone() -> None:
    assert unpack_view(note(weather="fine")) == ModeView("anarchy", "")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"mode":"anarchy"}',
        b'{"mode":"anarchy","headline":""',
        b"\xff",
        b"[" * MAX_BYTES,
        b'{"mode":"\\ud83d","headline":""}',
        b'{"mode":"anarchy","headline":"","ends_in_ms":NaN}',
        b'{"mode":"anarchy","headline":"","delay_ms":1e999}',
        note(mode=1),
        note(headline="h" * 81),
        note(ends_in_ms=-1),
        note(ends_in_ms="5"),
        note(voters=1.5),
        note(voters=True),
        note(waiting=10**30),
        note(democracy_share=1.1),
        note(pinned=1),
        note(queue="Bob"),
        note(queue=["Bob"] * 9),
        note(queue=[None]),
        note(candidates=[["a"]]),
        note(candidates=[["a", 1, 2]]),
        note(teams=[["red", 1, 2]] * 5),
        note(result=None),
        note(weather="fine" * 250),
    ],
)
def test_bytes_that_are_no_view_are_refused(data: bytes) -> None:
    with pytest.raises(NoteError):
        unpack_view(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from(list(_Wire.model_fields)), JSON).map(
    lambda said: json.dumps({"mode": "a", "headline": "b", **said}).encode()
)


@given(st.binary(max_size=200) | OBJECTS)
def test_any_bytes_are_a_view_or_raise_note_error(data: bytes) -> None:
    try:
        view = unpack_view(data)
    except NoteError:
        return
    assert len(pack_view(view)) <= MAX_BYTES


@given(st.integers(0, MAX_BYTES), st.integers(0, 255))
def test_a_spoilt_view_is_a_view_or_raises_note_error(at: int, byte: int) -> None:
    data = bytearray(pack_view(FULL))
    data[at % len(data)] = byte
    for spoilt in (bytes(data), bytes(data[:at])):
        try:
            unpack_view(spoilt)
        except NoteError:
            pass


WORDS = st.text(max_size=100)
COUNTS = st.integers(-5, 10**12)
MS = st.floats(allow_nan=False)
VIEWS = st.builds(
    ModeView,
    mode=WORDS,
    headline=WORDS,
    ends_in_ms=st.none() | MS,
    candidates=st.lists(st.builds(Candidate, WORDS, COUNTS), max_size=10).map(tuple),
    voters=COUNTS,
    result=WORDS,
    player=WORDS,
    queue=st.lists(WORDS, max_size=10).map(tuple),
    delay_ms=MS,
    teams=st.lists(st.builds(TeamView, WORDS, COUNTS, COUNTS), max_size=5).map(tuple),
    democracy_share=st.none() | MS,
    pinned=st.booleans(),
)


@given(VIEWS)
def test_any_view_fits_and_what_arrives_would_be_packed_the_same(view: ModeView) -> None:
    data = pack_view(view)
    assert len(data) <= MAX_BYTES
    assert pack_view(unpack_view(data)) == data
