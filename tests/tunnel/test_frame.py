from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunnel.frame import (
    FRAME_SIZE,
    MAX_DATE,
    MAX_FRAMES,
    Frame,
    FrameError,
    Sequence,
    SequenceId,
    check_frames,
    is_before,
    pack_frames,
    unpack_frames,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "vectors" / "iid_frames.json").read_text("ascii"))["frames"]
ID = SequenceId(1)

INT32 = st.integers(-(2**31), 2**31 - 1)
FRAMES = st.builds(Frame, INT32, INT32, st.integers(0, MAX_DATE))


def golden_frame(entry: dict[str, Any]) -> Frame:
    return Frame(entry["index"], entry["value"], entry["date"])


@pytest.mark.parametrize("entry", GOLDEN, ids=lambda entry: entry["bytes"])
def test_a_frame_has_the_bytes_the_family_gives_it(entry: dict[str, Any]) -> None:
    frame = golden_frame(entry)
    assert pack_frames((frame,)).hex() == entry["bytes"]
    assert unpack_frames(bytes.fromhex(entry["bytes"])) == (frame,)


def test_frames_follow_each_other_without_anything_between() -> None:
    together = "".join(entry["bytes"] for entry in GOLDEN)
    assert unpack_frames(bytes.fromhex(together)) == tuple(golden_frame(entry) for entry in GOLDEN)


def test_the_widest_fields_fit() -> None:
    widest = (Frame(-(2**31), 2**31 - 1, MAX_DATE), Frame(2**31 - 1, -(2**31), 0))
    assert unpack_frames(pack_frames(widest)) == widest


@pytest.mark.parametrize(
    "frame",
    [
        Frame(2**31, 0, 0),
        Frame(-(2**31) - 1, 0, 0),
        Frame(0, 2**31, 0),
        Frame(0, -(2**31) - 1, 0),
        Frame(0, 0, MAX_DATE + 1),
        Frame(0, 0, -1),
    ],
)
def test_a_field_that_does_not_fit_its_width_is_refused(frame: Frame) -> None:
    with pytest.raises(FrameError):
        pack_frames((frame,))


@settings(deadline=None)
@given(st.lists(FRAMES, max_size=MAX_FRAMES).map(tuple))
def test_what_is_packed_comes_back(frames: tuple[Frame, ...]) -> None:
    assert unpack_frames(pack_frames(frames)) == frames


@settings(deadline=None)
@given(st.binary(max_size=5 * FRAME_SIZE))
def test_any_bytes_are_frames_or_a_frame_error(data: bytes) -> None:
    try:
        frames = unpack_frames(data)
    except FrameError:
        assert len(data) % FRAME_SIZE
    else:
        assert pack_frames(frames) == data


def test_a_sequence_is_dated_by_its_first_frame() -> None:
    assert Sequence(ID, (Frame(1, 1300, 500), Frame(1, 2300, 1000))).date == 500


def test_a_press_and_its_release_may_share_a_date() -> None:
    check_frames((Frame(1, 1300, 500), Frame(1, 2300, 500)))


def test_a_sequence_holds_64_frames_and_not_65() -> None:
    frame = Frame(1, 1300, 0)
    check_frames((frame,) * 64)
    with pytest.raises(FrameError, match="1 to 64 frames, not 65"):
        Sequence(ID, (frame,) * 65)


def test_a_sequence_without_frames_is_refused() -> None:
    with pytest.raises(FrameError, match="not 0"):
        Sequence(ID, ())


def test_a_release_dated_before_its_press_is_refused() -> None:
    with pytest.raises(FrameError, match="never decrease"):
        Sequence(ID, (Frame(1, 1300, 500), Frame(1, 2300, 499)))


@pytest.mark.parametrize(
    ("id", "other", "before"),
    [
        (1, 2, True),
        (2, 1, False),
        (7, 7, False),
        (0, 2**31 - 1, True),
        (2**31 - 1, 0, False),
        (0, 2**31, False),
        (2**31, 0, False),
        (2**32 - 1, 0, True),
        (0, 2**32 - 1, False),
        (2**32 - 10, 2**31 - 11, True),
    ],
)
def test_which_of_two_ids_was_given_out_before_the_other(id: int, other: int, before: bool) -> None:
    """Half the range apart nobody knows; then neither was (RFC 1982, 3.2)."""
    assert is_before(SequenceId(id), SequenceId(other)) is before
