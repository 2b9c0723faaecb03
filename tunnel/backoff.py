"""How long a link waits before it tries again: exponential, with full jitter. Pure."""

from __future__ import annotations

from typing import Final

FIRST_MS: Final = 250.0  # a relay that only restarted is back within about this long

# While nothing carries, somebody is waiting: when the first of all relays returns, inputs must flow again
# within 3 s. This is the longest wait; connecting, logging in and the handshake have the remaining second.
LONGEST_ALONE_MS: Final = 2_000.0
# While others carry, a dead relay is only worth a look now and then, and its owner's log stays readable.
LONGEST_ACCOMPANIED_MS: Final = 30_000.0


def next_wait_ms(failures: int, others_up: bool, draw: float) -> float:
    """Milliseconds until the next attempt, counted from the failure.

    failures   failed attempts in a row; none means: at once
    others_up  whether any other link is up. Ask again when that changes: a wait chosen while others carried
               is too long once they stop
    draw       a random number in [0, 1). Full jitter, so that a thousand members of a relay that comes back
               do not come back in step
    """
    if failures <= 0:
        return 0.0
    longest = LONGEST_ACCOMPANIED_MS if others_up else LONGEST_ALONE_MS
    doublings = min(failures - 1, 16)  # far beyond every cap, and never a number too large to multiply
    return draw * min(longest, FIRST_MS * float(1 << doublings))
