"""When our letter is put and the other end's is looked for, on a virtual clock."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunnel.rendezvous.dht_schedule import (
    GET_DEADLINE_MS,
    GET_GAPS,
    LINGER_MS,
    PUT_DEADLINE_MS,
    PUT_GAP_MS,
    REPUT_MS,
    Get,
    Put,
    Schedule,
)
from tunnel.rendezvous.place import MAX_LETTER, Hole
from tunnel.room import DAY_MS

NOON = 20_000 * DAY_MS + DAY_MS / 2
SECOND, MINUTE, HOUR = 1_000.0, 60_000.0, 3_600_000.0


def hole(writer: str, day: float) -> Hole:
    return Hole(f"{writer}{int(day)}".encode(), bytes(32))


class Daily:
    """Holes that change at midnight; around it, both of the other end's are named."""

    def own(self, date: float) -> Hole:
        return hole("own", date // DAY_MS)

    def peer(self, date: float) -> tuple[Hole, ...]:
        days = {(date - HOUR) // DAY_MS, (date + HOUR) // DAY_MS}
        return tuple(hole("peer", day) for day in sorted(days))


@dataclass
class World:
    """A schedule, a clock, and a DHT that does at once what it is told."""

    schedule: Schedule
    now: float = NOON
    stored_at: int = 8

    def orders(self) -> list[Put | Get]:
        """What is due now. Everything ends at once."""
        orders = self.schedule.due(self.now)
        for order in orders:
            if isinstance(order, Put):
                self.schedule.put_ended(self.stored_at)
            else:
                self.schedule.got(order.hole)
        return orders

    def pass_time(self, until: float) -> list[tuple[float, Put | Get]]:
        """All orders up to then, with their times since the start."""
        start, found = self.now, []
        while True:
            found += [(self.now - start, order) for order in self.orders()]
            due = self.schedule.next_timeout()
            if due is None or due > until:
                self.now = until
                return found
            assert due > self.now, "it would turn in circles"
            self.now = due

    def puts(self, until: float) -> list[float]:
        return [at for at, order in self.pass_time(until) if isinstance(order, Put)]

    def gets(self, until: float) -> list[float]:
        return [at for at, order in self.pass_time(until) if isinstance(order, Get)]


@pytest.fixture
def world() -> World:
    schedule = Schedule(Daily())
    schedule.begin(NOON)
    return World(schedule)


# Looking


def test_it_looks_at_once_and_then_every_half_minute(world: World) -> None:
    assert world.gets(NOON + 2 * MINUTE) == [0, 30 * SECOND, 60 * SECOND, 90 * SECOND, 120 * SECOND]


def test_ends_that_stay_apart_look_less_and_less_often(world: World) -> None:
    times = world.gets(NOON + 3 * HOUR)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps == sorted(gaps)
    assert set(gaps) == {gap for _, gap in GET_GAPS}
    assert times[-1] - times[-2] == 10 * MINUTE


def test_connected_ends_do_not_look(world: World) -> None:
    world.orders()
    world.schedule.set_connected(True, world.now)
    assert world.gets(NOON + 6 * HOUR) == []
    assert world.schedule.next_timeout() is None


def test_the_first_look_is_taken_even_if_they_are_connected(world: World) -> None:
    world.schedule.set_connected(True, world.now)
    assert world.gets(NOON + HOUR) == [0]


def test_a_lost_connection_is_a_reason_to_look_at_once_and_often(world: World) -> None:
    world.schedule.set_connected(True, world.now)
    world.pass_time(NOON + 5 * HOUR)
    world.schedule.set_connected(False, world.now)
    assert world.gets(NOON + 5 * HOUR + MINUTE) == [0, 30 * SECOND, 60 * SECOND]


def test_a_connection_that_comes_and_goes_does_not_make_it_look_more_often(world: World) -> None:
    times = []
    for second in range(120):
        world.schedule.set_connected(second % 2 == 1, world.now)
        times += [second * SECOND + at for at in world.gets(world.now + SECOND)]
    assert all(later - earlier >= 30 * SECOND for earlier, later in pairwise(times))
    assert len(times) >= 3


def test_saying_again_that_they_are_apart_changes_nothing(world: World) -> None:
    world.pass_time(NOON + 3 * HOUR)
    world.schedule.set_connected(False, world.now)
    assert len(world.gets(NOON + 4 * HOUR)) <= 7


def test_the_first_letter_in_hours_is_a_reason_to_look_often_again(world: World) -> None:
    world.schedule.heard(NOON)
    world.pass_time(NOON + 3 * HOUR)
    world.schedule.heard(world.now)
    assert world.gets(NOON + 3 * HOUR + 2 * MINUTE)[1:] == [
        30 * SECOND,
        60 * SECOND,
        90 * SECOND,
        120 * SECOND,
    ]


def test_letters_of_an_end_that_runs_on_are_not(world: World) -> None:
    for hour in range(3):
        world.pass_time(NOON + hour * HOUR)
        world.schedule.heard(world.now)
    assert len(world.gets(NOON + 3 * HOUR)) <= 7


def test_around_midnight_both_days_are_looked_at_and_the_round_ends_with_the_second(world: World) -> None:
    world.now = (NOON // DAY_MS + 1) * DAY_MS - MINUTE
    orders = world.schedule.due(world.now)
    holes = [order.hole for order in orders if isinstance(order, Get)]
    assert [each.name for each in holes] == [b"peer20000", b"peer20001"]
    assert not world.schedule.got(holes[1])
    assert world.schedule.due(world.now + 40 * SECOND) == []
    assert world.schedule.got(holes[0])
    assert not world.schedule.got(holes[0])
    assert len(world.schedule.due(world.now + 10 * MINUTE)) == 2


def test_a_search_that_never_ends_is_given_up_and_repeated(world: World) -> None:
    world.schedule.due(NOON)
    assert world.schedule.next_timeout() == NOON + GET_DEADLINE_MS
    assert world.schedule.handle_timeout(NOON + GET_DEADLINE_MS - 1) == []
    assert world.schedule.handle_timeout(NOON + GET_DEADLINE_MS) == ["get unanswered"]
    assert len(world.schedule.due(NOON + GET_DEADLINE_MS)) == 1


# Putting


def test_without_a_letter_nothing_is_put(world: World) -> None:
    assert world.puts(NOON + 3 * HOUR) == []


def test_a_letter_is_put_at_once_and_then_every_hour(world: World) -> None:
    world.schedule.post(b"here")
    assert world.puts(NOON + 3 * HOUR) == [0, HOUR, 2 * HOUR, 3 * HOUR]


def test_it_is_put_again_while_they_are_connected(world: World) -> None:
    world.schedule.post(b"here")
    world.schedule.set_connected(True, world.now)
    assert world.puts(NOON + 2 * HOUR) == [0, HOUR, 2 * HOUR]


def test_of_letters_that_follow_quickly_only_the_newest_is_put_and_a_minute_later(world: World) -> None:
    world.schedule.post(b"one")
    found = world.pass_time(NOON + SECOND)
    for letter in (b"two", b"three", b"four"):
        world.schedule.post(letter)
        found += world.pass_time(world.now + SECOND)
    found += world.pass_time(NOON + 10 * MINUTE)
    assert [order.letter for _, order in found if isinstance(order, Put)] == [b"one", b"four"]
    assert world.puts(NOON + HOUR + PUT_GAP_MS) == [HOUR + PUT_GAP_MS - 10 * MINUTE]


def test_a_letter_posted_while_one_is_being_put_is_put_next(world: World) -> None:
    world.schedule.post(b"one")
    world.schedule.due(NOON)
    world.schedule.post(b"two")
    world.schedule.put_ended(8)
    world.now += PUT_GAP_MS
    assert Put(hole("own", 20_000), b"two") in world.orders()


def test_the_same_letter_again_is_no_reason_to_put(world: World) -> None:
    world.schedule.post(b"one")
    world.orders()
    world.schedule.post(b"one")
    assert world.puts(NOON + 30 * MINUTE) == []


def test_at_midnight_it_is_put_into_the_new_day_s_hole(world: World) -> None:
    world.pass_time(NOON + 20 * MINUTE)
    world.schedule.post(b"here")
    midnight = (NOON // DAY_MS + 1) * DAY_MS
    world.pass_time(midnight - 10 * MINUTE)
    found = world.pass_time(midnight)
    assert [order.hole.name for _, order in found if isinstance(order, Put)] == [b"own20001"]
    assert world.now == midnight


@pytest.mark.parametrize("days", [-3, 1, 2])
def test_when_the_date_has_jumped_it_is_put_into_that_day_s_hole_though_the_clock_stood(
    world: World, days: int
) -> None:
    world.schedule.see_date(NOON, NOON)
    world.schedule.post(b"here")
    assert world.puts(NOON + MINUTE) == [0]
    world.schedule.see_date(world.now + days * DAY_MS, world.now)
    found = world.pass_time(world.now + 10 * MINUTE)
    assert [order.hole.name for _, order in found if isinstance(order, Put)] == [b"own%d" % (20_000 + days)]
    looked = {order.hole.name for _, order in found if isinstance(order, Get)}
    assert looked == {b"peer%d" % (20_000 + days)}


def test_midnight_is_that_of_the_date_not_of_the_clock(world: World) -> None:
    world.schedule.see_date(NOON + 6 * HOUR, NOON)
    world.schedule.post(b"here")
    world.pass_time(NOON + 6 * HOUR - MINUTE)
    found = world.pass_time(NOON + 6 * HOUR)
    assert [order.hole.name for _, order in found if isinstance(order, Put)] == [b"own20001"]


def test_a_put_that_nobody_took_is_repeated_after_a_minute(world: World) -> None:
    world.stored_at = 0
    world.schedule.post(b"here")
    assert world.puts(NOON + 3 * MINUTE) == [0, MINUTE, 2 * MINUTE, 3 * MINUTE]


def test_a_put_that_never_ends_is_given_up_and_repeated(world: World) -> None:
    world.schedule.post(b"here")
    [get] = [order for order in world.schedule.due(NOON) if isinstance(order, Get)]
    world.schedule.got(get.hole)
    world.schedule.set_connected(True, NOON)
    assert world.schedule.next_timeout() == NOON + PUT_DEADLINE_MS
    assert world.schedule.handle_timeout(NOON + PUT_DEADLINE_MS) == ["put unanswered"]
    assert len(world.schedule.due(NOON + PUT_DEADLINE_MS)) == 1


def test_who_comes_into_the_dht_again_puts_and_looks_at_once(world: World) -> None:
    world.schedule.post(b"here")
    world.orders()
    world.now += SECOND
    assert world.orders() == []
    world.schedule.begin(world.now)
    assert len(world.orders()) == 2


def test_a_letter_that_is_too_long_is_refused_and_the_last_one_stays(world: World) -> None:
    world.schedule.post(bytes(MAX_LETTER))
    with pytest.raises(ValueError, match="960"):
        world.schedule.post(bytes(MAX_LETTER + 1))
    assert Put(hole("own", 20_000), bytes(MAX_LETTER)) in world.orders()


# Staying


def test_it_stays_while_something_is_under_way_and_leaves_between_rare_searches(world: World) -> None:
    world.schedule.due(NOON)
    assert not world.schedule.is_idle(NOON)
    world.schedule.got(hole("peer", 20_000))
    assert not world.schedule.is_idle(NOON), "the next search is half a minute away"
    world.pass_time(NOON + 3 * HOUR)
    world.pass_time(world.schedule.next_timeout() or 0)
    assert world.schedule.is_idle(world.now), "the next search is ten minutes away"


def test_connected_ends_are_idle_until_the_letter_is_due(world: World) -> None:
    world.schedule.post(b"here")
    world.schedule.set_connected(True, NOON)
    world.orders()
    assert world.schedule.is_idle(NOON)
    assert not world.schedule.is_idle(NOON + REPUT_MS - LINGER_MS)


def test_who_is_out_expects_no_answers(world: World) -> None:
    world.schedule.post(b"here")
    world.schedule.due(NOON)
    world.schedule.forget()
    assert world.schedule.handle_timeout(NOON + HOUR) == []


@given(
    # how long to wait, a letter to post, whether they are connected, how many nodes take a put, news
    st.lists(st.floats(0, 2 * HOUR) | st.binary(max_size=2) | st.booleans() | st.integers(0, 8) | st.none())
)
def test_whatever_happens_puts_are_a_minute_apart_and_searches_half_a_minute(
    steps: list[object],
) -> None:
    schedule = Schedule(Daily())
    schedule.begin(NOON)
    world = World(schedule)
    puts: list[float] = []
    gets: set[float] = set()  # near midnight one search has two holes
    for value in steps:
        before = world.now
        if isinstance(value, float):
            found = world.pass_time(world.now + value)
            puts += [before + at for at, order in found if isinstance(order, Put)]
            gets |= {before + at for at, order in found if isinstance(order, Get)}
        elif isinstance(value, bytes):
            schedule.post(value)
        elif isinstance(value, bool):
            schedule.set_connected(value, world.now)
        elif isinstance(value, int):
            world.stored_at = value
        else:
            schedule.heard(world.now)
    too_close = [later for earlier, later in pairwise(puts) if later - earlier < PUT_GAP_MS - 1]
    assert len(too_close) <= world.now // DAY_MS - NOON // DAY_MS, "but at midnight"
    assert all(later - earlier >= 30 * SECOND - 1 for earlier, later in pairwise(sorted(gets)))
