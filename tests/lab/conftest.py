"""The laboratory's table: what each test noted with `note`, printed when all are done. Never judged."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Note = Callable[[str], None]

_NOTE = "laboratory"


@pytest.fixture
def note(record_property: Callable[[str, object], None]) -> Note:
    """Adds a line to the table."""
    return lambda line: record_property(_NOTE, line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lines = [
        str(value)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call"
        for name, value in getattr(report, "user_properties", ())
        if name == _NOTE
    ]
    if lines:
        terminalreporter.section("laboratory")
        for line in sorted(lines):
            terminalreporter.write_line(line)
