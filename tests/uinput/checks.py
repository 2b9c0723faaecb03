"""What the virtual gamepads look like to the rest of a Linux machine. Run where /dev/uinput is:

    python tests/uinput/checks.py            prints one line per check; exit status 1 if one failed

Plain asserts and no test framework: inside the small virtual machine every import is slow. What a game would
see is read back from /dev/input as the kernel's raw records, so that no library under test checks itself.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from config.codes import AXES, BUTTONS, Control, encode  # noqa: E402 - the checkout is found by its place, not installed
from injector.devices.gamepad import GamepadDevice, Kind  # noqa: E402 - as above
from injector.guard import DeviceMove  # noqa: E402 - as above
from injector.player import Player, Show  # noqa: E402 - as above
from injector.report import BUTTON_BIT, NEUTRAL, Report  # noqa: E402 - as above
from injector.rules import Rules  # noqa: E402 - as above
from tunnel.events import SequenceArrived  # noqa: E402 - as above
from tunnel.frame import Frame, Sequence, SequenceId  # noqa: E402 - as above

C = Control
NAMES: Final[dict[Kind, str]] = {
    "xbox360": "Microsoft X-Box 360 pad",
    "dualshock4": "Sony Interactive Entertainment Wireless Controller",
}
PATIENCE_S: Final = 60.0  # the guest is emulated, and its host may be busy

# linux/input-event-codes.h
EV_KEY, EV_ABS = 1, 3
SOUTH, EAST, NORTH, WEST = 0x130, 0x131, 0x133, 0x134
TL, TR, TL2, TR2, SELECT, START, MODE, THUMBL, THUMBR = range(0x136, 0x13F)
X, Y, Z, RX, RY, RZ = range(6)
HAT_X, HAT_Y = 0x10, 0x11

Expected = tuple[tuple[int, int, int], ...]  # (type, code, value) of a press; at rest each is 0 unless said

# What each control is when fully on.
XBOX360: Final[dict[Control, Expected]] = {
    C.A: ((EV_KEY, SOUTH, 1),), C.B: ((EV_KEY, EAST, 1),),
    C.X: ((EV_KEY, NORTH, 1),), C.Y: ((EV_KEY, WEST, 1),),  # the kernel's names for X and Y, not their places
    C.LB: ((EV_KEY, TL, 1),), C.RB: ((EV_KEY, TR, 1),),
    C.LS: ((EV_KEY, THUMBL, 1),), C.RS: ((EV_KEY, THUMBR, 1),),
    C.START: ((EV_KEY, START, 1),), C.BACK: ((EV_KEY, SELECT, 1),), C.GUIDE: ((EV_KEY, MODE, 1),),
    C.UP: ((EV_ABS, HAT_Y, -1),), C.DOWN: ((EV_ABS, HAT_Y, 1),),
    C.LEFT: ((EV_ABS, HAT_X, -1),), C.RIGHT: ((EV_ABS, HAT_X, 1),),
    C.LX: ((EV_ABS, X, 32767),), C.LY: ((EV_ABS, Y, -32768),),  # up is negative, as on the real pad
    C.RX: ((EV_ABS, RX, 32767),), C.RY: ((EV_ABS, RY, -32768),),
    C.LT: ((EV_ABS, Z, 255),), C.RT: ((EV_ABS, RZ, 255),),
}  # fmt: skip
DUALSHOCK4: Final[dict[Control, Expected]] = XBOX360 | {
    C.X: ((EV_KEY, WEST, 1),), C.Y: ((EV_KEY, NORTH, 1),),  # square is left, triangle on top
    C.LX: ((EV_ABS, X, 255),), C.LY: ((EV_ABS, Y, 0),), C.RX: ((EV_ABS, RX, 255),), C.RY: ((EV_ABS, RY, 0),),
    C.LT: ((EV_ABS, Z, 255), (EV_KEY, TL2, 1)), C.RT: ((EV_ABS, RZ, 255), (EV_KEY, TR2, 1)),
}  # fmt: skip
TABLES: Final[dict[Kind, dict[Control, Expected]]] = {"xbox360": XBOX360, "dualshock4": DUALSHOCK4}


class Reader:
    """One event device, read as a game would."""

    # struct input_event of a 64-bit kernel: seconds, microseconds, type, code, value
    _RECORD: Final = struct.Struct("qqHHi")
    _MARK: Final = 0  # EV_SYN: the end of one report

    def __init__(self, node: Path) -> None:
        self.fd = os.open(node, os.O_RDONLY | os.O_NONBLOCK)

    def reports(self, count: int) -> list[dict[tuple[int, int], int]]:
        """The next `count` reports that say anything: (type, code) -> value."""
        found: list[dict[tuple[int, int], int]] = [{}]
        deadline = time.monotonic() + PATIENCE_S
        while len(found) <= count:
            left = deadline - time.monotonic()
            assert left > 0, f"only {found[:-1]} came"
            if not select.select([self.fd], [], [], left)[0]:
                continue
            # One record at a time: what follows the last report wanted stays for the next call.
            _, _, kind, code, value = self._RECORD.unpack(os.read(self.fd, self._RECORD.size))
            if kind != self._MARK:
                found[-1][kind, code] = value
            elif found[-1]:
                found.append({})
        return found[:-1]

    def quiet(self) -> bool:
        return not select.select([self.fd], [], [], 0)[0]

    def axis(self, code: int) -> int:
        """Where the kernel says this axis is: the first field of EVIOCGABS."""
        buffer = bytearray(24)
        fcntl.ioctl(self.fd, 0x80184540 + code, buffer)
        return int(struct.unpack_from("i", buffer)[0])

    def keys(self) -> set[int]:
        """The keys the kernel says are down: EVIOCGKEY."""
        buffer = bytearray(96)
        fcntl.ioctl(self.fd, 0x80604518, buffer)
        return {code for code in range(8 * len(buffer)) if buffer[code // 8] >> code % 8 & 1}

    def close(self) -> None:
        os.close(self.fd)


def nodes(kind: Kind) -> list[Path]:
    """The event devices of our pads that are there now, oldest first."""
    return [node for node in _all_nodes(kind) if node not in SOMEBODY_ELSES]


def _all_nodes(kind: Kind) -> list[Path]:
    folders = sorted(Path("/sys/class/input").glob("event*"), key=lambda folder: int(folder.name[5:]))
    found = []
    for folder in folders:
        try:
            name = (folder / "device/name").read_text().strip()
        except OSError:
            continue  # it went while we looked
        if name == NAMES[kind]:
            found.append(Path("/dev/input") / folder.name)
    return found


# A pad of the person at this machine is left alone.
SOMEBODY_ELSES: Final = frozenset(_all_nodes("xbox360") + _all_nodes("dualshock4"))


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


@contextlib.contextmanager
def plugged(kind: Kind, pads: int = 1) -> Iterator[tuple[GamepadDevice, list[Reader]]]:
    device = GamepadDevice(kind, pads)
    wait_until(lambda: len(nodes(kind)) == pads and all(node.exists() for node in nodes(kind)))
    readers = [Reader(node) for node in nodes(kind)]
    try:
        yield device, readers
    finally:
        device.close()
        for reader in readers:
            reader.close()


def only(control: Control) -> Report:
    if control in BUTTONS:
        return Report(BUTTON_BIT[control])
    return Report(0, *(1.0 if axis is control else 0.0 for axis in AXES))


def each_control_arrives(kind: Kind) -> None:
    with plugged(kind) as (device, (reader,)):
        rest_y = reader.axis(Y)
        for control, expected in TABLES[kind].items():
            device.apply(1, only(control))
            pressed = {(type_, code): value for type_, code, value in expected}
            assert reader.reports(1) == [pressed], control
            device.apply(1, NEUTRAL)
            (released,) = reader.reports(1)
            assert released.keys() == pressed.keys(), control
            at_rest = set(released.values())
            sticks = {"xbox360": {0, -1}, "dualshock4": {128}}[kind]  # xpad's "not" turns 0 into -1
            assert at_rest <= (sticks if control in (C.LX, C.LY, C.RX, C.RY) else {0}), (control, at_rest)
        assert abs(reader.axis(Y) - rest_y) <= 1
        assert reader.quiet()


def an_xbox_pad_has_its_21_controls() -> None:
    assert set(XBOX360) == set(Control)
    each_control_arrives("xbox360")


def a_dualshock_has_its_21_controls() -> None:
    assert set(DUALSHOCK4) == set(Control)
    each_control_arrives("dualshock4")


def a_stick_that_is_up_is_up() -> None:
    with plugged("xbox360") as (device, (reader,)):
        device.apply(1, Report(ly=1.0, ry=-1.0))
        assert reader.reports(1) == [{(EV_ABS, Y): -32768, (EV_ABS, RY): 32767}]


def two_pads_are_two_pads() -> None:
    with plugged("xbox360", 2) as (device, (first, second)):
        device.apply(2, only(C.B))
        assert second.reports(1) == [{(EV_KEY, EAST): 1}]
        device.apply(1, only(C.A))
        assert first.reports(1) == [{(EV_KEY, SOUTH): 1}]
        assert second.quiet()


def neutral_lets_go_of_everything() -> None:
    for kind in NAMES:
        with plugged(kind, 2) as (device, readers):
            everything = Report((1 << 15) - 1, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
            for pad in (1, 2):
                device.apply(pad, everything._replace(buttons=everything.buttons & ~BUTTON_BIT[C.UP]))
            wait_until(lambda: all(reader.keys() for reader in readers))
            device.neutral()
            wait_until(lambda: not any(reader.keys() for reader in readers))
            for reader in readers:
                assert (reader.axis(HAT_X), reader.axis(HAT_Y)) == (0, 0)
                assert (reader.axis(Z), reader.axis(RZ)) == (0, 0)


def closing_unplugs_the_pads_at_once() -> None:
    for kind in NAMES:
        with plugged(kind, 2) as (device, _):
            device.apply(1, only(C.A))
            device.close()
            assert nodes(kind) == []


def a_killed_process_leaves_no_pad() -> None:
    holder = (
        "import sys, time\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from injector.devices.gamepad import GamepadDevice\n"
        "from injector.report import Report\n"
        "device = GamepadDevice('xbox360', 1)\n"
        "device.apply(1, Report(1))\n"
        "print('held', flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", holder], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        wait_until(lambda: len(nodes("xbox360")) == 1)
        process.send_signal(signal.SIGKILL)
    wait_until(lambda: nodes("xbox360") == [])


def a_sequence_is_a_press_and_then_its_release() -> None:
    """The player's whole core in front of the real pad; the clock is the check's."""
    player = Player(Rules(), 0.0)
    player.guard.move(DeviceMove.TRY, 0.0)
    player.opened(0.0)
    frames = (
        Frame(1, encode(C.A, 1), 1000),
        Frame(1, encode(C.A, 0), 1200),
        Frame(1, encode(C.LT, 0.3), 1300),
        Frame(1, encode(C.LT, 0), 1400),
    )
    with plugged("xbox360") as (device, (reader,)):
        orders = player.arrived(SequenceArrived(Sequence(SequenceId(1), frames), 0.0, 0.0), 0.0)
        for now in (100.0, 200.0, 300.0, 400.0):
            orders += player.handle_timeout(now)
        for order in orders:
            if isinstance(order, Show):
                device.apply(order.pad, order.report)
        assert reader.reports(4) == [
            {(EV_KEY, SOUTH): 1},
            {(EV_KEY, SOUTH): 0},
            {(EV_ABS, Z): 76},
            {(EV_ABS, Z): 0},
        ]


def a_pad_is_opened_again_after_it_was_closed() -> None:
    for _ in range(3):
        with plugged("xbox360") as (device, (reader,)):
            device.apply(1, only(C.Y))
            assert reader.reports(1) == [{(EV_KEY, WEST): 1}]


CHECKS: Final[tuple[Callable[[], None], ...]] = (
    an_xbox_pad_has_its_21_controls,
    a_dualshock_has_its_21_controls,
    a_stick_that_is_up_is_up,
    two_pads_are_two_pads,
    neutral_lets_go_of_everything,
    closing_unplugs_the_pads_at_once,
    a_killed_process_leaves_no_pad,
    a_sequence_is_a_press_and_then_its_release,
    a_pad_is_opened_again_after_it_was_closed,
)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    failed = 0
    for check in CHECKS:
        try:
            check()
        except Exception:  # noqa: BLE001 - every check is to be heard, whatever the one before it did
            failed += 1
            say(f"FAILED {check.__name__}\n{traceback.format_exc()}")
        else:
            say(f"passed {check.__name__}")
    say(f"{len(CHECKS) - failed} of {len(CHECKS)} passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
