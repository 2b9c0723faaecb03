"""All paths of a session: up and down, carrying, heartbeats when they are due."""

from __future__ import annotations

from tunnel.messages import NOTHING_ECHOED, Heartbeat
from tunnel.path import LOSSY, RELAX_MS, TRUST_MS, PathId
from tunnel.pathset import PathSet

A, B, C, D, E = map(PathId, range(5))
CALM = {"unanswered_for": 0.0, "round_trip": 80.0}
OVERDUE = {"unanswered_for": 500.0, "round_trip": 80.0}


def five() -> PathSet:
    """Five paths that are up, the first ones the best."""
    paths = PathSet((A, B, C, D, E))
    for id, path in paths.all.items():
        paths.set_up(id, 0.0)
        path.delay = 20.0 + 20 * id
        path.last_heard = 0.0
    return paths


def test_only_what_is_up_carries() -> None:
    paths = PathSet((A, B, C))
    assert paths.up == paths.carriers(0.0, **CALM) == ()
    paths.set_up(B, 0.0)
    assert paths.up == paths.carriers(0.0, **CALM) == (B,)
    paths.set_up(C, 0.0)
    paths.set_down(B)
    assert paths.up == paths.carriers(0.0, **CALM) == (C,)


def test_going_down_twice_or_without_having_been_up_is_harmless() -> None:
    paths = PathSet((A,))
    paths.set_down(A)
    paths.set_up(A, 0.0)
    paths.set_down(A)
    paths.set_down(A)
    assert paths.up == ()


def test_the_report_says_which_paths_carry() -> None:
    paths = five()
    assert paths.carriers(0.0, **CALM) == (A, B, C)
    assert [path.carrying for path in paths.all.values()] == [True, True, True, False, False]
    paths.set_down(B)
    assert not paths.all[B].carrying
    assert not paths.all[B].up


def test_a_choice_is_kept_for_some_milliseconds_and_then_made_anew() -> None:
    paths = five()
    assert paths.carriers(0.0, **CALM) == (A, B, C)
    paths.all[A].delay = 500.0
    assert paths.carriers(19.0, **CALM) == (A, B, C)
    assert paths.carriers(20.0, **CALM) == (B, C, D)


def test_a_path_that_goes_down_is_out_of_the_choice_at_once() -> None:
    paths = five()
    paths.carriers(0.0, **CALM)
    paths.set_down(A)
    assert paths.carriers(0.0, **CALM) == (B, C, D)
    paths.set_up(A, 0.0)
    assert set(paths.carriers(0.0, **CALM)) == {A, B, C}


def test_an_overdue_answer_puts_everything_on_all_paths_for_five_seconds() -> None:
    paths = five()
    assert set(paths.carriers(0.0, **OVERDUE)) == {A, B, C, D, E}
    for path in paths.all.values():
        path.last_heard = RELAX_MS
    assert set(paths.carriers(RELAX_MS - 1, **CALM)) == {A, B, C, D, E}
    assert paths.carriers(RELAX_MS + 20, **CALM) == (A, B, C)


def test_a_choice_that_is_reconsidered_sees_trouble_at_once() -> None:
    paths = five()
    assert paths.carriers(0.0, **CALM) == (A, B, C)
    assert paths.carriers(1.0, unanswered_for=500.0, round_trip=20.0) == (A, B, C), "kept for 20 ms"
    paths.reconsider()
    assert set(paths.carriers(1.0, unanswered_for=500.0, round_trip=20.0)) == {A, B, C, D, E}


def test_too_few_good_paths_are_trouble() -> None:
    paths = five()
    for id in (A, B, C):
        for sent in (0, 100):  # the peer has heard nothing of a hundred datagrams
            paths.all[id].heartbeat_came(Heartbeat(1, 0, NOTHING_ECHOED - 1, sent, 0, 0), 0, 0.0)
        assert paths.all[id].loss > LOSSY
    assert set(paths.carriers(0.0, **CALM)) == {A, B, C, D, E}


def test_only_paths_that_may_carry_can_be_trouble() -> None:
    paths = five()
    for id in (A, B, C):
        paths.all[id].spared = True
    assert set(paths.carriers(0.0, **CALM)) == {D, E}
    for id in (A, B, C):
        paths.all[id].spared = False
    assert set(paths.carriers(20.0, **CALM)) == {A, B, C, D, E}, "two were too few, a moment ago"
    assert paths.carriers(RELAX_MS + 40, **CALM) == (A, B, C)


def test_a_pinned_path_carries_alone_until_it_is_silent_and_again_when_it_is_heard() -> None:
    paths = five()
    paths.all[D].pinned = True
    assert paths.carriers(0.0, **OVERDUE) == (D,)
    assert paths.up == (A, B, C, D, E), "the others keep their heartbeats"
    for id in (A, B, C, E):
        paths.all[id].last_heard = TRUST_MS + 20
    assert paths.carriers(TRUST_MS + 20, **CALM) == (A, B, C)
    paths.all[D].last_heard = TRUST_MS + 40
    assert paths.carriers(TRUST_MS + 40, **CALM) == (D,)


def test_every_path_that_is_up_has_its_reason() -> None:
    paths = five()
    paths.set_down(E)
    paths.carriers(0.0, **CALM)
    assert paths.verdicts(0.0) == {
        A: "fastest, 20 ms", B: "second fastest, 40 ms", C: "third fastest, 60 ms",
        D: "spare: 3 others are faster",
    }  # fmt: skip
    paths.reconsider()
    paths.carriers(0.0, **OVERDUE)
    assert paths.verdicts(0.0)[D] == "all carry while answers are late, 80 ms"


def test_what_is_put_on_a_path_is_counted_there() -> None:
    paths = five()
    paths.count_sent((A, C))
    paths.count_sent((C,))
    assert [path.sent for path in paths.all.values()] == [1, 0, 2, 0, 0]


def test_a_path_that_comes_up_has_its_first_heartbeat_due_at_once_and_then_regularly() -> None:
    paths = PathSet((A, B))
    assert paths.next_heartbeat() == float("inf")
    paths.set_up(A, 100.0)
    assert paths.next_heartbeat() == 100.0
    assert paths.take_due_heartbeats(99.0, 1_000) == []
    assert paths.take_due_heartbeats(100.0, 1_000) == [A]
    assert paths.take_due_heartbeats(100.0, 1_000) == []
    assert paths.next_heartbeat() == 1_100.0
    paths.set_up(B, 500.0)
    assert paths.take_due_heartbeats(1_100.0, 1_000) == [A, B]


def test_a_path_that_is_down_has_no_heartbeat() -> None:
    paths = PathSet((A, B))
    paths.set_up(A, 0.0)
    paths.set_down(A)
    assert paths.next_heartbeat() == float("inf")
    assert paths.take_due_heartbeats(1e9, 1_000) == []


def test_hurrying_brings_heartbeats_forward_and_never_puts_them_off() -> None:
    paths = PathSet((A, B))
    paths.set_up(A, 0.0)
    paths.take_due_heartbeats(0.0, 1_000)
    paths.set_up(B, 100.0)
    paths.hurry_heartbeats(250.0)
    assert paths.next_heartbeat() == 100.0
    assert paths.take_due_heartbeats(250.0, 1_000) == [A, B]
