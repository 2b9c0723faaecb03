"""The device games see: a virtual Xbox 360 or DualShock 4 pad, made by vgamepad.

On Windows the driver is ViGEmBus, on Linux the kernel's uinput. What may be missing differs from machine to
machine, so the library is imported when a pad is opened, and what it raises becomes one sentence with a
remedy.

Both drivers take a pad away when the process ends, however it ends. Until then a pad lives as long as its
Python object, so nothing here keeps a second reference to one, not even in a caught exception.
"""

from __future__ import annotations

import errno
import importlib
import logging
import platform
import sys
from collections.abc import Iterable
from typing import Any, Final, Literal

from config.codes import Control
from injector.devices.device import DeviceError
from injector.report import BUTTON_BIT, NEUTRAL, Report

log = logging.getLogger(__name__)

Kind = Literal["xbox360", "dualshock4"]

C = Control
# Names of vgamepad's XUSB_BUTTON, which are the bits of a Windows XINPUT_GAMEPAD.
XBOX360_BUTTONS: Final = {
    C.A: "XUSB_GAMEPAD_A", C.B: "XUSB_GAMEPAD_B", C.X: "XUSB_GAMEPAD_X", C.Y: "XUSB_GAMEPAD_Y",
    C.LB: "XUSB_GAMEPAD_LEFT_SHOULDER", C.RB: "XUSB_GAMEPAD_RIGHT_SHOULDER",
    C.LS: "XUSB_GAMEPAD_LEFT_THUMB", C.RS: "XUSB_GAMEPAD_RIGHT_THUMB",
    C.START: "XUSB_GAMEPAD_START", C.BACK: "XUSB_GAMEPAD_BACK", C.GUIDE: "XUSB_GAMEPAD_GUIDE",
    C.UP: "XUSB_GAMEPAD_DPAD_UP", C.DOWN: "XUSB_GAMEPAD_DPAD_DOWN",
    C.LEFT: "XUSB_GAMEPAD_DPAD_LEFT", C.RIGHT: "XUSB_GAMEPAD_DPAD_RIGHT",
}  # fmt: skip
# Names of vgamepad's DS4_BUTTONS: the same place on the pad, not the same letter.
DUALSHOCK4_BUTTONS: Final = {
    C.A: "DS4_BUTTON_CROSS", C.B: "DS4_BUTTON_CIRCLE", C.X: "DS4_BUTTON_SQUARE", C.Y: "DS4_BUTTON_TRIANGLE",
    C.LB: "DS4_BUTTON_SHOULDER_LEFT", C.RB: "DS4_BUTTON_SHOULDER_RIGHT",
    C.LS: "DS4_BUTTON_THUMB_LEFT", C.RS: "DS4_BUTTON_THUMB_RIGHT",
    C.START: "DS4_BUTTON_OPTIONS", C.BACK: "DS4_BUTTON_SHARE",
}  # fmt: skip
# The hat of a DualShock 4 by (x, y), right and up positive; 8 is at rest. A pad never
# has both of a pair down (injector.pad); they would cancel out.
_HAT: Final = {
    (0, 1): 0, (1, 1): 1, (1, 0): 2, (1, -1): 3, (0, -1): 4, (-1, -1): 5, (-1, 0): 6, (-1, 1): 7, (0, 0): 8,
}  # fmt: skip


class GamepadDevice:
    """One to four virtual pads, there as long as this object is open."""

    def __init__(self, kind: Kind, pads: int) -> None:
        """Plugs the pads in; takes up to a second each on Windows. Raises DeviceError."""
        self._pads: list[_Xbox360 | _DualShock4] = []
        make = _Xbox360 if kind == "xbox360" else _DualShock4
        trouble = ""
        try:
            library = _library()
            for _ in range(pads):
                self._pads.append(make(library))
        except Exception as error:  # noqa: BLE001 - vgamepad raises whatever its driver does; the remedy is found by type
            trouble = remedy(error, platform.system())
        # Outside the handler: an exception that still hung on this one would keep a half-made pad plugged in.
        if trouble:
            self.close()
            raise DeviceError(trouble)

    def apply(self, pad: int, report: Report) -> None:
        """Raises DeviceError if the driver does not take it."""
        trouble = ""
        try:
            self._pads[pad - 1].show(report)
        except Exception as error:  # noqa: BLE001 - as above
            trouble = f"The driver of the virtual pad refused: {error}."
        if trouble:
            raise DeviceError(trouble)

    def neutral(self) -> None:
        for pad in range(1, len(self._pads) + 1):
            try:
                self.apply(pad, NEUTRAL)
            except DeviceError as error:
                log.warning("Pad %d could not be brought to rest: %s", pad, error)

    def close(self) -> None:
        self.neutral()
        self._pads.clear()  # the last references: the driver unplugs the pads here


def _library() -> Any:
    """vgamepad, or what its import raises: on Windows it connects to the driver as it is imported.

    There it is imported anew for each opening, since a connection does not survive its driver's restart.
    """
    if platform.system() == "Windows":
        for name in [name for name in sys.modules if name.split(".")[0] == "vgamepad"]:
            del sys.modules[name]
    return importlib.import_module("vgamepad")


class _Xbox360:
    """Sticks are 16 bit, up positive; triggers 8 bit."""

    def __init__(self, library: Any) -> None:
        self._bits = _bits(library.XUSB_BUTTON, XBOX360_BUTTONS.items())
        self._pad = library.VX360Gamepad()

    def show(self, report: Report) -> None:
        raw = self._pad.report
        raw.wButtons = _buttons(self._bits, report.buttons)
        raw.sThumbLX, raw.sThumbLY = _signed(report.lx), _signed(report.ly)
        raw.sThumbRX, raw.sThumbRY = _signed(report.rx), _signed(report.ry)
        raw.bLeftTrigger, raw.bRightTrigger = round(report.lt * 255), round(report.rt * 255)
        self._pad.update()


class _DualShock4:
    """Sticks are 8 bit, 128 at rest, up is 0; a trigger is an axis and, once it moves, a button."""

    def __init__(self, library: Any) -> None:
        self._bits = _bits(library.DS4_BUTTONS, DUALSHOCK4_BUTTONS.items())
        self._left = int(library.DS4_BUTTONS.DS4_BUTTON_TRIGGER_LEFT)
        self._right = int(library.DS4_BUTTONS.DS4_BUTTON_TRIGGER_RIGHT)
        self._home = int(library.DS4_SPECIAL_BUTTONS.DS4_SPECIAL_BUTTON_PS)
        self._pad = library.VDS4Gamepad()

    def show(self, report: Report) -> None:
        raw = self._pad.report
        lt, rt = round(report.lt * 255), round(report.rt * 255)
        buttons = _buttons(self._bits, report.buttons) | _hat(report.buttons)
        raw.wButtons = buttons | (self._left if lt else 0) | (self._right if rt else 0)
        raw.bSpecial = self._home if report.buttons & BUTTON_BIT[C.GUIDE] else 0
        raw.bThumbLX, raw.bThumbLY = _unsigned(report.lx), _unsigned(-report.ly)
        raw.bThumbRX, raw.bThumbRY = _unsigned(report.rx), _unsigned(-report.ry)
        raw.bTriggerL, raw.bTriggerR = lt, rt
        self._pad.update()


def _bits(enum: Any, names: Iterable[tuple[Control, str]]) -> tuple[tuple[int, int], ...]:
    """Our bit of each button beside the driver's."""
    return tuple((BUTTON_BIT[control], int(getattr(enum, name))) for control, name in names)


def _buttons(bits: tuple[tuple[int, int], ...], held: int) -> int:
    return sum(theirs for ours, theirs in bits if held & ours)


def _hat(held: int) -> int:
    up, down, left, right = (bool(held & BUTTON_BIT[c]) for c in (C.UP, C.DOWN, C.LEFT, C.RIGHT))
    return _HAT[right - left, up - down]


def _signed(value: float) -> int:
    """-1 to 1 on -32768 to 32767, both ends reached."""
    return round(value * (32767 if value > 0 else 32768))


def _unsigned(value: float) -> int:
    """-1 to 1 on 0 to 255 around 128, both ends reached."""
    return 128 + round(value * (127 if value > 0 else 128))


def remedy(error: Exception, system: str) -> str:
    """Why there is no virtual pad, in one sentence with the commands that mend it. `system` as platform's."""
    if isinstance(error, ModuleNotFoundError) and error.name == "vgamepad":
        if system in ("Linux", "Windows"):
            return f"The gamepad device needs vgamepad: {sys.executable} -m pip install vgamepad"
        return f"{system} has no virtual gamepad: use `device: screen`, `events` or `iid` here."
    if system == "Windows":
        return _windows_remedy(str(error))
    return _linux_remedy(error)


def _windows_remedy(text: str) -> str:
    if "BUS_NOT_FOUND" in text:
        return (
            "The gamepad device needs the ViGEmBus driver: install the latest release from "
            "https://github.com/nefarius/ViGEmBus/releases and start this program again."
        )
    if "VERSION_MISMATCH" in text:
        return (
            "The ViGEmBus driver is too old for the gamepad device: install the latest release from "
            "https://github.com/nefarius/ViGEmBus/releases and start this program again."
        )
    if "NO_FREE_SLOT" in text:
        return "ViGEmBus has no room for another pad: close the other programs that make virtual pads."
    return f"ViGEmBus made no virtual pad ({text}): restart Windows, or reinstall ViGEmBus."


def _linux_remedy(error: Exception) -> str:
    if "libevdev.so" in str(error) or (isinstance(error, ModuleNotFoundError) and error.name == "libevdev"):
        return "The gamepad device needs the library libevdev: sudo apt-get install libevdev2"
    code = error.errno if isinstance(error, OSError) else None
    if code in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return "The gamepad device needs /dev/uinput, which this kernel does not show: sudo modprobe uinput"
    if code in (errno.EACCES, errno.EPERM):
        return (
            'You may not open /dev/uinput: echo \'KERNEL=="uinput", GROUP="input", MODE="0660", '
            'OPTIONS+="static_node=uinput"\' | sudo tee /etc/udev/rules.d/99-crowdpad.rules '
            "&& sudo udevadm control --reload && sudo udevadm trigger --name-match=uinput "
            "&& sudo usermod -aG input $USER, then log in again."
        )
    return f"The virtual pad could not be made: {error}."
