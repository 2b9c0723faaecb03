"""The stages of an order, as its picture draws them, and the bounds of everything it keeps."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunnel.events import Outcome
from tunnel.frame import Frame, FrameError, SequenceId
from tunnel.messages import MAX_TARGETS, parse_ids, parse_inputs
from tunnel.outbox import CAPACITY, Due, Entry, Outbox, OutboxFull

STALE, GIVE_UP, INQUIRE = 1_500.0, 10_000.0, 500.0
TIMEOUT, ROOM, SPACING = 100.0, 1_103, 40.0


def box() -> Outbox:
    return Outbox(stale_after=STALE, give_up_after=GIVE_UP, inquire_every=INQUIRE)


def tap(date: float = 0.0, frames: int = 2) -> tuple[Frame, ...]:
    return tuple(Frame(1, 1300 + n, int(date)) for n in range(frames))


def leave(outbox: Outbox, now: float, *, room: int = ROOM, spacing: float = SPACING) -> list[list[int]]:
    """The ids of each pack that leaves now."""
    return [ids(pack) for pack in outbox.fresh(now, TIMEOUT, room, spacing)]


def again(outbox: Outbox, entries: list[Entry], now: float, room: int = ROOM) -> list[list[int]]:
    return [ids(pack) for pack in outbox.again(entries, now, TIMEOUT, room)]


def ids(pack: list[bytes]) -> list[int]:
    return [record.id for record in parse_inputs(bytes(4) + b"".join(pack))[1]]


def sent(outbox: Outbox, now: float = 0.0) -> SequenceId:
    """A sequence that has left once."""
    id = outbox.add(tap(now), now)
    leave(outbox, now, spacing=1e9)
    return id


# NEW


def test_what_is_new_leaves_once_and_all_together() -> None:
    outbox = box()
    assert not outbox.has_new()
    given_ids = [outbox.add(tap(), 0.0) for _ in range(3)]
    assert outbox.has_new()
    assert leave(outbox, 0.0) == [given_ids] == [[1, 2, 3]]
    assert not outbox.has_new()
    assert leave(outbox, 0.0) == []


def test_a_record_is_the_sequence_whole() -> None:
    outbox = box()
    outbox.add(tap(date=5, frames=3), 0.0)
    [[record]] = outbox.fresh(0.0, TIMEOUT, ROOM, SPACING)
    _, [(id, is_cancel, body)] = parse_inputs(bytes(4) + record)
    assert (id, is_cancel, len(body)) == (1, False, 48)


def test_packs_never_exceed_their_room_and_keep_the_order() -> None:
    outbox = box()
    for frames in (64, 1, 64, 2, 2, 60):
        outbox.add(tap(frames=frames), 0.0)
    packs = [b"".join(pack) for pack in outbox.fresh(0.0, TIMEOUT, ROOM, SPACING)]
    assert all(0 < len(pack) <= ROOM for pack in packs)
    assert [id for pack in packs for id in ids([pack])] == [1, 2, 3, 4, 5, 6]


def test_what_cannot_be_a_sequence_is_refused_and_leaves_no_trace() -> None:
    outbox = box()
    with pytest.raises(FrameError):
        outbox.add((), 0.0)
    with pytest.raises(FrameError):
        outbox.add((Frame(2**40, 0, 0),), 0.0)
    assert len(outbox) == 0
    assert outbox.add(tap(), 0.0) == 1


def test_an_order_that_never_left_expires_and_never_leaves() -> None:
    outbox = box()
    outbox.add(tap(), 0.0)
    assert outbox.next_timeout() == STALE
    assert not outbox.due(STALE - 1).expired
    assert [entry.id for entry in outbox.due(STALE).expired] == [1]
    assert len(outbox) == 0
    assert leave(outbox, STALE) == []


def test_an_order_for_later_expires_later() -> None:
    outbox = box()
    outbox.add(tap(date=5_000), 0.0)
    assert not outbox.due(5_000 + STALE - 1).expired
    assert outbox.due(5_000 + STALE).expired


# SENT


def test_an_answer_that_settles_ends_it() -> None:
    for outcome in (Outcome.APPLIED, Outcome.STALE, Outcome.REFUSED, Outcome.CANCELLED):
        outbox = box()
        id = sent(outbox)
        entry = outbox.answer(id, outcome)
        assert entry is not None
        assert entry.id == id
        assert outbox.answer(id, outcome) is None
        assert len(outbox) == 0
        assert outbox.next_timeout() is None


def test_an_answer_for_nothing_known_tells_nothing() -> None:
    assert box().answer(SequenceId(77), Outcome.APPLIED) is None


def test_without_an_answer_it_leaves_again_ever_more_patiently() -> None:
    outbox = box()
    id = sent(outbox)
    left = [0.0]
    now = 0.0
    while now < STALE:
        moment = outbox.next_timeout()
        assert moment is not None
        now = moment
        due = outbox.due(now)
        if due.resend:
            assert again(outbox, due.resend, now) == [[id]]
            left.append(now)
    assert [after - before for before, after in pairwise(left)] == [
        TIMEOUT, 2 * TIMEOUT, 4 * TIMEOUT, 4 * TIMEOUT,
    ]  # fmt: skip


def test_asking_too_early_changes_nothing() -> None:
    outbox = box()
    sent(outbox)
    for now in (0.0, 50.0, TIMEOUT - 0.1):
        due = outbox.due(now)
        assert due == Due()
    assert outbox.due(TIMEOUT).resend


def test_what_leaves_again_is_packed_within_the_room() -> None:
    outbox = box()
    for _ in range(10):
        outbox.add(tap(frames=30), 0.0)
    list(outbox.fresh(0.0, TIMEOUT, ROOM, SPACING))
    resend = outbox.due(TIMEOUT).resend
    assert again(outbox, resend, TIMEOUT) == [[1, 2], [3, 4], [5, 6], [7, 8], [9, 10]]


# HELD


def test_what_the_receiver_holds_is_not_sent_again_but_asked_for_once_it_should_be_played() -> None:
    outbox = box()
    id = outbox.add(tap(date=3_000), 0.0)
    leave(outbox, 0.0)
    assert outbox.answer(id, Outcome.RECEIVED) is None
    due = outbox.due(3_000 + INQUIRE - 1)
    assert due == Due()
    due = outbox.due(3_000 + INQUIRE)
    assert due.inquire == [id]
    assert not due.resend


def test_what_is_held_is_settled_by_its_final_answer() -> None:
    outbox = box()
    id = sent(outbox)
    outbox.answer(id, Outcome.RECEIVED)
    assert outbox.answer(id, Outcome.RECEIVED) is None
    assert outbox.answer(id, Outcome.APPLIED) is not None
    assert len(outbox) == 0


# DOUBTFUL


def test_too_old_to_be_played_it_is_asked_for_and_not_sent_and_at_last_lost() -> None:
    outbox = box()
    id = sent(outbox)
    asked: list[float] = []
    lost: list[float] = []
    while (moment := outbox.next_timeout()) is not None:
        due = outbox.due(moment)
        if due.resend:
            assert moment < STALE
            again(outbox, due.resend, moment)
        asked += [moment for _ in due.inquire]
        lost += [moment for _ in due.lost]
    assert asked[0] >= STALE
    assert {after - before for before, after in pairwise(asked)} == {INQUIRE}
    assert len(lost) == 1
    assert GIVE_UP <= lost[0] <= GIVE_UP + INQUIRE
    assert outbox.answer(id, Outcome.APPLIED) is None


def test_a_doubtful_order_is_still_settled_by_an_answer() -> None:
    outbox = box()
    id = sent(outbox)
    assert outbox.due(STALE).inquire == [id]
    assert outbox.answer(id, Outcome.STALE) is not None


# Cancels


def test_a_cancel_names_its_targets_and_leaves_with_the_rest() -> None:
    outbox = box()
    first = outbox.add(tap(), 0.0)
    cancel = outbox.add_cancel((first,), 0.0)
    [pack] = outbox.fresh(0.0, TIMEOUT, ROOM, SPACING)
    _, records = parse_inputs(bytes(4) + b"".join(pack))
    assert [(record.id, record.is_cancel) for record in records] == [(1, False), (cancel, True)]
    assert parse_ids(records[1].body) == (first,)


def test_a_cancel_is_never_too_old_to_be_sent_again_until_it_is_given_up() -> None:
    outbox = box()
    outbox.add_cancel((), 0.0)
    leave(outbox, 0.0)
    last = 0.0
    while (moment := outbox.next_timeout()) is not None:
        due = outbox.due(moment)
        assert (due.inquire, due.expired) == ([], [])
        if due.resend:
            last = moment
            again(outbox, due.resend, moment)
    assert GIVE_UP - 4 * TIMEOUT <= last < GIVE_UP
    assert len(outbox) == 0


def test_a_cancel_that_cannot_leave_yet_waits_longer_than_an_input() -> None:
    outbox = box()
    outbox.add_cancel((), 0.0)
    outbox.due(GIVE_UP - 1)
    assert leave(outbox, GIVE_UP - 1) == [[1]]


def test_one_cancel_has_a_bound() -> None:
    outbox = box()
    outbox.add_cancel(tuple(map(SequenceId, range(MAX_TARGETS))), 0.0)
    with pytest.raises(ValueError, match="at most 64"):
        outbox.add_cancel(tuple(map(SequenceId, range(MAX_TARGETS + 1))), 0.0)


# Riding along


def test_an_unanswered_order_rides_along_when_another_leaves() -> None:
    outbox = box()
    sent(outbox, 0.0)
    sent(outbox, 10.0)
    outbox.add(tap(50), 50.0)
    assert leave(outbox, 50.0) == [[3, 1, 2]]


def test_it_does_not_ride_before_its_spacing_is_over() -> None:
    outbox = box()
    sent(outbox, 0.0)
    outbox.add(tap(), SPACING - 1)
    assert leave(outbox, SPACING - 1) == [[2]]
    outbox.add(tap(), SPACING)
    assert leave(outbox, SPACING) == [[3, 1]]
    outbox.add(tap(), 2 * SPACING - 1)
    assert leave(outbox, 2 * SPACING - 1) == [[4, 2]]


def test_the_oldest_ride_first_and_only_as_many_as_fit() -> None:
    outbox = box()
    for _ in range(4):
        sent(outbox, 0.0)
    outbox.add(tap(), 60.0)
    assert leave(outbox, 60.0, room=3 * 37) == [[5, 1, 2]]


def test_a_ride_does_not_put_the_resend_off() -> None:
    outbox = box()
    sent(outbox, 0.0)
    outbox.add(tap(), 60.0)
    assert leave(outbox, 60.0) == [[2, 1]]
    assert outbox.next_timeout() == TIMEOUT
    assert [entry.id for entry in outbox.due(TIMEOUT).resend] == [1]


def test_what_is_held_and_large_is_in_nobodys_way() -> None:
    outbox = box()
    outbox.add(tap(60_000, frames=64), 0.0)
    leave(outbox, 0.0)
    outbox.answer(SequenceId(1), Outcome.RECEIVED)
    sent(outbox, 0.0)
    for _ in range(3):  # beside these the large one has no room
        outbox.add(tap(50), 50.0)
    assert leave(outbox, 50.0) == [[3, 4, 5, 2]]


def test_nothing_rides_that_is_answered_held_or_doubtful() -> None:
    outbox = box()
    for _ in range(3):
        sent(outbox, 0.0)
    outbox.answer(SequenceId(1), Outcome.APPLIED)
    outbox.answer(SequenceId(2), Outcome.RECEIVED)
    outbox.due(STALE)
    outbox.add(tap(STALE), STALE)
    assert leave(outbox, STALE) == [[4]]


def test_the_search_for_riders_looks_at_a_bounded_number_of_orders() -> None:
    outbox = box()
    looked: list[SequenceId] = []

    class Watched(dict[SequenceId, Entry]):
        def values(self):  # type: ignore[no-untyped-def]  # the type of a dict's values has no public name
            for entry in super().values():
                looked.append(entry.id)
                yield entry

    outbox._unanswered = Watched()
    for _ in range(2_000):
        outbox.add(tap(), 0.0)
    list(outbox.fresh(0.0, TIMEOUT, ROOM, SPACING))
    looked.clear()
    outbox.add(tap(), 1.0)  # too soon: none of the others may ride
    assert leave(outbox, 1.0) == [[2_001]]
    assert 0 < len(looked) <= 65


# Bounds


def test_it_takes_so_many_orders_and_no_more_until_some_are_settled() -> None:
    outbox = box()
    for _ in range(CAPACITY):
        outbox.add(tap(), 0.0)
    with pytest.raises(OutboxFull):
        outbox.add(tap(), 0.0)
    list(outbox.fresh(0.0, TIMEOUT, ROOM, SPACING))
    with pytest.raises(OutboxFull):
        outbox.add(tap(), 0.0)
    outbox.answer(SequenceId(1), Outcome.APPLIED)
    assert outbox.add(tap(), 0.0) == CAPACITY + 1  # what was refused took no id


def test_a_cancel_gets_through_where_an_input_does_not() -> None:
    outbox = box()
    for _ in range(CAPACITY):
        outbox.add(tap(), 0.0)
    assert outbox.add_cancel((), 0.0) == CAPACITY + 1


def test_ids_go_on_from_zero_after_the_last_one() -> None:
    outbox = box()
    outbox._next_id = 2**32 - 1  # four thousand million sequences cannot be sent in a test
    assert [outbox.add(tap(), 0.0) for _ in range(3)] == [2**32 - 1, 0, 1]
    assert leave(outbox, 0.0) == [[2**32 - 1, 0, 1]]
    assert outbox.answer(SequenceId(0), Outcome.APPLIED) is not None


def test_timers_of_what_is_settled_do_not_pile_up() -> None:
    outbox = box()
    for now in range(5_000):
        outbox.answer(sent(outbox, now), Outcome.APPLIED)
        outbox.due(now)
    outbox.due(5_000 + STALE)
    assert outbox.next_timeout() is None
    assert not outbox._timers


# The peer starts anew


def test_what_may_have_reached_a_peer_that_forgot_it_is_given_up_and_the_rest_leaves() -> None:
    outbox = box()
    first, second = sent(outbox), sent(outbox)
    outbox.answer(second, Outcome.RECEIVED)
    fresh = outbox.add(tap(), 0.0)
    assert [entry.id for entry in outbox.abandon()] == [first, second]
    assert leave(outbox, 0.0) == [[fresh]]
    assert len(outbox) == 1
    assert outbox.abandon()[0].id == fresh


def test_sending_it_again_does_not_make_an_unanswered_order_any_younger() -> None:
    outbox = box()
    sent(outbox, 5.0)
    due = outbox.due(5.0 + TIMEOUT)
    assert again(outbox, due.resend, 5.0 + TIMEOUT) == [[1]]
    outbox.add(tap(), 300.0)
    assert leave(outbox, 300.0) == [[2, 1]]
    assert outbox.oldest_unanswered() == 5.0


def test_what_was_answered_since_it_fell_due_does_not_leave_again() -> None:
    for outcome in (Outcome.APPLIED, Outcome.RECEIVED):
        outbox = box()
        sent(outbox)
        sent(outbox)
        due = outbox.due(TIMEOUT)
        outbox.answer(SequenceId(1), outcome)
        assert again(outbox, due.resend, TIMEOUT) == [[2]]


def test_an_order_is_open_until_it_is_settled() -> None:
    outbox = box()
    assert not outbox.is_open(SequenceId(1))
    sent(outbox)
    outbox.answer(SequenceId(1), Outcome.RECEIVED)
    assert outbox.is_open(SequenceId(1))
    outbox.answer(SequenceId(1), Outcome.APPLIED)
    assert not outbox.is_open(SequenceId(1))


def test_the_oldest_unanswered_order_is_one_that_waits_for_its_first_answer() -> None:
    outbox = box()
    assert outbox.oldest_unanswered() is None
    outbox.add(tap(), 0.0)
    assert outbox.oldest_unanswered() is None
    leave(outbox, 5.0)
    assert outbox.oldest_unanswered() == 5.0
    sent(outbox, 20.0)
    assert outbox.oldest_unanswered() == 5.0
    outbox.answer(SequenceId(1), Outcome.RECEIVED)
    assert outbox.oldest_unanswered() == 20.0


# Everything at once

ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["submit", "cancel", "collect", "answer", "hold", "wait"]), st.integers(0, 2_000)
    ),
    max_size=60,
)


@given(ACTIONS)
def test_every_order_has_exactly_one_end(actions: list[tuple[str, int]]) -> None:
    outbox = box()
    now = 0.0
    given_out: list[int] = []
    ended: list[int] = []
    resend: list[Entry] = []

    def pass_time() -> None:
        due = outbox.due(now)
        resend.extend(due.resend)
        ended.extend(entry.id for entry in due.expired + due.lost)

    for action, number in actions:
        if action == "submit":
            given_out.append(outbox.add(tap(now), now))
        elif action == "cancel":
            given_out.append(outbox.add_cancel((), now))
        elif action == "collect":
            again(outbox, resend, now)
            resend.clear()
            leave(outbox, now)
        elif action in ("answer", "hold"):
            outcome = Outcome.APPLIED if action == "answer" else Outcome.RECEIVED
            entry = outbox.answer(SequenceId(number % (len(given_out) + 2)), outcome)
            if entry is not None:
                ended.append(entry.id)
        else:
            now += number
            pass_time()
    for _ in range(1_000):  # silence from now on, but paths to speak on
        again(outbox, resend, now)
        resend.clear()
        leave(outbox, now)
        moment = outbox.next_timeout()
        if moment is None:
            break
        now = max(now, moment)
        pass_time()
    assert sorted(ended) == given_out
    assert len(outbox) == 0


def test_timers_of_answered_orders_do_not_pile_up() -> None:
    outbox = Outbox(stale_after=1_500.0, give_up_after=10_000.0, inquire_every=500.0)
    for n in range(20_000):
        now = n * 0.1
        id = outbox.add((Frame(1, 1300, int(now)),), now)
        list(outbox.fresh(now, 400.0, 1_000, 5.0))
        outbox.answer(id, Outcome.APPLIED)
    assert len(outbox._timers) <= 1_100
    assert outbox.next_timeout() is None
