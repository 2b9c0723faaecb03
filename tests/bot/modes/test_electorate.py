from __future__ import annotations

from bot.modes.electorate import Electorate


def test_who_voted_takes_part_until_they_have_not_for_too_long() -> None:
    electorate = Electorate(active_ms=1_000)
    electorate.voted("ada", 0)
    electorate.voted("bob", 500)
    electorate.voted("ada", 600)
    electorate.handle_timeout(1_499)
    assert len(electorate) == 2
    electorate.handle_timeout(1_500)
    assert len(electorate) == 1
    electorate.handle_timeout(1_600)
    assert len(electorate) == 0


def test_who_is_gone_takes_part_no_more() -> None:
    electorate = Electorate()
    electorate.voted("ada", 0)
    electorate.gone("ada")
    electorate.gone("nobody")
    assert len(electorate) == 0


def test_of_too_many_those_who_voted_last_are_remembered() -> None:
    electorate = Electorate(active_ms=1_000, most=2)
    for moment, user in enumerate(["ada", "bob", "ada", "kim"]):
        electorate.voted(user, moment)
    assert len(electorate) == 2
    electorate.handle_timeout(1_002)
    assert len(electorate) == 1
