"""The device that speaks to other programs: IID integers over UDP, to this machine alone.

Every order is one datagram with one record, `<iiQ`: index (the pad), value (what to do), date 0 (now). All
receivers of the family take that form; only the newer ones take several records at once.

    buttons   N presses, N + 1000 releases
    d-pad     its compass code, which says the whole d-pad
    sticks    one axis at a quarter, if that is all that moved; else 18LLllRRrr, which says both sticks
    triggers  the nearest quarter: the table knows no others

What one report lets go of is said before what it presses.

Nothing in the format authenticates a sender, so the other program must not be reachable from outside either.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from config.codes import (
    BUTTONS,
    EXACT_BASE,
    PRESS,
    RELEASE,
    STICKS,
    TRIGGERS,
    Control,
    dpad_code,
    encode,
    sticks_code,
)
from injector.devices.device import DeviceError
from injector.report import NEUTRAL, Report, changes

_RECORD: Final = struct.Struct("<iiQ")
_DPAD: Final = (Control.UP, Control.DOWN, Control.LEFT, Control.RIGHT)
# Rest, spelled out: "release all" (1390) is ignored by one receiver and forgets the d-pad on another.
# Releases of the menus are in it even where chat may not press them.
_REST: Final = (*range(2300, 2310), 1310, 2319, 1330, 1340, 2358, 2359)


class IidDevice:
    """`targets` are HOST:PORT of this machine; `deny` are controls that are never pressed, whoever asks."""

    def __init__(self, targets: Sequence[str], pads: int, deny: Collection[Control] = ()) -> None:
        """Raises DeviceError for a target that is not on this machine."""
        self.counters: Counter[str] = Counter()
        self._targets = [_loopback(target) for target in targets]
        self._deny = frozenset(deny)
        self._said = dict.fromkeys(range(1, pads + 1), NEUTRAL)
        self._sockets = {family: _socket(family) for family in {family for family, _ in self._targets}}

    def apply(self, pad: int, report: Report) -> None:
        before, after = self._said[pad], _quartered(report)
        for value in self._orders(before, after):
            self._send(pad, value)
        self._said[pad] = after

    def neutral(self) -> None:
        if not self._sockets:
            return
        for pad in self._said:
            self._said[pad] = NEUTRAL
            for value in _REST:
                try:
                    self._send(pad, value)
                except OSError:
                    self.counters["rest_not_sent"] += 1

    def close(self) -> None:
        self.neutral()
        for each in self._sockets.values():
            each.close()
        self._sockets.clear()

    def _orders(self, before: Report, after: Report) -> list[int]:
        """What only lets go first, then the rest, as `changes` has it."""
        moved = {control: value for control, value in changes(before, after) if control not in self._deny}
        said = list(self._said_of(moved, after))
        return [code for presses in (False, True) for pressing, code in said if pressing is presses]

    def _said_of(self, moved: Mapping[Control, float], after: Report) -> Iterator[tuple[bool, int]]:
        """Codes for all that `moved`, each with whether it presses anything."""
        for control in BUTTONS:
            if control in moved and control in PRESS:
                yield bool(moved[control]), PRESS[control] + (0 if moved[control] else RELEASE)
        dpad = [control for control in _DPAD if control in moved]
        if dpad:
            held = [bool(after.value(control)) and control not in self._deny for control in _DPAD]
            yield any(moved[control] for control in dpad), dpad_code(*held)
        sticks = [control for control in STICKS if control in moved]
        if sticks:
            yield any(moved[control] for control in sticks), self._sticks(sticks, after)
        for control in TRIGGERS:
            if control in moved:
                yield bool(moved[control]), encode(control, moved[control])

    def _sticks(self, moved: Sequence[Control], after: Report) -> int:
        if len(moved) == 1:
            code = encode(moved[0], after.value(moved[0]))
            if code < EXACT_BASE:  # the table says exactly this
                return code
        return sticks_code(*(0.0 if axis in self._deny else after.value(axis) for axis in STICKS))

    def _send(self, pad: int, value: int) -> None:
        record = _RECORD.pack(pad, value, 0)
        for family, address in self._targets:
            try:
                self._sockets[family].sendto(record, address)
            except ConnectionError:
                # Nobody listens there (Windows tells on the next send). The program may be started any time.
                self.counters["unreachable"] += 1


def _quartered(report: Report) -> Report:
    """Triggers at the nearest quarter, so that a step the format cannot say is no change."""
    return report._replace(lt=round(report.lt * 4) / 4, rt=round(report.rt * 4) / 4)


def _loopback(target: str) -> tuple[socket.AddressFamily, tuple[str, int]]:
    host, _, port = target.rpartition(":")
    host = host.strip("[]")
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
        number = int(port)
    except ValueError as error:
        raise DeviceError(f"{target!r} is no HOST:PORT of this machine, such as 127.0.0.1:3615.") from error
    if not (address.is_loopback and 1 <= number <= 65_535):
        raise DeviceError(
            f"IID goes to a port of this machine only, such as 127.0.0.1:3615; not to {target}."
        )
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    return family, (str(address), number)


def _socket(family: socket.AddressFamily) -> socket.socket:
    made = socket.socket(family, socket.SOCK_DGRAM)
    made.setblocking(False)
    return made
