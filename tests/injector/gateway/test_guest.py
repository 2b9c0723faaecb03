"""A guest's records as a script: what it sends, and what stands on the pad then."""

from __future__ import annotations

import itertools
import struct
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.codes import Control
from injector.gateway.guest import (
    LONGEST_DELAY_MS,
    MOST_DELAYED,
    RECORDS_BURST,
    Guest,
    GuestRules,
    TooMuchError,
)
from injector.iid.record import pack
from injector.player import Move, Player, Press, Show
from injector.report import NEUTRAL, Report
from injector.rules import Rules
from tunnel.frame import Frame, SequenceId, check_frames

C = Control
HOLD_MS = 10_000


class World:
    """One guest at one player whose device takes everything."""

    def __init__(
        self, index: int = 0, pads: int = 2, deny: frozenset[Control] = frozenset({C.START})
    ) -> None:
        self.now = 1_000_000.0
        self.counters: Counter[str] = Counter()
        ids = itertools.count(-1, -1)
        rules = GuestRules(pads=pads, index=index, deny=deny, longest_hold_ms=HOLD_MS)
        self.guest = Guest(rules, lambda: SequenceId(next(ids)), self.counters)
        self.player = Player(Rules(pads=pads), self.now)
        self.player.handle_timeout(self.now)
        self.player.opened(self.now)
        self.pads = dict.fromkeys(range(1, pads + 1), NEUTRAL)
        self.shown: list[Report] = []

    def send(self, *records: bytes) -> None:
        self.obey(self.guest.received(b"".join(records), self.now))

    def obey(self, moves: list[Move]) -> None:
        self._watch(self.player.guests(moves, self.now))

    def wait(self, ms: float) -> None:
        self.now += ms
        self.obey(self.guest.handle_timeout(self.now))
        self._watch(self.player.handle_timeout(self.now))

    def held(self, pad: int = 1) -> set[Control]:
        return {control for control in Control if self.pads[pad].value(control)}

    def _watch(self, orders: object) -> None:
        assert isinstance(orders, list)
        for order in orders:
            assert isinstance(order, Show)  # and never an answer to the tunnel
            self.pads[order.pad] = order.report
            self.shown.append(order.report)


def delayed(value: int, ms: int) -> bytes:
    return struct.pack("<iiQ", 1, value, ms)


def test_a_press_stands_until_its_release() -> None:
    world = World()
    world.send(pack(1, 1300))
    assert world.held() == {C.A}
    world.send(pack(1, 2300))
    assert world.held() == set()


def test_each_press_carries_its_release_at_the_longest_hold() -> None:
    world = World()
    (press,) = world.guest.received(pack(1, 1300), world.now)
    assert isinstance(press, Press)
    check_frames(press.frames)
    assert [frame.value for frame in press.frames] == [1300, 2300]
    assert press.frames[1].date == HOLD_MS
    world.obey([press])
    world.wait(HOLD_MS - 1)
    assert world.held() == {C.A}
    world.wait(1)
    assert world.held() == set()


def test_pressing_again_keeps_it_down_and_shows_no_release() -> None:
    world = World()
    world.send(pack(1, 1300))
    world.wait(HOLD_MS - 1)
    world.send(pack(1, 1300))
    world.wait(HOLD_MS - 1)
    assert world.held() == {C.A}
    assert len(world.shown) == 1


def test_a_press_and_a_release_in_one_message_are_a_tap() -> None:
    world = World()
    world.send(pack(1, 1300), pack(1, 2300))
    assert [report.buttons for report in world.shown] == [1, 0]


def test_a_stick_moves_on_and_centres() -> None:
    world = World()
    world.send(pack(1, 1350))
    world.send(pack(1, 1371))
    assert world.pads[1].lx == -0.5
    world.send(pack(1, 1330))
    assert world.pads[1] == NEUTRAL


def test_the_compass_says_the_whole_dpad() -> None:
    world = World()
    world.send(pack(1, 1312))
    assert world.held() == {C.UP, C.RIGHT}
    world.send(pack(1, 1313))
    assert world.held() == {C.RIGHT}
    world.send(pack(1, 2311))
    assert world.held() == set()


def test_leaving_lets_go_of_everything_on_every_pad() -> None:
    world = World()
    world.send(pack(0, 1300), pack(2, 1350), delayed(1301, 100))
    assert world.held(2) == {C.A, C.LX}
    world.obey(world.guest.leave())
    assert world.pads == {1: NEUTRAL, 2: NEUTRAL}
    world.wait(1_000)
    assert world.pads == {1: NEUTRAL, 2: NEUTRAL}
    assert world.guest.leave() == []


def test_letting_go_of_everything_is_understood() -> None:
    world = World()
    world.send(pack(1, 1300), pack(2, 1301), pack(0, 1390))
    assert world.pads == {1: NEUTRAL, 2: NEUTRAL}


def test_a_guests_release_takes_nothing_from_another() -> None:
    world = World()
    other = Press(SequenceId(-1_000), world_frames())
    world.obey([other])
    world.send(pack(1, 1300))
    world.send(pack(1, 2300))
    assert world.held() == {C.A}


def world_frames() -> tuple[Frame, ...]:
    world = World()
    (press,) = world.guest.received(pack(1, 1300), world.now)
    assert isinstance(press, Press)
    return press.frames


@pytest.mark.parametrize(
    ("index", "pads"), [(0, {1, 2}), (5, {1, 2}), (1, {1}), (2, {2}), (3, set()), (-42, set())]
)
def test_the_index_says_which_pad(index: int, pads: set[int]) -> None:
    world = World()
    world.send(pack(index, 1300))
    assert {pad for pad in (1, 2) if world.held(pad)} == pads
    assert world.counters["no_such_pad"] == (not pads)


@pytest.mark.parametrize("index", [0, 1, 4, 9, -42])
def test_a_guest_with_an_index_plays_that_pad_whatever_it_says(index: int) -> None:
    world = World(index=2)
    world.send(pack(index, 1300))
    assert (world.held(1), world.held(2)) == (set(), {C.A})


def test_what_is_denied_is_counted_and_what_is_no_control_too() -> None:
    world = World()
    for value in (1308, 1065, 1260, 3123, 4065, 0):
        world.send(pack(1, value))
    assert world.shown == []
    assert world.counters == {"denied": 1, "unknown_value": 5}


def test_delayed_records_are_played_when_due_and_may_be_forgotten() -> None:
    world = World()
    world.send(delayed(1300, 100), delayed(2300, 150))
    assert world.guest.next_timeout() == world.now + 100
    world.wait(100)
    assert world.held() == {C.A}
    world.wait(50)
    assert world.held() == set()
    world.send(delayed(1300, 100), pack(1, 1398))
    assert world.guest.next_timeout() is None


def test_delays_are_bounded_in_length_and_number() -> None:
    world = World()
    world.send(delayed(1300, LONGEST_DELAY_MS + 1))
    for _ in range(MOST_DELAYED + 3):
        world.send(delayed(1300, LONGEST_DELAY_MS))
    assert world.counters == {"delayed_too_long": 1, "delayed_too_many": 3}


def test_who_sends_too_much_has_to_go() -> None:
    world = World()
    for _ in range(RECORDS_BURST):
        world.send(b"x")
    with pytest.raises(TooMuchError):
        world.send(b"x")
    assert world.counters["wrong_length"] == RECORDS_BURST


values = (
    st.sampled_from([1300, 2300, 1301, 1312, 1310, 1331, 1350, 2350, 1358, 1390, 1398])
    | st.integers(1_800_000_000, 1_899_999_999)
    | st.integers(1_700_000_000, 1_700_000_000 + (1 << 24))
)
messages = st.binary(max_size=40) | st.builds(
    lambda index, value, date: struct.pack("<iiQ", index, value, date),
    st.integers(-1, 5), values, st.sampled_from([0, 10, 500, 10**12]),
)  # fmt: skip


@given(st.lists(st.tuples(messages, st.sampled_from([0, 5, 700])), max_size=25))
def test_whatever_a_guest_sends_nothing_is_down_once_it_left(script: list[tuple[bytes, int]]) -> None:
    world = World()
    for data, pause in script:
        world.send(data)
        world.wait(pause)
    world.obey(world.guest.leave())
    assert world.pads == {1: NEUTRAL, 2: NEUTRAL}
    assert len(world.player.timeline) == 0


@given(st.lists(messages, max_size=25))
def test_whatever_a_guest_sends_nothing_is_down_past_the_longest_hold(script: list[bytes]) -> None:
    world = World()
    for data in script:
        world.send(data)
    for _ in range(3):
        world.wait(LONGEST_DELAY_MS)
    assert world.pads == {1: NEUTRAL, 2: NEUTRAL}
