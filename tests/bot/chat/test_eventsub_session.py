from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.world import eventsub_payloads as payloads
from bot.chat.eventsub_events import EventSubRoom
from bot.chat.eventsub_session import FAREWELL_MS, GRACE, WELCOME_MS, EventSubSession, State
from bot.chat.irc import Wait
from bot.chat.line import ChatLine, SourceState

NOW = 1_784_473_011_634.0
HOME = "wss://eventsub.example/ws?keepalive_timeout_seconds=10"
THERE = "wss://cell-a.eventsub.example/ws?challenge=a&id=b"
_ids = count(1)


def frame(kind: str, payload: dict[str, Any]) -> str:
    return payloads.written(kind, f"m-{next(_ids)}", NOW, payload)


def welcome(id: str = "session-1", seconds: int = 10) -> str:
    payload = payloads.session(id, "connected", NOW, keepalive_timeout_seconds=seconds)
    return frame("session_welcome", payload)


def line(text: str) -> str:
    event = payloads.chat_message("arcade", "Ada", text, id=f"line-{next(_ids)}")
    told = payloads.subscription("sub", "channel.chat.message", {}, "session-1")
    return frame("notification", {"subscription": told, "event": event})


def reconnect(url: str | None = THERE) -> str:
    return frame("session_reconnect", payloads.session("s", "reconnecting", NOW, reconnect_url=url))


def revocation(type: str, status: str) -> str:
    told = payloads.subscription("sub", type, {}, "session-1", status=status)
    return frame("revocation", {"subscription": told})


def keepalive() -> str:
    return frame("session_keepalive", {})


class Talk:
    """A session and its room; `at` is the moment of the next call."""

    def __init__(self, *, resumes: bool = False) -> None:
        self.room = EventSubRoom("arcade")
        self.session = EventSubSession(self.room, HOME, resumes=resumes)
        self.at = NOW
        self.session.connected(self.at)

    def hear(self, *frames: str) -> list[str]:
        """The lines and sentences that come of these."""
        events = [event for frame in frames for event in self.session.receive(frame, self.at)]
        return [event.text for event in events if isinstance(event, ChatLine | SourceState)]

    def listening(self) -> Talk:
        self.hear(welcome())
        self.session.subscribed()
        return self


def test_after_the_welcome_it_asks_and_then_listens() -> None:
    talk = Talk()
    assert not talk.session.asks
    talk.hear(welcome("AgoQ"))
    assert talk.session.asks
    assert talk.session.id == "AgoQ"
    [state] = talk.session.subscribed()
    assert isinstance(state, SourceState)
    assert state.up
    assert talk.session.listens
    assert not talk.session.asks
    assert talk.hear(line("left")) == ["left"]


def test_lines_that_come_before_all_is_asked_for_count() -> None:
    talk = Talk()
    talk.hear(welcome())
    assert talk.hear(line("left")) == ["left"]


def test_a_resumed_session_asks_for_nothing() -> None:
    talk = Talk(resumes=True)
    assert talk.hear(welcome()) == []
    assert talk.session.listens
    assert talk.hear(line("left")) == ["left"]


def test_no_welcome_is_the_end() -> None:
    talk = Talk()
    talk.session.handle_timeout(NOW + WELCOME_MS - 1)
    assert not talk.session.over
    assert talk.session.next_timeout() == NOW + WELCOME_MS
    talk.session.handle_timeout(NOW + WELCOME_MS)
    assert talk.session.over
    assert talk.session.end is not None
    assert talk.session.end.wait is Wait.BACK_OFF


@pytest.mark.parametrize("seconds", [10, 30])
def test_silence_longer_than_promised_is_the_end(seconds: int) -> None:
    talk = Talk()
    talk.hear(welcome(seconds=seconds))
    talk.session.subscribed()
    assert talk.session.next_timeout() == NOW + seconds * 1000 * GRACE
    talk.session.handle_timeout(NOW + seconds * 1000 * GRACE)
    assert talk.session.over
    assert talk.session.end is not None
    assert "silent" in talk.session.end.because


@pytest.mark.parametrize("sign_of_life", [keepalive(), line("left"), "nonsense", '{"metadata": 7}'])
def test_whatever_is_heard_is_a_sign_of_life(sign_of_life: str) -> None:
    talk = Talk().listening()
    talk.at = NOW + 9_000
    talk.hear(sign_of_life)
    talk.session.handle_timeout(NOW + 10_000 * GRACE)
    assert talk.session.listens
    talk.session.receive_binary(NOW + 15_000)
    talk.session.handle_timeout(NOW + 9_000 + 10_000 * GRACE)
    assert talk.session.listens


def test_a_session_that_must_move_is_read_on_until_its_successor_listens() -> None:
    talk = Talk().listening()
    talk.hear(reconnect())
    assert talk.session.state is State.LEAVING
    assert talk.session.end is not None
    assert (talk.session.end.wait, talk.session.end.url) == (Wait.AT_ONCE, THERE)
    assert talk.session.reads
    assert talk.hear(line("left")) == ["left"]
    talk.session.retire()
    assert talk.session.over
    assert talk.hear(line("right")) == []


def test_an_old_session_is_not_kept_for_ever() -> None:
    talk = Talk().listening()
    talk.hear(reconnect())
    for second in range(1, 30):
        talk.at = NOW + second * 1000
        talk.hear(keepalive())
    talk.session.handle_timeout(NOW + FAREWELL_MS)
    assert talk.session.over


def test_an_address_that_leads_away_is_not_followed_but_the_move_is_made() -> None:
    talk = Talk().listening()
    talk.hear(reconnect("wss://evil.example/ws"))
    assert talk.session.reads
    assert talk.session.end is not None
    assert talk.session.end.url is None
    assert talk.room.counters == {"reconnect_malformed": 1}


@pytest.mark.parametrize("before", [[], [welcome()]])
def test_a_session_that_has_nothing_to_carry_over_begins_again(before: list[str]) -> None:
    talk = Talk()
    talk.hear(*before, reconnect())
    assert talk.session.over
    assert talk.session.end is not None
    assert (talk.session.end.wait, talk.session.end.url) == (Wait.AT_ONCE, None)


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("user_removed", "no longer exists"),
        ("authorization_revoked", "run.py login"),
        ("version_removed", "newer version"),
        ("party", "party"),
    ],
)
def test_a_revoked_chat_is_the_end_in_plain_words(status: str, word: str) -> None:
    talk = Talk().listening()
    talk.hear(revocation("channel.chat.message", status))
    assert talk.session.over
    assert talk.session.end is not None
    assert talk.session.end.wait is Wait.SLOWLY
    assert word in talk.session.end.because


def test_another_revocation_is_said_and_the_rest_goes_on() -> None:
    talk = Talk().listening()
    [sentence] = talk.hear(revocation("channel.subscription.gift", "authorization_revoked"))
    assert "given subscriptions" in sentence
    assert talk.session.listens


@pytest.mark.parametrize(
    ("code", "word"),
    [
        (4000, "error of its own"),
        (4001, "fault of this program"),
        (4002, "no answer in time"),
        (4003, "within 10 s"),
        (4004, "30 s"),
        (4005, "could not reach us"),
        (4006, "network failed"),
        (4007, "address"),
        (None, "closed"),
        (1006, "closed"),
        (4999, "4999"),
    ],
)
def test_each_close_code_has_its_words(code: int | None, word: str) -> None:
    talk = Talk().listening()
    talk.session.closed(code)
    assert talk.session.over
    assert talk.session.end is not None
    assert word in talk.session.end.because
    assert talk.session.end.wait is (Wait.SLOWLY if code == 4001 else Wait.BACK_OFF)


def test_a_close_while_moving_changes_nothing_about_the_move() -> None:
    talk = Talk().listening()
    talk.hear(reconnect())
    talk.session.closed(4004)
    assert talk.session.over
    assert talk.session.end is not None
    assert talk.session.end.url == THERE


def test_a_refused_chat_is_the_end() -> None:
    talk = Talk()
    talk.hear(welcome())
    talk.session.refused("it may not", Wait.SLOWLY)
    assert talk.session.over
    assert talk.session.subscribed() == []


FRAMES = st.sampled_from(
    [
        *(welcome(), keepalive(), line("left"), reconnect(), reconnect(None), "x", "{}"),
        *(revocation("channel.chat.message", "user_removed"), revocation("channel.ban", "")),
    ]
)


@given(st.lists(FRAMES | st.sampled_from(["subscribed", "closed", "retire", "timeout"]), max_size=12))
def test_in_any_order_it_has_a_deadline_or_is_over(steps: Iterable[str]) -> None:
    talk = Talk()
    for step in steps:
        talk.at += 1_000
        match step:
            case "subscribed":
                talk.session.subscribed()
            case "closed":
                talk.session.closed(4000)
            case "retire":
                talk.session.retire()
            case "timeout":
                talk.session.handle_timeout(talk.at)
            case _:
                talk.hear(step)
        assert talk.session.over == (talk.session.next_timeout() is None)
        assert not talk.session.over or talk.session.end is not None
