from __future__ import annotations

from bot.grammar import Language, Parsed, parse
from bot.sending.frames import dated, plan, to_frames
from bot.sequence import Step
from config.codes import Control, decode
from config.controllers import Controller
from tunnel.frame import Frame, check_frames


def test_frames_are_the_steps_dated_from_now() -> None:
    steps = (Step(0, Control.A, 1.0, 1), Step(500, Control.A, 0.0, 1))
    assert to_frames(steps, 1_720_342_174_000.9) == (
        Frame(1, 1300, 1_720_342_174_000),
        Frame(1, 2300, 1_720_342_174_500),
    )


def test_the_pad_is_the_index_of_the_frame() -> None:
    assert [frame.index for frame in to_frames((Step(0, Control.A, 1.0, 3),), 0)] == [3]


def test_a_plan_can_be_dated_again_and_again() -> None:
    moves = plan((Step(0, Control.B, 1.0, 1), Step(200, Control.B, 0.0, 1)))
    assert [frame.date for frame in dated(moves, 10)] == [10, 210]
    assert [frame.date for frame in dated(moves, 20)] == [20, 220]


def test_amounts_survive_to_a_thousandth(xbox: Controller) -> None:
    result = parse("ldown70%+rt99.9%", Language(xbox))
    assert isinstance(result, Parsed)
    pressed = [decode(frame.value) for frame in to_frames(result.steps, 0)][:2]
    assert pressed == [((Control.LY, -0.7),), ((Control.RT, 0.999),)]


def test_the_longest_line_is_a_sequence_the_tunnel_takes(xbox: Controller) -> None:
    result = parse("a b " * 16, Language(xbox))
    assert isinstance(result, Parsed)
    frames = to_frames(result.steps, 1_720_342_174_000)
    assert len(frames) == 64
    check_frames(frames)
