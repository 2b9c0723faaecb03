"""A virtual hour of paths, told minute by minute."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunnel.minutes import KEPT, MINUTE_MS, Minute, Minutes, Standing
from tunnel.path import PathId

NOON = 28_000_000 * MINUTE_MS


def standing(id: int, first: int = 0, **fields: object) -> Standing:
    calm = Standing(
        PathId(id), f"relay {id}", first, up=True, carrying=True, pinned=False, delay=20.0, loss=0.0
    )
    return replace(calm, **fields)  # type: ignore[arg-type]  # the cases below spell them rightly


def played(*seconds: list[Standing], start: float = NOON) -> Minutes:
    """Looks once a second."""
    minutes = Minutes()
    for second, standings in enumerate(seconds):
        minutes.look(standings, start + 1_000 * second)
    return minutes


def why(*standings: Standing) -> str:
    """Of a minute in which paths stood like this all the time."""
    return played(*[list(standings)] * 20).told()[-1].why


def test_nothing_is_told_before_the_first_look() -> None:
    assert Minutes().told() == ()


def test_whoever_brought_most_inputs_first_has_won_the_minute() -> None:
    minutes = played([standing(0), standing(1, delay=30.0)], [standing(0, 30), standing(1, 10, delay=30.0)])
    assert minutes.told() == (Minute(NOON, 40, "relay 0", 0.75, "fastest: 20 ms, relay 1 30 ms"),)


def test_a_minute_in_which_nobody_played_has_no_winner() -> None:
    assert played([standing(0)], [standing(0)]).told() == (Minute(NOON, 0, None, 0.0, "no inputs"),)


def test_each_minute_counts_for_itself() -> None:
    minutes = Minutes()
    for second in range(180):
        first = [second if second < 60 else 59, max(0, second - 59)]
        minutes.look([standing(0, first[0]), standing(1, first[1])], NOON + 1_000 * second)
    assert [(minute.winner, minute.inputs) for minute in minutes.told()] == [
        ("relay 0", 59), ("relay 1", 60), ("relay 1", 60),
    ]  # fmt: skip
    assert [minute.start_ms for minute in minutes.told()] == [NOON, NOON + MINUTE_MS, NOON + 2 * MINUTE_MS]


def test_no_more_than_the_last_hour_is_kept() -> None:
    minutes = Minutes()
    for minute in range(500):
        minutes.look([standing(0, minute)], NOON + MINUTE_MS * minute)
    assert len(minutes.told()) == KEPT
    assert minutes.told()[-1].start_ms == NOON + 499 * MINUTE_MS


def test_minutes_at_which_nobody_looked_are_left_out() -> None:
    minutes = Minutes()
    minutes.look([standing(0, 1)], NOON)
    minutes.look([standing(0, 2)], NOON + 9 * MINUTE_MS)
    assert [minute.start_ms for minute in minutes.told()] == [NOON, NOON + 9 * MINUTE_MS]


def test_a_count_that_begins_anew_takes_nothing_back() -> None:
    minutes = played([standing(0, 1_000)], [standing(0, 0)], [standing(0, 3)])
    assert minutes.told()[-1].inputs == 1_003


def test_looking_more_often_than_needed_counts_wins_once_and_keeps_no_more_figures() -> None:
    minutes = Minutes()
    for look in range(5_000):
        minutes.look([standing(0, look)], NOON + look)
    assert minutes.told()[-1].inputs == 4_999
    assert len(minutes._tallies[PathId(0)].delays) == 5


def test_a_path_that_came_up_between_two_looks_that_note_figures_was_up_all_the_same() -> None:
    minutes = Minutes()
    minutes.look([standing(0, up=False), standing(1, up=False)], NOON)
    minutes.look([standing(0, 3, pinned=True), standing(1)], NOON + 500)
    assert minutes.told()[-1].why == "pinned"


def test_a_look_is_due_every_second() -> None:
    minutes = Minutes()
    assert minutes.is_due(NOON)
    minutes.look([], NOON)
    assert not minutes.is_due(NOON + 999)
    assert minutes.is_due(NOON + 1_000)


WINNER = standing(0, 50)


@pytest.mark.parametrize(
    ("standings", "said"),
    [
        ([WINNER], "the only one that was up"),
        ([WINNER, standing(1, up=False)], "the only one that was up"),
        ([replace(WINNER, pinned=True), standing(1, delay=5.0)], "pinned"),
        ([replace(WINNER, pinned=True), standing(1, pinned=True, delay=31)], "fastest: 20 ms, relay 1 31 ms"),
        ([WINNER, standing(1, delay=31.0), standing(2, delay=25.0)], "fastest: 20 ms, relay 2 25 ms"),
        ([WINNER, standing(1, delay=9.0, loss=0.04)], "relay 1 lost 4 %: 20 ms, relay 1 9.0 ms"),
        ([WINNER, standing(1, delay=9.0, carrying=False)],
         "relay 1 did not carry all the time: 20 ms, relay 1 9.0 ms"),
        ([WINNER, standing(1, delay=16.0)], "arrived first; all within 4 ms"),
        ([replace(WINNER, delay=1.3), standing(1, delay=0.6)], "arrived first; all within 1 ms"),
        ([WINNER, standing(1, delay=16.5), standing(2, delay=90.0)],
         "arrived first; relay 1 within 4 ms"),
        ([WINNER, standing(1, delay=16.5), standing(2, delay=None)],
         "arrived first; relay 1 within 4 ms"),
        ([WINNER, standing(1, delay=9.0)],
         "first more often than relay 1, whose answers are faster: 20 ms, relay 1 9.0 ms"),
        ([replace(WINNER, delay=None), standing(1)], "its delay was not measured"),
        ([WINNER, standing(1, delay=None)], "20 ms, no other one was measured"),
    ],
    ids=["alone", "the other was down", "pinned", "all are pinned", "fastest", "the faster one loses",
         "the faster one did not carry", "a tie", "a tie at home", "a tie and a slow one",
         "a tie and an unmeasured one",
         "the figures do not explain it", "unmeasured",
         "rivals unmeasured"],
)  # fmt: skip
def test_the_reason_is_read_off_the_figures(standings: list[Standing], said: str) -> None:
    assert why(*standings) == said


def test_a_fast_path_that_came_late_did_not_win_the_minute_because_it_came_late() -> None:
    before = [[standing(0, n), standing(1, up=False)] for n in range(30)]
    after = [[standing(0, 29), standing(1, n, delay=3.0)] for n in range(10)]
    assert played(*before, *after).told()[-1].why == "relay 1 was not up all the time: 20 ms, relay 1 3.0 ms"


def test_a_minute_is_plain_data() -> None:
    told = played([standing(0, 1)]).told()
    assert json.loads(json.dumps([asdict(minute) for minute in told]))[0]["winner"] == "relay 0"


LOOKS = st.lists(
    st.tuples(
        st.floats(0, 150_000),
        st.lists(
            st.builds(
                Standing, st.integers(0, 3).map(PathId), st.just("it"), st.integers(0, 2**32 - 1),
                st.booleans(), st.booleans(), st.booleans(), st.none() | st.floats(0, 3_000), st.floats(0, 1),
            ),
            max_size=4, unique_by=lambda standing: standing.id,
        ),
    ),
    max_size=30,
)  # fmt: skip


@given(LOOKS)
def test_whatever_is_counted_no_minute_is_negative_and_every_share_is_one(
    looks: list[tuple[float, list[Standing]]],
) -> None:
    minutes, now = Minutes(), NOON
    for wait, standings in looks:
        now += wait
        minutes.look(standings, now)
    for minute in minutes.told():
        assert minute.inputs >= 0
        assert 0 <= minute.share <= 1
        assert minute.why
