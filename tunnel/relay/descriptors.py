"""How many sockets this process may have open."""

from __future__ import annotations

import sys
from typing import Final

# For the listening sockets, log files, the loop's own, and what else is open. Without a margin `accept`
# itself fails, and then nobody gets in at all.
_MARGIN: Final = 64


def most_connections(wanted: int) -> int:
    """`wanted`, or as many as the system lets this process have. Raises the soft limit if it can."""
    if sys.platform == "win32":
        return wanted  # no such limit there
    import resource  # does not exist on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + _MARGIN
    if soft != resource.RLIM_INFINITY and soft < needed:
        allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
            soft = allowed
        except (ValueError, OSError):
            pass  # some systems (macOS) have a lower limit than they say; the old one still holds
    if soft == resource.RLIM_INFINITY:
        return wanted
    return max(1, min(wanted, soft - _MARGIN))
