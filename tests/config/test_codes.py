from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.codes import (
    BUTTONS,
    CONTROLS,
    EXACT_BASE,
    PRESS,
    RELEASE,
    STICKS,
    TABLE,
    TRIGGERS,
    CodeError,
    Control,
    decode,
    dpad_code,
    encode,
    sticks_code,
)

C = Control
DPAD = (C.UP, C.RIGHT, C.DOWN, C.LEFT)


def sets(code: int) -> dict[str, float]:
    return {str(control): value for control, value in decode(code)}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        # docs of the IID family, Xbox table: buttons in the order A, X, B, Y
        (1300, {"A": 1}), (1301, {"X": 1}), (1302, {"B": 1}), (1303, {"Y": 1}),
        (1304, {"LB": 1}), (1305, {"RB": 1}), (1306, {"LS": 1}), (1307, {"RS": 1}),
        (1308, {"START": 1}), (1309, {"BACK": 1}), (1319, {"GUIDE": 1}),
        (2300, {"A": 0}), (2309, {"BACK": 0}), (2319, {"GUIDE": 0}),
        # the d-pad, clockwise from north; its releases let the whole d-pad go
        (1310, {"UP": 0, "DOWN": 0, "LEFT": 0, "RIGHT": 0}),
        (1311, {"UP": 1, "DOWN": 0, "LEFT": 0, "RIGHT": 0}),
        (1312, {"UP": 1, "DOWN": 0, "LEFT": 0, "RIGHT": 1}),
        (1315, {"UP": 0, "DOWN": 1, "LEFT": 0, "RIGHT": 0}),
        (1317, {"UP": 0, "DOWN": 0, "LEFT": 1, "RIGHT": 0}),
        (1318, {"UP": 1, "DOWN": 0, "LEFT": 1, "RIGHT": 0}),
        (2311, {"UP": 0, "DOWN": 0, "LEFT": 0, "RIGHT": 0}),
        (2318, {"UP": 0, "DOWN": 0, "LEFT": 0, "RIGHT": 0}),
        # sticks: up is +1
        (1330, {"LX": 0, "LY": 0}), (1331, {"LX": 0, "LY": 1}), (1333, {"LX": 1, "LY": 0}),
        (1338, {"LX": -1, "LY": 1}), (2334, {"LX": 0, "LY": 0}),
        (1340, {"RX": 0, "RY": 0}), (1345, {"RX": 0, "RY": -1}), (1348, {"RX": -1, "RY": 1}),
        # single axes, at 1, 0.75, 0.5 and 0.25
        (1350, {"LX": 1}), (1351, {"LX": -1}), (1353, {"LY": -1}), (1357, {"RY": -1}),
        (1358, {"LT": 1}), (1359, {"RT": 1}), (1360, {"LX": 0.75}), (1369, {"RT": 0.75}),
        (1371, {"LX": -0.5}), (1378, {"LT": 0.5}), (1387, {"RY": -0.25}), (1389, {"RT": 0.25}),
        (2358, {"LT": 0}), (2389, {"RT": 0}),
    ],
)  # fmt: skip
def test_the_table_says_what_the_family_agreed_on(code: int, expected: dict[str, float]) -> None:
    assert sets(code) == expected


def test_the_published_stick_integer_means_its_four_values() -> None:
    values = [value for _, value in decode(1899887766)]
    assert [control for control, _ in decode(1899887766)] == list(STICKS)
    assert values == pytest.approx([1.0, 0.776, 0.551, 0.327], abs=0.0006)


@pytest.mark.parametrize(("field", "value"), [("00", 0.0), ("50", 0.0), ("01", -1.0), ("99", 1.0)])
def test_the_ends_and_both_centres_of_a_stick_field(field: str, value: float) -> None:
    assert dict(decode(int(f"18{field}000000")))[C.LX] == value


@pytest.mark.parametrize(
    ("bit", "control"),
    [(0, "Y"), (1, "B"), (2, "A"), (3, "X"), (4, "UP"), (5, "RIGHT"), (6, "DOWN"), (7, "LEFT"), (8, "LB"),
     (9, "RB"), (10, "LS"), (11, "RS"), (12, "BACK"), (13, "GUIDE"), (14, "START")],
)  # fmt: skip
def test_a_state_bit_presses_its_button_and_no_other(bit: int, control: str) -> None:
    pressed = {name for name, value in sets(1_700_000_000 + (1 << bit)).items() if value}
    assert pressed == {control}


def test_the_connected_bit_of_a_state_moves_nothing() -> None:
    assert not any(sets(1_700_000_000 + (1 << 15)).values())


@pytest.mark.parametrize(("bits", "lt", "rt"), [(0b0001, 0.1, 0), (0b1100, 0.75, 0), (0b1111_0000, 0, 1.0)])
def test_the_trigger_bits_of_a_state_add_up(bits: int, lt: float, rt: float) -> None:
    state = sets(1_700_000_000 + (bits << 16))
    assert (state["LT"], state["RT"]) == pytest.approx((lt, rt))


@pytest.mark.parametrize(
    "code",
    [0, 1299, 1390, 1398, 2390, 3123, 1065, 1260, 4000, -1300, EXACT_BASE - 1, 1_700_000_000 + (1 << 24)],
)
def test_what_names_no_control_is_refused(code: int) -> None:
    with pytest.raises(CodeError):
        decode(code)


@given(st.integers(-(2**31), 2**31 - 1))
def test_any_32_bit_integer_decodes_to_values_in_range_or_is_refused(code: int) -> None:
    try:
        changes = decode(code)
    except CodeError:
        return
    for control, value in changes:
        assert (-1 if control in STICKS else 0) <= value <= 1
        assert control not in BUTTONS or value in (0, 1)


@given(st.integers(0, len(CONTROLS) * 10_000 - 1))
def test_any_integer_of_the_exact_range_sets_one_control_or_is_refused(rest: int) -> None:
    try:
        ((control, value),) = decode(EXACT_BASE + rest)
    except CodeError:
        return
    assert decode(encode(control, value)) == ((control, value),)


@given(st.sampled_from(STICKS), st.integers(-1000, 1000))
def test_every_thousandth_of_a_stick_survives_the_round_trip(stick: Control, thousandths: int) -> None:
    assert decode(encode(stick, thousandths / 1000)) == ((stick, thousandths / 1000),)


@given(st.sampled_from(TRIGGERS), st.integers(0, 1000))
def test_every_thousandth_of_a_trigger_survives_the_round_trip(trigger: Control, thousandths: int) -> None:
    assert decode(encode(trigger, thousandths / 1000)) == ((trigger, thousandths / 1000),)


@pytest.mark.parametrize("control", BUTTONS)
@pytest.mark.parametrize("value", [0, 1])
def test_every_button_survives_the_round_trip(control: Control, value: int) -> None:
    assert decode(encode(control, value)) == ((control, value),)


@given(st.sampled_from([control for control in CONTROLS if control not in DPAD]), st.floats())
def test_any_value_is_encoded_to_what_decodes_again_or_is_refused(control: Control, value: float) -> None:
    try:
        code = encode(control, value)
    except CodeError:
        return
    assert -(2**31) <= code < 2**31
    ((back, got),) = decode(code)
    assert back is control
    assert got == pytest.approx(value, abs=0.0005)


@pytest.mark.parametrize("control", DPAD)
def test_half_a_d_pad_press_is_refused(control: Control) -> None:
    with pytest.raises(CodeError):
        encode(control, 0.5)


def test_the_table_is_preferred_where_it_says_exactly_the_same() -> None:
    assert encode(C.A, 1) == 1300
    assert encode(C.A, 0) == 2300
    assert encode(C.LX, -0.75) == 1361
    assert encode(C.LT, 0.25) == 1388


def test_a_d_pad_direction_is_never_encoded_as_the_compass_which_moves_the_others_too() -> None:
    for control in DPAD:
        assert encode(control, 1) not in TABLE


def test_every_press_of_the_table_has_its_release_a_thousand_above() -> None:
    for control, code in PRESS.items():
        assert decode(code + RELEASE) == ((control, 0.0),)


@given(st.tuples(*[st.floats(-1, 1)] * 4))
def test_a_stick_integer_is_within_half_a_step_of_what_was_asked(values: tuple[float, ...]) -> None:
    decoded = [value for _, value in decode(sticks_code(*values))]
    assert decoded == pytest.approx(values, abs=0.5 / 49 + 1e-9)


@given(*[st.booleans()] * 4)
def test_a_compass_code_moves_the_d_pad_where_its_state_points(u: bool, d: bool, lt: bool, r: bool) -> None:
    state = sets(dpad_code(u, d, lt, r))
    assert (state["UP"], state["DOWN"]) == (u and not d, d and not u)
    assert (state["LEFT"], state["RIGHT"]) == (lt and not r, r and not lt)
