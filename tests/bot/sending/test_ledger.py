from __future__ import annotations

from bot.modes.mode import Owner
from bot.sending.ledger import Ledger
from config.codes import Control
from config.controllers import Move
from tunnel.frame import SequenceId

A: Move = (Control.A, 1)
B: Move = (Control.B, 1)


def filled(*entries: tuple[int, str, str, float]) -> Ledger:
    ledger = Ledger(capacity=3)
    for id, user, message, ends_ms in entries:
        ledger.add(SequenceId(id), Owner(user, message), frozenset({A}), ends_ms, now=0)
    return ledger


def of_user(ledger: Ledger, user: str, now: float) -> list[int]:
    return sorted(ledger.find(lambda owner, _: owner.user == user, now))


def test_sequences_are_found_by_viewer_by_message_and_by_what_they_press() -> None:
    ledger = filled((1, "ada", "m1", 200), (2, "bob", "m2", 200))
    ledger.add(SequenceId(3), Owner("ada", "m3"), frozenset({A, B}), 200, now=0)
    assert of_user(ledger, "ada", 0) == [1, 3]
    assert ledger.find(lambda owner, _: owner.message == "m2", 0) == (2,)
    assert ledger.find(lambda _, moves: B in moves, 0) == (3,)
    assert of_user(ledger, "nobody", 0) == []


def test_a_sequence_is_forgotten_a_second_after_its_last_frame() -> None:
    ledger = filled((1, "ada", "m1", 5_000), (2, "ada", "m2", 200))
    assert of_user(ledger, "ada", 1_199) == [1, 2]
    assert of_user(ledger, "ada", 1_200) == [1]
    ledger.forget(6_000)
    assert len(ledger) == 0


def test_when_full_the_one_that_ends_first_is_forgotten_and_counted() -> None:
    ledger = filled((1, "a", "m1", 900), (2, "a", "m2", 100), (3, "a", "m3", 500), (4, "a", "m4", 700))
    assert len(ledger) == 3
    assert of_user(ledger, "a", 0) == [1, 3, 4]
    assert ledger.counters == {"forgotten_early": 1}


def test_memory_stays_bounded_under_load() -> None:
    ledger = Ledger(capacity=100)
    for n in range(5_000):
        ledger.add(SequenceId(n), Owner("ada", f"m{n}"), frozenset(), n + 10_000, now=n)
    assert len(ledger) == 100
