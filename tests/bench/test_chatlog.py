"""The mixed log: its shares, and that it is as mixed as it claims."""

from __future__ import annotations

import random

import pytest

from bench import chatlog
from bench.chatlog import LONGEST, MACROS, ChatLog
from bot.grammar import Language, Parsed, Refused, Talk, parse
from bot.text import normalise
from config.controllers import load_controller

LANGUAGE = Language(load_controller("xbox"), {macro.name: macro for macro in MACROS})


def test_the_same_seed_gives_the_same_log_and_another_one_another() -> None:
    first, again, other = ChatLog(7, 50), ChatLog(7, 50), ChatLog(8, 50)
    lines = first.take(500)
    assert again.take(200) + again.take(300) == lines
    assert other.take(500) != lines


def test_the_shares_are_those_of_the_promise() -> None:
    log = ChatLog(1, 50)
    log.take(10_000)
    shares = {kind: count / 10_000 for kind, count in log.kinds.items()}
    assert shares == pytest.approx({"talk": 0.70, "input": 0.25, "nonsense": 0.05}, abs=0.02)


def test_everybody_writes_and_nobody_writes_too_much() -> None:
    lines = ChatLog(1, 50).take(10_000)
    assert {line.viewer for line in lines} == set(range(50))
    assert max(len(line.text) for line in lines) == LONGEST
    assert all(line.text for line in lines)


def test_every_input_can_be_played_and_a_few_are_typed_again_and_again() -> None:
    dice = random.Random(1)
    texts = [normalise(chatlog.typed_input(dice)) for _ in range(3_000)]
    assert {text for text in texts if not isinstance(parse(text, LANGUAGE), Parsed)} == set()
    assert 0.1 < len(set(texts)) / len(texts) < 0.6
    assert max(map(texts.count, set(texts))) > 100


def test_talk_is_hardly_ever_the_same_and_some_of_it_begins_with_a_button() -> None:
    dice = random.Random(1)
    texts = [chatlog.talk(dice) for _ in range(3_000)]
    assert len(set(texts)) / len(texts) > 0.85
    read = [type(parse(normalise(text), LANGUAGE)) for text in texts]
    assert read.count(Talk) / len(read) > 0.99
    words = LANGUAGE.controller.words
    assert sum(normalise(text).split(" ")[0] in words for text in texts) > 100
    assert sum(not text.isascii() for text in texts) > 100


def test_nonsense_is_of_every_kind() -> None:
    dice = random.Random(1)
    texts = [chatlog.nonsense(dice) for _ in range(2_000)]
    assert {type(parse(normalise(text), LANGUAGE)) for text in texts} == {Parsed, Refused, Talk}
    assert sum(len(text) == LONGEST for text in texts) > 100
    assert len(set(texts)) / len(texts) > 0.7
