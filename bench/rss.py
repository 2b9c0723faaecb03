"""How much memory this process has in use, as the system counts it."""

from __future__ import annotations

import gc
from pathlib import Path

_STATUS = Path("/proc/self/status")


def resident_mib() -> float | None:
    """Resident memory in MiB; None where the system does not tell (it does on Linux)."""
    gc.collect()
    try:
        for line in _STATUS.read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass  # no such file on this system
    return None
