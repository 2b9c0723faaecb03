from __future__ import annotations

from tunnel.nat.search import ROUND_MS, Search, Stage, Step


def steps(search: Search, *, found: bool = False) -> list[Step | None]:
    """What falls due until the search rests or settles."""
    said: list[Step | None] = []
    while search.stage is Stage.LOOKING:
        said.append(search.take_due(found=found, draw=0.5, now=search.next_timeout()))
    return said


def test_a_search_has_three_rounds_and_then_rests() -> None:
    search = Search()
    search.begin(0)
    assert search.take_due(found=False, draw=0.5, now=ROUND_MS - 1) is None
    assert steps(search) == [Step.AGAIN, Step.AGAIN, Step.REST]
    assert search.stage is Stage.RESTING


def test_later_searches_have_one_round_and_their_rests_grow_to_five_minutes() -> None:
    search, now, rests = Search(), 0.0, []
    search.begin(now, patiently=True)
    for _ in range(7):
        assert steps(search) == [Step.REST]
        rests.append(search.next_timeout() - now - ROUND_MS)
        now = search.next_timeout()
        assert search.take_due(found=False, draw=0.5, now=now) is Step.BEGIN
        search.begin(now, patiently=True)
    assert rests == [30_000, 60_000, 120_000, 240_000, 300_000, 300_000, 300_000]


def test_rests_are_scattered() -> None:
    ends = []
    for draw in (0.0, 0.999):
        search = Search()
        search.begin(0, patiently=True)
        search.take_due(found=False, draw=draw, now=ROUND_MS)
        ends.append(search.next_timeout() - ROUND_MS)
    assert ends[0] == 22_500
    assert 37_400 < ends[1] < 37_500


def test_once_a_path_is_found_nothing_is_awaited_any_more() -> None:
    search = Search()
    search.begin(0)
    assert steps(search, found=True) == [None]
    assert search.stage is Stage.SETTLED
    assert search.next_timeout() == float("inf")


def test_when_the_other_end_begins_there_is_one_more_round() -> None:
    search = Search()
    search.begin(0, patiently=True)
    search.prolong()
    assert steps(search) == [Step.AGAIN, Step.REST]


def test_while_people_wait_one_round_follows_the_other() -> None:
    search = Search()
    search.look_hard(10 * ROUND_MS)
    search.begin(0)
    assert steps(search) == [Step.AGAIN] * 9 + [Step.REST]
    assert not search.is_hard(10 * ROUND_MS)


def test_nothing_happens_before_it_begins() -> None:
    search = Search()
    assert search.stage is Stage.IDLE
    assert search.take_due(found=False, draw=0.5, now=1e15) is None
