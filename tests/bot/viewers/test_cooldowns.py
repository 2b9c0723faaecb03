from __future__ import annotations

from typing import Final

from bot.viewers.cooldowns import Cooldowns, Cooling
from config.codes import Control
from config.controllers import Move
from config.games import Cooldown

A: Final[Move] = (Control.A, 1)
B: Final[Move] = (Control.B, 1)
START: Final[Move] = (Control.START, 1)


def test_a_viewer_s_own_rest_holds_up_nobody_else() -> None:
    cooldowns = Cooldowns({A: Cooldown(user_ms=1_000, everybody_ms=0)})
    cooldowns.start("ada", [A], now=0)
    assert cooldowns.cooling("ada", [A], 400) == Cooling(A, 600, for_everybody=False)
    assert cooldowns.cooling("bob", [A], 400) is None
    assert cooldowns.cooling("ada", [A], 1_000) is None


def test_everybody_s_rest_holds_up_everybody() -> None:
    cooldowns = Cooldowns({A: Cooldown(user_ms=0, everybody_ms=1_000)})
    cooldowns.start("ada", [A], now=0)
    assert cooldowns.cooling("bob", [A], 400) == Cooling(A, 600, for_everybody=True)
    assert cooldowns.cooling("bob", [A], 1_000) is None


def test_the_longest_wait_is_the_one_that_counts() -> None:
    cooldowns = Cooldowns({A: Cooldown(5_000, 1_000), START: Cooldown(0, 3_000)})
    cooldowns.start("ada", [A, START], now=0)
    assert cooldowns.cooling("ada", [A, START], 0) == Cooling(A, 5_000, for_everybody=False)
    assert cooldowns.cooling("bob", [A, START], 0) == Cooling(START, 3_000, for_everybody=True)


def test_what_nobody_typed_alone_rests_for_everybody_and_for_nobody_s_self() -> None:
    cooldowns = Cooldowns({A: Cooldown(user_ms=9_000, everybody_ms=1_000)})
    cooldowns.start("", [A], now=0)
    assert cooldowns.cooling("", [A], 0) == Cooling(A, 1_000, for_everybody=True)
    assert cooldowns.cooling("", [A], 1_000) is None


def test_a_move_without_a_length_never_rests() -> None:
    cooldowns = Cooldowns({A: Cooldown(1_000, 1_000)})
    cooldowns.start("ada", [B], now=0)
    assert cooldowns.cooling("ada", [B], 0) is None
    assert len(cooldowns) == 0


def test_asking_starts_nothing() -> None:
    cooldowns = Cooldowns({A: Cooldown(1_000, 1_000)})
    cooldowns.cooling("ada", [A], 0)
    assert len(cooldowns) == 0


def test_other_lengths_leave_what_runs_alone() -> None:
    cooldowns = Cooldowns({A: Cooldown(1_000, 0)})
    cooldowns.start("ada", [A], now=0)
    cooldowns.retune({A: Cooldown(50, 0), B: Cooldown(1_000, 0)})
    assert cooldowns.cooling("ada", [A], 500) is not None
    cooldowns.retune({})
    assert cooldowns.cooling("ada", [A], 500) is None
    assert not cooldowns


def test_memory_is_bounded_and_those_that_end_first_are_forgotten_and_counted() -> None:
    cooldowns = Cooldowns({A: Cooldown(1_000, 0)}, most=10)
    for n in range(11):
        cooldowns.start(f"viewer {n}", [A], now=n)
    assert len(cooldowns) == 6
    assert cooldowns.counters == {"forgotten_early": 5}
    assert cooldowns.cooling("viewer 4", [A], 11) is None
    assert cooldowns.cooling("viewer 5", [A], 11) is not None


def test_those_that_are_over_make_room_without_loss() -> None:
    cooldowns = Cooldowns({A: Cooldown(1_000, 0)}, most=10)
    for n in range(100):
        cooldowns.start(f"viewer {n}", [A], now=n * 500)
    assert len(cooldowns) <= 10
    assert cooldowns.counters["forgotten_early"] == 0
