from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.chat.line import ChatLine
from bot.grammar import Parsed
from bot.modes.anarchy import Anarchy
from bot.modes.mode import Choice, Offer
from bot.modes.rules import GameRules
from bot.modes.stage import Stage
from config.codes import Control
from config.levels import Level
from config.play import AnarchyOptions

Offered = Callable[..., Offer]
QUEUE = 1_000


class Played(NamedTuple):
    """A choice, and when it was played."""

    choice: Choice
    at: float

    @property
    def waited_ms(self) -> float:
        return self.at - self.choice.since_ms

    @property
    def length_ms(self) -> int:
        return self.choice.steps[-1].at_ms


@dataclass
class World:
    """A mode, its clock, and what it played. Nothing happens but at an offer or a timeout."""

    mode: Anarchy
    now: float = 0.0
    played: list[Played] = field(default_factory=list)
    forgotten: int = 0
    deepest: int = 0

    def type(self, *offers: Offer) -> None:
        """Offers these, each at the moment its line arrived."""
        for offer in offers:
            self.wait_until(offer.line.arrived_ms)
            self.mode.offer(offer, self.now)
            self.turn()

    def wait_until(self, end: float) -> None:
        while (due := self.mode.next_timeout()) is not None and due <= end:
            assert due > self.now, "what is due has been done"
            self.now = due
            self.turn()
        self.now = max(self.now, end)

    def turn(self) -> None:
        self.played += [Played(choice, self.now) for choice in self.mode.handle_timeout(self.now)]
        self.deepest = max(self.deepest, self.mode.waiting)
        counted = self.mode.counters
        lost = counted["shed"] + counted["expired"] + counted["taken_back"]
        assert counted["offered"] == len(self.played) + self.forgotten + lost + self.mode.waiting

    def forget(self) -> list[Played]:
        """What was played so far; it is not in `played` any more."""
        played, self.played = self.played, []
        self.forgotten += len(played)
        return played

    def alive(self, pad: int = 1) -> int:
        return sum(
            played.at <= self.now < played.at + played.length_ms
            for played in self.played
            if any(step.pad == pad for step in played.choice.steps)
        )

    def texts(self) -> list[str]:
        return [played.choice.text for played in self.played]


@pytest.fixture
def world(rules: GameRules, stage: Stage) -> Callable[..., World]:
    """world(together=1), of a game that may differ: world(game=rules)."""

    def build(together: int = 8, depth_ms: int = 1_000, queue: int = QUEUE, game: GameRules = rules) -> World:
        options = AnarchyOptions(together=together, depth_ms=depth_ms)
        return World(Anarchy(options, game, stage, queue=queue))

    return build


@pytest.fixture
def reset(rules: GameRules) -> GameRules:
    """A game that start and back together reset."""
    forbidden = (*rules.controller.forbidden, frozenset({Control.START, Control.BACK}))
    return rules._replace(controller=replace(rules.controller, forbidden=forbidden))


@pytest.fixture
def stream(offer: Offered, read: Callable[[str], Parsed]) -> Callable[..., Iterable[Offer]]:
    """Offers of `a`, so many a second, of so many users in turn."""

    def build(per_second: float, seconds: float, users: int = 50, begin: float = 0.0) -> Iterable[Offer]:
        parsed = read("a")
        for number in range(int(per_second * seconds)):
            at = begin + number * 1_000 / per_second
            yield offer("a", f"user{number % users}", at)._replace(parsed=parsed)

    return build


def test_an_input_with_room_begins_at_once_as_typed(world: Callable[..., World], offer: Offered) -> None:
    here, typed = world(), offer("right2s+b1s", "kim", at=5)
    here.type(typed)
    line = typed.line
    assert here.played == [(Choice(typed.parsed.steps, line, "Kim", "right2s+b1s", 5), 5)]
    assert here.mode.next_timeout() is None


def test_as_many_play_at_a_time_as_may_and_the_next_begins_when_one_ends(
    world: Callable[..., World], offer: Offered
) -> None:
    here = world(together=2)
    here.type(offer("a1s"), offer("b500ms", "kim"), offer("x1s", "lee"))
    assert here.texts() == ["a1s", "b500ms"]
    assert here.mode.next_timeout() == 500
    here.wait_until(500)
    assert here.texts() == ["a1s", "b500ms", "x1s"]
    assert here.alive() == 2


def test_what_waits_too_long_is_dropped(world: Callable[..., World], offer: Offered) -> None:
    here = world(together=1)
    here.type(offer("a5s"), offer("b5s", "kim", at=100), offer("x", "lee", at=4_000))
    here.wait_until(20_000)
    assert here.texts() == ["a5s", "b5s"]
    assert here.mode.counters["expired"] == 1
    assert here.played[1].at == 5_000


def test_inputs_wait_only_for_the_pads_they_play_on(world: Callable[..., World], offer: Offered) -> None:
    here = world(together=1)
    here.type(offer("a1s"), offer("a1s", "kim"), offer("b", "lee", pad=2))
    assert here.texts() == ["a1s", "&2b"]


def test_an_input_for_two_pads_begins_when_both_have_room(
    world: Callable[..., World], offer: Offered
) -> None:
    here = world(together=1)
    both = offer("x1s", "lee")
    steps = both.parsed.steps + offer("x1s", pad=2).parsed.steps
    both = both._replace(parsed=Parsed(tuple(sorted(steps)), "x1s"))
    here.type(offer("a500ms"), offer("b700ms", "kim", pad=2), both, offer("y", "max", at=600))
    here.wait_until(10_000)
    assert [(played.choice.text, played.at) for played in here.played] == [
        ("a500ms", 0),
        ("&2b700ms", 0),
        ("x1s", 700),
        ("y", 1_700),  # did not overtake the one that waits for both
    ]


def test_a_pad_is_there_though_nobody_has_played_on_it_yet(
    world: Callable[..., World], offer: Offered
) -> None:
    here = world()
    here.type(*(offer("a5s", f"user{number}") for number in range(8)), offer("b+&2b", "user2"))
    late = [offer("&2x", f"late{number}", at=500.0 * number) for number in range(1, 121)]
    here.type(*late)
    here.wait_until(61_000)
    assert here.texts().count("&2x") == 120
    assert all(played.waited_ms < 5_000 for played in here.played)
    assert here.played[-1].waited_ms == 0


def test_what_two_lines_press_together_is_as_forbidden_as_in_one(
    world: Callable[..., World], offer: Offered, reset: GameRules
) -> None:
    here = world(game=reset)
    here.type(offer("start2s"), offer("back"), offer("&2back", "kim"), offer("x", "lee"), offer("y", "max"))
    assert here.texts() == ["start2s", "&2back", "x", "y"], "who waits for that holds up nobody else"
    here.type(offer("start", "lee", at=500))
    assert here.mode.waiting == 2, "and is not passed by what would make them wait longer"
    here.wait_until(10_000)
    waited = [(played.choice.text, played.at) for played in here.played if played.waited_ms]
    assert waited[0] == ("back", 2_000)
    assert waited[1][0] == "start"
    assert waited[1][1] >= 2_000 + here.played[-2].length_ms


def test_opposite_directions_are_left_to_the_pad(world: Callable[..., World], offer: Offered) -> None:
    here = world()
    here.type(offer("left5s"), offer("right", "kim"), offer("up", "lee"), offer("down", "max"))
    assert len(here.played) == 4


def test_another_edition_of_the_game_keeps_what_waits(
    world: Callable[..., World], offer: Offered, reset: GameRules
) -> None:
    here = world(together=1)
    here.type(offer("start1s"), offer("back", "kim"))
    here.mode.retune(reset._replace(controller=replace(reset.controller, default_ms=300)))
    assert here.mode.waiting == 1
    here.wait_until(1_000)
    assert here.texts() == ["start1s", "back"]


ACTS = st.tuples(
    st.sampled_from(["a", "a1s", "start1s", "back", "&2b", "&2b700ms", "a+&2b1s", "&2start"]),
    st.integers(0, 3),
    st.sampled_from([0, 0, 10, 200, 1_500]),
)


@given(acts=st.lists(ACTS, max_size=40), together=st.integers(1, 2))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_nobody_waits_for_pads_that_are_free(
    read: Callable[[str], Parsed], reset: GameRules, acts: list[tuple[str, int, int]], together: int
) -> None:
    stage, now = Stage(2), 0.0
    here = World(Anarchy(AnarchyOptions(together=together), reset, stage, queue=5))
    for number, (text, user, wait_ms) in enumerate(acts):
        now += wait_ms
        line = ChatLine(f"{number}", f"user{user}", "U", Level.VIEWER, text, None, now, "arcade")
        here.type(Offer(line, read(text)))
        assert not here.mode.waiting or any(stage.on(pad, now) for pad in stage.pads)
        if together * sum(stage.on(pad, now) for pad in stage.pads) == 0:
            assert here.mode.waiting == 0
    here.wait_until(now + 10_000)
    assert here.mode.waiting == 0


def test_twelve_a_second_never_wait_and_keep_their_length(
    world: Callable[..., World], stream: Callable[..., Iterable[Offer]]
) -> None:
    here = world()
    here.type(*stream(12, 60))
    assert len(here.played) == 720
    assert here.deepest == 0
    assert {(played.waited_ms, played.length_ms) for played in here.played} == {(0, 200)}


def test_a_burst_of_a_thousand_is_played_fast_and_then_all_is_as_before(
    world: Callable[..., World], stream: Callable[..., Iterable[Offer]], offer: Offered
) -> None:
    here = world()
    here.type(*stream(1_000_000, 0.001, users=1_000))
    here.wait_until(30_000)
    assert here.deepest <= QUEUE
    assert here.mode.waiting == 0
    # Eight at a time, of 34 ms each, are 235 a second: the last begins just before it has waited for 5 s.
    assert len(here.played) == 1_000
    lengths = [played.length_ms for played in here.played]
    assert min(lengths) == 34
    assert lengths[-1] > 34
    here.type(offer("a", at=30_000))
    assert (here.played[-1].waited_ms, here.played[-1].length_ms) == (0, 200)


def test_the_next_crowd_begins_where_presses_are_as_typed(
    world: Callable[..., World], stream: Callable[..., Iterable[Offer]]
) -> None:
    here = world()
    here.type(*stream(1_000, 1))
    here.wait_until(60_000)
    here.forget()
    here.type(*stream(1_000, 0.02, begin=60_000))
    here.wait_until(60_201)
    # From 200 ms, and by the 18 % that 0.2 s make on the way to the 300 ms of a short queue.
    assert [played.length_ms for played in here.played if played.waited_ms] == [217, 217]


@pytest.mark.parametrize(("per_second", "depth_ms"), [(60, 1_000), (100, 1_000), (200, 1_000), (100, 2_500)])
def test_the_wait_stays_near_the_depth_whatever_the_crowd(
    world: Callable[..., World], stream: Callable[..., Iterable[Offer]], per_second: int, depth_ms: int
) -> None:
    here = world(depth_ms=depth_ms)
    here.type(*stream(per_second, 30))
    settled = [played.waited_ms for played in here.played if played.at > 10_000]
    assert 0.8 * depth_ms < min(settled)
    assert max(settled) < 1.25 * depth_ms
    assert 0.8 * depth_ms < here.mode.view(here.now).delay_ms < 1.25 * depth_ms
    assert here.mode.counters["shed"] == here.mode.counters["expired"] == 0


def test_a_thousand_a_second_for_a_minute_is_bounded_and_keeps_the_newest(
    world: Callable[..., World], stream: Callable[..., Iterable[Offer]]
) -> None:
    here = world(queue=200)
    sizes = []
    for begin in range(0, 60_000, 10_000):
        here.type(*stream(1_000, 10, begin=begin))
        served = Counter(played.choice.name for played in here.played)
        assert max(served.values()) - min(served.values()) <= 2
        # 50 users with four each: nothing is older than the last four of everybody, and one turn.
        assert max(played.waited_ms for played in here.forget()) < 300
        del served
        gc.collect()
        sizes.append(len(gc.get_objects()))
    assert here.deepest == 200
    assert sizes[-1] < sizes[1] * 1.02
    assert here.mode.take_back(lambda offer: offer.line.arrived_ms < here.now - 250) == 0


def test_a_flooder_gets_no_more_than_anybody_else(
    world: Callable[..., World], stream: Callable[..., Iterable[Offer]], offer: Offered
) -> None:
    here = world(queue=100)
    others = list(stream(300, 10, users=30))
    flood = [offer("a", "flooder", at)._replace(parsed=others[0].parsed) for at in range(10_000)]
    here.type(*sorted(others + flood, key=lambda each: each.line.arrived_ms))
    served = Counter(played.choice.name for played in here.played)
    usual = sorted(served.values())[len(served) // 2]
    assert served["Flooder"] <= usual * 1.2
    assert min(served.values()) >= usual * 0.8


def test_no_more_than_may_play_at_a_time_whatever_happens(
    world: Callable[..., World], stream: Callable[..., Iterable[Offer]]
) -> None:
    here = world(together=3)
    for offered in stream(100, 5):
        here.type(offered)
        assert here.alive() <= 3


def test_what_waits_is_taken_back_with_its_line_or_its_viewer(
    world: Callable[..., World], offer: Offered
) -> None:
    here = world(together=1)
    mine = offer("y", "kim")
    here.type(offer("a1s"), mine, offer("x", "lee"), offer("b", "lee"))
    assert here.mode.take_back(lambda offer: offer.line.id == mine.line.id) == 1
    here.turn()
    here.mode.gone("lee")
    here.turn()
    assert here.mode.waiting == 0
    assert here.mode.counters["taken_back"] == 3
    assert here.mode.next_timeout() is None


def test_the_view_says_how_many_wait(world: Callable[..., World], offer: Offered) -> None:
    here = world(together=1)
    assert here.mode.view(0).headline == "Everybody plays at once: type an input."
    here.type(*(offer("a1s", f"user{number}") for number in range(4)))
    view = here.mode.view(0)
    assert view.mode == "anarchy"
    assert view.headline == "Everybody plays at once, 3 inputs wait: type an input."
    assert view.waiting == 3
    assert view.delay_ms == 3_000


def test_there_is_nothing_to_join(world: Callable[..., World]) -> None:
    assert "just type an input" in world().mode.join("kim", "Kim", "red", 0)
