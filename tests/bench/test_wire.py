"""The size of what goes over the wire: this chapter measures the same everywhere."""

from __future__ import annotations

from typing import Any

from bench import wire


def test_both_sizes_keep_their_promise_and_hold_their_frames(by_name: Any) -> None:
    figures = by_name(wire.measure())
    assert set(figures) == {"a tapped button on the wire", "eight frames on the wire"}
    for figure in figures.values():
        assert figure.met is True
        assert figure.baseline < figure.value


def test_more_frames_cost_their_own_bytes_and_no_second_envelope(by_name: Any) -> None:
    figures = by_name(wire.measure())
    tap, eight = figures["a tapped button on the wire"], figures["eight frames on the wire"]
    assert eight.value - tap.value == eight.baseline - tap.baseline
