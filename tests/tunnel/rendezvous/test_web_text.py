"""Bodies and headers: letters come back as they went, and nothing else passes for one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunnel.rendezvous.place import MAX_LETTER
from tunnel.rendezvous.web_text import MAX_BODY, MAX_HEADERS, body_of, headers_in, letter_in

LETTERS = st.binary(min_size=1, max_size=MAX_LETTER)


@given(LETTERS, st.booleans())
def test_a_letter_comes_back_as_it_went(letter: bytes, as_json: bool) -> None:
    body = body_of(letter, as_json=as_json)
    assert len(body) <= MAX_BODY
    assert letter_in(body, as_json=as_json) == letter
    assert letter_in(b" " + body + b"\r\n", as_json=as_json) == letter


@given(LETTERS)
def test_json_is_what_any_library_reads_as_the_same_text(letter: bytes) -> None:
    assert json.loads(body_of(letter, as_json=True)) == body_of(letter, as_json=False).decode()


@pytest.mark.parametrize(
    ("body", "as_json"), [(b"", False), (b" \n", False), (b"", True), (b"null", True), (b'""', True)]
)
def test_nothing_there_is_no_letter(body: bytes, as_json: bool) -> None:
    assert letter_in(body, as_json=as_json) is None


@pytest.mark.parametrize(
    ("body", "as_json"),
    [
        (b"<html>", False), (b"null!", False), (b'"AAAA"', False), (b"\xff", False), (b"A", False),
        (b"A" * 1_284, False), (b"AAAA", True), (b"{}", True), (b"[1]", True), (b"1", True), (b"true", True),
        (b"[" * MAX_BODY, True), (b'"\\u00e4AAA"', True), (b'"AA AA"', True),
    ],
)  # fmt: skip
def test_anything_else_is_an_error(body: bytes, as_json: bool) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  its words are nobody's business: the place has its own
        letter_in(body, as_json=as_json)


@given(st.binary(max_size=300), st.booleans())
def test_any_body_is_a_letter_nothing_or_a_value_error(body: bytes, as_json: bool) -> None:
    try:
        letter = letter_in(body, as_json=as_json)
    except ValueError:
        return
    assert letter is None or 0 < len(letter) <= MAX_LETTER


def test_headers_are_read_line_by_line() -> None:
    text = "# for the store\nAuthorization:  Bearer a.b-c d \r\n\nX-Key:1\n"
    assert headers_in(text) == {"Authorization": "Bearer a.b-c d", "X-Key": "1"}
    assert headers_in("") == {}


@pytest.mark.parametrize("line", ["secret", "A B: secret", "X:", "X: sec\x00ret", "X: sécret", ": secret"])
def test_what_is_no_header_is_told_by_its_line_and_not_repeated(line: str) -> None:
    with pytest.raises(ValueError, match=r"^line 2 is no header such as") as caught:
        headers_in(f"X-Key: 1\n{line}\n")
    assert "cret" not in str(caught.value)


def test_there_are_a_few_headers_at_most() -> None:
    lines = [f"X-{n}: {n}" for n in range(MAX_HEADERS + 1)]
    assert len(headers_in("\n".join(lines[:-1]))) == MAX_HEADERS
    with pytest.raises(ValueError, match="line 17"):
        headers_in("\n".join(lines))
