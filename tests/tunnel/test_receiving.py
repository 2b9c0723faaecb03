"""The receiver's half: each order once, and a receipt for whatever came or was asked for."""

from __future__ import annotations

from collections import Counter

import pytest

from tunnel.clock import PeerClock
from tunnel.events import CancelArrived, Event, Outcome, SequenceArrived
from tunnel.frame import MAX_DATE, Frame, Sequence, SequenceId, pack_frames
from tunnel.messages import (
    RECEIPTS,
    Receipt,
    micros,
    pack_cancel,
    pack_inputs,
    pack_sequence,
    parse_inputs,
    parse_notes,
    parse_receipts,
)
from tunnel.receiving import Receiving

AHEAD = 5_000.0  # the sender's clock, ahead of ours
NOW = 1_700_000_000_000.0


class Receiver:
    """A receiver and the records that reach it."""

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter()
        self.receiving = Receiving(self.counters)
        self.clock = PeerClock(NOW, NOW + AHEAD)
        self.clock.sample(sent=NOW - 80, held=0.0, peer_time=NOW - 40 + AHEAD, now=NOW)

    def come(self, *records: bytes, now: float = NOW, sent: int = 0) -> list[Event]:
        sent, parsed = parse_inputs(pack_inputs(sent, records))
        return self.receiving.inputs_came(sent, parsed, self.clock, now)

    def report(self, id: int, outcome: Outcome, now: float = NOW) -> None:
        self.receiving.report(SequenceId(id), outcome, self.clock, now)

    def receipts(self, now: float = NOW) -> dict[int, Outcome]:
        return {id: outcome for id, outcome, _ in self.full_receipts(now)}

    def full_receipts(self, now: float = NOW) -> list[Receipt]:
        items = self.receiving.receipts(now)
        return [receipt for item in items for receipt in parse_receipts(item[3:]).receipts]


def frames(*dates: float) -> tuple[Frame, ...]:
    return tuple(Frame(1, 1300, int(date)) for date in dates)


def order(id: int, *dates: float) -> bytes:
    return pack_sequence(SequenceId(id), pack_frames(frames(*(dates or (NOW + AHEAD,)))))


def cancel(id: int, *targets: int) -> bytes:
    return pack_cancel(SequenceId(id), tuple(map(SequenceId, targets)))


def arrived(events: list[Event]) -> list[int]:
    return [event.sequence.id for event in events if isinstance(event, SequenceArrived)]


def test_a_sequence_arrives_dated_on_our_clock_and_as_old_as_it_may_be() -> None:
    receiver = Receiver()
    dates = (NOW + AHEAD - 70, NOW + AHEAD + 130)
    assert receiver.come(order(1, *dates)) == [
        SequenceArrived(Sequence(SequenceId(1), frames(*dates)), start_ms=NOW - 70, age_ms=70 + 40)
    ]
    assert receiver.receiving.last_date == NOW + 130


def test_a_sequence_that_comes_again_is_answered_again_and_not_told_again() -> None:
    receiver = Receiver()
    assert arrived(receiver.come(order(1))) == [1]
    assert receiver.receipts() == {1: Outcome.RECEIVED}
    receiver.report(1, Outcome.APPLIED)
    assert receiver.receipts() == {1: Outcome.APPLIED}
    assert arrived(receiver.come(order(2), order(1))) == [2]
    assert receiver.receipts() == {2: Outcome.RECEIVED, 1: Outcome.APPLIED}
    assert receiver.counters["sequences seen again"] == 1


def test_receipts_are_told_once_and_a_turn_of_the_loop_tells_one_outcome() -> None:
    receiver = Receiver()
    assert not receiver.receiving.has_receipts()
    assert receiver.receiving.receipts(NOW) == []
    receiver.come(order(1))
    receiver.report(1, Outcome.APPLIED)
    assert receiver.receiving.has_receipts()
    assert receiver.full_receipts() == [Receipt(SequenceId(1), Outcome.APPLIED, micros(NOW + AHEAD))]
    assert not receiver.receiving.has_receipts()


def test_a_receipt_says_when_on_the_senders_clock() -> None:
    receiver = Receiver()
    receiver.come(order(1))
    receiver.report(1, Outcome.APPLIED, NOW + 12.5)
    assert [receipt.at for receipt in receiver.full_receipts()] == [micros(NOW + AHEAD + 12.5)]


def test_receipts_echo_the_last_inputs_and_how_long_they_were_held() -> None:
    receiver = Receiver()
    receiver.come(order(1), now=NOW, sent=4711)
    receiver.come(order(2), now=NOW + 10, sent=4712)
    [item] = receiver.receiving.receipts(NOW + 12.5)
    receipts = parse_receipts(item[3:])
    assert (receipts.echo, receipts.held) == (4712, 2_500)


def test_many_receipts_are_split_into_items_that_fit() -> None:
    receiver = Receiver()
    receiver.come(*[order(id) for id in range(1, 301)])
    items = receiver.receiving.receipts(NOW)
    assert max(map(len, items)) + 12 + 16 + 4 <= 1200
    _, parsed = parse_notes(bytes(4) + b"".join(items))
    assert {kind for kind, _ in parsed} == {RECEIPTS}
    ids = [receipt.id for _, body in parsed for receipt in parse_receipts(body).receipts]
    assert ids == list(range(1, 301))


def test_receipts_that_wait_are_bounded_and_what_is_dropped_is_counted() -> None:
    receiver = Receiver()
    for start in range(0, 20_000, 1_000):
        receiver.receiving.inquiry_came(tuple(map(SequenceId, range(start, start + 1_000))))
    assert len(receiver.full_receipts()) == 20_000 - receiver.counters["receipts dropped"] == 8_192


def test_a_sequence_that_is_none_is_refused_and_its_neighbours_are_not() -> None:
    receiver = Receiver()
    assert arrived(receiver.come(order(1), order(2, 500, 400), order(3))) == [1, 3]
    assert receiver.receipts() == {1: Outcome.RECEIVED, 2: Outcome.REFUSED, 3: Outcome.RECEIVED}
    assert receiver.counters["sequences refused"] == 1
    assert arrived(receiver.come(order(2))) == []


def test_the_widest_date_is_a_date() -> None:
    receiver = Receiver()
    [event] = receiver.come(order(1, MAX_DATE))
    assert isinstance(event, SequenceArrived)
    assert event.age_ms < 0


# Questions


def test_a_question_is_answered_by_what_is_known() -> None:
    receiver = Receiver()
    receiver.come(order(1), order(2))
    receiver.report(1, Outcome.APPLIED)
    receiver.receipts()
    receiver.receiving.inquiry_came((SequenceId(1), SequenceId(2)))
    assert receiver.receipts() == {1: Outcome.APPLIED, 2: Outcome.RECEIVED}


def test_what_was_never_seen_is_answered_stale_and_never_played_afterwards() -> None:
    receiver = Receiver()
    receiver.receiving.inquiry_came((SequenceId(1),))
    assert receiver.receipts() == {1: Outcome.STALE}
    assert arrived(receiver.come(order(1))) == []
    assert receiver.receipts() == {1: Outcome.STALE}


# Cancels


def test_a_cancel_is_told_once_and_answered() -> None:
    receiver = Receiver()
    receiver.come(order(1))
    assert receiver.come(cancel(2, 1)) == [CancelArrived((SequenceId(1),), SequenceId(2))]
    assert receiver.come(cancel(2, 1)) == []
    assert receiver.receipts()[2] is Outcome.APPLIED


def test_what_a_cancel_overtook_is_never_played() -> None:
    receiver = Receiver()
    assert receiver.come(cancel(3, 1, 2)) == [CancelArrived((SequenceId(1), SequenceId(2)), SequenceId(3))]
    assert arrived(receiver.come(order(1), order(2), order(4))) == [4]
    assert receiver.receipts() == {
        3: Outcome.APPLIED, 1: Outcome.CANCELLED, 2: Outcome.CANCELLED, 4: Outcome.RECEIVED,
    }  # fmt: skip


def test_what_is_in_the_programs_hands_is_the_programs_to_cancel() -> None:
    receiver = Receiver()
    receiver.come(order(1))
    receiver.report(1, Outcome.APPLIED)
    receiver.come(cancel(2, 1))
    assert receiver.receipts()[1] is Outcome.APPLIED


def test_a_cancel_of_everything_catches_what_is_still_under_way_and_not_what_comes_after_it() -> None:
    receiver = Receiver()
    assert receiver.come(cancel(5)) == [CancelArrived((), SequenceId(5))]
    assert arrived(receiver.come(order(1), order(4), order(6), order(7))) == [6, 7]
    receipts = receiver.receipts()
    assert receipts[1] is receipts[4] is Outcome.CANCELLED


def test_a_late_cancel_of_everything_does_not_take_back_what_was_submitted_after_it() -> None:
    receiver = Receiver()
    assert arrived(receiver.come(order(1), order(3))) == [1, 3]
    assert receiver.come(cancel(2)) == [CancelArrived((), SequenceId(2))]
    assert arrived(receiver.come(order(4))) == [4]
    assert receiver.receipts() == {
        1: Outcome.RECEIVED, 2: Outcome.APPLIED, 3: Outcome.RECEIVED, 4: Outcome.RECEIVED,
    }  # fmt: skip


def test_an_older_cancel_of_everything_does_not_undo_a_newer_one() -> None:
    receiver = Receiver()
    receiver.come(cancel(4))
    receiver.come(cancel(2))
    assert arrived(receiver.come(order(3), order(5))) == [5]


@pytest.mark.parametrize("late", [2**32 - 3, 2**32 - 1, 0])
def test_a_cancel_of_everything_knows_older_from_newer_where_numbers_go_round(late: int) -> None:
    receiver = Receiver()
    receiver.come(order(2**31 - 1))
    receiver.come(order(2**32 - 10))
    receiver.come(cancel(1))
    assert arrived(receiver.come(order(late), order(2))) == [2]


# Another run of the sender


def test_another_run_of_the_sender_begins_with_a_clean_slate() -> None:
    receiver = Receiver()
    receiver.come(order(1), cancel(9))
    receiver.receiving.peer_restarted()
    assert not receiver.receiving.has_receipts()
    assert receiver.receiving.last_date == float("-inf")
    assert arrived(receiver.come(order(1), order(5))) == [1, 5]


def test_a_report_about_an_id_that_this_run_never_used_is_ignored_and_counted() -> None:
    receiver = Receiver()
    receiver.come(order(1), order(2))
    receiver.receiving.peer_restarted()
    receiver.report(2, Outcome.CANCELLED)
    assert receiver.counters["reports of another run"] == 1
    assert receiver.receipts() == {}
    assert arrived(receiver.come(order(1), order(2))) == [1, 2]
    assert receiver.receipts() == {1: Outcome.RECEIVED, 2: Outcome.RECEIVED}
