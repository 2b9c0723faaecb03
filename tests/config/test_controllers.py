from __future__ import annotations

import pytest

from config.codes import CONTROLS, Control
from config.controllers import (
    Action,
    ControllerError,
    controller_names,
    load_controller,
    read_controller,
)

SMALL = "title: Small\ninputs: {a: A, up: UP, down: DOWN, lup: LY+, lt: LT}\n"


def test_the_controllers_of_this_issue_are_there() -> None:
    assert controller_names() == ("nes", "snes", "xbox")


def test_xbox_reaches_every_control_but_guide() -> None:
    reached = {control for action in load_controller("xbox").words.values() for control in action.controls}
    assert reached == set(CONTROLS) - {Control.GUIDE}


def test_no_controller_names_guide() -> None:
    for name in controller_names():
        assert Control.GUIDE not in {
            control for action in load_controller(name).words.values() for control in action.controls
        }


def test_old_controllers_are_mapped_by_position() -> None:
    def buttons(name: str) -> dict[str, str]:
        return {word: str(action.moves[0][0]) for word, action in load_controller(name).words.items()}

    dpad = {"up": "UP", "down": "DOWN", "left": "LEFT", "right": "RIGHT", "start": "START", "select": "BACK"}
    assert buttons("nes") == dpad | {"b": "A", "a": "B"}
    assert buttons("snes") == dpad | {"b": "A", "a": "B", "y": "X", "x": "Y", "l": "LB", "r": "RB"}


def test_a_synonym_is_a_word_like_any_other() -> None:
    words = load_controller("xbox").words
    assert words["select"] == words["back"] == Action(((Control.BACK, 1),))


def test_up_is_the_positive_way_of_a_stick() -> None:
    words = load_controller("xbox").words
    assert words["lup"] == Action(((Control.LY, 1),))
    assert words["ldown"] == Action(((Control.LY, -1),))
    assert words["rleft"] == Action(((Control.RX, -1),))


def test_sticks_and_triggers_are_analog_and_buttons_are_not() -> None:
    words = load_controller("xbox").words
    assert words["lup"].analog
    assert words["lt"].analog
    assert not words["lb"].analog


def test_an_unknown_controller_is_answered_with_the_known_ones() -> None:
    with pytest.raises(
        ControllerError, match=r"no controller \"sness\" \(did you mean snes\?\).*nes, snes, xbox"
    ):
        load_controller("sness")


@pytest.mark.parametrize("name", ["../secrets", "", "xbox.yaml", "x" * 500])
def test_a_name_is_never_a_path(name: str) -> None:
    with pytest.raises(ControllerError, match="there is no controller"):
        load_controller(name)


def test_a_small_profile_takes_the_usual_times_and_limits() -> None:
    small = read_controller("small", SMALL)
    assert (small.default_ms, small.gap_ms) == (200, 50)
    assert (small.longest_press_ms, small.longest_ms, small.most_frames) == (5_000, 10_000, 64)


@pytest.mark.parametrize(
    ("addition", "complaint"),
    [
        ("synonyms: {a: up}", 'synonym "a" is already an input'),
        ("synonyms: {jump: hop}", 'synonym "jump" stands for "hop", which is no input'),
        ("synonyms: {l1: up}", "synonyms.l1"),
        ("forbidden: [[up, dwon]]", 'forbidden names "dwon"'),
        ("limits: {frames: 65}", "limits.frames"),
        ("limits: {press_ms: 20000}", "the longest press the longest line"),
        ("colour: red", "colour"),
        ("title: [", "no YAML"),
    ],
)
def test_a_mistake_in_a_profile_is_named(addition: str, complaint: str) -> None:
    with pytest.raises(ControllerError) as caught:
        read_controller("small", SMALL + addition + "\n")
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        ("TURBO", "is no control"),
        ("LX", r"a stick needs \+ or -"),
        ("A+", "nothing else takes one"),
        ("LT-", "nothing else takes one"),
        ("a", "inputs.jump"),
    ],
)
def test_an_input_names_a_control_that_exists(target: str, complaint: str) -> None:
    with pytest.raises(ControllerError, match=complaint):
        read_controller("bad", f'title: Bad\ninputs: {{jump: "{target}"}}\n')


@pytest.mark.parametrize("text", ["", "7", "[]", "title: x\n"])
def test_a_file_that_is_no_profile_is_refused(text: str) -> None:
    with pytest.raises(ControllerError):
        read_controller("bad", text)
