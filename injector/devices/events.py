"""The device that prints: one JSON line on stdout for each control that changes.

    {"t_ms": 1720342174000.125, "pad": 1, "control": "A", "value": 1}

t_ms     when, on this program's clock: milliseconds since 1970
value    0 or 1 for a button, -1 to 1 for a stick, 0 to 1 for a trigger

All lines of one report leave in one write. Memory of what the reader was told outlives a failure: the device
that is opened after it goes on from there, so the reader never believes in a button that is long up.
"""

from __future__ import annotations

import errno
import json
import os
import select
import sys
from collections.abc import Callable
from typing import Final

from injector.devices.device import DeviceError, DeviceGoneError
from injector.report import NEUTRAL, Report, changes

STDOUT: Final = 1

# The reader has left. Windows says EINVAL where others say EPIPE.
_GONE: Final = frozenset({errno.EPIPE, errno.EBADF, *([errno.EINVAL] if sys.platform == "win32" else [])})

# What each pad of stdout's reader was last told. Stdout outlives any one device on it.
_told_on_stdout: Final[dict[int, Report]] = {}


class EventsDevice:
    """Prints to a file descriptor, stdout unless a test says otherwise; `now` answers milliseconds."""

    def __init__(self, now: Callable[[], float], fd: int = STDOUT) -> None:
        self._now = now
        self._fd = fd
        self._told = _told_on_stdout if fd == STDOUT else {}

    def apply(self, pad: int, report: Report) -> None:
        """Raises DeviceError if the reader does not keep up or writing fails, DeviceGoneError if it left."""
        t_ms = round(self._now(), 3)
        lines = [
            json.dumps({"t_ms": t_ms, "pad": pad, "control": control, "value": _number(value)}) + "\n"
            for control, value in changes(self._told.get(pad, NEUTRAL), report)
        ]
        if lines:
            self._write("".join(lines).encode())
            self._told[pad] = report

    def neutral(self) -> None:
        for pad in list(self._told):
            try:
                self.apply(pad, NEUTRAL)
            except (DeviceError, OSError):
                pass  # the reader is told with the next line it takes: `_told` still knows what it is owed

    def close(self) -> None:
        self.neutral()

    def _write(self, data: bytes) -> None:
        if not _takes_at_once(self._fd):
            raise DeviceError("The program that reads the events does not keep up, so its pipe is full.")
        try:
            while data:  # a file or a terminal may take less than all of it
                data = data[os.write(self._fd, data) :]
        except OSError as error:
            if error.errno in _GONE:
                raise DeviceGoneError("The program that read the events has ended.") from error
            raise DeviceError(f"The events cannot be written: {error.strerror or error}.") from error


def _number(value: float) -> float:
    """0 and 1 as whole numbers, as buttons have them; anything else to four places, finer than any pad."""
    return int(value) if value in (0, 1, -1) else round(value, 4)


def _takes_at_once(fd: int) -> bool:
    """Whether a write would not wait. Windows has no way to ask; there a stopped reader stops us too.

    A pipe that polls as writable has a page free, and takes that whole. One report is at most 1.5 kB.
    """
    if not hasattr(select, "poll"):
        return True
    poll = select.poll()
    poll.register(fd, select.POLLOUT)
    return bool(poll.poll(0))  # an error counts as ready: the write will say what it is
