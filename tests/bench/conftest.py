"""Helpers for the chapters of the bench."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from bench.figures import Figure

ByName = Callable[[Sequence[Figure]], dict[str, Figure]]


@pytest.fixture
def by_name() -> ByName:
    """The figures of a chapter by their names without the indent; no name may come twice."""

    def sorted_out(figures: Sequence[Figure]) -> dict[str, Figure]:
        found = {figure.name.strip(): figure for figure in figures}
        assert len(found) == len(figures)
        return found

    return sorted_out
