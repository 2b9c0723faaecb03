from __future__ import annotations

from pathlib import Path

import pytest

from bot.viewers.locks import Locks
from config.codes import Control
from config.controllers import Move
from config.games import Game, read_game

A: Move = (Control.A, 1)
B: Move = (Control.B, 1)
UP: Move = (Control.UP, 1)
LEFT: Move = (Control.LEFT, 1)


def game(text: str, controller: str = "xbox") -> Game:
    return read_game(Path("mine.yaml"), f"title: Mine\n{text}\n".encode(), controller)


@pytest.fixture
def locks() -> Locks:
    locks = Locks()
    locks.retune(game("words: {jump: b}\nlocked: [start]"))
    return locks


def test_a_word_locks_what_it_presses_under_whatever_name(locks: Locks) -> None:
    assert locks.lock(["jump"]) == {B}
    assert locks.moves == {B, (Control.START, 1)}
    assert locks.unlock(["b"]) == set()
    assert locks.words == set()


def test_a_word_means_in_another_game_what_it_means_there(locks: Locks) -> None:
    locks.lock(["jump"])
    locks.retune(game("words: {jump: a}"))
    assert locks.moves == {A}


def test_a_word_the_game_does_not_have_stays_locked_for_one_that_has_it(locks: Locks) -> None:
    locks.lock(["jump"])
    locks.retune(game(""))
    assert (set(locks.moves), set(locks.words)) == (set(), {"jump"})
    locks.lock(["a"])
    locks.unlock(["a"])
    locks.retune(game("words: {jump: a}"))
    assert locks.moves == {A}


def test_what_an_earlier_run_locked_is_locked_again() -> None:
    locks = Locks(["a", "hop"])
    locks.retune(game(""))
    assert (set(locks.moves), set(locks.words)) == ({A}, {"a", "hop"})


def test_what_the_page_locks_no_moderator_opens(locks: Locks) -> None:
    locks.lock(["start", "a"])
    assert locks.unlock(["start", "a"]) == {(Control.START, 1)}
    assert locks.moves == {(Control.START, 1)}


def test_all_of_them_are_those_of_other_games_too(locks: Locks) -> None:
    locks.lock(["jump"])
    locks.retune(game("locked: [a]"))
    assert locks.unlock() == {A}
    assert locks.words == set()


def test_of_a_diagonal_that_is_half_opened_the_other_half_stays_locked(locks: Locks) -> None:
    assert locks.lock(["upleft"]) == {UP, LEFT}
    locks.unlock(["up"])
    assert (set(locks.words), set(locks.by_hand)) == ({"left"}, {LEFT})


def test_moves_are_spelled_with_one_word_each(locks: Locks) -> None:
    assert locks.spelled(frozenset({B, UP, LEFT})) == ["b", "left", "up"]


def test_without_a_game_there_is_nothing_to_lock() -> None:
    assert Locks(["a"]).moves == set()
