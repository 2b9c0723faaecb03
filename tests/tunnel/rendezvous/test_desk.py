"""How a meeting place fares, as people are told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from tests.tunnel.rendezvous.conftest import NOW
from tunnel.rendezvous.desk import Desk, PlaceReport
from tunnel.rendezvous.place import PlaceError


class Nowhere:
    """A place that is only there to be told."""

    name = "nowhere"

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter()
        self.posted: list[bytes] = []

    async def run(self, on_up: Callable[[], None], on_letter: Callable[[bytes], None]) -> None:
        raise PlaceError("It is nowhere.")

    def post(self, letter: bytes) -> None:
        self.posted.append(letter)


@pytest.fixture
def desk() -> Desk:
    return Desk(Nowhere())


def test_a_place_is_connecting_until_it_works_or_fails(desk: Desk) -> None:
    assert desk.report() == PlaceReport("nowhere", "connecting", None, 0, 0, None)
    desk.failed(PlaceError("No."), NOW)
    assert (desk.report().state, desk.report().why) == ("waiting", "No.")
    desk.begins()
    assert (desk.report().state, desk.report().why) == ("connecting", "No.")
    desk.went_up(NOW)
    assert (desk.report().state, desk.report().why) == ("working", None)


def test_what_was_posted_and_read_is_told(desk: Desk) -> None:
    desk.post(b"ours")
    desk.read(NOW)
    desk.read(NOW + 5)
    assert desk.report() == PlaceReport("nowhere", "connecting", None, 1, 2, NOW + 5)
    assert isinstance(desk.place, Nowhere)
    assert desk.place.posted == [b"ours"]


def test_the_same_failure_is_told_once(desk: Desk) -> None:
    told = [desk.failed(PlaceError(text), NOW) for text in ("a", "a", "b", "b", "a")]
    assert told == [True, False, True, False, True]
    assert desk.failures == 5


def test_a_place_that_lets_us_in_and_fails_at_once_has_failed_again(desk: Desk) -> None:
    desk.failed(PlaceError("a"), NOW)
    desk.went_up(NOW)
    assert not desk.failed(PlaceError("a"), NOW + 59_999)
    assert desk.failures == 2


def test_after_a_minute_of_work_a_failure_is_the_first(desk: Desk) -> None:
    desk.failed(PlaceError("a"), NOW)
    desk.went_up(NOW)
    assert desk.failed(PlaceError("a"), NOW + 60_000)
    assert desk.failures == 1


def test_a_mistake_is_logged_again_only_after_another_one(desk: Desk) -> None:
    told = [desk.stumbled(error) for error in (KeyError("a"), KeyError("a"), OSError("a"), KeyError("a"))]
    assert told == [True, False, True, True]
