"""What the driver is told, and what a person is told when there is none. With a vgamepad that plays its part:
the real one meets a real kernel in test_gamepad_uinput.py, and Windows' errors are played as it raises them.
"""

from __future__ import annotations

import errno
import gc
import importlib.util
import platform
import sys
from pathlib import Path
from typing import Any

import pytest

from config.codes import BUTTONS, Control
from injector.devices.device import DeviceError
from injector.devices.gamepad import GamepadDevice, remedy
from injector.report import BUTTON_BIT, Report

C = Control
REAL = importlib.util.find_spec("vgamepad")

# A vgamepad of the documented shape. `fault` is raised by whatever comes next; `plugged` counts living pads.
FAKE = """
import enum
from types import SimpleNamespace

class XUSB_BUTTON(enum.IntFlag):
    XUSB_GAMEPAD_DPAD_UP = 0x0001
    XUSB_GAMEPAD_DPAD_DOWN = 0x0002
    XUSB_GAMEPAD_DPAD_LEFT = 0x0004
    XUSB_GAMEPAD_DPAD_RIGHT = 0x0008
    XUSB_GAMEPAD_START = 0x0010
    XUSB_GAMEPAD_BACK = 0x0020
    XUSB_GAMEPAD_LEFT_THUMB = 0x0040
    XUSB_GAMEPAD_RIGHT_THUMB = 0x0080
    XUSB_GAMEPAD_LEFT_SHOULDER = 0x0100
    XUSB_GAMEPAD_RIGHT_SHOULDER = 0x0200
    XUSB_GAMEPAD_GUIDE = 0x0400
    XUSB_GAMEPAD_A = 0x1000
    XUSB_GAMEPAD_B = 0x2000
    XUSB_GAMEPAD_X = 0x4000
    XUSB_GAMEPAD_Y = 0x8000

class DS4_BUTTONS(enum.IntFlag):
    DS4_BUTTON_THUMB_RIGHT = 1 << 15
    DS4_BUTTON_THUMB_LEFT = 1 << 14
    DS4_BUTTON_OPTIONS = 1 << 13
    DS4_BUTTON_SHARE = 1 << 12
    DS4_BUTTON_TRIGGER_RIGHT = 1 << 11
    DS4_BUTTON_TRIGGER_LEFT = 1 << 10
    DS4_BUTTON_SHOULDER_RIGHT = 1 << 9
    DS4_BUTTON_SHOULDER_LEFT = 1 << 8
    DS4_BUTTON_TRIANGLE = 1 << 7
    DS4_BUTTON_CIRCLE = 1 << 6
    DS4_BUTTON_CROSS = 1 << 5
    DS4_BUTTON_SQUARE = 1 << 4

class DS4_SPECIAL_BUTTONS(enum.IntFlag):
    DS4_SPECIAL_BUTTON_PS = 1

sent = []       # (number of the pad, everything in its report) for each update
plugged = []    # numbers of the pads that are there now
fault = None

def check():
    global fault
    if fault is not None:
        error, fault = fault, None
        raise RuntimeError(error)

class Pad:
    made = 0
    def __init__(self):
        check()
        Pad.made += 1
        self.number = Pad.made
        plugged.append(self.number)
        self.report = SimpleNamespace()
    def update(self):
        check()
        sent.append((self.number, SimpleNamespace(**vars(self.report))))
    def __del__(self):
        if hasattr(self, "number"):
            plugged.remove(self.number)

class VX360Gamepad(Pad):
    pass

class VDS4Gamepad(Pad):
    pass
"""


@pytest.fixture
def vgamepad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The fake, importable as vgamepad."""
    return installed(FAKE, tmp_path, monkeypatch)


def installed(source: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    (folder / "vgamepad.py").write_text(source)
    monkeypatch.syspath_prepend(folder)
    for name in [name for name in sys.modules if name.split(".")[0] == "vgamepad"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    if source is FAKE:
        import vgamepad

        monkeypatch.setitem(sys.modules, "vgamepad", vgamepad)
        return vgamepad
    return None


def held(*controls: Control) -> Report:
    return Report(sum(BUTTON_BIT[control] for control in controls))


@pytest.mark.parametrize(
    ("control", "bits"),
    [
        (C.A, 0x1000), (C.B, 0x2000), (C.X, 0x4000), (C.Y, 0x8000), (C.LB, 0x100), (C.RB, 0x200),
        (C.LS, 0x40), (C.RS, 0x80), (C.START, 0x10), (C.BACK, 0x20), (C.GUIDE, 0x400),
        (C.UP, 1), (C.DOWN, 2), (C.LEFT, 4), (C.RIGHT, 8),
    ],
)  # fmt: skip
def test_each_xbox_button_is_its_xinput_bit(vgamepad: Any, control: Control, bits: int) -> None:
    GamepadDevice("xbox360", 1).apply(1, held(control))
    assert vgamepad.sent[0][1].wButtons == bits


def test_xbox_sticks_reach_both_ends_and_up_is_positive(vgamepad: Any) -> None:
    device = GamepadDevice("xbox360", 1)
    device.apply(1, Report(0, lx=-1.0, ly=1.0, rx=0.5, ry=-1.0, lt=0.3, rt=1.0))
    raw = vgamepad.sent[-1][1]
    assert (raw.sThumbLX, raw.sThumbLY, raw.sThumbRX, raw.sThumbRY) == (-32768, 32767, 16384, -32768)
    assert (raw.bLeftTrigger, raw.bRightTrigger) == (76, 255)


@pytest.mark.parametrize(
    ("control", "bit"),
    [
        (C.A, 5), (C.B, 6), (C.X, 4), (C.Y, 7), (C.LB, 8), (C.RB, 9), (C.LS, 14), (C.RS, 15),
        (C.START, 13), (C.BACK, 12),
    ],
)  # fmt: skip
def test_each_dualshock_button_is_the_one_in_the_same_place(
    vgamepad: Any, control: Control, bit: int
) -> None:
    GamepadDevice("dualshock4", 1).apply(1, held(control))
    raw = vgamepad.sent[0][1]
    assert (raw.wButtons, raw.bSpecial) == (1 << bit | 8, 0)


def test_the_guide_button_is_the_dualshock_home_button(vgamepad: Any) -> None:
    GamepadDevice("dualshock4", 1).apply(1, held(C.GUIDE))
    assert (vgamepad.sent[0][1].wButtons, vgamepad.sent[0][1].bSpecial) == (8, 1)


@pytest.mark.parametrize(
    ("held_down", "hat"),
    [
        ((C.UP,), 0), ((C.UP, C.RIGHT), 1), ((C.RIGHT,), 2), ((C.DOWN, C.RIGHT), 3), ((C.DOWN,), 4),
        ((C.DOWN, C.LEFT), 5), ((C.LEFT,), 6), ((C.UP, C.LEFT), 7), ((), 8),
        ((C.UP, C.DOWN), 8), ((C.UP, C.DOWN, C.LEFT), 6), ((C.UP, C.DOWN, C.LEFT, C.RIGHT), 8),
    ],
)  # fmt: skip
def test_the_dualshock_hat_points_where_the_dpad_does_and_opposites_cancel(
    vgamepad: Any, held_down: tuple[Control, ...], hat: int
) -> None:
    GamepadDevice("dualshock4", 1).apply(1, held(*held_down))
    assert vgamepad.sent[0][1].wButtons == hat


def test_dualshock_sticks_reach_both_ends_and_up_is_zero(vgamepad: Any) -> None:
    device = GamepadDevice("dualshock4", 1)
    device.apply(1, Report(0, lx=-1.0, ly=1.0, rx=1.0, ry=-1.0))
    device.apply(1, Report())
    first, rest = (raw for _, raw in vgamepad.sent)
    assert (first.bThumbLX, first.bThumbLY, first.bThumbRX, first.bThumbRY) == (0, 0, 255, 255)
    assert (rest.bThumbLX, rest.bThumbLY, rest.bThumbRX, rest.bThumbRY) == (128, 128, 128, 128)


def test_dualshock_triggers_are_axis_and_button(vgamepad: Any) -> None:
    GamepadDevice("dualshock4", 1).apply(1, Report(lt=0.3, rt=0.0))
    raw = vgamepad.sent[0][1]
    assert (raw.bTriggerL, raw.bTriggerR, raw.wButtons) == (76, 0, 1 << 10 | 8)


def test_each_pad_is_a_pad_of_its_own(vgamepad: Any) -> None:
    device = GamepadDevice("xbox360", 4)
    device.apply(1, held(C.A))
    device.apply(4, held(C.B))
    assert [(number, raw.wButtons) for number, raw in vgamepad.sent] == [(1, 0x1000), (4, 0x2000)]


def test_closing_brings_every_pad_to_rest_and_unplugs_it_at_once(vgamepad: Any) -> None:
    gc.disable()  # the driver must not have to wait for a collection
    try:
        device = GamepadDevice("xbox360", 2)
        device.apply(1, Report((1 << len(BUTTONS)) - 1, 1, 1, 1, 1, 1, 1))
        device.close()
        assert vgamepad.plugged == []
    finally:
        gc.enable()
    for _, raw in vgamepad.sent[-2:]:
        assert set(vars(raw).values()) == {0}
    device.close()
    device.neutral()


def test_a_driver_that_refuses_is_a_failure_and_lets_go_of_the_pads(vgamepad: Any) -> None:
    device = GamepadDevice("xbox360", 2)
    vgamepad.fault = "Error: VIGEM_ERROR_TARGET_NOT_PLUGGED_IN"
    gc.disable()
    try:
        with pytest.raises(DeviceError, match="VIGEM_ERROR_TARGET_NOT_PLUGGED_IN"):
            device.apply(1, held(C.A))
        vgamepad.fault = "Error: VIGEM_ERROR_TARGET_NOT_PLUGGED_IN"
        device.close()
        assert vgamepad.plugged == []
    finally:
        gc.enable()


def test_pads_that_were_plugged_in_before_one_failed_are_unplugged(vgamepad: Any) -> None:
    gc.disable()
    made = vgamepad.VX360Gamepad.__init__

    def second_fails(self: Any) -> None:
        if vgamepad.plugged:
            raise RuntimeError("Error: VIGEM_ERROR_NO_FREE_SLOT")
        made(self)

    vgamepad.VX360Gamepad.__init__ = second_fails
    try:
        with pytest.raises(DeviceError) as caught:
            GamepadDevice("xbox360", 2)
        assert "NO_FREE_SLOT" in str(caught.value)  # which is still held here, and must not hold a pad
        assert vgamepad.plugged == []
    finally:
        gc.enable()


def test_on_windows_each_opening_connects_to_the_driver_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """vgamepad connects while it is imported; the driver may be installed, or restarted, while we run."""
    monkeypatch.setattr(platform, "system", lambda: "Windows")
    installed("raise RuntimeError('Error: VIGEM_ERROR_BUS_NOT_FOUND')", tmp_path, monkeypatch)
    with pytest.raises(DeviceError, match="install the latest release"):
        GamepadDevice("xbox360", 1)
    (tmp_path / "vgamepad.py").write_text(FAKE)
    GamepadDevice("xbox360", 1)
    connected = sys.modules["vgamepad"]
    GamepadDevice("xbox360", 1)
    assert sys.modules["vgamepad"] is not connected
    del sys.modules["vgamepad"]


@pytest.mark.parametrize(
    ("error", "system", "says"),
    [
        (ModuleNotFoundError("no", name="vgamepad"), "Linux", "-m pip install vgamepad"),
        (ModuleNotFoundError("no", name="vgamepad"), "Darwin", "device: screen"),
        (OSError("libevdev.so.2: cannot open shared object file"), "Linux", "apt-get install libevdev2"),
        (ModuleNotFoundError("no", name="libevdev"), "Linux", "apt-get install libevdev2"),
        (FileNotFoundError(errno.ENOENT, "no", "/dev/uinput"), "Linux", "sudo modprobe uinput"),
        (OSError(errno.ENODEV, "no such device"), "Linux", "sudo modprobe uinput"),
        (PermissionError(errno.EACCES, "no", "/dev/uinput"), "Linux", "/etc/udev/rules.d/99-crowdpad.rules"),
        (OSError(errno.EBUSY, "busy"), "Linux", "busy"),
        (RuntimeError("Error: VIGEM_ERROR_BUS_NOT_FOUND"), "Windows", "needs the ViGEmBus driver"),
        (RuntimeError("Error: VIGEM_ERROR_BUS_VERSION_MISMATCH"), "Windows", "too old"),
        (RuntimeError("Error: VIGEM_ERROR_NO_FREE_SLOT"), "Windows", "no room for another pad"),
        (RuntimeError("The virtual device could not connect to ViGEmBus."), "Windows", "reinstall ViGEmBus"),
        (OSError("Could not find module 'ViGEmClient.dll'"), "Windows", "ViGEmClient.dll"),
    ],
)
def test_what_is_missing_is_one_sentence_with_its_remedy(error: Exception, system: str, says: str) -> None:
    text = remedy(error, system)
    assert says in text
    assert "\n" not in text
    assert "Traceback" not in text


def test_a_machine_without_the_library_is_told_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = "raise ModuleNotFoundError(\"No module named 'vgamepad'\", name='vgamepad')"
    installed(missing, tmp_path, monkeypatch)
    with pytest.raises(DeviceError, match="pip install vgamepad") as caught:
        GamepadDevice("dualshock4", 1)
    assert caught.value.__context__ is None


@pytest.mark.skipif(REAL is None, reason="vgamepad is not installed on this system")
def test_the_fake_numbers_buttons_as_the_real_one_does(vgamepad: Any) -> None:
    assert REAL is not None
    assert REAL.origin is not None
    # Its `api` module alone: that one needs no driver.
    spec = importlib.util.spec_from_file_location("real_api", Path(REAL.origin).with_name("api.py"))
    assert spec is not None
    assert spec.loader is not None
    api = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(api)
    for name in ("XUSB_BUTTON", "DS4_BUTTONS"):
        fake, real = getattr(vgamepad, name), getattr(api, name)
        assert {each: int(fake[each]) for each in fake.__members__} == {
            each: int(real[each]) for each in real.__members__
        }
