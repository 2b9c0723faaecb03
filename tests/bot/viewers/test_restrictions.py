from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.changes import Change, Released, Restricted
from bot.viewers.restrictions import EVERY_WORD, Restrictions


class Told(list[Change]):
    """What was to be written down, in order."""


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def restrictions(told: Told) -> Restrictions:
    return Restrictions(told.append)


def test_a_restriction_holds_for_its_viewer_and_word_until_its_end(restrictions: Restrictions) -> None:
    restrictions.restrict("kim", "start", 1_000)
    assert restrictions.of("kim", 999) == {"start": 1_000}
    assert restrictions.of("kim", 1_000) == {}
    assert restrictions.of("ada", 0) == {}
    assert not restrictions.is_silenced("kim", 0)


def test_every_word_together_is_silence(restrictions: Restrictions) -> None:
    restrictions.restrict("kim", EVERY_WORD, 1_000)
    assert restrictions.is_silenced("kim", 999)
    assert not restrictions.is_silenced("kim", 1_000)
    assert not restrictions.is_silenced("ada", 0)


def test_without_an_end_it_lasts_until_released(restrictions: Restrictions) -> None:
    restrictions.restrict("kim", "start", None)
    restrictions.handle_timeout(1e15)
    assert restrictions.of("kim", 1e15) == {"start": None}
    assert restrictions.release("kim")
    assert restrictions.of("kim", 0) == {}
    assert "kim" not in restrictions
    assert not restrictions.release("kim")


def test_a_new_end_takes_the_place_of_the_old_one(restrictions: Restrictions) -> None:
    restrictions.restrict("kim", "start", 9_000)
    restrictions.restrict("kim", "start", 1_000)
    assert len(restrictions) == 1
    assert restrictions.next_timeout() == 1_000


def test_what_runs_out_is_forgotten_and_the_next_end_is_known(restrictions: Restrictions, told: Told) -> None:
    restrictions.restrict("kim", "start", 1_000)
    restrictions.restrict("kim", "a", 2_000)
    restrictions.restrict("ada", "a", None)
    restrictions.handle_timeout(999)
    assert len(restrictions) == 3
    restrictions.handle_timeout(1_000)
    assert (len(restrictions), restrictions.next_timeout()) == (2, 2_000)
    told.clear()
    restrictions.handle_timeout(2_000)
    assert (len(restrictions), restrictions.next_timeout()) == (1, None)
    assert told == [Released("kim")]


def test_every_change_is_told_once(restrictions: Restrictions, told: Told) -> None:
    restrictions.restrict("kim", "start", 1_000)
    restrictions.release("kim")
    restrictions.release("kim")
    assert told == [Restricted("kim", "start", 1_000), Released("kim")]


def test_what_was_stored_holds_again_and_is_not_told_again(restrictions: Restrictions, told: Told) -> None:
    stored = [Restricted("kim", "start", 5_000), Restricted("kim", "a", 900), Restricted("ada", "", None)]
    restrictions.load(stored, now=1_000)
    assert restrictions.of("kim", 1_000) == {"start": 5_000}
    assert restrictions.is_silenced("ada", 1_000)
    assert restrictions.next_timeout() == 5_000
    assert told == []


def test_past_the_bound_a_new_one_is_refused_and_an_old_one_can_still_change(told: Told) -> None:
    restrictions = Restrictions(told.append, most=2)
    assert restrictions.restrict("kim", "a", 1_000)
    assert restrictions.restrict("kim", "b", 1_000)
    assert not restrictions.restrict("ada", "a", 1_000)
    assert restrictions.restrict("kim", "a", 2_000)
    assert len(restrictions) == 2
    assert "ada" not in restrictions
    assert len(told) == 3


_STEP = st.tuples(
    st.sampled_from(["kim", "ada", "bob"]),
    st.sampled_from(["", "a", "start", "!release"]),
    st.none() | st.integers(1, 50),
)


@given(st.lists(_STEP, max_size=40))
def test_whatever_is_typed_the_books_agree(steps: list[tuple[str, str, int | None]]) -> None:
    restrictions = Restrictions(most=5)
    model: dict[tuple[str, str], float | None] = {}
    for now, (user, word, lasts) in enumerate(steps):
        restrictions.handle_timeout(now)
        model = {key: end for key, end in model.items() if end is None or end > now}
        if word == "!release":
            restrictions.release(user)
            model = {key: end for key, end in model.items() if key[0] != user}
        elif restrictions.restrict(user, word, None if lasts is None else now + lasts):
            model[user, word] = None if lasts is None else now + lasts
        else:
            assert len(model) == 5
        assert len(restrictions) == len(model)
        assert restrictions.next_timeout() == min((e for e in model.values() if e is not None), default=None)
        assert {(u, w): e for u in ("kim", "ada", "bob") for w, e in restrictions.of(u, now).items()} == model
