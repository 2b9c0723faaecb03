"""How long, as moderators type it and as chat reads it: `30s`, `10m`, `2h`, `1d12h`."""

from __future__ import annotations

import itertools
import re
from typing import Final

_UNITS_S: Final = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_SIZES: Final = tuple(_UNITS_S.values())
# Each unit once, the larger first. Seven digits are enough for a year in seconds, and bound the work.
_DURATION: Final = re.compile(
    r"(?=\d)(?:(\d{1,7})w)?(?:(\d{1,7})d)?(?:(\d{1,7})h)?(?:(\d{1,7})m)?(?:(\d{1,7})s?)?", re.ASCII
)
# Longer than a year is "until somebody takes it back", which is said by naming no duration at all.
LONGEST_MS: Final = 365 * 86_400_000


def read_duration(text: str) -> int | None:
    """Milliseconds, 1 s to 365 days; None for everything else. Capitals are as good.

    A number alone is seconds, because it is in Twitch's own `/timeout kim 600`, typed into the same box. The
    units, and that they may be joined, are that command's too.
    """
    found = _DURATION.fullmatch(text.lower())
    if found is None:
        return None
    counts = (int(count or 0) for count in found.groups())
    seconds = sum(count * unit_s for count, unit_s in zip(counts, _SIZES, strict=True))
    return seconds * 1000 if 0 < seconds * 1000 <= LONGEST_MS else None


def spoken(ms: float) -> str:
    """The duration with its two largest units, rounded up so that nobody waits in vain: `1h30m`, `1s`."""
    seconds = max(0, -int(-ms // 1000))
    for unit_s, below_s in itertools.pairwise(_SIZES):
        if seconds > unit_s:
            seconds = -(-seconds // below_s) * below_s
            break
    parts = []
    for unit, unit_s in _UNITS_S.items():
        count, seconds = divmod(seconds, unit_s)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
