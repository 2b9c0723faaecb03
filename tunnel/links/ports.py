"""Which of this machine's addresses and ports the direct links take."""

from __future__ import annotations

import random
from typing import Final

EVERYWHERE: Final = ("0.0.0.0", "::")
_TRIED: Final = 20


def some(allowed: tuple[int, int] | None) -> range:
    """Few of the ports that are allowed: to find that all of ten thousand are taken would take long.

    allowed  the lowest and the highest; None: any, which is port 0
    """
    if allowed is None:
        return range(1)
    low, high = allowed
    first = random.randint(low, max(low, high - _TRIED))
    return range(first, min(high, first + _TRIED) + 1)
