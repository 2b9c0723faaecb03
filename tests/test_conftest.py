"""Where skipping is forbidden, nothing gets away with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

SKIPS: Final = """
import pytest

def test_that_skips():
    pytest.skip("no uinput here")

@pytest.mark.skipif(True, reason="no Chromium here")
def test_that_is_skipped():
    pass

@pytest.mark.xfail(reason="not mended yet", strict=True)
def test_that_fails_as_expected():
    assert False

def test_that_passes():
    pass
"""


@pytest.fixture
def tests(tmp_path: Path) -> Path:
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    (tmp_path / "test_skips.py").write_text(SKIPS, encoding="utf-8")
    (tmp_path / "test_no_library.py").write_text(
        "import pytest\npytest.importorskip('no_such_library')\n", encoding="utf-8"
    )
    return tmp_path


def outcome(tests: Path, no_skip: str) -> str:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-rfE",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            str(tests),
        ],
        cwd=tests,
        env={**os.environ, "CROWDPAD_NO_SKIP": no_skip},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def test_a_skip_is_only_a_skip_where_things_may_be_missing(tests: Path) -> None:
    assert "1 passed, 3 skipped, 1 xfailed in " in outcome(tests, "")


def test_a_skip_is_a_failure_with_its_reason_where_nothing_may_be_missing(tests: Path) -> None:
    said = outcome(tests, "1")
    (tests / "test_no_library.py").unlink()  # an error while collecting stops everything else
    said += outcome(tests, "1")
    assert "2 failed, 1 passed, 1 error in " in said
    for reason in (
        "no uinput here",
        "no Chromium here",
        "not mended yet",
        "could not import 'no_such_library'",
    ):
        assert f"CROWDPAD_NO_SKIP=1 forbids this: {reason}" in said.replace("Skipped: ", "")
