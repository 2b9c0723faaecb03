"""Run every check of the project, all of them even when one fails: format, lint, types, tests.

  python3 run.py test                     everything
  python3 run.py test tests/tunnel -x     what follows goes to pytest; the other checks run all the same

Tests that need what this machine lacks (a kernel with uinput, a Chromium) are skipped and say why. With
CROWDPAD_NO_SKIP=1 in the environment a skip is a failure.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cli.errors import EXIT_TROUBLE
from config.mistakes import CALL

ROOT: Final = Path(__file__).resolve().parent.parent

# Pytest comes last: whoever reads only the end of the output finds the count of what passed and failed.
GATES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("format", ("ruff", "format", "--check", ".")),
    ("lint", ("ruff", "check", ".")),
    ("types", ("mypy", "--strict")),
    ("architecture", ("pytest", "tests/test_architecture.py")),
    ("tests", ("pytest", "--numprocesses=2")),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None of its own: `passed_on` says that unknown ones are welcome."""
    parser.usage = f"{CALL} test [anything pytest takes]"
    parser.set_defaults(passed_on=[])


def run(args: argparse.Namespace) -> int:
    """0 if every gate holds. Pytest's summary is the last thing printed, so the verdicts stand above it."""
    *checks, tests = GATES
    failed = [name for name, command in checks if not holds(name, command)]
    if failed:
        print(f"crowdpad test: {', '.join(failed)} failed; the tests run all the same", flush=True)
    if not holds(tests[0], (*tests[1], *args.passed_on)):
        failed.append(tests[0])
    return EXIT_TROUBLE if failed else 0


def holds(name: str, command: Sequence[str]) -> bool:
    """Run one gate from the project's folder; what it prints goes straight through."""
    print(f"crowdpad test: {name}: {' '.join(command)}", flush=True)
    module, *arguments = command
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=ROOT, stdin=subprocess.DEVNULL, check=False
    )
    return done.returncode == 0
