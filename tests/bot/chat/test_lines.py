from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from bot.chat.lines import LineSplitter


def test_lines_are_whole_however_they_come() -> None:
    splitter = LineSplitter()
    assert splitter.feed(b"le") == []
    assert splitter.feed(b"ft\r\nright\nu") == ["left", "right"]
    assert splitter.flush() == ["u"]
    assert splitter.flush() == []


def test_a_line_that_is_too_long_is_dropped_whole_and_the_next_one_is_not() -> None:
    splitter = LineSplitter(max_bytes=8)
    assert splitter.feed(b"12345678\n") == ["12345678"]
    assert splitter.feed(b"123456789\nok\n") == ["ok"]
    for _ in range(1_000):
        assert splitter.feed(b"12345") == []
    assert splitter.feed(b"\nok\n") == ["ok"]
    splitter.feed(b"123456789")
    assert splitter.flush() == []
    assert splitter.dropped == 3


def test_what_is_not_utf_8_is_replaced() -> None:
    assert LineSplitter().feed(b"l\xffft\n") == ["l\ufffdft"]


@given(data=st.binary(max_size=60), cuts=st.lists(st.integers(0, 60), max_size=6), most=st.integers(1, 10))
def test_pieces_make_the_same_lines_as_the_whole(data: bytes, cuts: list[int], most: int) -> None:
    data = data.replace(b"a", b"\n")
    whole, pieced = LineSplitter(most), LineSplitter(most)
    expected = whole.feed(data) + whole.flush()
    edges = [0, *sorted(cuts), len(data)]
    lines = [
        line
        for start, end in itertools.pairwise(edges)
        for line in pieced.feed(data[min(start, len(data)) : end])
    ]
    assert lines + pieced.flush() == expected
    assert pieced.dropped == whole.dropped
