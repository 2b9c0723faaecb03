"""Lines for a terminal."""

from __future__ import annotations

import pytest

from cli.diary.layout import bullet, count, listed, paragraph, place, span, table


def test_sentences_wrap_and_keep_their_indent() -> None:
    assert paragraph("one two three", 10, indent=2) == ["  one two", "  three"]
    assert bullet("one two three", 12) == ["  - one two", "    three"]


def test_an_address_is_never_cut() -> None:
    assert paragraph("at 2001:db8:1111-2222", 10) == ["at", "2001:db8:1111-2222"]


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert table([("a", "1", "x"), ("bcd", "100", "")], frozenset((1,))) == ["a      1  x", "bcd  100"]


def test_an_ipv6_address_is_told_from_its_port() -> None:
    assert place(("192.0.2.7", 4711)) == "192.0.2.7:4711"
    assert place(("2001:db8::7", 4711)) == "[2001:db8::7]:4711"


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (-5, "0 s"),
        (12_400, "12 s"),
        (99_000, "99 s"),
        (100_000, "1 min"),
        (7_200_000, "2 h"),
        (4e8, "4 days"),
    ],
)
def test_a_span_is_as_fine_as_a_person_needs(ms: float, said: str) -> None:
    assert span(ms) == said


def test_one_is_one_and_more_are_many() -> None:
    assert [count(number, "relay") for number in (0, 1, 2_000)] == ["0 relays", "1 relay", "2,000 relays"]
    assert count(2, "address", "addresses") == "2 addresses"
    assert [listed(list(items)) for items in ("a", "ab", "abc")] == ["a", "a and b", "a, b and c"]
