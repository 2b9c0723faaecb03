from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from bot.modes.mode import Offer
from bot.modes.poll import Poll, Result

Offered = Callable[..., Offer]


def poll(
    counters: Counter[str] | None = None,
    window_ms: float = 20_000,
    shortest_ms: float = 5_000,
    full_at: int = 10,
    quorum_share: float = 0.0,
    free: Callable[[], float] = lambda: 0.0,
) -> Poll:
    return Poll(
        window_ms=window_ms,
        shortest_ms=shortest_ms,
        full_at=full_at,
        quorum_share=quorum_share,
        free=free,
        counters=Counter() if counters is None else counters,
    )


@pytest.fixture
def crowd(offer: Offered) -> Callable[..., None]:
    """So many users vote at once, for `a`: crowd(poll, 12, now)."""

    def vote(poll: Poll, users: int, now: float, text: str = "a") -> None:
        for number in range(users):
            poll.vote(offer(text, f"user{number}", now), now)

    return vote


def won(result: Result | None) -> tuple[str, int, int] | None:
    if result is None or result.winner is None:
        return None
    return result.winner.parsed.text, result.winner.votes, result.voters


def test_a_window_begins_with_its_first_vote(offer: Offered) -> None:
    votes = poll()
    assert votes.ends is None
    assert votes.handle_timeout(1_000_000) is None
    votes.vote(offer("a"), 1_000_000)
    assert votes.ends == 1_005_000
    assert votes.handle_timeout(1_004_999) is None
    assert won(votes.handle_timeout(1_005_000)) == ("a", 1, 1)
    assert votes.ends is None


@pytest.mark.parametrize(("active", "length_ms"), [(1, 6_500), (5, 12_500), (10, 20_000), (30, 20_000)])
def test_a_window_is_as_long_as_many_take_part(
    offer: Offered, crowd: Callable[..., None], active: int, length_ms: int
) -> None:
    votes = poll()
    crowd(votes, active, 0)
    assert votes.handle_timeout(20_000) is not None
    assert votes.next_window_ms == length_ms
    votes.vote(offer("a", "user0"), 30_000)
    assert votes.ends == 30_000 + (length_ms if active > 1 else 5_000)


def test_its_length_does_not_change_while_it_runs(offer: Offered, crowd: Callable[..., None]) -> None:
    votes = poll()
    crowd(votes, 5, 0)
    votes.handle_timeout(20_000)
    votes.vote(offer("a", "user0"), 30_000)
    for number in range(20):
        votes.vote(offer("a", f"new{number}"), 31_000)
    assert votes.ends == 42_500


def test_when_everybody_has_voted_it_ends_early_but_not_too_early(
    offer: Offered, crowd: Callable[..., None]
) -> None:
    votes = poll()
    crowd(votes, 10, 0)
    votes.handle_timeout(20_000)
    crowd(votes, 9, 30_000)
    assert votes.ends == 50_000
    votes.vote(offer("b", "user9"), 31_000)
    assert votes.ends == 35_000
    assert won(votes.handle_timeout(35_000)) == ("a", 9, 10)


def test_who_has_left_is_waited_for_no_longer(offer: Offered, crowd: Callable[..., None]) -> None:
    votes = poll()
    crowd(votes, 10, 0)
    votes.handle_timeout(20_000)
    votes.vote(offer("a", "kim"), 180_000)
    assert votes.ends == 185_000


def test_a_window_does_not_end_while_what_won_plays(offer: Offered) -> None:
    votes = poll(free=lambda: 60_000)
    votes.vote(offer("a"), 0)
    assert votes.handle_timeout(59_999) is None
    assert won(votes.handle_timeout(60_000)) == ("a", 1, 1)


def test_a_result_counts_only_if_enough_have_voted(offer: Offered, crowd: Callable[..., None]) -> None:
    counters: Counter[str] = Counter()
    votes = poll(counters, quorum_share=0.25)
    crowd(votes, 10, 0)
    assert votes.quorum == 3
    assert won(votes.handle_timeout(20_000)) == ("a", 10, 10)
    crowd(votes, 2, 30_000)
    assert votes.handle_timeout(50_000) == Result(None, 2, 3)
    assert counters == Counter(carried=10, below_quorum=2)
    assert len(votes.ballot) == 0
    crowd(votes, 3, 60_000)
    assert won(votes.handle_timeout(80_000)) == ("a", 3, 3)


@pytest.mark.parametrize(
    ("share", "active", "quorum"),
    [(0, 50, 1), (0.1, 1, 1), (0.1, 30, 3), (0.1, 31, 4), (0.07, 100, 7), (1, 9, 9)],
)
def test_a_quorum_fits_the_audience(
    crowd: Callable[..., None], share: float, active: int, quorum: int
) -> None:
    votes = poll(quorum_share=share)
    crowd(votes, active, 0)
    assert votes.quorum == quorum


def test_whoever_voted_in_a_long_window_takes_part_until_its_end(
    offer: Offered, crowd: Callable[..., None]
) -> None:
    votes = poll(window_ms=600_000, shortest_ms=600_000, quorum_share=1)
    crowd(votes, 3, 0)
    result = votes.handle_timeout(600_000)
    assert result is not None
    assert result.quorum == 3


def test_when_all_votes_are_taken_back_there_is_no_window(offer: Offered) -> None:
    votes = poll()
    votes.vote(offer("a", "ada"), 0)
    assert votes.gone("ada") == 1
    assert votes.ends is None
    votes.vote(offer("a", "bob"), 4_000)
    assert votes.ends == 9_000
    assert votes.remove(lambda _: True) == 1
    assert votes.ends is None


def test_no_quorum_counts_on_who_is_gone(crowd: Callable[..., None]) -> None:
    votes = poll(quorum_share=1)
    crowd(votes, 2, 0)
    votes.gone("user0")
    assert votes.quorum == 1


def test_a_shortest_window_longer_than_the_full_one_is_the_full_one(offer: Offered) -> None:
    votes = poll(window_ms=3_000, shortest_ms=5_000)
    votes.vote(offer("a"), 0)
    assert votes.ends == 3_000
