from __future__ import annotations

from bench.world.twitch_limits import Account, Fate


def writes(account: Account, count: int, *, every_ms: float, trusted: bool) -> list[Fate]:
    return [account.writes(f"line {nth}", nth * every_ms, trusted=trusted) for nth in range(count)]


def test_twenty_lines_in_half_a_minute_are_shown_and_the_next_one_vanishes() -> None:
    account = Account()
    assert writes(account, 20, every_ms=1_000, trusted=False) == [Fate.SHOWN] * 20
    assert account.writes("one more", 29_000, trusted=False) is Fate.TOO_MANY
    assert account.counters == {"shown": 20, "too_many": 1}


def test_what_was_not_shown_counts_too() -> None:
    account = Account()
    writes(account, 21, every_ms=1_000, trusted=False)
    assert account.writes("x", 30_000, trusted=False) is Fate.TOO_MANY  # the first is forgotten, 20 are not
    assert account.writes("x", 52_000, trusted=False) is Fate.SHOWN


def test_two_lines_within_a_second_are_one_too_many() -> None:
    account = Account()
    assert writes(account, 2, every_ms=999, trusted=False) == [Fate.SHOWN, Fate.TOO_QUICK]
    assert account.writes("x", 1_000, trusted=False) is Fate.SHOWN


def test_the_same_line_again_is_refused_for_half_a_minute() -> None:
    account = Account()
    fates = [account.writes("x", now, trusted=False) for now in (0, 29_999, 30_000)]
    assert fates == [Fate.SHOWN, Fate.DUPLICATE, Fate.SHOWN]


def test_only_the_line_shown_last_is_compared() -> None:
    account = Account()
    fates = [account.writes(text, now, trusted=False) for text, now in (("x", 0), ("y", 2_000), ("x", 4_000))]
    assert fates == [Fate.SHOWN] * 3


def test_moderators_have_a_hundred_and_no_other_rule() -> None:
    account = Account()
    fates = [account.writes("x", 1.0, trusted=True) for _ in range(101)]
    assert fates == [Fate.SHOWN] * 100 + [Fate.TOO_MANY]


def test_a_moderator_who_was_one_has_used_up_the_viewers_share() -> None:
    account = Account()
    writes(account, 30, every_ms=1, trusted=True)
    assert account.writes("x", 5_000, trusted=False) is Fate.TOO_MANY
