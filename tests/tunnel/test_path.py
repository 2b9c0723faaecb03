"""One path's figures, and the choice among paths as a table of cases."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunnel.messages import MICROS, NOTHING_ECHOED, Heartbeat, micros
from tunnel.path import (
    HYSTERESIS_MS,
    LOSSY,
    TRUST_MS,
    Path,
    PathId,
    PathView,
    choose,
    cost,
    entitled,
    is_suffering,
)

# The choice


def view(id: int, delay: float | None, **fields: float) -> PathView:
    calm = PathView(PathId(id), delay, jitter=0.0, loss=0.0, silent_for=100.0, carrying=False)
    return replace(calm, **fields)  # type: ignore[arg-type]  # `carrying` is spelt as a number here


FIVE = [view(0, 60), view(1, 20), view(2, 50), view(3, 30), view(4, 40)]


@pytest.mark.parametrize(
    ("paths", "suffering", "chosen"),
    [
        ([], False, []),
        ([view(0, None)], False, [0]),
        ([view(0, 500), view(1, 20), view(2, None, silent_for=1e9)], False, [0, 1, 2]),
        (FIVE, True, [0, 1, 2, 3, 4]),
        (FIVE, False, [1, 3, 4]),
        ([*FIVE[:3], view(3, 45), view(4, 48)], False, [1, 3, 4]),
        ([*FIVE[:2], view(2, 50, carrying=True), view(3, 46), view(4, 47)], False, [1, 2, 3]),
        ([*FIVE[:2], view(2, 53, carrying=True), view(3, 46), view(4, 47)], False, [1, 3, 4]),
        ([*FIVE[1:], view(5, 10, silent_for=TRUST_MS)], False, [5, 1, 3]),
        ([*FIVE[1:], view(5, 10, silent_for=TRUST_MS + 1)], False, [1, 3, 4]),
        ([view(n, 10 * n, silent_for=9_000) for n in range(5)], False, [0, 1, 2]),
        ([view(0, 10, silent_for=9_000), *[view(n, 900) for n in (1, 2)], view(3, 5, silent_for=9_000)],
         False, [1, 2, 3]),
        ([view(0, None), view(1, 240), view(2, 251), view(3, 240)], False, [1, 3, 0]),
        ([view(0, 20, loss=0.2), view(1, 50), view(2, 50), view(3, 50)], False, [1, 2, 3]),
        ([view(0, 20, jitter=10), view(1, 50), view(2, 50), view(3, 50)], False, [1, 2, 3]),
        ([view(0, 20, jitter=5, loss=0.04), view(1, 50), view(2, 50), view(3, 50)], False, [0, 1, 2]),
    ],
    ids=[
        "none", "one", "few: all, whatever they are like", "suffering: all", "calm: the best three",
        "better by little", "a carrier stays when another is better by less than the hysteresis",
        "a carrier goes when others are better by more", "heard just in time", "doubted: not among the best",
        "all doubted: the best of them", "doubted ones fill up the three",
        "an unknown delay is a long one, not the longest", "loss weighs", "jitter weighs",
        "a near path with small faults is still the best",
    ],
)  # fmt: skip
def test_which_paths_carry(paths: list[PathView], suffering: bool, chosen: list[int]) -> None:
    assert list(choose(paths, suffering=suffering)) == chosen


PINNED = view(5, 200, pinned=True)


@pytest.mark.parametrize("suffering", [False, True])
@pytest.mark.parametrize(
    ("paths", "may"),
    [
        ([], []),
        (FIVE, [0, 1, 2, 3, 4]),
        ([*FIVE, PINNED], [5]),
        ([*FIVE, PINNED, view(6, 900, pinned=True, silent_for=9_000)], [5, 6]),
        ([*FIVE, replace(PINNED, loss=0.9)], [5]),
        ([*FIVE, replace(PINNED, silent_for=TRUST_MS)], [5]),
        ([*FIVE, replace(PINNED, silent_for=TRUST_MS + 1)], [0, 1, 2, 3, 4, 5]),
        ([*FIVE, replace(PINNED, silent_for=float("inf"))], [0, 1, 2, 3, 4, 5]),
        ([*FIVE, view(6, 1, spared=True)], [0, 1, 2, 3, 4]),
        ([view(0, 60, silent_for=9_000), view(6, 1, spared=True)], [0, 6]),
        ([view(6, 1, spared=True)], [6]),
        ([*FIVE, replace(PINNED, spared=True)], [0, 1, 2, 3, 4]),
        ([view(0, 60, silent_for=9_000), replace(PINNED, spared=True)], [0, 5]),
        ([PINNED, replace(PINNED, id=PathId(6), spared=True)], [5]),
        ([view(0, 60), view(1, 20, spared=True), replace(PINNED, silent_for=9_000)], [0, 5]),
    ],
    ids=[
        "nothing is up: nobody", "nobody said anything: all", "a pinned path works: it alone",
        "all that are pinned, if one of them works", "a pinned path that loses still works",
        "a pinned path heard just in time", "a pinned path not heard lately: as if nothing were pinned",
        "a pinned path not heard yet: the same", "others work: the spared one does not carry",
        "no other one works: the spared one carries", "no other one is up: the spared one carries",
        "what it costs comes before the pin", "a pinned and spared path where no other one works",
        "of two pinned ones only the one that is not spared",
        "the spared one stays out while a path that is neither works",
    ],
)  # fmt: skip
def test_who_may_carry(paths: list[PathView], may: list[int], suffering: bool) -> None:
    assert [path.id for path in entitled(paths)] == may
    chosen = choose(paths, suffering=suffering)
    assert set(chosen) <= set(may)
    assert len(chosen) == (len(may) if suffering else min(3, len(may)))


def test_of_many_pinned_paths_the_best_three_carry_and_all_of_them_when_the_link_suffers() -> None:
    paths = [*[replace(path, pinned=True) for path in FIVE], view(5, 1)]
    assert list(choose(paths, suffering=False)) == [1, 3, 4]
    assert list(choose(paths, suffering=True)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("interval", [250.0, 1_000.0], ids=["while inputs flow", "idle"])
def test_paths_whose_delays_swing_around_each_other_by_less_than_5_ms_swap_at_most_once_in_ten_minutes(
    seed: int, interval: float
) -> None:
    """Two are always the best, two compete for the third place; the figures come by heartbeats. Without any
    hysteresis they would swap some ten, and while inputs flow forty times a minute.
    """
    dice, carrying, swaps = random.Random(seed), frozenset[PathId](), 0
    ends = [Ends() for _ in range(4)]
    for _ in range(round(10 * 60_000 / interval)):
        for id, end in enumerate(ends):
            end.exchange(delay=10 if id < 2 else 40 + dice.uniform(-2.4, 2.4))
        views = [
            replace(end.us.view(end.now), id=PathId(id), silent_for=0, carrying=PathId(id) in carrying)
            for id, end in enumerate(ends)
        ]
        chosen = frozenset(choose(views, suffering=False))
        swaps += bool(carrying) and chosen != carrying
        carrying = chosen
    assert swaps <= 1


@given(st.lists(st.floats(-HYSTERESIS_MS / 2 + 0.01, HYSTERESIS_MS / 2 - 0.01), min_size=4, max_size=40))
def test_paths_about_as_good_as_each_other_do_not_take_turns(noise: list[float]) -> None:
    carrying = choose([view(n, 50) for n in range(4)], suffering=False)
    for n, by in enumerate(noise):
        paths = [
            view(id, 50 + (by if id == n % 4 else -by), carrying=PathId(id) in carrying) for id in range(4)
        ]
        assert set(choose(paths, suffering=False)) == set(carrying)


VIEWS = st.builds(
    PathView,
    st.just(PathId(0)),
    st.one_of(st.none(), st.floats(0, 3_000)),
    st.floats(0, 500),
    st.floats(0, 1),
    st.one_of(st.floats(0, 20_000), st.just(float("inf"))),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


@given(st.lists(VIEWS, max_size=10), st.booleans())
def test_no_path_is_chosen_that_may_not_carry_and_never_fewer_than_three_of_many(
    views: list[PathView], suffering: bool
) -> None:
    paths = [replace(path, id=PathId(place)) for place, path in enumerate(views)]
    chosen = choose(paths, suffering=suffering)
    assert len(set(chosen)) == len(chosen)
    may = {path.id for path in entitled(paths)}
    assert set(chosen) <= may <= {path.id for path in paths}
    assert len(chosen) >= min(3, len(may))


@given(st.lists(VIEWS, min_size=1, max_size=10), st.booleans())
def test_while_a_path_works_one_that_works_carries(views: list[PathView], suffering: bool) -> None:
    paths = [replace(path, id=PathId(place)) for place, path in enumerate(views)]
    chosen = choose(paths, suffering=suffering)
    assert any(paths[id].works for id in chosen) == any(path.works for path in paths)


@given(VIEWS, st.floats(0.1, 100))
def test_worse_figures_never_make_a_path_cheaper(path: PathView, more: float) -> None:
    assert cost(replace(path, jitter=path.jitter + more)) >= cost(path)
    assert cost(replace(path, loss=path.loss + more)) >= cost(path)
    if path.delay is not None:
        assert cost(replace(path, delay=path.delay + more)) >= cost(path)


@pytest.mark.parametrize(
    ("unanswered_for", "losses", "suffering"),
    [
        (0, [0, 0, 0], False),
        (130, [0, 0, 0], False),
        (130.1, [0, 0, 0], True),
        (0, [LOSSY, LOSSY, LOSSY], False),
        (0, [0, 0, 0, 0.5, 1.0], False),
        (0, [0, 0, LOSSY + 0.001, 0.5], True),
        (0, [0, 0], True),
        (0, [], True),
    ],
    ids=[
        "calm", "overdue by no more than a little", "overdue", "three that lose hardly anything",
        "two bad ones among good ones", "only two good ones", "two", "none",
    ],
)  # fmt: skip
def test_when_the_link_suffers(unanswered_for: float, losses: list[float], suffering: bool) -> None:
    assert is_suffering(unanswered_for=unanswered_for, round_trip=80, losses=losses) is suffering


# The figures


class Ends:
    """One path seen from both ends: `us` sends, `them` echoes. A tenth of a second passes between steps."""

    def __init__(self) -> None:
        self.us, self.them = Path(PathId(0)), Path(PathId(0))
        self.now = 1_000_000.0

    def exchange(self, *, sent: int = 0, lost: int = 0, delay: float = 30.0) -> float | None:
        """Some datagrams, of which some are lost, then a heartbeat and the answer. What it proves to us."""
        for n in range(sent):
            self.us.sent += 1
            if n >= lost:
                self.them.copy_came(first=True, held_back=False, now=self.now)
        self._beat(self.us, self.them, delay)
        self.now += 20
        return self._beat(self.them, self.us, delay)

    def _beat(self, sender: Path, receiver: Path, delay: float) -> float | None:
        heartbeat, sent_at = sender.make_heartbeat(self.now), micros(self.now)
        sender.sent += 1
        self.now += delay
        receiver.copy_came(first=False, held_back=False, now=self.now)
        return receiver.heartbeat_came(heartbeat, sent_at, self.now)


def test_the_first_heartbeat_has_nothing_to_echo() -> None:
    assert Path(PathId(1)).make_heartbeat(5.0) == Heartbeat(1, 0, NOTHING_ECHOED, 0, 0, 0)


def test_an_echo_says_what_was_heard_and_for_how_long_it_was_held() -> None:
    path = Path(PathId(1))
    for _ in range(4):
        path.copy_came(first=False, held_back=False, now=100.0)
    path.copy_came(first=True, held_back=False, now=100.0)
    path.heartbeat_came(Heartbeat(9, 0, NOTHING_ECHOED, 0, 0, 2), sent_at=777, now=100.0)
    path.sent = 3
    assert path.make_heartbeat(250.5) == Heartbeat(4, 777, 150_500, 9, 5, 1)
    assert path.peer_first == 2


def test_the_delay_is_half_the_round_trip_without_the_wait_in_between() -> None:
    ends = Ends()
    assert ends.exchange(delay=30) == pytest.approx(60, abs=0.01)
    assert ends.us.delay == pytest.approx(30, abs=0.01)


def test_delay_and_jitter_follow_the_path_smoothly() -> None:
    ends = Ends()
    for delay in (30.0, 46.0):
        ends.exchange(delay=delay)
    assert ends.us.delay == pytest.approx(32, abs=0.01)
    assert ends.us.jitter == pytest.approx(2, abs=0.01)
    for _ in range(100):
        ends.exchange(delay=46)
    assert ends.us.delay == pytest.approx(46, abs=0.01)
    assert ends.us.jitter == pytest.approx(0, abs=0.01)


def test_a_round_trip_is_measured_across_the_wrap_of_the_wires_clock() -> None:
    ends = Ends()
    ends.now = 7 * MICROS / 1000 - 50
    assert ends.exchange(delay=40) == pytest.approx(80, abs=0.01)


@pytest.mark.parametrize("held", [1, 1_000_000, NOTHING_ECHOED - 1])
def test_an_echo_held_longer_than_it_took_proves_nothing(held: int) -> None:
    path = Path(PathId(0))
    echo = micros(1_000.0)
    assert path.heartbeat_came(Heartbeat(1, echo, held, 0, 0, 0), sent_at=0, now=1_000.0) is None
    assert path.delay is None


@pytest.mark.parametrize(
    ("echo", "now"), [(0.0, TRUST_MS + 0.001), (0.0, 3_600_000.0), (1_000.1, 1_000.0)],
    ids=["just beyond the trust", "an hour", "an echo from the future: nearly the whole range of the clock"],
)  # fmt: skip
def test_a_round_trip_beyond_all_trust_counts_as_the_longest_there_is(echo: float, now: float) -> None:
    path = Path(PathId(0))
    path.heartbeat_came(Heartbeat(1, micros(echo), 10, 0, 0, 0), sent_at=0, now=now + 0.01)
    assert path.delay == TRUST_MS / 2


def test_a_path_that_turns_slower_than_all_trust_does_not_keep_its_good_delay() -> None:
    ends = Ends()
    ends.exchange(delay=20)
    for _ in range(100):
        ends.exchange(delay=7_000)
    assert ends.us.delay == pytest.approx(TRUST_MS / 2, rel=0.01)


def test_loss_grows_by_what_was_lost_and_shrinks_when_nothing_is() -> None:
    ends = Ends()
    ends.exchange()
    for _ in range(10):
        ends.exchange(sent=99, lost=30)
    assert ends.us.loss == pytest.approx(0.30, abs=0.01)
    for _ in range(10):
        ends.exchange(sent=99)
    assert ends.us.loss < 0.01
    assert ends.them.loss == 0.0


def test_a_lost_datagram_weighs_little_when_few_were_sent() -> None:
    ends = Ends()
    ends.exchange()
    ends.exchange(sent=1, lost=1)
    assert 0 < ends.us.loss < LOSSY + 0.001


def test_heartbeats_that_are_lost_count_as_lost() -> None:
    ends = Ends()
    ends.exchange()
    for _ in range(400):
        ends.us.make_heartbeat(ends.now)
        ends.us.sent += 1
        ends.exchange()
    assert ends.us.loss == pytest.approx(0.5, abs=0.02)


def test_an_echo_told_twice_counts_once() -> None:
    path = Path(PathId(0))
    path.heartbeat_came(Heartbeat(1, 0, 0, echo_sent=0, heard=0, first=0), 0, 0.0)
    told = Heartbeat(2, 0, 0, echo_sent=100, heard=50, first=0)
    path.heartbeat_came(told, 0, 0.0)
    before = path.loss
    path.heartbeat_came(told, 0, 0.0)
    assert path.loss == before > 0


def test_the_first_echo_is_where_counting_begins_and_says_nothing_of_loss() -> None:
    path = Path(PathId(0))
    path.heartbeat_came(Heartbeat(1, 0, 0, echo_sent=500, heard=3, first=0), 0, 0.0)
    assert path.loss == 0.0


def test_what_is_still_under_way_at_one_heartbeat_and_comes_by_the_next_is_no_loss() -> None:
    path = Path(PathId(0))
    for n in range(1, 200):
        late = n % 2  # every other heartbeat overtakes one of the ten datagrams before it
        path.heartbeat_came(Heartbeat(n, 0, 0, echo_sent=10 * n, heard=10 * n - late, first=0), 0, 0.0)
        assert path.loss < LOSSY


def test_a_peer_that_starts_anew_counts_from_nothing_and_we_lose_nothing_by_it() -> None:
    ends = Ends()
    for _ in range(5):
        ends.exchange(sent=50)
    ends.them = Path(PathId(0))
    ends.us.peer_restarted()
    ends.exchange(sent=50)
    assert ends.us.loss == 0.0
    for _ in range(20):
        ends.exchange(sent=49, lost=25)
    assert ends.us.loss == pytest.approx(0.5, abs=0.01)


def test_counts_that_start_anew_on_our_side_do_not_confuse_the_peer() -> None:
    ends = Ends()
    for _ in range(5):
        ends.exchange(sent=50)
    ends.us = Path(PathId(0))
    ends.them.peer_restarted()
    for _ in range(3):
        ends.exchange(sent=50)
    assert ends.us.loss == pytest.approx(0.0, abs=0.01)
    assert ends.them.loss == pytest.approx(0.0, abs=0.01)


U32 = st.integers(0, MICROS - 1)


@given(st.lists(st.tuples(st.builds(Heartbeat, U32, U32, U32, U32, U32, U32), U32), max_size=20))
def test_whatever_a_heartbeat_says_the_figures_stay_figures(said: list[tuple[Heartbeat, int]]) -> None:
    path, now = Path(PathId(0)), 4_000_000.0
    for heartbeat, sent_at in said:
        now += 100
        round_trip = path.heartbeat_came(heartbeat, sent_at, now)
        assert round_trip is None or round_trip >= 0
        assert 0 <= path.loss <= 1
        assert path.delay is None or path.delay >= 0
        assert path.jitter >= 0
        assert 0 <= path.make_heartbeat(now).held < MICROS


@given(st.floats(0, 3_000), st.floats(0, 3_000))
def test_holding_heartbeats_back_only_ever_lengthens_the_delay(true: float, held_back: float) -> None:
    honest, lying = Ends(), Ends()
    honest.exchange(delay=true)
    lying.exchange(delay=true + held_back)
    assert honest.us.delay is not None
    assert lying.us.delay is not None
    assert lying.us.delay >= honest.us.delay - 0.01


def test_a_path_is_heard_by_its_copies_and_first_by_its_first_ones() -> None:
    path = Path(PathId(3))
    assert path.view(5.0).silent_for == float("inf")
    path.copy_came(first=True, held_back=False, now=100.0)
    path.copy_came(first=False, held_back=False, now=200.0)
    assert (path.heard, path.first) == (2, 1)
    assert path.view(250.0) == PathView(PathId(3), None, 0.0, 0.0, 50.0, False)
    path.pinned = path.spared = True
    assert path.view(250.0) == PathView(PathId(3), None, 0.0, 0.0, 50.0, False, pinned=True, spared=True)


def test_what_came_first_is_counted_for_each_run_of_the_peer_by_itself() -> None:
    path = Path(PathId(3))
    path.copy_came(first=True, held_back=False, now=100.0)
    path.heartbeat_came(Heartbeat(1, 0, NOTHING_ECHOED, 0, 0, first=7), 0, 100.0)
    assert (path.first, path.peer_first) == (1, 7)
    path.peer_restarted()
    assert (path.first, path.peer_first) == (0, 0)


def test_what_a_relay_held_back_is_counted_but_no_sign_that_the_path_works() -> None:
    path = Path(PathId(3))
    path.copy_came(first=True, held_back=False, now=100.0)
    path.copy_came(first=True, held_back=True, now=9_000.0)
    assert (path.heard, path.first) == (2, 2)
    assert path.view(9_000.0).silent_for == 8_900.0
