from __future__ import annotations

from dataclasses import replace

import pytest

from bot.grammar import Language
from bot.language.chords import Chord, Kind
from bot.language.errors import MisreadError
from bot.language.lines import Line, split
from bot.language.together import settled
from config.codes import Control
from config.controllers import Action, Controller, load_controller

WAIT = "."


def settle(text: str, controller: Controller) -> str:
    line = Line(Language(controller, pads=2))
    for word in split(text):
        line.take(word)
    return " ".join(map(said, settled(line.finish(), controller)))


def said(chord: Chord) -> str:
    signs = {Kind.PRESS: "", Kind.HOLD: "_", Kind.LET_GO: "-", Kind.WAIT: WAIT}
    return "+".join(f"{signs[part.kind]}{part.word}" for part in chord)


@pytest.mark.parametrize(
    ("text", "played"),
    [
        ("a b", "a b"),
        ("_b right -b a", "_b right -b a"),
        ("_b", "_b ."),
        ("a _b", "a _b ."),
        ("_b -b", "_b . -b"),
        ("_b _x -b", "_b _x . -b"),
        ("_b500ms -b", "_b -b"),
        ("_b+a -b", "_b+a -b"),
        ("_b . -b", "_b . -b"),
        ("_b -b+a", "_b . -b+a"),
        ("_b a _x", "_b a _x ."),
        ("_b -x", "_b ."),
        ("_b -x -b", "_b . -b"),
    ],
)
def test_a_hold_that_nothing_follows_is_held_for_a_moment(text: str, played: str, xbox: Controller) -> None:
    assert settle(text, xbox) == played


@pytest.mark.parametrize(
    "text",
    [
        "_b a -b b",
        "_b . -b _b",
        "_right . -right+left",
        "_lup . -lup+ldown",
        "a+&2a",
        "up+&2down",
        "_b &2b -b",
        "_b _&2b . -&2b -b",
    ],
)
def test_what_does_not_collide_is_played(text: str, xbox: Controller) -> None:
    assert settle(text, xbox)


@pytest.mark.parametrize(
    ("text", "played"),
    [
        ("-b a", "a"),
        ("a -b a", "a a"),
        ("_b a -b -b", "_b a -b"),
        ("_b a -b+-b", "_b a -b"),
        ("_&2b . -b a", "_b . a"),
        ("_b+right -right+left", "_b+right left"),
        ("-right+right", "right"),
        ("a -b600ms x", "a . x"),
        ("a -b600ms+x", "a .+x"),
        ("_upleft . -up a", "_upleft . a"),
    ],
)
def test_letting_go_of_what_is_not_held_does_nothing(text: str, played: str, xbox: Controller) -> None:
    assert settle(text, xbox) == played


@pytest.mark.parametrize(
    ("text", "at", "error"),
    [
        ("_b b", 3, "b is held already; let go of it with -b first"),
        ("_b _b", 3, "b is held already; let go of it with -b first"),
        ("_back select", 6, "select is held already; let go of it with -select first"),
        ("_lup50% lup", 8, "lup is held already; let go of it with -lup first"),
        ("a+a", 2, "a and a are the same input"),
        ("back+select", 5, "back and select are the same input"),
        ("_a+a", 3, "a and a are the same input"),
        ("lup+ldown", 4, "lup and ldown cannot be pressed together"),
        ("_lup ldown", 5, "lup and ldown cannot be pressed together"),
        ("up+down", 3, "up and down cannot be pressed together"),
        ("_up down", 4, "up and down cannot be pressed together"),
        ("_up a+down", 6, "up and down cannot be pressed together"),
        ("&2up+&2down", 5, "up and down cannot be pressed together"),
        ("left+a+right500ms", 7, "left and right cannot be pressed together"),
        ("_right . -right+right", 16, "right cannot be pressed in the moment it is let go of"),
    ],
)
def test_what_collides_is_refused_at_the_later_part(text: str, at: int, error: str, xbox: Controller) -> None:
    with pytest.raises(MisreadError) as caught:
        settle(text, xbox)
    assert (caught.value.at, caught.value.error) == (at, error)


def test_a_forbidden_combination_of_three_is_refused_however_it_comes_about() -> None:
    xbox = load_controller("xbox")
    reset = frozenset({Control.A, Control.B, Control.START})
    careful = replace(xbox, forbidden=(*xbox.forbidden, reset))
    assert settle("a+b start", careful)
    for text in ("a+b+start", "_a b+start", "_a _b start", "_start a+b"):
        with pytest.raises(MisreadError, match="cannot be pressed together"):
            settle(text, careful)


def test_a_trigger_s_click_collides_only_where_it_clicks() -> None:
    xbox = load_controller("xbox")
    words = {**xbox.words, "r": Action(((Control.RT, 1),), click=Control.RB)}
    clicking = replace(xbox, words=words)
    assert settle("r50%+rb", clicking)
    with pytest.raises(MisreadError, match="r and rb cannot be pressed together"):
        settle("r+rb", clicking)


def test_diagonals_share_their_ways() -> None:
    xbox = load_controller("xbox")
    diagonal = Action(((Control.UP, 1), (Control.LEFT, 1)))
    words = {**xbox.words, "upleft": diagonal}
    eight_way = replace(xbox, words=words)
    for text in ("up+upleft", "_upleft right", "_upleft up"):
        with pytest.raises(MisreadError, match="cannot be pressed together"):
            settle(text, eight_way)
    assert settle("_upleft . -up a", eight_way) == "_upleft . a"
