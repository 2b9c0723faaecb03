"""What this receiver plays and for how long: the limits its owner set."""

from __future__ import annotations

from dataclasses import dataclass

from config.codes import Control


@dataclass(frozen=True, slots=True)
class Rules:
    """All times in milliseconds.

    pads             how many pads there are, 1 to 4
    deny             controls nobody may move, whatever the sender's profile says
    stale_after_ms   a sequence older than this on arrival is dropped whole
    longest_hold_ms  no control stays away from rest for longer
    """

    pads: int = 1
    deny: frozenset[Control] = frozenset({Control.GUIDE})
    stale_after_ms: float = 1_500.0
    longest_hold_ms: float = 60_000.0
