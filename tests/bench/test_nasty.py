"""The nasty lines, and how the slowest is found."""

from __future__ import annotations

import pytest

from bench.chatlog import LONGEST
from bench.nasty import nasty_lines, slowest_parse, worst_language
from bot.grammar import Parsed, Refused, Talk, parse
from bot.text import LONGEST_RAW, normalise
from config.controllers import load_controller


def test_the_slowest_parse_is_the_worst_line_at_its_best(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: dict[str, int] = {}

    def slowly(text: str, of: object) -> Talk:
        runs[text] = runs.get(text, 0) + 1
        ticks.append(ticks[-1] + {"a": runs["a"], "b": 0.5}[text])
        return Talk()

    ticks = [0.0]
    monkeypatch.setattr("bench.nasty.nasty_lines", lambda: iter(["a", "b"]))
    monkeypatch.setattr("bench.nasty.parse", slowly)
    monkeypatch.setattr("time.perf_counter", lambda: ticks[-1])
    assert slowest_parse(load_controller("xbox")) == 1_000.0
    assert len(set(runs.values())) == 1


def test_nasty_lines_are_no_longer_than_chat_allows_and_end_in_every_way() -> None:
    lines = list(nasty_lines())
    assert len(lines) > 1_000
    assert max(map(len, lines)) == LONGEST < LONGEST_RAW
    language = worst_language(load_controller("xbox"))
    read = {type(parse(normalise(line), language)) for line in lines}
    assert read == {Parsed, Refused, Talk}
