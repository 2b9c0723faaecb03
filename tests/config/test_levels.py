from __future__ import annotations

from config.levels import LEVEL_OF, Level


def test_whoever_runs_the_channel_stands_highest_and_a_stranger_lowest() -> None:
    assert max(Level) is Level.BROADCASTER
    assert min(Level) is Level.VIEWER
    assert Level.VIEWER < Level.SUBSCRIBER < Level.VIP < Level.MODERATOR


def test_a_level_is_found_by_the_word_people_write() -> None:
    assert LEVEL_OF["vip"] is Level.VIP
    assert all(LEVEL_OF[level.word] is level for level in Level)
