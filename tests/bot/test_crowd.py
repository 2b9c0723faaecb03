from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.crowd import Crowd, Verdict


@pytest.fixture
def crowd_of() -> Callable[..., Crowd]:
    def build(**changed: float) -> Crowd:
        limits: dict[str, float] = {
            "per_user_per_second": 2,
            "per_user_burst": 3,
            "global_per_second": 100,
            "global_burst": 100,
        }
        return Crowd(**(limits | changed))  # type: ignore[arg-type]  # most_users is whole, the rest are rates

    return build


def test_a_viewer_has_a_burst_and_then_a_rate(crowd_of: Callable[..., Crowd]) -> None:
    crowd = crowd_of()
    assert [crowd.admit("ada", 0) for _ in range(4)] == [Verdict.ADMITTED] * 3 + [Verdict.USER_LIMIT]
    assert crowd.admit("ada", 500) is Verdict.ADMITTED
    assert crowd.admit("ada", 500) is Verdict.USER_LIMIT


def test_one_viewer_s_flood_costs_the_others_nothing(crowd_of: Callable[..., Crowd]) -> None:
    crowd = crowd_of(global_burst=4, global_per_second=1)
    for _ in range(1000):
        crowd.admit("flooder", 0)
    assert crowd.admit("ada", 0) is Verdict.ADMITTED


def test_everybody_together_has_a_limit_too(crowd_of: Callable[..., Crowd]) -> None:
    crowd = crowd_of(global_burst=2, global_per_second=1)
    verdicts = [crowd.admit(f"viewer {n}", 0) for n in range(3)]
    assert verdicts == [Verdict.ADMITTED, Verdict.ADMITTED, Verdict.GLOBAL_LIMIT]
    assert crowd.admit("late", 1_000) is Verdict.ADMITTED


def test_a_rate_of_zero_is_no_limit(crowd_of: Callable[..., Crowd]) -> None:
    crowd = crowd_of(per_user_per_second=0, global_per_second=0)
    assert {crowd.admit("ada", 0) for _ in range(10_000)} == {Verdict.ADMITTED}
    assert len(crowd) == 0


def test_viewers_are_remembered_up_to_a_bound_the_quietest_forgotten_first(
    crowd_of: Callable[..., Crowd],
) -> None:
    crowd = crowd_of(most_users=2, per_user_burst=1, per_user_per_second=0.001)
    for user in ("ada", "bob", "ada", "cyd"):
        crowd.admit(user, 0)
    assert len(crowd) == 2
    assert crowd.admit("ada", 0) is Verdict.USER_LIMIT
    assert crowd.admit("bob", 0) is Verdict.ADMITTED
