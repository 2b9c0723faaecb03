"""Integers on loopback UDP, as a foreign receiver would see them."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.codes import BUTTONS, EXACT_BASE, Control, decode
from injector.devices.device import DeviceError
from injector.devices.iid import IidDevice
from injector.report import BUTTON_BIT, NEUTRAL, Report

C = Control
SAFE_NEUTRAL = [*range(2300, 2310), 1310, 2319, 1330, 1340, 2358, 2359]


class Receiver:
    """A foreign program on a port of this machine. Loopback keeps order and loses nothing."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(10)
        self.target = f"127.0.0.1:{self.socket.getsockname()[1]}"

    def orders(self) -> list[tuple[int, int]]:
        """(index, value) of what has come so far; each a datagram of one record, dated now."""
        mark = struct.pack("<iiQ", 99, 0, 0)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.sendto(mark, self.socket.getsockname())
        got = []
        while (datagram := self.socket.recv(65_536)) != mark:
            index, value, date = struct.unpack("<iiQ", datagram)
            assert date == 0
            got.append((index, value))
        return got


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.socket.close()


@pytest.fixture
def device(receiver: Receiver) -> Iterator[IidDevice]:
    made = IidDevice([receiver.target], pads=4, deny=(C.GUIDE,))
    yield made
    made.close()


def held(*controls: Control) -> Report:
    return Report(sum(BUTTON_BIT[control] for control in controls))


def values(receiver: Receiver) -> list[int]:
    return [value for _, value in receiver.orders()]


def test_the_index_is_the_pad(device: IidDevice, receiver: Receiver) -> None:
    device.apply(1, held(C.A))
    device.apply(3, held(C.A))
    assert receiver.orders() == [(1, 1300), (3, 1300)]


def test_buttons_are_pressed_and_released(device: IidDevice, receiver: Receiver) -> None:
    device.apply(1, held(C.A, C.Y, C.START))
    device.apply(1, held(C.Y))
    assert values(receiver) == [1300, 1303, 1308, 2300, 2308]


def test_what_is_released_is_said_before_what_is_pressed(device: IidDevice, receiver: Receiver) -> None:
    device.apply(1, held(C.B, C.LEFT)._replace(lx=1.0, lt=1.0))
    receiver.orders()
    device.apply(1, held(C.A)._replace(rt=1.0))
    assert values(receiver) == [2302, 1310, 2350, 2358, 1300, 1359]


def test_the_dpad_is_said_as_a_whole(device: IidDevice, receiver: Receiver) -> None:
    for buttons in ((C.UP,), (C.UP, C.RIGHT), (C.RIGHT,), (C.LEFT, C.RIGHT), (C.DOWN, C.LEFT), ()):
        device.apply(1, held(*buttons))
    assert values(receiver) == [1311, 1312, 1313, 1310, 1316, 1310]


def test_one_axis_at_a_quarter_has_its_own_code(device: IidDevice, receiver: Receiver) -> None:
    for report in (Report(ly=1.0), Report(ly=-0.5), NEUTRAL, Report(rx=0.25)):
        device.apply(1, report)
    assert values(receiver) == [1352, 1373, 2352, 1384]


def test_anything_else_of_the_sticks_is_said_with_both(device: IidDevice, receiver: Receiver) -> None:
    device.apply(1, Report(lx=1.0, ly=38 / 49, rx=27 / 49, ry=16 / 49))
    device.apply(1, Report(lx=0.7, ly=38 / 49, rx=27 / 49, ry=16 / 49))
    assert values(receiver) == [1_899_887_766, 1_884_887_766]


def test_triggers_take_the_nearest_quarter(device: IidDevice, receiver: Receiver) -> None:
    for amount in (1.0, 0.7, 0.66, 0.3, 0.1):
        device.apply(1, Report(lt=amount))
    device.apply(1, Report(rt=0.5))
    assert values(receiver) == [1358, 1368, 1388, 2358, 1379]  # 0.7 and 0.66 are both three quarters


def test_what_is_denied_never_leaves(device: IidDevice, receiver: Receiver) -> None:
    device.apply(1, held(C.GUIDE))
    device.apply(1, held(C.A))
    assert values(receiver) == [1300]


@pytest.mark.parametrize(
    "deny", [(C.UP, C.LEFT), (C.LX,), tuple(BUTTONS), tuple(C)], ids=["dpad", "axis", "buttons", "all"]
)
def test_a_denied_control_stays_out_of_codes_that_say_several(
    deny: tuple[Control, ...], receiver: Receiver
) -> None:
    device = IidDevice([receiver.target], pads=1, deny=deny)
    device.apply(1, Report((1 << len(BUTTONS)) - 1, 0.3, 0.3, 0.3, 0.3, 1.0, 1.0))
    for value in values(receiver):
        assert not [control for control, amount in decode(value) if amount and control in deny]
    device.close()


def test_neutral_is_the_explicit_list_for_every_pad(device: IidDevice, receiver: Receiver) -> None:
    device.apply(2, held(C.A))
    receiver.orders()
    device.neutral()
    assert receiver.orders() == [(pad, value) for pad in (1, 2, 3, 4) for value in SAFE_NEUTRAL]
    device.apply(2, held(C.A))
    assert receiver.orders() == [(2, 1300)]


def test_closing_is_neutral_and_harmless_to_repeat(device: IidDevice, receiver: Receiver) -> None:
    device.close()
    assert len(receiver.orders()) == 4 * len(SAFE_NEUTRAL)
    device.close()
    device.neutral()
    assert receiver.orders() == []


def test_several_programs_hear_the_same(receiver: Receiver) -> None:
    other = Receiver()
    device = IidDevice([receiver.target, other.target], pads=1)
    device.apply(1, held(C.B))
    assert receiver.orders() == other.orders() == [(1, 1302)]
    device.close()
    other.socket.close()


def test_a_program_that_is_not_there_harms_nobody(
    monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    class Refused:
        """A socket as Windows has it after "port unreachable" came back."""

        def sendto(self, data: bytes, address: object) -> int:
            raise ConnectionResetError(10054, "WSAECONNRESET")

        def setblocking(self, flag: bool) -> None:
            pass

        def close(self) -> None:
            pass

    monkeypatch.setattr("socket.socket", lambda *_: Refused())
    device = IidDevice([receiver.target], pads=1)
    device.apply(1, held(C.A))
    device.close()
    assert device.counters == {"unreachable": 1 + len(SAFE_NEUTRAL)}


@pytest.mark.parametrize(
    "target", ["192.168.1.7:3615", "0.0.0.0:3615", "[2001:db8::1]:3615", "127.0.0.1:0", "127.0.0.1:65536"]
)
def test_only_this_machine_is_spoken_to(target: str) -> None:
    with pytest.raises(DeviceError, match="this machine only"):
        IidDevice([target], pads=1)


@pytest.mark.parametrize("target", ["", "localhost", "example.org:3615", "127.0.0.1:x"])
def test_a_target_that_is_none_is_one_sentence(target: str) -> None:
    with pytest.raises(DeviceError, match=r"no HOST:PORT"):
        IidDevice([target], pads=1)


axis = st.sampled_from([-1.0, -0.75, -0.5, -0.3, 0.0, 0.25, 0.77, 1.0])
trigger = st.sampled_from([0.0, 0.25, 0.3, 0.5, 0.75, 1.0])
reports = st.builds(Report, st.integers(0, (1 << len(BUTTONS)) - 1), axis, axis, axis, axis, trigger, trigger)


@settings(max_examples=60)
@given(st.lists(reports, min_size=1, max_size=6))
def test_a_receiver_that_follows_the_table_ends_where_the_pad_is(drawn: list[Report]) -> None:
    receiver = Receiver()
    device = IidDevice([receiver.target], pads=1)
    for report in drawn:
        device.apply(1, report)
    state = dict.fromkeys(Control, 0.0)
    for _, value in receiver.orders():
        assert value < EXACT_BASE  # nobody else knows our exact range
        state.update(decode(value))
    last = drawn[-1]
    for control in (*BUTTONS[:11],):
        assert state[control] == last.value(control)
    assert state[C.UP] - state[C.DOWN] == last.value(C.UP) - last.value(C.DOWN)
    assert state[C.LEFT] - state[C.RIGHT] == last.value(C.LEFT) - last.value(C.RIGHT)
    for control in (C.LX, C.LY, C.RX, C.RY):
        assert abs(state[control] - last.value(control)) <= 0.5 / 49 + 1e-9
    for control in (C.LT, C.RT):
        assert abs(state[control] - last.value(control)) <= 0.125
    device.close()
    receiver.socket.close()
