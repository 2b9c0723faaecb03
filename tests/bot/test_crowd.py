from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

import pytest

from bot.chat.line import ChatLine
from bot.crowd import Crowd, Judgement, Verdict
from bot.grammar import Language, Parsed, parse
from bot.modes.mode import Choice, Owner
from bot.viewers.locks import Locks
from bot.viewers.restrictions import EVERY_WORD, Restrictions
from config.codes import Control
from config.controllers import Controller, Move
from config.games import Cooldown, Game
from config.levels import Level


class Told(NamedTuple):
    """A judgement as somebody at a terminal is told it."""

    verdict: Verdict
    word: str = ""
    wait_ms: float = 0.0
    level: Level | None = None


ADMITTED: Final = Told(Verdict.ADMITTED)
A: Final[Move] = (Control.A, 1)
START: Final[Move] = (Control.START, 1)

Judge = Callable[..., Told]


@pytest.fixture
def crowd_of() -> Callable[..., Crowd]:
    def build(**changed: object) -> Crowd:
        limits: dict[str, object] = {
            "per_user_per_second": 2,
            "per_user_burst": 3,
            "global_per_second": 100,
            "global_burst": 100,
        }
        return Crowd(**(limits | changed))  # type: ignore[arg-type]  # each test names what it changes

    return build


@pytest.fixture
def game_of(xbox: Controller) -> Callable[..., Game]:
    def build(
        locked: frozenset[Move] = frozenset(),
        levels: Mapping[Move, Level] | None = None,
        cooldowns: Mapping[Move, Cooldown] | None = None,
    ) -> Game:
        return Game("arcade", "Arcade", xbox, locked, levels or {}, cooldowns or {})

    return build


@pytest.fixture
def judge(say: Callable[..., ChatLine], xbox: Controller) -> Judge:
    """judge(crowd, "a", now, user="ada", level=Level.VIP): what is decided of that line.

    What is admitted leaves at once, as in anarchy; not if `plays` is false, as for a vote.
    """

    def judged(
        crowd: Crowd,
        text: str,
        now: float = 0,
        user: str = "ada",
        level: Level = Level.VIEWER,
        plays: bool = True,
    ) -> Told:
        parsed = parse(text, Language(xbox))
        assert isinstance(parsed, Parsed)
        line = replace(say(text, user), level=level)
        judgement = crowd.judge(line, parsed, now)
        if plays and judgement.verdict is Verdict.ADMITTED:
            assert crowd.lets_out(Choice(parsed.steps, line, line.name, text, now), now)
        return told(crowd, judgement, text)

    return judged


@pytest.fixture
def choose(say: Callable[..., ChatLine], xbox: Controller) -> Callable[..., Choice]:
    """choose("a", "ada") is A for a line of ada's; choose("a", paid="ada") is what she paid for, and
    choose("a") is nobody's own."""

    def build(text: str, user: str = "", level: Level = Level.VIEWER, paid: str = "") -> Choice:
        parsed = parse(text, Language(xbox))
        assert isinstance(parsed, Parsed)
        line = replace(say(text, user), level=level) if user else None
        return Choice(parsed.steps, line, user, text, 0, Owner(paid, "event") if paid else None)

    return build


def told(crowd: Crowd, judgement: Judgement, text: str) -> Told:
    verdict, moves, wait_ms, level = judgement
    return Told(verdict, crowd.word(moves, text), wait_ms, level)


# Rates.


def test_a_viewer_has_a_burst_and_then_a_rate(crowd_of: Callable[..., Crowd], judge: Judge) -> None:
    crowd = crowd_of()
    verdicts = [judge(crowd, "a").verdict for _ in range(4)]
    assert verdicts == [Verdict.ADMITTED] * 3 + [Verdict.USER_LIMIT]
    assert judge(crowd, "a", 500) == ADMITTED
    assert judge(crowd, "a", 500).verdict is Verdict.USER_LIMIT


def test_one_viewer_s_flood_costs_the_others_nothing(crowd_of: Callable[..., Crowd], judge: Judge) -> None:
    crowd = crowd_of(global_burst=4, global_per_second=1)
    for _ in range(1000):
        judge(crowd, "a", user="flooder")
    assert judge(crowd, "a", user="ada") == ADMITTED


def test_everybody_together_has_a_limit_too(crowd_of: Callable[..., Crowd], judge: Judge) -> None:
    crowd = crowd_of(global_burst=2, global_per_second=1)
    verdicts = [judge(crowd, "a", user=f"viewer {n}").verdict for n in range(3)]
    assert verdicts == [Verdict.ADMITTED, Verdict.ADMITTED, Verdict.GLOBAL_LIMIT]
    assert judge(crowd, "a", 1_000, user="late") == ADMITTED


def test_a_rate_of_zero_is_no_limit(crowd_of: Callable[..., Crowd], judge: Judge) -> None:
    crowd = crowd_of(per_user_per_second=0, global_per_second=0)
    assert {judge(crowd, "a") for _ in range(1_000)} == {ADMITTED}
    assert len(crowd) == 0


def test_the_rates_hold_for_moderators_too(crowd_of: Callable[..., Crowd], judge: Judge) -> None:
    crowd = crowd_of(per_user_burst=1)
    judge(crowd, "a", level=Level.BROADCASTER)
    assert judge(crowd, "a", level=Level.BROADCASTER).verdict is Verdict.USER_LIMIT


def test_viewers_are_remembered_up_to_a_bound_the_quietest_forgotten_first(
    crowd_of: Callable[..., Crowd], judge: Judge
) -> None:
    crowd = crowd_of(most_users=2, per_user_burst=1, per_user_per_second=0.001)
    for user in ("ada", "bob", "ada", "cyd"):
        judge(crowd, "a", user=user)
    assert len(crowd) == 2
    assert judge(crowd, "a", user="ada").verdict is Verdict.USER_LIMIT
    assert judge(crowd, "a", user="bob") == ADMITTED


# What moderators forbid.


def test_a_silenced_viewer_plays_nothing_until_it_is_over(
    crowd_of: Callable[..., Crowd], judge: Judge
) -> None:
    restrictions = Restrictions()
    crowd = crowd_of(restrictions=restrictions)
    restrictions.restrict("kim", EVERY_WORD, 10_000)
    assert judge(crowd, "a", 4_000, user="kim") == Told(Verdict.SILENCED, wait_ms=6_000)
    assert judge(crowd, "a", 4_000, user="ada") == ADMITTED
    assert judge(crowd, "a", 10_000, user="kim") == ADMITTED


def test_a_restricted_word_is_refused_with_its_wait(
    crowd_of: Callable[..., Crowd], game_of: Callable[..., Game], judge: Judge
) -> None:
    restrictions = Restrictions()
    crowd = crowd_of(restrictions=restrictions, rules=game_of())
    restrictions.restrict("kim", "start", 10_000)
    assert judge(crowd, "b start", 4_000, user="kim") == Told(Verdict.RESTRICTED, "start", 6_000)
    assert judge(crowd, "b", 4_000, user="kim") == ADMITTED
    assert judge(crowd, "start", 4_000, user="ada") == ADMITTED


def test_without_an_end_nobody_knows_how_long(
    crowd_of: Callable[..., Crowd], game_of: Callable[..., Game], judge: Judge
) -> None:
    restrictions = Restrictions()
    crowd = crowd_of(restrictions=restrictions, rules=game_of())
    restrictions.restrict("kim", "start", None)
    assert judge(crowd, "start", user="kim") == Told(Verdict.RESTRICTED, "start", 0)


def test_another_word_for_the_same_move_is_restricted_too(
    crowd_of: Callable[..., Crowd], game_of: Callable[..., Game], judge: Judge, xbox: Controller
) -> None:
    synonym = next(word for word in xbox.words if word != "start" and xbox.words[word] == xbox.words["start"])
    restrictions = Restrictions()
    crowd = crowd_of(restrictions=restrictions, rules=game_of())
    restrictions.restrict("kim", "start", None)
    assert judge(crowd, synonym, user="kim").verdict is Verdict.RESTRICTED


def test_a_word_the_game_does_not_have_restricts_nothing(
    crowd_of: Callable[..., Crowd], game_of: Callable[..., Game], judge: Judge
) -> None:
    restrictions = Restrictions()
    crowd = crowd_of(restrictions=restrictions, rules=game_of())
    restrictions.restrict("kim", "jump", None)
    assert judge(crowd, "a", user="kim") == ADMITTED


# Locks and levels.


def test_a_move_the_game_locks_is_locked_for_all(
    crowd_of: Callable[..., Crowd], game_of: Callable[..., Game], judge: Judge
) -> None:
    crowd = crowd_of(rules=game_of(locked=frozenset({START})))
    assert judge(crowd, "a start", level=Level.BROADCASTER) == Told(Verdict.LOCKED, "start")
    assert judge(crowd, "a") == ADMITTED


def test_what_a_moderator_locks_is_locked_for_all_in_any_game(
    crowd_of: Callable[..., Crowd], game_of: Callable[..., Game], judge: Judge
) -> None:
    locks = Locks(["a"])
    crowd = crowd_of(rules=game_of(locked=frozenset({START})), locks=locks)
    assert judge(crowd, "a", level=Level.BROADCASTER) == Told(Verdict.LOCKED, "a")
    crowd.retune(game_of())
    assert judge(crowd, "a").verdict is Verdict.LOCKED
    assert judge(crowd, "start") == ADMITTED
    locks.unlock()
    assert judge(crowd, "a") == ADMITTED


@pytest.mark.parametrize("text", ["up", "upleft", "north", "b500ms+upleft"])
def test_the_word_is_named_as_the_line_has_it(
    crowd_of: Callable[..., Crowd],
    game_of: Callable[..., Game],
    say: Callable[..., ChatLine],
    xbox: Controller,
    text: str,
) -> None:
    crowd = crowd_of(rules=game_of(locked=frozenset({(Control.UP, 1)})))
    parsed = parse(text, Language(xbox))
    assert isinstance(parsed, Parsed)
    judgement = crowd.judge(say(text), parsed, 0)
    assert told(crowd, judgement, text) == Told(Verdict.LOCKED, text.removeprefix("b500ms+"))


@pytest.mark.parametrize("level", [Level.VIP, Level.MODERATOR, Level.BROADCASTER])
def test_a_word_is_for_its_level_and_above(
    crowd_of: Callable[..., Crowd], game_of: Callable[..., Game], judge: Judge, level: Level
) -> None:
    crowd = crowd_of(rules=game_of(levels={START: Level.VIP}))
    refused = Told(Verdict.LEVEL, "start", level=Level.VIP)
    assert judge(crowd, "a start", level=Level.SUBSCRIBER) == refused
    assert judge(crowd, "start", level=level) == ADMITTED
    assert judge(crowd, "a") == ADMITTED


def test_of_several_words_the_one_for_the_highest_level_is_named(
    crowd_of: Callable[..., Crowd], game_of: Callable[..., Game], judge: Judge
) -> None:
    crowd = crowd_of(rules=game_of(levels={A: Level.SUBSCRIBER, START: Level.MODERATOR}))
    assert judge(crowd, "a start") == Told(Verdict.LEVEL, "start", level=Level.MODERATOR)
    assert judge(crowd, "a") == Told(Verdict.LEVEL, "a", level=Level.SUBSCRIBER)


# Cool-downs.


def test_a_viewer_waits_for_their_own_cool_down_and_others_for_everybody_s(
    crowd_of: Callable[..., Crowd], game_of: Callable[..., Game], judge: Judge
) -> None:
    crowd = crowd_of(rules=game_of(cooldowns={START: Cooldown(user_ms=9_000, everybody_ms=3_000)}))
    assert judge(crowd, "start") == ADMITTED
    assert judge(crowd, "start", 1_000) == Told(Verdict.USER_COOLDOWN, "start", 8_000)
    assert judge(crowd, "start", 1_000, user="bob") == Told(Verdict.BUTTON_COOLDOWN, "start", 2_000)
    assert judge(crowd, "a", 1_000) == ADMITTED
    assert judge(crowd, "start", 3_000, user="bob") == ADMITTED


def test_moderators_do_not_wait_but_others_wait_after_them(
    crowd_of: Callable[..., Crowd], game_of: Callable[..., Game], judge: Judge
) -> None:
    crowd = crowd_of(rules=game_of(cooldowns={START: Cooldown(user_ms=9_000, everybody_ms=3_000)}))
    assert judge(crowd, "start", user="ada") == ADMITTED
    assert judge(crowd, "start", 1_000, user="mod", level=Level.MODERATOR) == ADMITTED
    assert judge(crowd, "start", 2_000, user="mod", level=Level.MODERATOR) == ADMITTED
    assert judge(crowd, "start", 3_500, user="bob") == Told(Verdict.BUTTON_COOLDOWN, "start", 1_500)


def test_what_is_not_played_rests_nothing(
    crowd_of: Callable[..., Crowd], game_of: Callable[..., Game], judge: Judge
) -> None:
    crowd = crowd_of(rules=game_of(cooldowns={START: Cooldown(user_ms=9_000, everybody_ms=3_000)}))
    voters = [judge(crowd, "start", user=f"viewer {n}", plays=False) for n in range(5)]
    assert voters == [ADMITTED] * 5


def test_of_several_that_came_together_the_first_leaves(
    crowd_of: Callable[..., Crowd], game_of: Callable[..., Game], choose: Callable[..., Choice]
) -> None:
    crowd = crowd_of(rules=game_of(cooldowns={START: Cooldown(user_ms=9_000, everybody_ms=3_000)}))
    chosen = [("start", "ada"), ("start", "bob"), ("start", "mo", Level.MODERATOR), ("a", "bob")]
    assert [crowd.lets_out(choose(*each), 0) for each in chosen] == [True, False, True, True]


def test_what_chat_voted_for_rests_for_everybody_and_for_no_single_voter(
    crowd_of: Callable[..., Crowd], game_of: Callable[..., Game], choose: Callable[..., Choice]
) -> None:
    crowd = crowd_of(rules=game_of(cooldowns={START: Cooldown(user_ms=9_000, everybody_ms=3_000)}))
    assert crowd.lets_out(choose("start"), 0)
    assert not crowd.lets_out(choose("start", "ada"), 2_999)
    assert not crowd.lets_out(choose("start"), 2_999)
    assert crowd.lets_out(choose("start"), 3_000)


def test_what_somebody_paid_for_does_not_wait_but_others_wait_after_it(
    crowd_of: Callable[..., Crowd], game_of: Callable[..., Game], choose: Callable[..., Choice]
) -> None:
    crowd = crowd_of(rules=game_of(cooldowns={START: Cooldown(user_ms=9_000, everybody_ms=3_000)}))
    assert crowd.lets_out(choose("start", "ada"), 0)
    assert crowd.lets_out(choose("start", paid="ada"), 1_000)
    assert not crowd.lets_out(choose("start", "bob"), 3_500)


# What was chosen, when it leaves.


def test_what_is_forbidden_by_now_does_not_leave(
    crowd_of: Callable[..., Crowd], game_of: Callable[..., Game], choose: Callable[..., Choice]
) -> None:
    restrictions, locks = Restrictions(), Locks()
    crowd = crowd_of(restrictions=restrictions, locks=locks, rules=game_of())
    choices = [choose("a", "ada"), choose("start", "ada"), choose("a", "kim")]
    choices += [choose("a", paid="kim"), choose("a")]
    restrictions.restrict("ada", "a", None)
    restrictions.restrict("kim", EVERY_WORD, None)
    assert [crowd.may_leave(choice, 0) for choice in choices] == [False, True, False, False, True]
    locks.lock(["a", "start"])
    assert not any(crowd.may_leave(choice, 0) for choice in choices)


def test_the_page_s_own_lines_pass_the_page_s_locks_and_levels_and_not_the_moderators(
    crowd_of: Callable[..., Crowd], game_of: Callable[..., Game], choose: Callable[..., Choice]
) -> None:
    locks = Locks()
    crowd = crowd_of(rules=game_of(locked=frozenset({START}), levels={A: Level.VIP}), locks=locks)
    by_page = [choose("start a", paid="kim"), choose("start a")]
    assert all(crowd.lets_out(choice, 0) for choice in by_page)
    assert not crowd.lets_out(choose("start", "kim"), 0)
    assert not crowd.lets_out(choose("a", "kim"), 0)
    locks.lock(["start"])
    assert not any(crowd.lets_out(choice, 0) for choice in by_page)


def test_what_a_mode_plays_around_it_is_nobody_s_use_of_a_word(
    crowd_of: Callable[..., Crowd], game_of: Callable[..., Game], choose: Callable[..., Choice]
) -> None:
    crowd = crowd_of(rules=game_of(), locks=Locks(["start"]))
    assert crowd.lets_out(choose("start a start")._replace(asked=frozenset({A})), 0)


def test_who_is_silenced_is_not_heard_but_a_moderator_is(crowd_of: Callable[..., Crowd]) -> None:
    restrictions = Restrictions()
    crowd = crowd_of(restrictions=restrictions)
    restrictions.restrict("kim", EVERY_WORD, 10_000)
    assert not crowd.hears("kim", Level.VIP, 9_999)
    assert crowd.hears("kim", Level.VIP, 10_000)
    assert crowd.hears("kim", Level.MODERATOR, 0)
    assert crowd.hears("ada", Level.VIEWER, 0)


# A line that is refused spends nothing of what comes later.


def test_what_is_forbidden_costs_no_rate(
    crowd_of: Callable[..., Crowd], game_of: Callable[..., Game], judge: Judge
) -> None:
    restrictions = Restrictions()
    restrictions.restrict("ada", "b", None)
    game = game_of(locked=frozenset({START}), levels={A: Level.VIP})
    crowd = crowd_of(per_user_burst=1, global_burst=1, restrictions=restrictions, rules=game)
    for text in ("start", "a", "b"):
        assert judge(crowd, text).verdict in (Verdict.LOCKED, Verdict.LEVEL, Verdict.RESTRICTED)
    assert judge(crowd, "x") == ADMITTED


def test_a_cool_down_takes_nothing_of_everybody_s_rate(
    crowd_of: Callable[..., Crowd], game_of: Callable[..., Game], judge: Judge
) -> None:
    crowd = crowd_of(global_burst=2, rules=game_of(cooldowns={START: Cooldown(0, 60_000)}))
    for n in range(50):
        judge(crowd, "start", user=f"viewer {n}")
    assert judge(crowd, "a") == ADMITTED


def test_a_full_rate_begins_no_cool_down(
    crowd_of: Callable[..., Crowd], game_of: Callable[..., Game], judge: Judge
) -> None:
    crowd = crowd_of(
        global_per_second=1, global_burst=1, rules=game_of(cooldowns={START: Cooldown(9_000, 9_000)})
    )
    assert judge(crowd, "a") == ADMITTED
    assert judge(crowd, "start").verdict is Verdict.GLOBAL_LIMIT
    assert judge(crowd, "start", 1_000) == ADMITTED


def test_a_flood_of_one_word_holds_its_cool_down_no_longer(
    crowd_of: Callable[..., Crowd], game_of: Callable[..., Game], judge: Judge
) -> None:
    crowd = crowd_of(per_user_per_second=1000, rules=game_of(cooldowns={START: Cooldown(0, 1_000)}))
    admitted = [now for now in range(0, 3_000, 10) if judge(crowd, "start", now) == ADMITTED]
    assert admitted == [0, 1_000, 2_000]


def test_the_order_is_person_then_word_then_share(
    crowd_of: Callable[..., Crowd], game_of: Callable[..., Game], judge: Judge
) -> None:
    restrictions = Restrictions()
    rules = game_of(frozenset({START}), {START: Level.VIP}, {START: Cooldown(9_000, 9_000)})
    crowd = crowd_of(restrictions=restrictions, rules=rules)
    assert judge(crowd, "start").verdict is Verdict.LOCKED
    restrictions.restrict("ada", "start", None)
    assert judge(crowd, "start").verdict is Verdict.RESTRICTED
    restrictions.restrict("ada", EVERY_WORD, None)
    assert judge(crowd, "start").verdict is Verdict.SILENCED
    crowd.retune(game_of(levels=rules.levels, cooldowns=rules.cooldowns))
    assert judge(crowd, "start", user="bob").verdict is Verdict.LEVEL


def test_what_is_forgotten_is_counted(
    crowd_of: Callable[..., Crowd], game_of: Callable[..., Game], judge: Judge
) -> None:
    crowd = crowd_of(rules=game_of(cooldowns={START: Cooldown(9_000, 0)}))
    judge(crowd, "start")
    assert crowd.counters["forgotten_early"] == 0
