from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language.errors import MisreadError
from bot.language.quantities import amount_of, duration_of, no_number, no_quantity, read_number


@pytest.mark.parametrize(
    ("word", "thousandths", "unit", "end"),
    [
        ("500ms", 500_000, "ms", 5),
        ("1.5s", 1_500, "s", 4),
        ("99.9%", 99_900, "%", 5),
        ("500", 500_000, "", 3),
        ("500q", 500_000, "q", 4),
        ("2down2", 2_000, "down", 5),
        ("5é", 5_000, "é", 2),
        ("5+b", 5_000, "", 1),
    ],
)
def test_a_number_is_read_with_what_stands_behind_it(
    word: str, thousandths: int, unit: str, end: int
) -> None:
    number = read_number(word, 0)
    assert number is not None
    assert (number.thousandths, number.unit, number.end) == (thousandths, unit, end)
    assert number.is_quantity == (unit in ("%", "ms", "s"))


@pytest.mark.parametrize("word", ["", "q", "500000ms", "1.2345s", "1.s", "1..5s", ".5s"])
def test_what_is_no_number_is_none(word: str) -> None:
    assert read_number(word, 0) is None


def test_no_text_makes_a_number_large() -> None:
    assert read_number("9" * 500, 0) is None
    assert (
        no_number("9" * 500, 0) == '"999999999999999…" is no number; at most 5 digits, and 3 after the point'
    )


def test_a_number_without_a_unit_says_what_is_missing() -> None:
    bare, odd = read_number("500", 0), read_number("500q", 0)
    assert bare is not None
    assert odd is not None
    assert no_quantity(bare, "ms or s") == (0, '"500" needs a unit; use ms or s')
    assert no_quantity(odd, "ms or s") == (3, 'unknown unit "q"; use ms or s')


@pytest.mark.parametrize(("word", "amount"), [("70%", 0.7), ("99.9%", 0.999), ("1%", 0.01), ("100%", 1.0)])
def test_an_amount_is_exact_to_a_tenth_of_a_percent(word: str, amount: float) -> None:
    number = read_number(word, 0)
    assert number is not None
    assert amount_of(number, 0) == amount


@pytest.mark.parametrize("word", ["0%", "0.9%", "100.1%", "101%", "1.55%"])
def test_other_amounts_are_refused(word: str) -> None:
    number = read_number(word, 0)
    assert number is not None
    with pytest.raises(MisreadError, match="an amount is 1% to 100%, with at most one decimal"):
        amount_of(number, 0)


@pytest.mark.parametrize(
    ("word", "ms"), [("500ms", 500), ("0.001s", 1), ("1.5s", 1_500), ("5s", 5_000), ("7.0ms", 7)]
)
def test_a_duration_is_whole_milliseconds(word: str, ms: int) -> None:
    number = read_number(word, 0)
    assert number is not None
    assert duration_of(number, 0, 5_000, "a press") == ms


@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("0s", "a press lasts at least 1ms"),
        ("5.001s", "a press lasts at most 5s"),
        ("99999s", "a press lasts at most 5s"),
        ("1.5ms", "milliseconds are whole; use 500ms or 0.5s"),
    ],
)
def test_other_durations_are_refused(word: str, error: str) -> None:
    number = read_number(word, 0)
    assert number is not None
    with pytest.raises(MisreadError) as caught:
        duration_of(number, 7, 5_000, "a press")
    assert (caught.value.at, caught.value.error) == (7, error)


@given(st.text("0123456789.%msa+", max_size=30))
def test_any_text_is_a_bounded_number_or_none(text: str) -> None:
    number = read_number(text, 0)
    assert number is None or (0 <= number.thousandths < 100_000_000 and 0 < number.end <= len(text))
