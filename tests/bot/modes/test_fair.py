from __future__ import annotations

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.modes.fair import FairQueue, Pads
from bot.modes.guard import Touched
from config.codes import Control

ONE: Pads = frozenset({1})
TWO: Pads = frozenset({2})
BOTH: Pads = frozenset({1, 2})
NONE: Pads = frozenset()


def queue(capacity: int = 100, longest_wait_ms: float = 5_000.0) -> FairQueue[str]:
    return FairQueue(capacity, longest_wait_ms, Counter())


def push(queue: FairQueue[str], *items: str, pads: Pads = ONE, now: float = 0.0) -> None:
    """Items are named after their user: `a1`."""
    for item in items:
        queue.push(item, item[0], pads, 100, now)


def drain(queue: FairQueue[str], free: Pads = BOTH) -> list[str]:
    out: list[str] = []
    while (item := queue.pop(free)) is not None:
        out.append(item)
    return out


def test_users_take_turns_and_each_keeps_their_own_order() -> None:
    waiting = queue()
    push(waiting, "a1", "a2", "a3", "b1", "c1", "b2")
    assert drain(waiting) == ["a1", "b1", "c1", "a2", "b2", "a3"]
    assert len(waiting) == 0


def test_who_was_just_served_is_behind_those_who_were_not() -> None:
    waiting = queue()
    push(waiting, "a1", "b1")
    assert waiting.pop(ONE) == "a1"
    push(waiting, "a2")
    assert drain(waiting) == ["b1", "a2"]


def test_what_does_not_agree_yet_is_passed_by_all_that_would_not_delay_it() -> None:
    waiting = queue()
    start, back = (frozenset({(1, control)}) for control in (Control.START, Control.BACK))

    def agrees(touched: Touched, claimed: Touched) -> bool:
        """While somebody holds start."""
        return back.isdisjoint(touched) and not (touched & start and claimed & back)

    waiting.push("a back", "a", ONE, 100, 0, back)
    waiting.push("b back", "b", ONE, 100, 0, back)
    waiting.push("c start", "c", ONE, 100, 0, start)
    waiting.push("d", "d", ONE, 100, 0)
    assert waiting.pop(ONE, agrees) == "d"
    assert waiting.pop(ONE, agrees) is None
    assert drain(waiting) == ["a back", "b back", "c start"]


def test_a_full_queue_sheds_the_oldest_of_whoever_has_most() -> None:
    counters: Counter[str] = Counter()
    waiting: FairQueue[str] = FairQueue(4, 5_000, counters)
    push(waiting, "a1", "f1", "f2", "f3", "b1", "c1")
    assert drain(waiting) == ["a1", "f3", "b1", "c1"]
    assert counters == {"shed": 2}


def test_where_all_have_equally_much_the_newest_is_kept() -> None:
    waiting = queue(capacity=3)
    push(waiting, "a1", "b1", "c1", "d1", "e1")
    assert drain(waiting) == ["c1", "d1", "e1"]


def test_what_waited_too_long_goes() -> None:
    counters: Counter[str] = Counter()
    waiting: FairQueue[str] = FairQueue(9, 5_000, counters)
    push(waiting, "a1")
    push(waiting, "a2", "b1", now=100)
    assert waiting.next_timeout() == 5_000
    waiting.handle_timeout(4_999)
    assert len(waiting) == 3
    waiting.handle_timeout(5_000)
    assert waiting.next_timeout() == 5_100
    assert counters == {"expired": 1}
    assert drain(waiting) == ["a2", "b1"]


def test_items_can_be_taken_back() -> None:
    waiting = queue()
    push(waiting, "a1", "b1", "a2")
    assert waiting.remove(lambda item: item in {"a1", "b1"}) == 2
    assert drain(waiting) == ["a2"]


def test_an_item_goes_only_where_all_its_pads_are_free() -> None:
    waiting = queue()
    push(waiting, "a1", pads=BOTH)
    assert waiting.pop(ONE) is None
    assert waiting.pop(BOTH) == "a1"


def test_nobody_overtakes_an_item_that_waits_for_two_pads() -> None:
    waiting = queue()
    push(waiting, "a1", pads=BOTH)
    push(waiting, "b1", pads=ONE)
    assert waiting.pop(ONE) is None
    assert drain(waiting) == ["a1", "b1"]


def test_on_other_pads_others_go_on() -> None:
    waiting = queue()
    push(waiting, "a1", pads=ONE)
    push(waiting, "b1", pads=TWO)
    assert drain(waiting, free=TWO) == ["b1"]


def test_a_user_waits_behind_their_own_items_on_every_pad() -> None:
    waiting = queue()
    push(waiting, "a1", pads=ONE)
    push(waiting, "a2", pads=TWO)
    assert drain(waiting, free=TWO) == []
    assert not waiting.is_clear("a", frozenset({3}))
    assert drain(waiting) == ["a1", "a2"]


def test_it_is_clear_where_nobody_waits() -> None:
    waiting = queue()
    assert waiting.is_clear("a", ONE)
    push(waiting, "a1", pads=ONE)
    assert not waiting.is_clear("b", BOTH)
    assert waiting.is_clear("b", TWO)


def test_it_knows_how_much_waits_for_each_pad() -> None:
    waiting = queue()
    push(waiting, "a1", pads=BOTH)
    push(waiting, "b1", pads=TWO)
    assert (waiting.load_ms[1], waiting.load_ms[2]) == (100, 200)
    drain(waiting)
    assert (waiting.load_ms[1], waiting.load_ms[2]) == (0, 0)


class SlowQueue:
    """The same queue, in lists and loops."""

    def __init__(self, capacity: int, longest_wait_ms: float) -> None:
        self.capacity = capacity
        self.longest_wait_ms = longest_wait_ms
        self.entries: list[tuple[int, str, Pads, float]] = []
        self.turns: list[str] = []
        self.since: dict[str, int] = {}
        self.moment = 0

    def own(self, user: str) -> list[tuple[int, str, Pads, float]]:
        return [entry for entry in self.entries if entry[1] == user]

    def push(self, entry: tuple[int, str, Pads, float]) -> int:
        """The number of what is shed, or -1."""
        self.entries.append(entry)
        if entry[1] not in self.turns:
            self.turns.append(entry[1])
        self.changed(entry[1])
        if len(self.entries) <= self.capacity:
            return -1
        most = min(self.turns, key=lambda user: (-len(self.own(user)), self.since[user]))
        return self.take(self.own(most)[0])

    def pop(self, free: Pads) -> int | None:
        for user in list(self.turns):
            first = self.own(user)[0]
            if first[2] <= free:
                self.take(first)
                if self.own(user):
                    self.turns.remove(user)
                    self.turns.append(user)
                return first[0]
            free -= first[2]
        return None

    def take(self, entry: tuple[int, str, Pads, float]) -> int:
        user = entry[1]
        was_first = self.own(user)[0] == entry
        self.entries.remove(entry)
        self.changed(user)
        if not self.own(user):
            self.turns.remove(user)
        elif was_first and self.own(user)[0][2] != entry[2]:
            self.turns.remove(user)
            self.turns.append(user)
        return entry[0]

    def changed(self, user: str) -> None:
        self.moment += 1
        self.since[user] = self.moment


class FairQueueMachine(RuleBasedStateMachine):
    """The quick queue does what the slow one does, and every item is somewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.counters: Counter[str] = Counter()
        self.quick: FairQueue[int] = FairQueue(6, 1_000, self.counters)
        self.slow = SlowQueue(6, 1_000)
        self.now = 0.0
        self.pushed = self.popped = self.taken = self.shed = 0

    @rule(user=st.sampled_from("abcd"), pads=st.sampled_from([ONE, ONE, TWO, BOTH]))
    def push(self, user: str, pads: Pads) -> None:
        number = self.pushed
        self.pushed += 1
        self.quick.push(number, user, pads, 10, self.now)
        self.shed += self.slow.push((number, user, pads, self.now)) >= 0

    @rule(free=st.sampled_from([NONE, ONE, TWO, BOTH]))
    def pop(self, free: Pads) -> None:
        popped = self.quick.pop(free)
        assert popped == self.slow.pop(free)
        self.popped += popped is not None

    @rule(passed=st.integers(0, 700))
    def time_passes(self, passed: int) -> None:
        self.now += passed
        self.quick.handle_timeout(self.now)
        while self.slow.entries and self.slow.entries[0][3] + 1_000 <= self.now:
            self.slow.take(self.slow.entries[0])

    @precondition(lambda self: self.slow.entries)
    @rule(which=st.sets(st.integers(0, 5)), user=st.sampled_from(["", "a"]))
    def take_back(self, which: set[int], user: str) -> None:
        unwanted = {entry[0] for place, entry in enumerate(self.slow.entries) if place in which}
        unwanted |= {entry[0] for entry in self.slow.own(user)}
        for entry in [entry for entry in self.slow.entries if entry[0] in unwanted]:
            self.slow.take(entry)
        assert self.quick.remove(unwanted.__contains__) == len(unwanted)
        self.taken += len(unwanted)

    @invariant()
    def it_is_bounded_and_nothing_is_lost_uncounted(self) -> None:
        assert len(self.quick) == len(self.slow.entries) <= 6
        assert self.pushed == self.popped + self.taken + self.counters.total() + len(self.quick)
        assert self.counters["shed"] == self.shed
        for pad in (1, 2):
            assert self.quick.load_ms[pad] == 10 * sum(pad in entry[2] for entry in self.slow.entries)

    @invariant()
    def its_next_timeout_is_that_of_its_oldest(self) -> None:
        oldest = self.slow.entries[0][3] + 1_000 if self.slow.entries else None
        assert self.quick.next_timeout() == oldest


FairQueueMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestFairQueueMachine = FairQueueMachine.TestCase
