"""What `--cut K@S` says: relay K dies S seconds after the start."""

from __future__ import annotations

import math
from typing import NamedTuple


class ScheduleError(ValueError):
    """One sentence for whoever typed it."""


class Cut(NamedTuple):
    """Relay `relay`, counted from 1, is cut `at_s` seconds after the start."""

    at_s: float
    relay: int


def parse_cut(text: str, relays: int) -> Cut:
    """The cut that `text` asks for, in a world of so many relays. Raises ScheduleError."""
    left, at, right = text.partition("@")
    if not at or not (left.isascii() and left.isdigit()) or len(left) > 3:
        raise ScheduleError(f"--cut wants RELAY@SECOND, such as 2@5, not {text!r:.40}")
    try:
        at_s = float(right)
    except ValueError:
        at_s = math.nan
    if not 0 <= at_s < math.inf:  # also what is no number
        raise ScheduleError(f"--cut {text!r:.40}: {right!r:.20} is no number of seconds")
    relay = int(left)
    if not 1 <= relay <= relays:
        raise ScheduleError(f"--cut {text!r:.40}: there is no relay {relay}, they are 1 to {relays}")
    return Cut(at_s, relay)
