"""The real vgamepad in front of a real kernel: tests/uinput/checks.py, run here if this kernel has uinput,
else in the project's small virtual machine.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[3]
LAB: Final = ROOT / "tests" / "uinput"
UNAVAILABLE: Final = 125  # as in with_uinput.py


@pytest.mark.uinput
@pytest.mark.skipif(sys.platform != "linux", reason="uinput is Linux's")
def test_the_pads_are_what_games_expect() -> None:
    checks = [sys.executable, str(LAB / "checks.py")]
    if os.access("/dev/uinput", os.R_OK | os.W_OK):
        command = checks
    else:
        command = [sys.executable, str(LAB / "with_uinput.py"), shlex.join(checks)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode == UNAVAILABLE:
        pytest.skip(f"this kernel has no uinput, and no machine with one can be made: {done.stderr.strip()}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout.splitlines()[-1]
