from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from bot.chat.line import ChatLine
from bot.modes.mode import Choice, Owner
from bot.observer import Observer
from bot.sending.dispatch import LABELS_PER_SECOND, MOST_IN_FLIGHT, Dispatch
from bot.sequence import Step
from config.codes import Control
from config.controllers import Move
from config.notes import LABEL, Label
from tunnel.events import Connected, NoteArrived, Outcome, PeerHeard, PeerSilent, Resolved
from tunnel.frame import Frame, SequenceId
from tunnel.outbox import OutboxFull

Say = Callable[..., ChatLine]
Choose = Callable[..., Choice]

NAMES = {Control.A: 1300, Control.X: 1301, Control.B: 1302, Control.Y: 1303}


class Tunnel:
    """Remembers what it was told, and has room for `room` sequences."""

    def __init__(self) -> None:
        self.in_flight = 0
        self.room = 10_000
        self.submitted: list[tuple[Frame, ...]] = []
        self.cancelled: list[tuple[SequenceId, ...]] = []
        self.notes: list[tuple[int, bytes]] = []

    @property
    def pressed(self) -> list[int]:
        return [frames[0].value for frames in self.submitted]

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

    def link(self, up: bool) -> None:
        self.seen.append(up)


@pytest.fixture
def tunnel() -> Tunnel:
    return Tunnel()


@pytest.fixture
def choose(say: Say) -> Choose:
    """choose(Control.A) is A for 200 ms, of ada; choose(..., user=None) is nobody's."""

    def build(
        control: Control = Control.A, user: str | None = "ada", *, id: str | None = None, lasts_ms: int = 200
    ) -> Choice:
        line = None if user is None else say("typed", user, id)
        steps = (Step(0, control, 1.0, 1), Step(lasts_ms, control, 0.0, 1))
        return Choice(steps, line, "chat" if line is None else line.name, control.value.lower(), 0.0)

    return build


@pytest.fixture
def way(tunnel: Tunnel) -> Callable[..., Dispatch]:
    def build(
        *,
        queue: int = 1000,
        labels: bool = False,
        observer: Observer | None = None,
        may_leave: Callable[[Choice, float], bool] = lambda choice, now: True,
    ) -> Dispatch:
        observer = observer or Observer()
        return Dispatch(tunnel, queue=queue, labels=labels, observer=observer, may_leave=may_leave)

    return build


@pytest.fixture
def open_way(way: Callable[..., Dispatch]) -> Dispatch:
    """One whose receiver answers."""
    dispatch = way()
    dispatch.handle_event(Connected(fresh=True))
    return dispatch


def of(user: str) -> Callable[[Owner, frozenset[Move]], bool]:
    return lambda owner, _: owner.user == user


def test_a_choice_leaves_at_once_dated_now(open_way: Dispatch, tunnel: Tunnel, choose: Choose) -> None:
    open_way.send(choose(lasts_ms=500), now=7_000.5)
    assert tunnel.submitted == [(Frame(1, 1300, 7_000), Frame(1, 2300, 7_500))]
    assert open_way.next_timeout() is None


def test_what_came_of_a_sequence_is_counted_and_told(way: Callable[..., Dispatch], choose: Choose) -> None:
    watcher = Watcher()
    dispatch = way(observer=watcher)
    dispatch.handle_event(Connected(fresh=True))
    dispatch.send(choose(Control.B), now=0)
    for outcome in (Outcome.APPLIED, Outcome.STALE, Outcome.REFUSED, Outcome.CANCELLED, Outcome.LOST):
        played_ms = 5.0 if outcome is Outcome.APPLIED else None
        dispatch.handle_event(Resolved(SequenceId(1), outcome, played_ms))
    counted = {
        name: dispatch.counters[name] for name in ("applied", "stale", "declined", "cancelled", "lost")
    }
    assert set(counted.values()) == {1}
    assert watcher.seen[:3] == [True, ("Ada", 1, "b"), (1, Outcome.APPLIED, 5.0)]


def test_choices_wait_until_the_receiver_answers_and_are_dated_then(
    way: Callable[..., Dispatch], tunnel: Tunnel, choose: Choose
) -> None:
    dispatch = way()
    dispatch.send(choose(), now=0)
    assert (tunnel.submitted, dispatch.waiting, dispatch.next_timeout()) == ([], 1, 1_500)
    dispatch.handle_event(Connected(fresh=True))
    assert tunnel.submitted == []  # not from inside the tunnel's own call
    dispatch.handle_timeout(now=400)
    assert tunnel.submitted == [(Frame(1, 1300, 400), Frame(1, 2300, 600))]
    assert dispatch.waiting == 0


def test_choices_wait_while_the_receiver_is_silent(
    open_way: Dispatch, tunnel: Tunnel, choose: Choose
) -> None:
    open_way.handle_event(PeerSilent())
    open_way.send(choose(), now=0)
    open_way.handle_timeout(now=100)
    assert tunnel.submitted == []
    open_way.handle_event(PeerHeard())
    open_way.handle_timeout(now=200)
    assert len(tunnel.submitted) == 1


def test_what_waits_longer_than_it_is_of_use_is_dropped(
    way: Callable[..., Dispatch], tunnel: Tunnel, choose: Choose
) -> None:
    dispatch = way()
    dispatch.send(choose(Control.A), now=0)
    dispatch.send(choose(Control.B), now=1_000)
    dispatch.handle_timeout(now=1_500)
    dispatch.handle_event(Connected(fresh=True))
    dispatch.handle_timeout(now=1_600)
    assert tunnel.pressed == [NAMES[Control.B]]
    assert dispatch.expired == 1


def test_when_too_much_is_unanswered_choices_wait_their_turn(
    open_way: Dispatch, tunnel: Tunnel, choose: Choose
) -> None:
    tunnel.in_flight = MOST_IN_FLIGHT - 1
    for control in (Control.A, Control.B, Control.X):
        open_way.send(choose(control), now=0)
    assert (len(tunnel.submitted), open_way.waiting) == (1, 2)
    tunnel.in_flight -= 1
    open_way.send(choose(Control.Y), now=10)  # room for one, but others came first
    open_way.handle_timeout(now=10)
    assert tunnel.pressed == [NAMES[Control.A], NAMES[Control.B]]
    assert open_way.waiting == 2


def test_a_full_tunnel_is_not_an_error(open_way: Dispatch, tunnel: Tunnel, choose: Choose) -> None:
    tunnel.room = 1
    open_way.send(choose(Control.A), now=0)
    open_way.send(choose(Control.B), now=0)
    assert (len(tunnel.submitted), open_way.waiting) == (1, 1)
    open_way.handle_timeout(now=1)
    assert (open_way.waiting, open_way.counters["outbox_full"]) == (1, 2)
    tunnel.room = 2
    open_way.handle_timeout(now=2)
    assert open_way.waiting == 0


def test_overload_keeps_the_newest_and_counts_the_rest(
    way: Callable[..., Dispatch], tunnel: Tunnel, choose: Choose
) -> None:
    dispatch = way(queue=2)
    for control in (Control.A, Control.B, Control.X):
        dispatch.send(choose(control), now=0)
    dispatch.handle_event(Connected(fresh=True))
    dispatch.handle_timeout(now=1)
    assert tunnel.pressed == [NAMES[Control.B], NAMES[Control.X]]
    assert dispatch.shed == 1


def test_a_ban_takes_back_what_waits_and_what_is_under_way(
    open_way: Dispatch, tunnel: Tunnel, choose: Choose
) -> None:
    open_way.send(choose(user="troll", lasts_ms=5_000), now=0)
    open_way.send(choose(user="ada", lasts_ms=5_000), now=0)
    open_way.handle_event(PeerSilent())
    open_way.send(choose(user="troll"), now=100)
    open_way.send(choose(user="ada"), now=100)
    open_way.take_back(of("troll"), now=200)
    assert tunnel.cancelled == [(1,)]
    assert (open_way.waiting, open_way.counters["cancelled"]) == (1, 1)


def test_what_a_vote_chose_stays_though_a_voter_is_banned(
    open_way: Dispatch, tunnel: Tunnel, choose: Choose
) -> None:
    open_way.send(choose(user=None), now=0)
    open_way.handle_event(PeerSilent())
    open_way.send(choose(user=None), now=0)
    open_way.take_back(of("troll"), now=1)
    assert (tunnel.cancelled, open_way.waiting) == ([], 1)


def test_a_deleted_message_takes_back_its_own_sequence(
    open_way: Dispatch, tunnel: Tunnel, choose: Choose
) -> None:
    open_way.send(choose(id="m1"), now=0)
    open_way.send(choose(id="m2"), now=0)
    open_way.take_back(lambda owner, _: owner.message == "m2", now=0)
    assert tunnel.cancelled == [(2,)]


def test_nothing_to_cancel_cancels_nothing(open_way: Dispatch, tunnel: Tunnel, choose: Choose) -> None:
    open_way.send(choose(), now=0)
    open_way.take_back(of("stranger"), now=0)
    open_way.take_back(of("ada"), now=1_200)  # a second after the release: over
    assert tunnel.cancelled == []


def test_what_presses_a_button_is_taken_back_whoever_it_is_for(
    open_way: Dispatch, tunnel: Tunnel, choose: Choose
) -> None:
    open_way.send(choose(Control.A, user=None), now=0)
    open_way.send(choose(Control.B), now=0)
    open_way.handle_event(PeerSilent())
    open_way.send(choose(Control.A), now=0)
    open_way.take_back(lambda _, moves: (Control.A, 1) in moves, now=1)
    assert (tunnel.cancelled, open_way.waiting) == ([(1,)], 0)


def test_what_somebody_paid_for_is_taken_back_with_who_paid(
    open_way: Dispatch, tunnel: Tunnel, choose: Choose
) -> None:
    paid = choose(user=None)._replace(spender=Owner("troll", "cheer"))
    open_way.send(paid, now=0)
    open_way.handle_event(PeerSilent())
    open_way.send(paid, now=0)
    open_way.take_back(of("troll"), now=1)
    assert (tunnel.cancelled, open_way.waiting) == ([(1,)], 0)


def test_what_a_mode_plays_around_it_is_not_what_was_asked_for(
    open_way: Dispatch, tunnel: Tunnel, choose: Choose
) -> None:
    open_way.send(choose(Control.A)._replace(asked=frozenset({(Control.B, 1)})), now=0)
    open_way.take_back(lambda _, moves: (Control.A, 1) in moves, now=1)
    assert tunnel.cancelled == []


def test_what_waited_and_is_forbidden_by_then_does_not_leave(
    way: Callable[..., Dispatch], tunnel: Tunnel, choose: Choose
) -> None:
    dispatch = way(may_leave=lambda choice, now: choice.owner.user != "troll")
    for user in ("troll", "ada", "troll"):
        dispatch.send(choose(user=user), now=0)
    dispatch.handle_event(Connected(fresh=True))
    dispatch.handle_timeout(now=1)
    assert (len(tunnel.submitted), dispatch.waiting, dispatch.counters["cancelled"]) == (1, 0, 2)


def test_everything_can_be_taken_back(open_way: Dispatch, tunnel: Tunnel, choose: Choose) -> None:
    open_way.send(choose(), now=0)
    open_way.handle_event(PeerSilent())
    open_way.send(choose(user=None), now=1)
    open_way.take_back_all()
    assert tunnel.cancelled == [()]
    assert open_way.waiting == 0


def test_labels_say_who_did_it_but_only_so_many_a_second(
    way: Callable[..., Dispatch], tunnel: Tunnel, choose: Choose
) -> None:
    dispatch = way(labels=True)
    dispatch.handle_event(Connected(fresh=True))
    for _ in range(100):
        dispatch.send(choose(), now=0)
    assert len(tunnel.notes) == LABELS_PER_SECOND
    kind, body = tunnel.notes[0]
    assert (kind, Label.unpack(body)) == (LABEL, Label(1, "Ada", "a"))
    assert len(tunnel.submitted) == 100


def test_labels_can_be_switched_off(open_way: Dispatch, tunnel: Tunnel, choose: Choose) -> None:
    open_way.send(choose(), now=0)
    assert tunnel.notes == []


def test_an_event_meant_for_a_receiver_is_counted_and_dropped(open_way: Dispatch) -> None:
    open_way.handle_event(NoteArrived(1, b""))
    assert open_way.counters["unexpected_events"] == 1


def test_the_way_is_idle_when_nothing_waits_flies_or_is_held(
    open_way: Dispatch, tunnel: Tunnel, choose: Choose
) -> None:
    assert open_way.is_idle(0)
    open_way.send(choose(lasts_ms=5_000), now=0)
    assert not open_way.is_idle(1)
    tunnel.in_flight = 0
    assert not open_way.is_idle(5_000)
    assert open_way.is_idle(6_000)
