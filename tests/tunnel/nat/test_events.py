from __future__ import annotations

from tunnel.nat.events import Found, Lost


def test_a_path_is_lost_for_good_unless_the_other_end_began_anew() -> None:
    assert not Lost("It does not answer any more.").anew
    assert Lost("It began anew.", anew=True) != Lost("It began anew.")


def test_the_same_fact_said_twice_is_the_same() -> None:
    assert Found(("192.0.2.1", 1)) == Found(("192.0.2.1", 1)) != Found(("192.0.2.1", 2))
