from __future__ import annotations

import pytest

from bot.chat.retracted import AFTER_BAN_MS, LATE_MS, Retracted


@pytest.fixture
def retracted() -> Retracted:
    return Retracted()


def test_a_line_that_comes_after_its_deletion_is_not_heard(retracted: Retracted) -> None:
    retracted.message("m1", 0)
    assert retracted.covers("m1", "ada", 500)
    assert not retracted.covers("m2", "ada", 500)


def test_a_deletion_is_not_remembered_for_ever(retracted: Retracted) -> None:
    retracted.message("m1", 0)
    for now in range(0, int(3 * LATE_MS), int(LATE_MS / 2)):
        retracted.message(f"x{now}", float(now))
    assert not retracted.covers("m1", "ada", 3 * LATE_MS)


def test_a_line_that_comes_right_after_the_ban_of_its_writer_is_not_heard(retracted: Retracted) -> None:
    retracted.user("troll", 0)
    assert retracted.covers("m9", "troll", AFTER_BAN_MS - 1)
    assert not retracted.covers("m9", "ada", 10)


def test_whoever_comes_back_from_a_time_out_is_heard(retracted: Retracted) -> None:
    retracted.user("troll", 0)
    assert not retracted.covers("m9", "troll", AFTER_BAN_MS)


def test_a_thousand_bans_leave_nothing_behind(retracted: Retracted) -> None:
    for place in range(1_000):
        retracted.user(f"u{place}", place * AFTER_BAN_MS)
    assert len(retracted._users) == 1
