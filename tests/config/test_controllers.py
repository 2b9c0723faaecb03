from __future__ import annotations

from pathlib import Path

import pytest

from config.codes import CONTROLS, Control
from config.controllers import (
    Action,
    ControllerError,
    controller_file,
    controller_names,
    fresh_controller,
    load_controller,
    read_controller,
)
from config.mistakes import ConfigError

C = Control
FILE = Path("small.yaml")
SMALL = "title: Small\ninputs: {a: A, up: UP, lup: LY+, lt: LT, upleft: [UP, LEFT]}\n"
NAMES = (
    "arcade", "gamecube", "gb", "gba", "gbc", "genesis", "n64", "nes", "ps1", "ps2", "ps4", "snes", "switch",
    "wii", "xbox",
)  # fmt: skip


def buttons(name: str, *words: str) -> list[str]:
    """What each of the words moves, as `UP` or `LX-`, joined with a plus."""
    found = (load_controller(name).words[word].moves for word in words)
    return ["+".join(f"{control}{'-' if way < 0 else ''}" for control, way in moves) for moves in found]


def test_the_controllers_of_the_genre_are_there() -> None:
    assert controller_names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_no_controller_names_guide(name: str) -> None:
    assert Control.GUIDE not in {
        control for action in load_controller(name).words.values() for control in action.controls
    }


@pytest.mark.parametrize("name", NAMES)
def test_single_letters_of_the_compass_stay_free_for_talk(name: str) -> None:
    assert not {"n", "e", "s", "w"} & load_controller(name).words.keys()


@pytest.mark.parametrize("name", NAMES)
def test_every_controller_goes_in_eight_directions_by_two_names(name: str) -> None:
    words = load_controller(name).words
    up, down, left, right = (words[word].moves for word in ("up", "down", "left", "right"))
    for word, compass, moves in (
        ("up", "north", up), ("down", "south", down), ("left", "west", left), ("right", "east", right),
        ("upleft", "nw", up + left), ("upright", "ne", up + right),
        ("downleft", "sw", down + left), ("downright", "se", down + right),
    ):  # fmt: skip
        assert words[word] is words[compass]
        assert words[word].moves == moves


@pytest.mark.parametrize("name", NAMES)
def test_opposite_ways_of_a_d_pad_are_forbidden_together(name: str) -> None:
    forbidden = load_controller(name).forbidden
    assert frozenset((C.UP, C.DOWN)) in forbidden
    assert frozenset((C.LEFT, C.RIGHT)) in forbidden


def test_xbox_reaches_every_control_but_guide() -> None:
    reached = {control for action in load_controller("xbox").words.values() for control in action.controls}
    assert reached == set(CONTROLS) - {Control.GUIDE}


@pytest.mark.parametrize(
    ("name", "words", "moved"),
    [
        ("nes", "b a start select up", "A B START BACK UP"),
        ("snes", "b a y x l r select", "A B X Y LB RB BACK"),
        ("gb", "b a", "A B"),
        ("gbc", "b a", "A B"),
        ("gba", "b a l r", "A B LB RB"),
        ("n64", "a b z l r cup cleft up left dup", "A X LT LB RB RY RX- LY LX- UP"),
        ("gamecube", "a b x y z l r cdown down ddown", "B A Y X RB LT RT RY- LY- DOWN"),
        ("wii", "a b c z one two plus minus shake up pup dup", "B A Y X START BACK RB LB RT LY RY UP"),
        ("switch", "a b x y l r zl zr plus minus lup rup", "B A Y X LB RB LT RT START BACK LY RY"),
        ("genesis", "a b c x y z mode", "X A B LB Y RB BACK"),
        ("ps1", "cross circle square triangle l1 r1 l2 r2", "A B X Y LB RB LT RT"),
        ("ps2", "l3 r3 select lup", "LS RS BACK LY"),
        ("ps4", "options share rdown", "START BACK RY-"),
        ("arcade", "lp mp hp lk mk hk coin a b c d", "X Y RB A B RT BACK A B X Y"),
        ("xbox", "a rdownleft ldown", "A RY-+RX- LY-"),
    ],
)
def test_a_pad_is_mapped_as_the_emulators_have_it(name: str, words: str, moved: str) -> None:
    assert buttons(name, *words.split()) == moved.split()


def test_a_trigger_may_press_a_button_at_the_end_of_its_way() -> None:
    words = load_controller("gamecube").words
    assert words["l"] == Action(((C.LT, 1),), click=C.LS)
    assert words["l"].analog
    assert words["l"].controls == {C.LT, C.LS}
    assert words["z"].click is None


def test_a_synonym_is_a_word_like_any_other() -> None:
    words = load_controller("xbox").words
    assert words["select"] == words["back"] == Action(((C.BACK, 1),))


def test_up_is_the_positive_way_of_a_stick() -> None:
    words = load_controller("xbox").words
    assert words["lup"] == Action(((C.LY, 1),))
    assert words["ldown"] == Action(((C.LY, -1),))
    assert words["rleft"] == Action(((C.RX, -1),))


def test_sticks_and_triggers_are_analog_and_buttons_are_not() -> None:
    words = load_controller("xbox").words
    assert words["lup"].analog
    assert words["lt"].analog
    assert words["lupleft"].analog
    assert not words["lb"].analog
    assert not words["upleft"].analog


def test_an_unknown_controller_is_answered_with_the_known_ones() -> None:
    with pytest.raises(
        ControllerError, match=r"no controller \"sness\" \(did you mean snes\?\).*arcade, game"
    ):
        load_controller("sness")


@pytest.mark.parametrize("name", ["../secrets", "", "xbox.yaml", "x" * 500])
def test_a_name_is_never_a_path(name: str) -> None:
    with pytest.raises(ControllerError, match="there is no controller"):
        controller_file(name)


def test_a_controller_is_read_once_unless_it_must_be_fresh() -> None:
    assert load_controller("nes") is load_controller("nes")
    assert fresh_controller("nes") is not load_controller("nes")


def test_a_page_that_makes_no_sense_names_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.yaml").write_text("title: Mine\ninputs:\n  a: TURBO\n", encoding="utf-8")
    monkeypatch.setattr("config.controllers._FOLDER", tmp_path)
    with pytest.raises(ControllerError, match=r"mine\.yaml:3:6: inputs\.a: found \"TURBO\""):
        fresh_controller("mine")


def test_a_small_page_takes_the_usual_times_and_limits() -> None:
    small = read_controller("small", SMALL.encode(), FILE)
    assert (small.default_ms, small.gap_ms, small.shortest_ms) == (200, 50, 34)
    assert (small.longest_press_ms, small.longest_ms, small.most_frames) == (5_000, 10_000, 64)
    assert small.gaps == {}


def test_a_page_says_its_own_times_and_combinations() -> None:
    text = (
        "defaults: {press_ms: 100, gap_ms: 20}\nforbidden: [[a, up, lt]]\n"
        "limits: {shortest_ms: 50, press_ms: 1000, total_ms: 2000, frames: 8}\n"
    )
    mine = read_controller("mine", (SMALL + text).encode(), FILE)
    assert (mine.default_ms, mine.gap_ms, mine.shortest_ms) == (100, 20, 50)
    assert (mine.longest_press_ms, mine.longest_ms, mine.most_frames) == (1000, 2000, 8)
    assert mine.forbidden == (frozenset((C.A, C.UP, C.LT)),)


@pytest.mark.parametrize("text", ["", "7", "[]", "title: x\n", "title: x\ninputs: {}\n"])
def test_a_file_that_is_no_page_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        read_controller("bad", text.encode(), FILE)
