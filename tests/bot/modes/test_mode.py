from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.chat.line import ChatLine
from bot.grammar import Language, Parsed, parse
from bot.modes.mode import NOBODY, Choice, Offer, Owner, shown
from config.controllers import Controller
from config.notes import MAX_TEXT

Build = Callable[..., Offer]
Read = Callable[[str], Parsed]


def test_what_is_shown_is_the_input_and_not_the_talk_around_it(
    xbox: Controller, line: Callable[..., ChatLine]
) -> None:
    text = "a buy followers at evil.example"
    parsed = parse(text, Language(xbox, first_word=True))
    assert isinstance(parsed, Parsed)
    choice = Offer(line("ada", text), parsed).chosen(parsed.steps)
    assert choice.text == "a"


@pytest.mark.parametrize("text", ["a", " ".join(["a"] * 31), " ".join(["right200ms"] * 12), "+".join("abxy")])
def test_a_long_input_is_cut_between_two_of_its_words(read: Read, text: str) -> None:
    parsed = read(text)
    cut = shown(parsed)
    assert len(cut) <= MAX_TEXT
    assert cut == parsed.text or parsed.text.startswith(f"{cut.removesuffix(' ...')} ")


def test_one_long_word_is_cut_anywhere(read: Read) -> None:
    parsed = Parsed(read("a").steps, "x" * 100)
    assert shown(parsed) == "x" * (MAX_TEXT - 4) + " ..."


def test_a_choice_belongs_to_whoever_asked_for_it(offer: Build, read: Read) -> None:
    typed, steps = offer("a"), read("a b").steps
    own = typed.chosen(steps)
    assert own.owner == Owner("ada", typed.line.id)
    vote = own._replace(line=None, asked=read("b").moves)
    assert (vote.owner, vote.moves) == (NOBODY, read("b").moves)
    spent = Choice(steps, None, "Kim", "a b", 0, Owner("kim", "7"))
    assert (spent.owner, spent.moves) == (Owner("kim", "7"), read("a b").moves)
