from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.world.twitch_limits import Account, Fate
from bot.answers.replies import MOST_WAITING, STALE_MS, Priority, Replies, Reply
from bot.chat.limits import AS_MODERATOR, AS_VIEWER, NO_LIMITS, SendingLimits

TEN_MINUTES_MS = 600_000.0
# How much longer one line may be under way than the next. With more, a gap of 1.2 s may become less than one.
JITTER_MS = 200.0


def texts(replies: list[Reply]) -> list[str]:
    return [reply.text for reply in replies]


def drain(replies: Replies, now: float) -> list[tuple[float, str]]:
    """Everything that leaves, with its time, as a shell would see it that sleeps until each deadline."""
    left: list[tuple[float, str]] = []
    for _ in range(1_000):
        left += [(now, reply.text) for reply in replies.handle_timeout(now)]
        due_ms = replies.next_timeout()
        if due_ms is None:
            return left
        assert due_ms > now, "a deadline that has passed would be waited for in a circle"
        now = due_ms
    raise AssertionError("it never ends")


def test_a_line_leaves_at_once() -> None:
    replies = Replies()
    reply = Reply("hello", Priority.ANSWER, "id-1")
    replies.push(reply, 5.0)
    assert replies.next_timeout() == 5.0
    assert replies.handle_timeout(5.0) == [reply]
    assert replies.handle_timeout(6.0) == []
    assert replies.next_timeout() is None


def test_lines_of_an_ordinary_account_leave_one_by_one() -> None:
    replies = Replies()
    for text in "abc":
        replies.push(Reply(text), 0.0)
    gap_ms = AS_VIEWER.gap_ms
    assert drain(replies, 0.0) == [(0.0, "c"), (gap_ms, "b"), (2 * gap_ms, "a")]
    assert replies.counters == {"said": 3}


def test_the_important_goes_first_and_among_equals_the_newest() -> None:
    replies = Replies()
    pushed = [("hint", 0), ("answer", 1), ("order", 2), ("hint 2", 0), ("answer 2", 1), ("order 2", 2)]
    for text, priority in pushed:
        replies.push(Reply(text, Priority(priority)), 0.0)
    left = [text for _, text in drain(replies, 0.0)]
    assert left == ["order 2", "order", "answer 2", "answer", "hint 2", "hint"]


def test_an_answer_nobody_waits_for_any_more_is_dropped() -> None:
    replies = Replies()
    replies.push(Reply("old"), 0.0)
    replies.push(Reply("new"), STALE_MS)
    assert texts(replies.handle_timeout(STALE_MS + 1)) == ["new"]
    assert len(replies) == 0
    assert replies.counters == {"stale": 1, "said": 1}


def test_of_too_many_the_oldest_of_the_least_important_goes() -> None:
    replies = Replies(AS_MODERATOR)
    replies.push(Reply("first hint", Priority.HINT), 0.0)
    replies.push(Reply("second hint", Priority.HINT), 0.0)
    for number in range(MOST_WAITING - 1):
        replies.push(Reply(f"{number}", Priority.ORDER), 0.0)
    assert len(replies) == MOST_WAITING
    assert replies.counters == {"crowded_out": 1}
    replies.set_limits(NO_LIMITS)
    assert texts(replies.handle_timeout(0.0))[-1] == "second hint"


def test_a_moderator_is_answered_though_everybody_asked_for_help() -> None:
    replies, now, said = Replies(), 0.0, Counter[Priority]()
    while now < AS_VIEWER.window_ms - 2 * AS_VIEWER.gap_ms:
        for priority in (Priority.HINT, Priority.ANSWER):
            replies.push(Reply(f"{priority.name} {now}", priority), now)
        said.update(reply.priority for reply in replies.handle_timeout(now))
        now += 100.0
    assert said == {Priority.ANSWER: 16}
    replies.push(Reply("Paused.", Priority.ORDER), now)
    assert texts(replies.handle_timeout(now)) == ["Paused."]


def test_hints_leave_half_of_the_window_to_who_asked() -> None:
    replies, said, now = Replies(), 0, 0.0
    while now < AS_VIEWER.window_ms:
        replies.push(Reply(f"{now}", Priority.HINT), now)
        said += len(replies.handle_timeout(now))
        now += 100.0
    assert said == 10


def test_the_same_line_again_is_varied_and_every_one_differs() -> None:
    replies = Replies()
    for _ in range(4):
        replies.push(Reply("Paused."), 0.0)
    assert [text for _, text in drain(replies, 0.0)] == ["Paused.", "Paused", "Paused. (2)", "Paused. (3)"]
    assert replies.counters["varied"] == 3
    replies.push(Reply("Paused."), 100_000.0)
    assert texts(replies.handle_timeout(100_000.0)) == ["Paused."]


def test_a_moderators_lines_are_neither_held_nor_varied() -> None:
    replies = Replies(AS_MODERATOR)
    for _ in range(60):
        replies.push(Reply("Paused.", Priority.ORDER), 0.0)
    assert texts(replies.handle_timeout(0.0)) == ["Paused."] * AS_MODERATOR.lines


def test_who_is_no_moderator_any_more_waits_for_what_was_said_as_one() -> None:
    replies = Replies(AS_MODERATOR)
    for number in range(30):
        replies.push(Reply(f"{number}", Priority.ORDER), 0.0)
    assert len(replies.handle_timeout(0.0)) == 30
    replies.set_limits(AS_VIEWER)
    replies.push(Reply("Paused.", Priority.ORDER), 1_000.0)
    assert replies.handle_timeout(31_999.0) == []
    replies.push(Reply("Paused.", Priority.ORDER), 31_999.0)
    assert texts(replies.handle_timeout(32_000.0)) == ["Paused."]


def test_a_terminal_takes_everything_at_once() -> None:
    replies = Replies(NO_LIMITS)
    for _ in range(30):
        replies.push(Reply("Paused."), 0.0)
    assert texts(replies.handle_timeout(0.0)) == ["Paused."] * 30


def play_ten_minutes(limits: SendingLimits, per_second: float, seed: int) -> tuple[Replies, Account]:
    """A bot that is asked far too much, and Twitch at the other end of a line that delays."""
    dice, replies, account = random.Random(seed), Replies(limits), Account()
    now = arrived_ms = 0.0
    while now < TEN_MINUTES_MS:
        replies.push(Reply(f"answer {dice.randrange(5)}.", Priority(dice.randrange(3))), now)
        asked_ms = now + dice.expovariate(per_second) * 1000
        while True:
            for reply in replies.handle_timeout(now):
                arrived_ms = max(arrived_ms, now + dice.uniform(0, JITTER_MS))
                account.writes(reply.text, arrived_ms, trusted=limits is AS_MODERATOR)
            due_ms = replies.next_timeout()
            if due_ms is None or due_ms >= asked_ms:
                break
            now = due_ms
        now = asked_ms
    return replies, account


@settings(max_examples=20)
@given(st.sampled_from([AS_VIEWER, AS_MODERATOR]), st.floats(0.05, 20), st.integers(0, 1 << 30))
def test_in_ten_minutes_twitch_never_has_a_line_to_refuse(
    limits: SendingLimits, per_second: float, seed: int
) -> None:
    replies, account = play_ten_minutes(limits, per_second, seed)
    assert set(account.counters) == {Fate.SHOWN.value}
    assert account.counters["shown"] == replies.counters["said"]
    assert len(replies) <= MOST_WAITING


@pytest.mark.parametrize(
    ("faster", "fate"),
    [
        (AS_VIEWER._replace(lines=21, window_ms=30_000.0), Fate.TOO_MANY),
        (AS_VIEWER._replace(window_ms=25_000.0), Fate.TOO_MANY),
        (AS_VIEWER._replace(gap_ms=1_000.0), Fate.TOO_QUICK),
        (AS_VIEWER._replace(repeat_ms=0.0), Fate.DUPLICATE),
    ],
)
def test_a_little_faster_and_twitch_refuses(faster: SendingLimits, fate: Fate) -> None:
    _, account = play_ten_minutes(faster, 5.0, seed=1)
    assert account.counters[fate.value]


@given(
    st.lists(st.tuples(st.floats(0, 5e4), st.sampled_from(Priority), st.text(max_size=3)), max_size=80),
    st.sampled_from([AS_VIEWER, AS_MODERATOR, NO_LIMITS]),
)
def test_each_line_is_said_or_dropped_and_none_twice(
    pushes: list[tuple[float, Priority, str]], limits: SendingLimits
) -> None:
    replies, now = Replies(limits), 0.0
    for pause_ms, priority, text in pushes:
        now += pause_ms
        replies.push(Reply(text, priority), now)
        replies.handle_timeout(now)
    drain(replies, now)
    counted = replies.counters
    assert counted["said"] + counted["stale"] + counted["crowded_out"] == len(pushes)
