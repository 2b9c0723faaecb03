"""Resident memory, where the system tells."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench import rss


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="resident memory is read from /proc")
def test_this_process_is_in_memory() -> None:
    found = rss.resident_mib()
    assert found is not None
    assert 1 < found < 100_000


def test_kibibytes_become_mebibytes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text("Name:\tpython\nVmHWM:\t    9999 kB\nVmRSS:\t    5120 kB\n", encoding="ascii")
    monkeypatch.setattr(rss, "_STATUS", status)
    assert rss.resident_mib() == 5


@pytest.mark.parametrize("text", [None, "Name:\tpython\n"])
def test_a_system_that_does_not_tell_is_no_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | None
) -> None:
    status = tmp_path / "status"
    if text is not None:
        status.write_text(text, encoding="ascii")
    monkeypatch.setattr(rss, "_STATUS", status)
    assert rss.resident_mib() is None
