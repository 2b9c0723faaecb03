"""The code that one person says and another one types."""

from __future__ import annotations

import itertools
import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunnel.pairing.code import SECRET_BITS, Code, CodeError, Role, room_name
from tunnel.pairing.words import WORDS


def distance(one: str, other: str) -> int:
    """Levenshtein's: letters to put in, take out or change."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        above, row = row, [i]
        for j, b in enumerate(other, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (a != b)))
    return row[-1]


def test_the_words_hold_as_many_bits_as_is_said() -> None:
    assert len(set(WORDS)) == len(WORDS) == 256
    assert 2**SECRET_BITS == 256 * 256
    assert all(re.fullmatch("[a-z]{4,9}", word) for word in WORDS)


def test_a_slip_or_two_never_makes_another_word() -> None:
    assert [pair for pair in itertools.combinations(WORDS, 2) if distance(*pair) < 3] == []


@pytest.mark.parametrize(
    "text",
    ["412-crossword-orbit", "412 Crossword ORBIT", "  412, crossword - orbit. ", "412_crossword.orbit"],
)
def test_a_code_is_read_however_it_is_typed(text: str) -> None:
    assert Code.parse(text) == Code(412, ("crossword", "orbit"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a number and two words"),
        ("412-crossword", "a number and two words"),
        ("41-crossword-orbit", "a number and two words"),
        ("4122-crossword-orbit", "a number and two words"),
        ("٤١٢-crossword-orbit", "a number and two words"),
        ("crossword-412-orbit", "a number and two words"),
        ("412-crossword-orbitt", 'no code has the word "orbitt"; did you mean "orbit"?'),
        ("412-crosword-orbit", 'did you mean "crossword"?'),
        ("412-crossword-\x1b[31m", 'no code has the word "[31m"'),
        ("4" * 1000, "a number and two words"),
    ],
)
def test_a_slip_is_told_where_it_was_made_and_costs_no_code(text: str, said: str) -> None:
    with pytest.raises(CodeError, match=re.escape(said)):
        Code.parse(text)


@given(st.text(max_size=60))
def test_any_text_is_a_code_or_a_sentence(text: str) -> None:
    try:
        code = Code.parse(text)
    except CodeError:
        return
    assert Code.parse(str(code)) == code


@given(st.sampled_from(Role), st.binary(min_size=10, max_size=10))
def test_a_new_code_can_be_said_and_typed_and_tells_who_shows_it(role: Role, drawn: bytes) -> None:
    pieces = [drawn[:8], drawn[8:]]
    code = Code.create(role, lambda count: pieces.pop(0))
    assert Code.parse(str(code)) == code
    assert 100 <= code.plate <= 999
    assert code.shown_by is role
    assert code.shown_by.other is not role


def test_every_word_is_drawn_alike_and_each_by_itself() -> None:
    def drawn(number: int) -> Code:
        return Code.create(Role.BOT, lambda count: bytes([number]) * count)

    assert [drawn(number).words for number in range(256)] == [(word, word) for word in WORDS]
    assert Code.create(Role.BOT, os.urandom) != Code.create(Role.BOT, os.urandom)


def test_the_secret_is_not_in_what_programs_print_of_objects() -> None:
    code = Code(412, ("crossword", "orbit"))
    assert "orbit" not in repr(code)
    assert "crossword" not in f"{[code]}"


def test_a_room_says_nothing_of_the_words_and_is_another_on_each_relay_and_day() -> None:
    names = {room_name(412, "ams1", 20_000), room_name(413, "ams1", 20_000)}
    names |= {room_name(412, "fra1", 20_000), room_name(412, "ams1", 20_001)}
    assert len(names) == 4
    assert {len(name) for name in names} == {16}
    assert room_name(412, "ams1", 20_000).hex() == "22635dfcb25104132962a5b71885b4e5"
