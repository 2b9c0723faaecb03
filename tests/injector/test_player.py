"""What arrives, what the device is told, and what the sender hears of it: read as scripts."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.codes import BUTTONS, Control, encode
from injector.guard import DeviceMove, Neutral
from injector.player import LetGo, Open, Order, Player, Press, Resolve, Rest, Show
from injector.report import BUTTON_BIT, NEUTRAL, Report
from injector.rules import Rules
from tunnel.events import Outcome, SequenceArrived
from tunnel.frame import Frame, Sequence, SequenceId

A, B, UP, LX = Control.A, Control.B, Control.UP, Control.LX
MakeArrival = Callable[..., SequenceArrived]


def playing(now: float = 0.0, **rules: float) -> Player:
    player = Player(Rules(**{"pads": 2, **rules}), now)  # type: ignore[arg-type]  # the tests' own shorthand
    player.guard.move(DeviceMove.TRY, now)
    player.opened(now)
    return player


def held(*controls: Control) -> Report:
    return Report(sum(BUTTON_BIT[control] for control in controls))


def applied(id: int) -> Resolve:
    return Resolve(SequenceId(id), Outcome.APPLIED)


def cancelled(id: int) -> Resolve:
    return Resolve(SequenceId(id), Outcome.CANCELLED)


def refused(id: int) -> Resolve:
    return Resolve(SequenceId(id), Outcome.REFUSED)


def test_a_press_is_shown_and_answered_at_once(arrival: MakeArrival) -> None:
    player = playing()
    assert player.arrived(arrival(1, (0, A, 1), (200, A, 0)), 0.0) == [Show(1, held(A)), applied(1)]


def test_a_press_is_released_when_its_sequence_says(arrival: MakeArrival) -> None:
    player = playing()
    player.arrived(arrival(1, (0, A, 1), (200, A, 0)), 0.0)
    assert player.next_timeout() == 200.0
    assert player.handle_timeout(199.0) == []
    assert player.handle_timeout(200.0) == [Show(1, NEUTRAL)]
    assert player.next_timeout() is None


def test_a_press_is_released_when_its_sequence_ends(arrival: MakeArrival) -> None:
    player = playing()
    player.arrived(arrival(1, (0, A, 1), (100, B, 1)), 0.0)
    assert player.handle_timeout(100.0) == [Show(1, held(A, B)), Show(1, NEUTRAL)]


def test_frames_of_one_moment_make_one_report(arrival: MakeArrival) -> None:
    player = playing()
    orders = player.arrived(arrival(1, (0, A, 1), (0, UP, 1), (0, LX, 0.5), (9, A, 0)), 0.0)
    assert orders == [Show(1, held(A, UP)._replace(lx=0.5)), applied(1)]


def test_an_index_of_every_pad_moves_every_pad(arrival: MakeArrival) -> None:
    player = playing()
    orders = player.arrived(arrival(1, (0, A, 1, 0), (5, A, 0, 0)), 0.0)
    assert orders == [Show(1, held(A)), Show(2, held(A)), applied(1)]
    assert player.handle_timeout(5.0) == [Show(1, NEUTRAL), Show(2, NEUTRAL)]


def test_a_tap_that_came_due_in_one_late_turn_is_a_press_and_then_a_release(arrival: MakeArrival) -> None:
    player = playing()
    player.arrived(arrival(1, (10, A, 1), (60, A, 0)), 0.0)
    assert player.handle_timeout(500.0) == [Show(1, held(A)), applied(1), Show(1, NEUTRAL)]


def test_what_is_late_keeps_its_order(arrival: MakeArrival) -> None:
    player = playing()
    player.arrived(arrival(1, (10, A, 1), (30, A, 0)), 0.0)
    player.arrived(arrival(2, (20, B, 1), (40, B, 0)), 0.0)
    assert player.handle_timeout(500.0) == [
        Show(1, held(A)),
        applied(1),
        Show(1, held(A, B)),
        applied(2),
        Show(1, held(B)),
        Show(1, NEUTRAL),
    ]


def test_a_new_press_at_the_moment_of_a_release_is_seen(arrival: MakeArrival) -> None:
    player = playing()
    player.arrived(arrival(1, (0, A, 1), (100, A, 0)), 0.0)
    player.arrived(arrival(2, (100, A, 1), (200, A, 0)), 0.0)
    assert player.handle_timeout(100.0) == [Show(1, NEUTRAL), Show(1, held(A)), applied(2)]


def test_a_tap_without_length_is_seen(arrival: MakeArrival) -> None:
    player = playing()
    assert player.arrived(arrival(1, (0, A, 1), (0, A, 0)), 0.0) == [
        Show(1, held(A)),
        Show(1, NEUTRAL),
        applied(1),
    ]


def test_a_press_of_a_held_button_is_answered_though_nothing_moves(arrival: MakeArrival) -> None:
    player = playing()
    player.arrived(arrival(1, (0, A, 1), (100, A, 0)), 0.0)
    assert player.arrived(arrival(2, (0, A, 1), (150, A, 0)), 10.0) == [applied(2)]
    assert player.handle_timeout(100.0) == []
    assert player.handle_timeout(160.0) == [Show(1, NEUTRAL)]


def test_stale_and_unplayable_input_is_answered_and_not_played(arrival: MakeArrival) -> None:
    player = playing()
    stale = player.arrived(arrival(1, (0, A, 1), age=1501.0), 1501.0)
    assert stale == [Resolve(SequenceId(1), Outcome.STALE)]
    assert player.arrived(arrival(2, (0, A, 1, 3)), 0.0) == [refused(2)]


def test_a_sequence_that_comes_twice_is_played_once(arrival: MakeArrival) -> None:
    player = playing()
    player.arrived(arrival(1, (0, A, 1), (100, A, 0)), 0.0)
    assert player.arrived(arrival(1, (0, A, 1), (100, A, 0)), 1.0) == []
    player.handle_timeout(100.0)
    assert player.arrived(arrival(1, (0, A, 1), (100, A, 0)), 101.0) == []
    assert player.counters["doubled"] == 2


def test_remembering_what_came_takes_no_more_memory_after_many_than_after_few(arrival: MakeArrival) -> None:
    player = playing()
    events = [arrival(id, (0, A, 1), (0, A, 0)) for id in range(2_000)]
    for event in events[:1_000]:
        player.arrived(event, 0.0)
    tracemalloc.start()
    try:
        for event in events[1_000:]:
            player.arrived(event, 0.0)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after < 16_384


def test_a_cancelled_sequence_lets_go_at_once(arrival: MakeArrival) -> None:
    player = playing()
    player.arrived(arrival(1, (0, A, 1), (900, A, 0)), 0.0)
    player.arrived(arrival(2, (500, B, 1), (900, B, 0)), 0.0)
    player.arrived(arrival(3, (0, UP, 1), (900, UP, 0)), 0.0)
    orders = player.cancelled((SequenceId(1), SequenceId(2), SequenceId(77)), SequenceId(78), 100.0)
    assert orders == [Show(1, held(UP)), cancelled(2)]
    assert player.handle_timeout(900.0) == [Show(1, NEUTRAL)]


def test_cancelling_without_targets_takes_everything_back(arrival: MakeArrival) -> None:
    player = playing()
    player.arrived(arrival(1, (0, A, 1), (900, A, 0)), 0.0)
    player.arrived(arrival(2, (500, B, 1)), 0.0)
    assert player.cancelled((), SequenceId(3), 1.0) == [Show(1, NEUTRAL), cancelled(2)]


def test_a_late_cancel_of_everything_does_not_take_back_what_was_submitted_after_it(
    arrival: MakeArrival,
) -> None:
    player = playing()
    player.arrived(arrival(1, (0, A, 1), (900, A, 0)), 0.0)
    player.arrived(arrival(3, (0, B, 1), (900, B, 0)), 0.0)
    player.arrived(arrival(4, (500, UP, 1), (900, UP, 0)), 0.0)
    assert player.cancelled((), SequenceId(2), 1.0) == [Show(1, held(B))]
    assert player.handle_timeout(500.0) == [Show(1, held(B, UP)), applied(4)]


def test_a_cancel_of_everything_knows_older_from_newer_where_numbers_go_round(arrival: MakeArrival) -> None:
    player = playing()
    player.arrived(arrival(2**32 - 1, (500, A, 1)), 0.0)
    player.arrived(arrival(1, (500, B, 1)), 0.0)
    assert player.cancelled((), SequenceId(0), 1.0) == [cancelled(2**32 - 1)]


def press(id: int, hold_ms: int = 5_000) -> Press:
    return Press(SequenceId(id), (Frame(1, encode(A, 1), 0), Frame(1, encode(A, 0), hold_ms)))


def let_go(*ids: int) -> LetGo:
    return LetGo(tuple(SequenceId(id) for id in ids))


def test_a_guest_presses_and_lets_go_and_nobody_is_answered() -> None:
    player = playing()
    assert player.guests([press(-1)], 0.0) == [Show(1, held(A))]
    assert player.guests([let_go(-1)], 50.0) == [Show(1, NEUTRAL)]
    assert player.guests([let_go(-1, -2)], 60.0) == []


def test_a_guests_press_ends_by_itself() -> None:
    player = playing()
    player.guests([press(-1, hold_ms=500)], 0.0)
    assert player.handle_timeout(499.0) == []
    assert player.handle_timeout(500.0) == [Show(1, NEUTRAL)]


def test_a_guests_press_and_release_at_one_moment_are_a_tap() -> None:
    assert playing().guests([press(-1), let_go(-1)], 0.0) == [Show(1, held(A)), Show(1, NEUTRAL)]


def test_what_a_guest_and_the_bot_both_hold_is_down_until_both_let_go(arrival: MakeArrival) -> None:
    player = playing()
    player.guests([press(-1)], 0.0)
    player.arrived(arrival(1, (0, A, 1), (200, A, 0)), 0.0)
    assert player.guests([let_go(-1)], 100.0) == []
    assert player.handle_timeout(200.0) == [Show(1, NEUTRAL)]


@pytest.mark.parametrize("stop", [Player.silent, Player.panic, lambda player: player.connected(True)])
def test_what_stops_the_bot_lets_go_of_guests_too(stop: Callable[[Player], list[Order]]) -> None:
    player = playing()
    player.guests([press(-1)], 0.0)
    (rest,) = stop(player)
    assert isinstance(rest, Rest)
    assert player.guests([let_go(-1)], 10.0) == []


def test_a_cancel_of_everything_brings_guests_to_rest_too() -> None:
    player = playing()
    player.guests([press(-1)], 0.0)
    assert player.cancelled((SequenceId(4),), SequenceId(5), 10.0) == []
    assert player.cancelled((), SequenceId(5), 20.0) == [Show(1, NEUTRAL)]


def test_guests_play_nothing_while_nobody_may() -> None:
    player = playing()
    player.panic()
    assert player.guests([press(-1)], 0.0) == []
    assert player.counters["not_playing_guests"] == 1


def test_silence_brings_everything_to_rest(arrival: MakeArrival) -> None:
    player = playing()
    player.arrived(arrival(1, (0, A, 1), (900, A, 0)), 0.0)
    player.arrived(arrival(2, (500, B, 1)), 0.0)
    assert player.silent() == [Rest(Neutral.SILENCE), cancelled(2)]
    assert player.next_timeout() is None
    assert player.arrived(arrival(3, (0, B, 1)), 700.0)[:1] == [Show(1, held(B))]


def test_a_new_run_of_the_bot_starts_from_rest_and_its_ids_count_anew(arrival: MakeArrival) -> None:
    player = playing()
    player.arrived(arrival(1, (0, A, 1), (900, A, 0)), 0.0)
    player.arrived(arrival(2, (500, B, 1)), 0.0)
    assert player.connected(fresh=False) == []
    assert player.connected(fresh=True) == [Rest(Neutral.RESTART)]  # and not a word about its last run's 2
    assert player.arrived(arrival(1, (0, A, 1)), 10.0)[-1] == applied(1)
    assert player.handle_timeout(500.0) == []


def test_a_panic_stops_everything_until_somebody_resumes(arrival: MakeArrival) -> None:
    player = playing()
    player.arrived(arrival(1, (0, A, 1), (900, A, 0)), 0.0)
    assert player.panic() == [Rest(Neutral.PANIC)]
    assert player.arrived(arrival(2, (0, A, 1)), 1.0) == [refused(2)]
    player.resume()
    assert player.arrived(arrival(3, (0, A, 1)), 2.0)[-1] == applied(3)


def test_no_control_is_held_longer_than_the_limit(arrival: MakeArrival) -> None:
    player = playing(longest_hold_ms=1000.0)
    player.arrived(arrival(1, (0, A, 1), (900, A, 0)), 0.0)
    player.arrived(arrival(2, (500, A, 1), (1500, A, 0), start=500.0), 500.0)
    assert player.handle_timeout(900.0) == []
    assert player.next_timeout() == 1000.0
    assert player.handle_timeout(1000.0) == [Show(1, NEUTRAL)]
    assert player.handle_timeout(1500.0) == []


def test_a_device_that_fails_takes_everything_to_rest_and_answers_truthfully(arrival: MakeArrival) -> None:
    player = playing()
    player.arrived(arrival(1, (0, A, 1), (900, A, 0)), 0.0)
    player.arrived(arrival(2, (500, A, 1)), 0.0)
    show, *undone = player.arrived(arrival(3, (0, B, 1), (100, B, 0)), 0.0)
    assert show == Show(1, held(A, B))
    assert player.failed(undone, 1.0) == [refused(3), Rest(Neutral.DEVICE), cancelled(2)]
    assert player.arrived(arrival(4, (0, B, 1)), 2.0) == [refused(4)]


def test_a_failed_device_is_opened_again_after_a_while(arrival: MakeArrival) -> None:
    player = playing()
    player.failed([], 0.0)
    assert player.next_timeout() == 250.0
    assert player.handle_timeout(249.0) == []
    assert player.handle_timeout(250.0) == [Open()]
    assert player.handle_timeout(260.0) == []
    player.failed([], 300.0)
    assert player.handle_timeout(800.0) == [Open()]
    player.opened(810.0)
    assert player.arrived(arrival(1, (0, A, 1)), 820.0)[-1] == applied(1)


taps = st.lists(
    st.tuples(
        st.integers(0, 300),  # when it arrives
        st.integers(0, 40),  # how long it is under way
        st.sampled_from([A, B, UP]),
        st.integers(0, 100),  # how long it is held
    ),
    max_size=25,
)


@settings(max_examples=150)
@given(taps, st.lists(st.integers(0, 600), max_size=12))
def test_whatever_is_pressed_is_seen_pressed_and_ends_at_rest(
    drawn: list[tuple[int, int, Control, int]], wakes: list[int]
) -> None:
    """However late the process wakes: every tap's button is shown down, and at the end nothing is."""
    player = playing()
    orders: list[Order] = []
    for now, id in sorted([(tap[0], id) for id, tap in enumerate(drawn)] + [(wake, -1) for wake in wakes]):
        if id < 0:
            orders += player.handle_timeout(float(now))
            continue
        _, way, control, length = drawn[id]
        press, release = Frame(1, encode(control, 1), 0), Frame(1, encode(control, 0), length)
        sequence = Sequence(SequenceId(id), (press, release))
        orders += player.arrived(SequenceArrived(sequence, float(now - way), float(way)), float(now))
    orders += player.handle_timeout(1000.0)
    assert sorted(o.id for o in orders if type(o) is Resolve and o.outcome is Outcome.APPLIED) == list(
        range(len(drawn))
    )
    shown = [NEUTRAL, *(order.report for order in orders if type(order) is Show)]
    assert shown[-1] == NEUTRAL
    assert all(before != after for before, after in itertools.pairwise(shown))
    for control in BUTTONS:
        pressed = any(report.value(control) for report in shown)
        assert pressed == any(control is said for _, _, said, _ in drawn)


@pytest.mark.parametrize("pads", [1, 4])
def test_there_are_as_many_pads_as_the_rules_say(pads: int, arrival: MakeArrival) -> None:
    player = playing(pads=pads)
    shows = [o for o in player.arrived(arrival(1, (0, A, 1, 0), (9, A, 0, 0)), 0.0) if type(o) is Show]
    assert [show.pad for show in shows] == list(range(1, pads + 1))
