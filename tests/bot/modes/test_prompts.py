from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.grammar import Parsed
from bot.modes.prompts import Prompts
from bot.modes.rules import Prompt

Read = Callable[[str], Parsed]


@pytest.fixture
def idle(read: Read) -> Prompts:
    return Prompts(Prompt(read("b200ms"), 60_000), None, now=1_000)


@pytest.fixture
def both(read: Read) -> Prompts:
    return Prompts(Prompt(read("b200ms"), 60_000), Prompt(read("start200ms"), 100_000), now=0)


def test_when_nobody_has_played_for_a_while_the_idle_input_is_played(idle: Prompts, read: Read) -> None:
    assert idle.next_timeout() == 61_000
    assert idle.handle_timeout(60_999) == []
    [choice] = idle.handle_timeout(61_000)
    assert choice.steps == read("b200ms").steps
    assert (choice.line, choice.name, choice.since_ms) == (None, "crowdpad", 61_000)


def test_and_again_after_as_long_for_it_is_not_somebody_playing(idle: Prompts) -> None:
    idle.handle_timeout(61_000)
    assert idle.handle_timeout(61_001) == []
    assert idle.next_timeout() == 61_000 + 200 + 60_000


def test_while_somebody_plays_it_waits(idle: Prompts) -> None:
    idle.somebody_plays(30_000)
    idle.somebody_plays(20_000)
    assert idle.next_timeout() == 90_000


def test_the_periodic_input_is_played_whoever_plays(both: Prompts, read: Read) -> None:
    both.somebody_plays(99_000)
    [choice] = both.handle_timeout(100_000)
    assert (choice.text, choice.name) == (read("start200ms").text, "crowdpad")
    assert both.counters == {"periodic": 1}


def test_what_was_missed_is_not_made_up_for(both: Prompts) -> None:
    assert len(both.handle_timeout(1_000_000)) == 2
    assert both.handle_timeout(1_000_000) == []


def test_after_a_pause_the_clocks_start_anew(both: Prompts) -> None:
    both.restart(500_000)
    assert both.next_timeout() == 560_000


def test_another_game_has_other_inputs(both: Prompts) -> None:
    both.retune(None, None, 10)
    both.somebody_plays(20)
    assert both.next_timeout() is None
    assert both.handle_timeout(1e9) == []
