from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.fields import (
    FieldError,
    first,
    group,
    moment_ms,
    optional_group,
    optional_text,
    read_object,
    text,
    texts,
    whole,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "document", ["", "[]", "null", "1", '"x"', "{", "[" * 100_000, '{"a":' + "9" * 5_000 + "}"]
)
def test_what_is_no_object_is_refused(document: str) -> None:
    with pytest.raises(FieldError):
        read_object(document)


def test_an_object_is_read() -> None:
    assert read_object(b'{"a": {"b": 1}}') == {"a": {"b": 1}}


@pytest.mark.parametrize("value", [None, 1, True, [], {}, "x" * 129, ""])
def test_a_text_is_a_text_and_says_something(value: object) -> None:
    with pytest.raises(FieldError):
        text({"name": value}, "name")


def test_an_optional_text_may_be_missing_but_nothing_else() -> None:
    assert optional_text({}, "name") == optional_text({"name": None}, "name") == ""
    with pytest.raises(FieldError):
        optional_text({"name": 7}, "name")


@pytest.mark.parametrize("value", [None, -1, 1.0, True, "1", 10**18])
def test_a_number_is_a_small_whole_one(value: object) -> None:
    with pytest.raises(FieldError):
        whole({"bits": value}, "bits")


def test_groups_and_lists_are_what_they_say() -> None:
    assert optional_group({"cheer": None}, "cheer") is None
    assert first({"data": []}, "data") is None
    assert first({"data": [{"id": "1"}, 7]}, "data") == {"id": "1"}
    assert texts({}, "scopes", 3) == ()
    no_lists: tuple[object, ...] = ({}, ["x"], None)
    for data in no_lists:
        with pytest.raises(FieldError):
            first({"data": data}, "data")
    for scopes in (["a"] * 4, [1], "a", ["x" * 200]):
        with pytest.raises(FieldError):
            texts({"scopes": scopes}, "scopes", 3)


@pytest.mark.parametrize(
    ("written", "ms"),
    [
        ("2026-07-19T14:56:51.634234626Z", 1_784_473_011_634.234),
        ("2026-07-19T14:56:51Z", 1_784_473_011_000.0),
        ("2026-07-19T16:56:51+02:00", 1_784_473_011_000.0),
        ("2026-07-19T14:56:51", 1_784_473_011_000.0),
    ],
)
def test_a_time_is_read_to_the_microsecond(written: str, ms: float) -> None:
    assert moment_ms({"at": written}, "at") == pytest.approx(ms, abs=0.01)


@pytest.mark.parametrize("written", ["now", "9" * 41, "2026-13-01T00:00:00Z", ""])
def test_what_is_no_time_is_refused(written: str) -> None:
    with pytest.raises(FieldError):
        moment_ms({"at": written}, "at")


@given(st.dictionaries(st.just("x"), JSON))
def test_whatever_stands_there_is_read_or_refused(fields: dict[str, Any]) -> None:
    for read in (group, optional_group, first, text, optional_text, whole, moment_ms):
        try:
            read(fields, "x")
        except FieldError:
            pass  # that is the other thing it may do
