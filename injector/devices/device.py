"""The one small protocol every device speaks.

A new device is one new file and one line in `devices/__init__.py`.
"""

from __future__ import annotations

from typing import Protocol

from injector.report import Report


class DeviceError(Exception):
    """The device cannot be used. The text is one sentence for a person, with the commands that mend it."""


class DeviceGoneError(DeviceError):
    """Whoever was played for has left and will not come back: there is nothing to open anew, and no fault."""


class Device(Protocol):
    """Drives up to four pads, numbered from 1. Calls return at once; none of them waits or sleeps.

    Any exception from `apply` means: the pads' state is unknown. The caller then calls `neutral` and `close`
    (which must not raise), reports it, and opens the device anew.
    """

    def apply(self, pad: int, report: Report) -> None:
        """Make `pad` look like `report`. Raises DeviceError or OSError if it cannot."""

    def neutral(self) -> None:
        """Every pad to rest. Harmless to repeat; harmless on a device that failed."""

    def close(self) -> None:
        """Neutral, then let go of whatever is held. Harmless to repeat."""
