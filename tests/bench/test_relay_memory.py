from __future__ import annotations

import sys

import pytest

from bench.relay_memory import measure


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="resident memory is read from /proc")
def test_members_are_counted_in_a_process_of_their_own() -> None:
    result = measure(10)
    assert result["members"] == 10
    assert 0 < result["empty_mib"] <= result["full_mib"] < 1_000
