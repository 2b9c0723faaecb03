from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

import pytest

from bot.chat.line import ChatCleared, ChatLine, MessageDeleted, SourceState, UserCleared
from bot.crowd import Crowd
from bot.flow import Flow
from bot.modes.mode import Choice
from bot.observer import Observer
from config.controllers import Controller
from tunnel.events import Connected, Outcome, PeerSilent, Resolved
from tunnel.frame import Frame, SequenceId
from tunnel.outbox import OutboxFull

Say = Callable[..., ChatLine]


class Tunnel:
    """Remembers what it was told, and has room for `room` sequences."""

    def __init__(self) -> None:
        self.in_flight = 0
        self.room = 10_000
        self.submitted: list[tuple[Frame, ...]] = []
        self.cancelled: list[tuple[SequenceId, ...]] = []
        self.notes: list[tuple[int, bytes]] = []

    def submit(self, frames: tuple[Frame, ...]) -> SequenceId:
        if self.in_flight >= self.room:
            raise OutboxFull("full")
        self.submitted.append(frames)
        self.in_flight += 1
        return SequenceId(len(self.submitted))

    def cancel(self, ids: Iterable[SequenceId]) -> None:
        self.cancelled.append(tuple(ids))

    def send_note(self, kind: int, body: bytes) -> None:
        self.notes.append((kind, body))


class Watcher(Observer):
    def __init__(self) -> None:
        self.seen: list[object] = []

    def command(self, choice: Choice, id: SequenceId) -> None:
        self.seen.append((choice.name, id, choice.text))

    def resolved(self, id: SequenceId, outcome: Outcome, played_ms: float | None) -> None:
        self.seen.append((id, outcome, played_ms))

    def source(self, state: SourceState) -> None:
        self.seen.append(state)

    def link(self, up: bool) -> None:
        self.seen.append(up)


@pytest.fixture
def tunnel() -> Tunnel:
    return Tunnel()


@pytest.fixture
def flow_over(tunnel: Tunnel, xbox: Controller) -> Callable[..., Flow]:
    def build(
        *, queue: int = 1000, labels: bool = False, observer: Observer | None = None, per_second: float = 0
    ) -> Flow:
        crowd = Crowd(per_user_per_second=per_second, per_user_burst=2, global_per_second=0, global_burst=1)
        return Flow(tunnel, xbox, crowd, queue=queue, labels=labels, observer=observer)

    return build


@pytest.fixture
def flow(flow_over: Callable[..., Flow]) -> Flow:
    """A flow whose receiver answers."""
    flow = flow_over()
    flow.handle_event(Connected(fresh=True))
    return flow


def test_a_line_leaves_at_once_dated_now(flow: Flow, tunnel: Tunnel, say: Say) -> None:
    flow.handle([say("A500ms \U000e0000")], now=7_000.5)
    assert tunnel.submitted == [(Frame(1, 1300, 7_000), Frame(1, 2300, 7_500))]
    assert flow.next_timeout() is None


def test_every_line_is_counted_as_exactly_one_thing(flow_over: Callable[..., Flow], say: Say) -> None:
    flow = flow_over(per_second=1)
    flow.handle_event(Connected(fresh=True))
    flow.handle([say(text) for text in ("hello", "a500q", "a", "b", "x", "a lol")], now=0)
    stats = flow.stats()
    assert (stats.lines, stats.talk, stats.refused, stats.commands, stats.limited) == (6, 2, 1, 2, 1)


def test_talk_and_mistakes_cost_a_viewer_nothing(flow_over: Callable[..., Flow], say: Say) -> None:
    flow = flow_over(per_second=1)
    flow.handle([say("hello"), say("a500q")] * 10 + [say("a")], now=0)
    assert flow.stats().commands == 1


def test_what_came_of_a_sequence_is_counted_and_told(flow_over: Callable[..., Flow], say: Say) -> None:
    watcher = Watcher()
    flow = flow_over(observer=watcher)
    flow.handle_event(Connected(fresh=True))
    flow.handle([say("B")], now=0)
    for outcome in (Outcome.APPLIED, Outcome.STALE, Outcome.REFUSED, Outcome.CANCELLED, Outcome.LOST):
        flow.handle_event(Resolved(SequenceId(1), outcome, 5.0 if outcome is Outcome.APPLIED else None))
    stats = flow.stats()
    assert (stats.applied, stats.stale, stats.declined, stats.cancelled, stats.lost) == (1, 1, 1, 1, 1)
    assert watcher.seen[:3] == [True, ("Ada", 1, "b"), (1, Outcome.APPLIED, 5.0)]


def test_lines_wait_until_the_receiver_answers_and_are_dated_then(
    flow_over: Callable[..., Flow], tunnel: Tunnel, say: Say
) -> None:
    flow = flow_over()
    flow.handle([say("a")], now=0)
    assert (tunnel.submitted, flow.waiting, flow.next_timeout()) == ([], 1, 1_500)
    flow.handle_event(Connected(fresh=True))
    assert tunnel.submitted == []  # not from inside the tunnel's own call
    flow.handle_timeout(now=400)
    assert tunnel.submitted == [(Frame(1, 1300, 400), Frame(1, 2300, 600))]
    assert flow.waiting == 0


def test_what_waits_longer_than_it_is_of_use_is_late(
    flow_over: Callable[..., Flow], tunnel: Tunnel, say: Say
) -> None:
    flow = flow_over()
    flow.handle([say("a")], now=0)
    flow.handle([say("b")], now=1_000)
    flow.handle_timeout(now=1_500)
    flow.handle_event(Connected(fresh=True))
    flow.handle_timeout(now=1_600)
    assert [frames[0].value for frames in tunnel.submitted] == [1302]
    assert flow.stats().late == 1


def test_overload_keeps_the_newest_and_counts_the_rest(
    flow_over: Callable[..., Flow], tunnel: Tunnel, say: Say
) -> None:
    flow = flow_over(queue=2)
    flow.handle([say("a"), say("b"), say("x")], now=0)
    flow.handle_event(Connected(fresh=True))
    flow.handle_timeout(now=1)
    assert [frames[0].value for frames in tunnel.submitted] == [1302, 1301]
    assert (flow.stats().shed, flow.stats().commands) == (1, 3)


def test_a_ban_takes_back_what_waits_and_what_is_under_way(flow: Flow, tunnel: Tunnel, say: Say) -> None:
    flow.handle([say("a5s", "troll"), say("b5s", "ada")], now=0)
    flow.handle_event(PeerSilent())
    flow.handle([say("x", "troll"), say("y", "ada")], now=100)
    flow.handle([UserCleared("troll")], now=200)
    assert tunnel.cancelled == [(1,)]
    assert (flow.waiting, flow.stats().cancelled) == (1, 1)


def test_a_deleted_message_takes_back_its_own_sequence(flow: Flow, tunnel: Tunnel, say: Say) -> None:
    flow.handle([say("a", id="m1"), say("b", id="m2"), MessageDeleted("m2")], now=0)
    assert tunnel.cancelled == [(2,)]


def test_nothing_to_cancel_cancels_nothing(flow: Flow, tunnel: Tunnel, say: Say) -> None:
    flow.handle([say("a"), UserCleared("stranger"), MessageDeleted("unknown")], now=0)
    flow.handle([UserCleared("ada")], now=1_200)  # a second after the release: over
    assert tunnel.cancelled == []


def test_an_emptied_chat_takes_back_everything(flow: Flow, tunnel: Tunnel, say: Say) -> None:
    flow.handle([say("a")], now=0)
    flow.handle_event(PeerSilent())
    flow.handle([say("b"), ChatCleared()], now=1)
    assert tunnel.cancelled == [()]
    assert flow.waiting == 0


def test_the_source_s_condition_is_logged_and_told(
    flow_over: Callable[..., Flow], caplog: pytest.LogCaptureFixture
) -> None:
    watcher = Watcher()
    state = SourceState(up=False, text="Twitch does not answer.")
    with caplog.at_level(logging.INFO):
        flow_over(observer=watcher).handle([state], now=0)
    assert caplog.messages == ["Twitch does not answer."]
    assert watcher.seen == [state]


def test_a_source_that_has_ended_by_itself_is_no_warning(
    flow: Flow, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        flow.handle([SourceState(False, "The recording has ended.", ended=True)], now=0)
    assert [record.levelno for record in caplog.records] == [logging.INFO]


def test_whoever_types_is_told_why_a_line_is_no_input_and_once_what_talk_is(
    tunnel: Tunnel, xbox: Controller, say: Say, caplog: pytest.LogCaptureFixture
) -> None:
    crowd = Crowd(per_user_per_second=0, per_user_burst=1, global_per_second=0, global_burst=1)
    flow = Flow(tunnel, xbox, crowd, queue=9, labels=False, explain=True)
    with caplog.at_level(logging.INFO):
        flow.handle([say("hello"), say("a500q"), say("how are you")], now=0)
    talk, refused = caplog.messages
    assert "That is talk, not an input." in talk
    assert refused.startswith("Character 5: ")


def test_a_crowd_is_told_nothing(flow: Flow, say: Say, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        flow.handle([say("hello"), say("a500q")], now=0)
    assert caplog.messages == []
    assert (flow.counters["talk"], flow.counters["refused"]) == (1, 1)


def test_a_flow_is_idle_when_nothing_waits_flies_or_is_held(flow: Flow, tunnel: Tunnel, say: Say) -> None:
    assert flow.is_idle(0)
    flow.handle([say("a5s")], now=0)
    assert not flow.is_idle(1)
    tunnel.in_flight = 0
    assert not flow.is_idle(5_000)
    assert flow.is_idle(6_000)
