"""Every pair of phase and trigger: the legal ones do what the picture says, the others are refused."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunnel.events import Event, PeerHeard, PeerSilent
from tunnel.liveness import MOVES, Liveness, Phase, Trigger
from tunnel.timing import Timing

TIMING = Timing(silence_after=1_000.0, idle_silence=3_000.0)
IDLE, LIVELY = float("-inf"), float("inf")

PICTURE = """
    DOWN   ESTABLISHED LIVE
    LIVE   ESTABLISHED LIVE
    SILENT ESTABLISHED LIVE
    LIVE   HEARD       LIVE
    SILENT HEARD       LIVE
    LIVE   SILENCE     SILENT
    LIVE   EXPIRED     DOWN
    SILENT EXPIRED     DOWN
"""


def in_phase(phase: Phase) -> Liveness:
    liveness = Liveness(TIMING)
    if phase is not Phase.DOWN:
        liveness.established(0.0)
    if phase is Phase.SILENT:
        liveness.move(Trigger.SILENCE)
    assert liveness.phase is phase
    return liveness


@pytest.mark.parametrize(("phase", "trigger"), list(itertools.product(Phase, Trigger)))
def test_a_move_is_in_the_picture_or_it_is_refused(phase: Phase, trigger: Trigger) -> None:
    legal = {(before, what): after for before, what, after in map(str.split, PICTURE.strip().splitlines())}
    liveness = in_phase(phase)
    if (phase.name, trigger.name) in legal:
        liveness.move(trigger)
        assert liveness.phase.name == legal[phase.name, trigger.name]
    else:
        with pytest.raises(KeyError):
            liveness.move(trigger)
        assert liveness.phase is phase


@given(st.lists(st.sampled_from(Trigger), max_size=30))
def test_the_end_of_a_silence_is_told_once_and_only_after_a_silence(triggers: list[Trigger]) -> None:
    liveness = Liveness(TIMING)
    told: list[Event] = []
    for trigger in triggers:
        if (liveness.phase, trigger) in MOVES:
            told += liveness.move(trigger)
    silences = [event for event in told if event == PeerSilent()]
    assert all(event in (PeerSilent(), PeerHeard()) for event in told)
    assert len(silences) <= triggers.count(Trigger.SILENCE) + triggers.count(Trigger.EXPIRED)
    for before, after in itertools.pairwise(told):
        if after == PeerHeard():
            assert before == PeerSilent()  # a start without keys is told by Connected instead
    if liveness.phase is Phase.SILENT:
        assert told[-1] == PeerSilent()


def test_losing_the_keys_of_a_live_link_is_a_silence_too() -> None:
    assert in_phase(Phase.LIVE).move(Trigger.EXPIRED) == [PeerSilent()]
    assert in_phase(Phase.SILENT).move(Trigger.EXPIRED) == []


def test_a_sign_of_life_ends_a_silence_and_means_nothing_without_keys() -> None:
    silent, down, live = in_phase(Phase.SILENT), in_phase(Phase.DOWN), in_phase(Phase.LIVE)
    assert silent.heard(5.0) == [PeerHeard()]
    assert live.heard(5.0) == []
    assert down.heard(5.0) == []
    assert down.phase is Phase.DOWN


@pytest.mark.parametrize(
    ("phase", "lively_since", "lively_until", "deadline"),
    [
        (Phase.LIVE, IDLE, IDLE, 3_100.0),
        (Phase.LIVE, IDLE, LIVELY, 1_100.0),
        (Phase.LIVE, IDLE, 100.0, 3_100.0),
        (Phase.LIVE, IDLE, 101.0, 1_100.0),
        (Phase.LIVE, 100.0, LIVELY, 1_100.0),
        (Phase.LIVE, 900.0, LIVELY, 1_900.0),
        (Phase.LIVE, 2_500.0, LIVELY, 3_100.0),
        (Phase.SILENT, IDLE, LIVELY, float("inf")),
        (Phase.DOWN, IDLE, LIVELY, float("inf")),
    ],
    ids=[
        "nothing under way", "inputs without end", "over when it was heard", "not quite over",
        "began just then", "began later: counts from there", "began late: never beyond the idle limit",
        "silent already", "no keys",
    ],
)  # fmt: skip
def test_silence_is_due_sooner_while_inputs_are_under_way_counted_from_when_they_began(
    phase: Phase, lively_since: float, lively_until: float, deadline: float
) -> None:
    liveness = in_phase(phase)
    if phase is Phase.LIVE:
        liveness.heard(100.0)
    assert liveness.silence_deadline(lively_since, lively_until) == deadline


def test_a_handshake_is_a_sign_of_life() -> None:
    liveness = Liveness(TIMING)
    liveness.established(500.0)
    assert liveness.silence_deadline(IDLE, LIVELY) == 1_500.0
