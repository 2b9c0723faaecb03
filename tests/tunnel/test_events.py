"""Facts are values, and the outcomes are what stands on the wire."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from tunnel.events import CancelArrived, Connected, NoteArrived, Outcome, PeerHeard, PeerSilent, Resolved
from tunnel.frame import SequenceId


def test_the_numbers_of_the_outcomes_are_part_of_the_protocol() -> None:
    assert {outcome.name: outcome.value for outcome in Outcome} == {
        "RECEIVED": 0, "APPLIED": 1, "STALE": 2, "REFUSED": 3, "CANCELLED": 4, "LOST": 5,
    }  # fmt: skip


def test_equal_facts_are_equal_and_different_ones_are_not() -> None:
    facts = {
        Connected(True), Connected(False), PeerSilent(), PeerHeard(), CancelArrived((), SequenceId(2)),
        CancelArrived((), SequenceId(3)), CancelArrived((SequenceId(1),), SequenceId(2)),
        NoteArrived(1, b""), Resolved(SequenceId(1), Outcome.LOST, None),
    }  # fmt: skip
    assert len(facts) == 9
    assert Connected(True) in facts


def test_a_fact_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Connected(True).fresh = False  # type: ignore[misc]  # that is the point
