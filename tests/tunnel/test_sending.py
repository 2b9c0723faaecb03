"""The sender's half: what it sends, asks and tells, with the outbox below it."""

from __future__ import annotations

import pytest

from tunnel.clock import PeerClock
from tunnel.events import Outcome, Resolved
from tunnel.frame import MAX_FRAMES, Frame, FrameError, SequenceId
from tunnel.messages import (
    INQUIRY,
    MAX_TARGETS,
    Receipt,
    Receipts,
    micros,
    parse_ids,
    parse_inputs,
    parse_notes,
)
from tunnel.sending import Sending
from tunnel.timing import Timing

NOW = 1_700_000_000_000.0
TIMING = Timing()


def clock(round_trip: float = 80.0) -> PeerClock:
    known = PeerClock(NOW, NOW)
    known.sample(sent=NOW - round_trip, held=0.0, peer_time=NOW, now=NOW)
    return known


def tap(now: float = NOW, frames: int = 2) -> tuple[Frame, ...]:
    return tuple(Frame(1, 1300, int(now) + 100 * n) for n in range(frames))


def fresh(sending: Sending, now: float = NOW) -> list[list[int]]:
    return [ids(pack) for pack in sending.fresh(clock(), now)]


def ids(pack: list[bytes]) -> list[int]:
    return [record.id for record in parse_inputs(bytes(4) + b"".join(pack))[1]]


def receipts(*told: tuple[int, Outcome], at: float = NOW) -> Receipts:
    return Receipts(0, 0, tuple(Receipt(SequenceId(id), outcome, micros(at)) for id, outcome in told))


def test_what_is_submitted_leaves_at_the_next_chance() -> None:
    sending = Sending(TIMING)
    assert fresh(sending) == []
    assert [sending.submit(tap(), NOW) for _ in range(2)] == [1, 2]
    assert len(sending) == 2
    assert fresh(sending) == [[1, 2]]
    assert fresh(sending) == []


def test_every_pack_with_its_signature_fits_into_a_datagram() -> None:
    sending = Sending(TIMING)
    for _ in range(3):
        sending.submit(tap(frames=MAX_FRAMES), NOW)
    for _ in range(40):
        sending.submit(tap(), NOW)
    packs = [b"".join(pack) for pack in sending.fresh(clock(), NOW)]
    assert max(map(len, packs)) + 12 + 4 + 65 + 16 <= 1200
    assert sum(len(ids([pack])) for pack in packs) == 43


def test_what_is_no_sequence_is_refused() -> None:
    sending = Sending(TIMING)
    with pytest.raises(FrameError):
        sending.submit((), NOW)
    assert sending.last_date == float("-inf")


def test_the_last_date_is_the_latest_of_all_submitted() -> None:
    sending = Sending(TIMING)
    sending.submit((Frame(1, 1300, 5), Frame(1, 2300, 900)), 0.0)
    sending.submit((Frame(1, 1300, 10), Frame(1, 2300, 20)), 0.0)
    assert sending.last_date == 900


def test_inputs_flow_since_the_first_one_after_a_pause() -> None:
    sending = Sending(TIMING)
    assert sending.lively_since == float("-inf")
    sending.submit((Frame(1, 1300, 10), Frame(1, 2300, 500)), 10.0)
    sending.submit((Frame(1, 1300, 400), Frame(1, 2300, 700)), 400.0)
    sending.submit((Frame(1, 1300, 700),), 700.0)
    assert sending.lively_since == 10.0
    sending.submit((Frame(1, 1300, 701),), 701.0)
    assert sending.lively_since == 701.0


def test_a_cancel_of_many_is_split_and_a_cancel_of_nothing_means_everything() -> None:
    sending = Sending(TIMING)
    sending.cancel(map(SequenceId, range(2 * MAX_TARGETS + 1)), NOW)
    sending.cancel([], NOW)
    [pack] = sending.fresh(clock(), NOW)
    _, records = parse_inputs(bytes(4) + b"".join(pack))
    assert [len(parse_ids(record.body)) for record in records] == [64, 64, 1, 0]
    assert all(record.is_cancel for record in records)


def test_each_final_receipt_is_told_once_with_the_time_it_was_played() -> None:
    sending = Sending(TIMING)
    for _ in range(4):
        sending.submit(tap(), NOW)
    fresh(sending)
    told = receipts((1, Outcome.APPLIED), (2, Outcome.STALE), (3, Outcome.RECEIVED), (9, Outcome.APPLIED),
                    at=NOW + 70.25)  # fmt: skip
    assert sending.receipts_came(told, NOW + 110) == [
        Resolved(SequenceId(1), Outcome.APPLIED, NOW + 70.25),
        Resolved(SequenceId(2), Outcome.STALE, None),
    ]
    assert sending.receipts_came(told, NOW + 120) == []
    assert len(sending) == 2


def test_what_became_of_a_cancel_is_nobodys_business() -> None:
    sending = Sending(TIMING)
    sending.cancel([SequenceId(7)], NOW)
    fresh(sending)
    assert sending.receipts_came(receipts((1, Outcome.APPLIED)), NOW) == []
    assert len(sending) == 0


def test_an_overdue_order_leaves_again_and_once_per_chance() -> None:
    sending = Sending(TIMING)
    sending.submit(tap(), NOW)
    fresh(sending)
    assert list(sending.again(clock(), NOW)) == []
    overdue = sending.next_timeout()
    assert overdue == NOW + clock().resend_timeout
    assert sending.handle_timeout(overdue) == []
    assert sending.handle_timeout(overdue) == []
    assert [ids(pack) for pack in sending.again(clock(), overdue)] == [[1]]
    assert list(sending.again(clock(), overdue)) == []
    assert sending.next_timeout() > overdue


def test_what_was_answered_since_it_fell_due_is_not_sent_again() -> None:
    sending = Sending(TIMING)
    sending.submit(tap(), NOW)
    fresh(sending)
    overdue = sending.next_timeout()
    sending.handle_timeout(overdue)
    sending.receipts_came(receipts((1, Outcome.APPLIED)), overdue)
    assert list(sending.again(clock(), overdue)) == []


def test_while_nothing_can_leave_neither_questions_nor_resends_pile_up() -> None:
    sending = Sending(TIMING)
    for _ in range(100):
        sending.submit(tap(), NOW)
    list(sending.fresh(clock(), NOW))
    sending.receipts_came(receipts(*[(id, Outcome.RECEIVED) for id in range(1, 51)]), NOW)
    for later in range(100, int(TIMING.stale_after), 100):
        assert sending.handle_timeout(NOW + later) == []
    assert sorted(id for pack in sending.again(clock(), NOW + 1_400) for id in ids(pack)) == list(
        range(51, 101)
    )
    for later in range(int(TIMING.stale_after), int(TIMING.give_up_after), 100):
        assert sending.handle_timeout(NOW + later) == []
    _, items = parse_notes(bytes(4) + b"".join(sending.inquiries()))
    assert sorted(id for _, body in items for id in parse_ids(body)) == list(range(1, 101))


def test_what_is_settled_is_not_asked_for() -> None:
    sending = Sending(TIMING)
    for _ in range(2):
        sending.submit(tap(), NOW)
    fresh(sending)
    sending.handle_timeout(NOW + TIMING.stale_after)
    sending.receipts_came(receipts((1, Outcome.APPLIED)), NOW + TIMING.stale_after)
    _, [(_, body)] = parse_notes(bytes(4) + b"".join(sending.inquiries()))
    assert parse_ids(body) == (2,)


def test_what_is_too_old_is_asked_for_in_bounded_items() -> None:
    sending = Sending(TIMING)
    for _ in range(100):
        sending.submit(tap(), NOW)
    for _ in sending.fresh(clock(), NOW):
        pass
    now = NOW + TIMING.stale_after
    assert sending.handle_timeout(now) == []
    _, items = parse_notes(bytes(4) + b"".join(sending.inquiries()))
    assert {kind for kind, _ in items} == {INQUIRY}
    assert [len(parse_ids(body)) for _, body in items] == [64, 36]
    assert sorted(id for _, body in items for id in parse_ids(body)) == list(range(1, 101))
    assert sending.inquiries() == []


def test_what_never_left_is_stale_and_what_was_never_answered_is_lost() -> None:
    sending = Sending(TIMING)
    sending.submit(tap(), NOW)
    fresh(sending)
    sending.submit(tap(), NOW)
    sending.cancel([], NOW)
    told = []
    for _ in range(100):
        now = sending.next_timeout()
        if now == float("inf"):
            break
        told += sending.handle_timeout(now)
        list(sending.again(clock(), now))
    assert told == [Resolved(SequenceId(2), Outcome.STALE, None), Resolved(SequenceId(1), Outcome.LOST, None)]
    assert len(sending) == 0


def test_a_peer_that_forgot_everything_loses_what_had_left_and_no_more() -> None:
    sending = Sending(TIMING)
    sending.submit(tap(), NOW)
    fresh(sending)
    sending.handle_timeout(NOW + 500)
    sending.submit(tap(), NOW + 500)
    assert sending.peer_restarted() == [Resolved(SequenceId(1), Outcome.LOST, None)]
    assert list(sending.again(clock(), NOW + 500)) == []
    assert sending.inquiries() == []
    assert fresh(sending, NOW + 500) == [[2]]


def test_how_long_an_answer_has_been_awaited() -> None:
    sending = Sending(TIMING)
    assert sending.unanswered_for(NOW) == 0.0
    sending.submit(tap(), NOW)
    assert sending.unanswered_for(NOW + 5) == 0.0
    fresh(sending, NOW + 10)
    assert sending.unanswered_for(NOW + 40) == 30.0
    sending.receipts_came(receipts((1, Outcome.RECEIVED)), NOW + 50)
    assert sending.unanswered_for(NOW + 60) == 0.0


@pytest.mark.parametrize(("round_trip", "spacing"), [(200.0, 100.0), (80.0, 40.0), (1.0, 5.0)])
def test_unanswered_orders_ride_along_after_half_a_round_trip(round_trip: float, spacing: float) -> None:
    known = clock(round_trip)
    for later, riding in ((spacing - 0.5, [2]), (spacing, [2, 1])):
        sending = Sending(TIMING)
        sending.submit(tap(), NOW)
        list(sending.fresh(known, NOW))
        sending.submit(tap(), NOW + later)
        assert [ids(pack) for pack in sending.fresh(known, NOW + later)] == [riding]
