from __future__ import annotations

from bot.sending.ledger import Ledger
from tunnel.frame import SequenceId


def filled(*entries: tuple[int, str, str, float]) -> Ledger:
    ledger = Ledger(capacity=3)
    for id, user, message, ends_ms in entries:
        ledger.add(SequenceId(id), user, message, ends_ms, now=0)
    return ledger


def test_sequences_are_found_by_viewer_and_by_message() -> None:
    ledger = filled((1, "ada", "m1", 200), (2, "bob", "m2", 200), (3, "ada", "m3", 200))
    assert sorted(ledger.of_user("ada", 0)) == [1, 3]
    assert ledger.of_message("m2", 0) == (2,)
    assert ledger.of_user("nobody", 0) == ()


def test_a_sequence_is_forgotten_a_second_after_its_last_frame() -> None:
    ledger = filled((1, "ada", "m1", 5_000), (2, "ada", "m2", 200))
    assert sorted(ledger.of_user("ada", 1_199)) == [1, 2]
    assert ledger.of_user("ada", 1_200) == (1,)
    ledger.forget(6_000)
    assert len(ledger) == 0


def test_when_full_the_one_that_ends_first_is_forgotten_and_counted() -> None:
    ledger = filled((1, "a", "m1", 900), (2, "a", "m2", 100), (3, "a", "m3", 500), (4, "a", "m4", 700))
    assert len(ledger) == 3
    assert sorted(ledger.of_user("a", 0)) == [1, 3, 4]
    assert ledger.counters == {"forgotten_early": 1}


def test_memory_stays_bounded_under_load() -> None:
    ledger = Ledger(capacity=100)
    for n in range(5_000):
        ledger.add(SequenceId(n), "ada", f"m{n}", n + 10_000, now=n)
    assert len(ledger) == 100
