from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.sending.backlog import Backlog


def drain(backlog: Backlog[str], now: float) -> list[str]:
    out: list[str] = []
    while (item := backlog.first(now)) is not None:
        out.append(item)
        backlog.drop_first()
    return out


def test_first_come_first_served() -> None:
    backlog: Backlog[str] = Backlog(10)
    for item in "abc":
        backlog.push(item, 0)
    assert drain(backlog, 1) == ["a", "b", "c"]
    assert len(backlog) == 0


def test_under_overload_the_newest_are_kept_and_the_rest_counted() -> None:
    backlog: Backlog[str] = Backlog(2)
    for item in "abcde":
        backlog.push(item, 0)
    assert drain(backlog, 0) == ["d", "e"]
    assert backlog.counters == {"shed": 3}


def test_what_waited_too_long_is_dropped_and_counted() -> None:
    backlog: Backlog[str] = Backlog(10)
    backlog.push("old", 0)
    backlog.push("new", 100)
    assert backlog.next_timeout() == 1_500
    backlog.handle_timeout(1_499)
    assert len(backlog) == 2
    assert backlog.first(1_500) == "new"
    assert backlog.counters == {"expired": 1}


def test_items_can_be_taken_back() -> None:
    backlog: Backlog[str] = Backlog(10)
    for item in ("a1", "b", "a2"):
        backlog.push(item, 0)
    assert backlog.remove(lambda item: item.startswith("a")) == 2
    assert drain(backlog, 0) == ["b"]
    assert not backlog.counters


def test_an_empty_backlog_has_nothing_to_wait_for() -> None:
    backlog: Backlog[str] = Backlog(1)
    assert backlog.first(0) is None
    assert backlog.next_timeout() is None


@given(st.lists(st.one_of(st.integers(0, 400), st.none()), max_size=60))
def test_every_item_leaves_is_shed_expires_or_still_waits(acts: list[int | None]) -> None:
    backlog: Backlog[int] = Backlog(5, longest_wait_ms=1_000)
    now, pushed, left = 0.0, 0, 0
    for act in acts:
        if act is None:
            if backlog.first(now) is not None:
                backlog.drop_first()
                left += 1
        else:
            now += act
            backlog.push(pushed, now)
            pushed += 1
        assert len(backlog) <= 5
        assert pushed == left + backlog.counters.total() + len(backlog)
