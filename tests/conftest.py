"""What holds for every test: no test is skipped where skipping is forbidden, and fuzzing has no stop-watch.

CROWDPAD_NO_SKIP=1  turns each skip and each expected failure into a failure that keeps its reason: where all
                    that the tests need has been installed, a skip means that something is not tested.
CI=true             makes hypothesis try the same examples each time, so that a red run can be run again.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

# How fast a machine is says nothing about whether the code is right.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("default"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")

NO_SKIP = os.environ.get("CROWDPAD_NO_SKIP") == "1"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if NO_SKIP and report.skipped:
        # An expected failure is reported as a skip with this attribute.
        reason = getattr(report, "wasxfail", None)
        if reason is not None:
            del report.wasxfail
        forbid(report, reason)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if NO_SKIP and report.skipped:
        forbid(report, None)
    return report


def forbid(report: pytest.TestReport | pytest.CollectReport, reason: str | None) -> None:
    """Make a failure of a skip. Where it is not given, the reason is the last part of what pytest shows."""
    shown = report.longrepr
    reason = reason or (shown[2] if isinstance(shown, tuple) else str(shown))
    report.outcome = "failed"
    report.longrepr = f"CROWDPAD_NO_SKIP=1 forbids this: {reason}"
