from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.commands import playing
from bot.commands.request import Handler, MisuseError, Request

Ask = Callable[..., Request]


@pytest.mark.parametrize("handler", [playing.pause, playing.resume, playing.neutral])
def test_in_a_hurry_any_words_may_follow(desk: Any, ask: Ask, handler: Handler) -> None:
    assert handler(desk, ask("now please")) == f"{handler.__name__}(1000.0)"


def test_some_words_are_locked_and_some_or_all_given_back(desk: Any, ask: Ask) -> None:
    assert playing.lock(desk, ask("start select")) == "lock(('start', 'select'), 1000.0)"
    assert playing.unlock(desk, ask("start")) == "unlock(('start',))"
    assert playing.unlock(desk, ask()) == "unlock(())"
    with pytest.raises(MisuseError):
        playing.lock(desk, ask())
    with pytest.raises(MisuseError, match="did you mean start"):
        playing.unlock(desk, ask("strat"))


def test_a_mode_is_set_by_its_name_and_let_go(desk: Any, ask: Ask) -> None:
    assert playing.set_mode(desk, ask("step")) == "set_mode('step', 1000.0)"
    assert playing.auto_mode(desk, ask()) == "auto_mode(1000.0)"
    with pytest.raises(MisuseError, match="anarchy, democracy, turns, teams, step"):
        playing.set_mode(desk, ask("chaos"))


def test_games_are_listed_and_set(desk: Any, ask: Ask) -> None:
    assert playing.game(desk, ask()) == "Games: island, tower"
    assert playing.game(desk, ask("tower")) == "set_game('tower', 1000.0)"
    with pytest.raises(MisuseError, match="island, tower"):
        playing.game(desk, ask("sea"))
    desk.game_names = ()
    assert playing.game(desk, ask()) == "There is no game to choose from."


def test_files_are_read_again_and_figures_told(desk: Any, ask: Ask) -> None:
    assert playing.reload(desk, ask()) == "reload(1000.0)"
    assert playing.stats(desk, ask()) == "stats(1000.0)"
