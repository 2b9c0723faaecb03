from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.answers.mistakes import EVERYBODY_BURST, MOST_USERS, SAME_AGAIN_MS, USER_EVERY_MS, Mistakes, wording
from bot.answers.replies import Priority, Reply
from bot.chat.line import ChatLine
from bot.grammar import Refused

Say = Callable[..., ChatLine]
WHY = 'character 5: unknown unit "q"; use ms or s'


def test_a_mistake_is_answered_with_its_place_under_its_line(say: Say) -> None:
    line = say("a500q", id="id-1")
    assert wording(Refused(5, 'unknown unit "q"; use ms or s')) == WHY
    assert Mistakes().answer(line, WHY, 0.0) == Reply(WHY, Priority.HINT, "id-1")


def test_a_viewer_is_not_answered_again_at_once(say: Say) -> None:
    mistakes, line = Mistakes(), say("a500q")
    assert mistakes.answer(line, WHY, 0.0)
    assert mistakes.answer(line, "something else", USER_EVERY_MS - 1) is None
    assert mistakes.answer(line, "something else", USER_EVERY_MS)
    assert mistakes.counters == {"answered": 2, "user_limit": 1}


def test_the_same_words_are_not_said_twice_in_a_row_to_the_same_viewer(say: Say) -> None:
    mistakes, line = Mistakes(), say("a500q")
    assert mistakes.answer(line, WHY, 0.0)
    assert mistakes.answer(line, WHY, USER_EVERY_MS) is None
    assert mistakes.answer(line, "something else", USER_EVERY_MS)
    assert mistakes.answer(line, WHY, 2 * USER_EVERY_MS)
    assert mistakes.answer(line, WHY, 2 * USER_EVERY_MS + SAME_AGAIN_MS)
    assert mistakes.counters == {"answered": 4, "repeated": 1}


def test_others_are_answered_in_between(say: Say) -> None:
    mistakes = Mistakes()
    assert mistakes.answer(say("a500q", user="ada"), WHY, 0.0)
    assert mistakes.answer(say("a500q", user="bob"), WHY, 0.0)


@pytest.mark.parametrize(("seconds", "answered"), [(0, 2), (5, 3), (60, 14)])
def test_a_thousand_viewers_mistakes_are_answered_at_the_rate_of_one(
    say: Say, seconds: int, answered: int
) -> None:
    mistakes = Mistakes()
    given = 0
    for second in range(seconds + 1):
        for viewer in range(20):
            given += bool(mistakes.answer(say("a500q", user=f"{second} {viewer}"), WHY, second * 1_000.0))
    assert given == answered
    assert EVERYBODY_BURST == 2


def test_an_answer_is_short_and_harmless(say: Say) -> None:
    reply = Mistakes().answer(say("x"), "/ban ada\r\n" + "x " * 500, 0.0)
    assert reply is not None
    assert reply.text.startswith("ban ada x x")
    assert len(reply.text) <= 200


def test_memory_is_bounded(say: Say) -> None:
    mistakes, now = Mistakes(), 0.0
    for viewer in range(MOST_USERS + 50):
        now += 10_000.0
        assert mistakes.answer(say("x", user=f"{viewer}"), WHY, now)
    assert len(mistakes) == MOST_USERS
