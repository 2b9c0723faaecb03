from __future__ import annotations

from bot.rate import Rate


def test_each_viewer_has_a_burst_and_then_a_rate_of_their_own() -> None:
    rate = Rate(per_second=0.2, burst=3, most_users=10)
    assert [rate.take("ada", 0.0) for _ in range(4)] == [True, True, True, False]
    assert rate.take("bob", 0.0)
    assert not rate.take("ada", 4_999.0)
    assert rate.take("ada", 5_000.0)


def test_only_those_heard_last_are_remembered() -> None:
    rate = Rate(per_second=0.2, burst=1, most_users=2)
    for user in ("ada", "bob", "ada", "cyd"):
        rate.take(user, 0.0)
    assert len(rate) == 2
    assert not rate.take("ada", 0.0)
    assert rate.take("bob", 0.0)
