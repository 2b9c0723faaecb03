from __future__ import annotations

import pytest

from bot.game.lexicon import Lexicon
from bot.grammar import Macro, Parsed, Refused
from config.game import Game, Idle, MacroText
from config.games import TriggerRule, bare_game


def game(**changed: object) -> Game:
    bare = bare_game("nes")
    return Game(name="test", title="A test", controller=bare.controller, **changed)  # type: ignore[arg-type]


@pytest.fixture
def lexicon() -> Lexicon:
    page = game(macros={"twice": MacroText((), "a a"), "hop": MacroText((), "a")}, pause="start")
    return Lexicon(page, [Macro("hop", (), "b")], pads=2, first_word=False)


def steps(lexicon: Lexicon, text: str) -> object:
    parsed = lexicon.read(text)
    assert isinstance(parsed, Parsed), parsed
    return parsed.steps


def test_moderators_macros_win_over_the_game_s(lexicon: Lexicon) -> None:
    assert steps(lexicon, "#hop") == steps(lexicon, "b")
    assert steps(lexicon, "#twice") == steps(lexicon, "a a")
    assert set(lexicon.macros) == {"hop", "twice"}
    assert set(lexicon.own_macros) == {"hop"}


def test_a_text_said_again_is_not_read_again(lexicon: Lexicon) -> None:
    assert lexicon.read("a b") is lexicon.read("a b")


def test_a_new_macro_is_known_at_once_though_its_name_was_said_before(lexicon: Lexicon) -> None:
    assert not isinstance(lexicon.read("a #flip"), Parsed)
    lexicon.define(Macro("flip", (), "a b"))
    assert isinstance(lexicon.read("a #flip"), Parsed)
    assert lexicon.remove("flip")
    assert not isinstance(lexicon.read("a #flip"), Parsed)


def test_only_moderators_macros_can_be_removed_and_the_game_s_shows_again(lexicon: Lexicon) -> None:
    assert not lexicon.remove("twice")
    assert lexicon.remove("hop")
    assert steps(lexicon, "#hop") == steps(lexicon, "a")


def test_another_game_has_other_words_and_the_same_moderators(lexicon: Lexicon) -> None:
    lexicon.retune(bare_game("snes"))
    assert isinstance(lexicon.read("x"), Parsed)
    assert set(lexicon.macros) == {"hop"}


def test_pads_are_as_many_as_there_are(lexicon: Lexicon) -> None:
    assert isinstance(lexicon.read("&2a"), Parsed)
    assert isinstance(lexicon.read("&3a500ms"), Refused)


def test_the_lines_of_the_page_are_read_for_the_modes() -> None:
    page = game(pause="start", idle=Idle("a", 60), periodic=Idle("b", 300))
    rules = Lexicon(page, [], pads=1, first_word=False).rules()
    assert rules.pause is not None
    assert rules.idle is not None
    assert rules.periodic is not None
    assert (rules.pause.text, rules.idle.after_ms, rules.periodic.parsed.text) == ("start", 60_000, "b")


def test_a_game_without_such_lines_has_none_for_the_modes() -> None:
    rules = Lexicon(game(), [], pads=1, first_word=False).rules()
    assert (rules.pause, rules.idle, rules.periodic) == (None, None, None)


def test_the_page_s_lines_mean_what_the_page_says_whatever_moderators_made_of_a_name() -> None:
    wake = TriggerRule("cheer", "", 1, "#wake")
    page = game(macros={"wake": MacroText((), "start")}, pause="#wake", triggers=(wake,))
    lexicon = Lexicon(page, [Macro("wake", (), "b")], pads=1, first_word=False)
    prompted = lexicon.prompted(wake)
    assert prompted is not None
    assert prompted.text == "start"
    assert lexicon.rules().pause == prompted


def test_where_only_a_line_s_first_word_is_read_the_page_s_own_lines_are_read_whole() -> None:
    up_a_b = TriggerRule("cheer", "", 1, "up a b")
    page = game(idle=Idle("up a b", 60), triggers=(up_a_b,))
    lexicon = Lexicon(page, [], pads=1, first_word=True)
    assert steps(lexicon, "up a b") == steps(lexicon, "up")
    idle = lexicon.rules().idle
    assert idle is not None
    assert idle.parsed == lexicon.prompted(up_a_b)
    assert idle.parsed.text == "up a b"


def test_another_game_s_triggers_play_nothing(lexicon: Lexicon) -> None:
    assert lexicon.prompted(TriggerRule("cheer", "", 1, "a")) is None
