from __future__ import annotations

from bot.chat.echo import LASTS_MS, MOST, Echo
from bot.chat.line import ChatLine
from config.levels import Level

NOW = 1_784_473_011_634.0


def line(text: str, user: str = "7", level: Level = Level.VIEWER) -> ChatLine:
    return ChatLine("id", user, "Bot", level, text, int(NOW), NOW, "arcade", "bot")


def echo() -> Echo:
    ours = Echo()
    ours.user = "7"
    ours.said("Democracy: left 3, right 2", NOW)
    return ours


def test_what_we_said_comes_back_as_ours() -> None:
    assert echo().is_ours(line("Democracy: left 3, right 2"), NOW + 300)


def test_an_answer_comes_back_with_the_name_in_front() -> None:
    assert echo().is_ours(line("@Ada Democracy: left 3, right 2"), NOW + 300)


def test_whatever_else_our_account_writes_counts() -> None:
    ours = echo()
    assert not ours.is_ours(line("left"), NOW)
    assert not ours.is_ours(line("@Ada left"), NOW)
    assert not ours.is_ours(line("@"), NOW)
    assert not ours.is_ours(line("Democracy: left 3, right 2"), NOW + LASTS_MS + 1)


def test_nobody_else_is_taken_for_us() -> None:
    assert not echo().is_ours(line("Democracy: left 3, right 2", user="8"), NOW)
    nobody = Echo()
    nobody.said("left", NOW)
    assert not nobody.is_ours(line("left", user=""), NOW)


def test_our_line_shows_our_standing() -> None:
    ours = echo()
    ours.is_ours(line("Democracy: left 3, right 2", level=Level.MODERATOR), NOW)
    assert ours.level is Level.MODERATOR


def test_it_never_grows() -> None:
    ours = echo()
    for number in range(10 * MOST):
        ours.said(str(number), NOW)
    assert len(ours._said) == MOST


def test_where_only_the_name_is_known_the_name_tells() -> None:
    ours = Echo()
    ours.login = "bot"
    ours.said("left", NOW)
    assert ours.is_ours(line("left"), NOW)
    assert not Echo().is_ours(line("left"), NOW)
