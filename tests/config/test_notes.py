from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.notes import MAX_TEXT, MAX_USER, Label, NoteError

GOLDEN = "0807060504030201" + "04" + "416dc3a9" + "61203530306d73"


def test_the_bytes_of_a_label_are_the_drawn_ones() -> None:
    label = Label(0x0102030405060708, "Amé", "a 500ms")
    assert label.pack().hex() == GOLDEN
    assert Label.unpack(bytes.fromhex(GOLDEN)) == label


@given(st.integers(0, 2**64 - 1), st.text(max_size=MAX_USER), st.text(max_size=MAX_TEXT))
def test_a_label_survives_the_round_trip(id_: int, user: str, text: str) -> None:
    label = Label(id_, user, text)
    assert Label.unpack(label.pack()) == label


def test_what_is_too_long_is_cut_at_whole_characters_and_fits_a_note() -> None:
    label = Label(1, "\U0001f3ae" * 100, "\U0001f579" * 1000)
    data = label.pack()
    assert Label.unpack(data) == Label(1, "\U0001f3ae" * MAX_USER, "\U0001f579" * MAX_TEXT)
    assert len(data) == 393


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    assert Label.unpack(Label(1, "a\ud83d", "b\udfae").pack()) == Label(1, "a?", "b?")


@pytest.mark.parametrize("id_", [-1, 2**64])
def test_an_id_that_does_not_fit_is_refused(id_: int) -> None:
    with pytest.raises(NoteError):
        Label(id_, "", "").pack()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(8),
        bytes(8) + b"\x05abcd",
        bytes(8) + b"\x01\xff",
        bytes(8) + b"\x00\xc3",
        bytes(8) + bytes([33]) + b"u" * 33,
        bytes(8) + b"\x00" + b"t" * 65,
        bytes(8) + b"\x01\xc3\xa9",  # a character split between the two
    ],
)
def test_bytes_that_are_no_label_are_refused(data: bytes) -> None:
    with pytest.raises(NoteError):
        Label.unpack(data)


@given(st.binary(max_size=500))
def test_any_bytes_are_a_bounded_label_or_raise_note_error(data: bytes) -> None:
    try:
        label = Label.unpack(data)
    except NoteError:
        return
    assert len(label.user) <= MAX_USER
    assert len(label.text) <= MAX_TEXT
    assert label.pack() == data
