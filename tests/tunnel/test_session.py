"""Two real sessions in a world with a virtual clock and a seed. Each test is one promise of the protocol."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.world.simnet import CALM, ROUGH, Weather, World
from tunnel.envelope import HEADER_SIZE, MAX_DATAGRAM, Type, parse_header
from tunnel.events import CancelArrived, Connected, NoteArrived, Outcome, PeerHeard, PeerSilent, Resolved
from tunnel.frame import Frame, SequenceId
from tunnel.liveness import Phase
from tunnel.session import Role
from tunnel.timing import Timer

A_PRESS, A_RELEASE = 1300, 2300


def tap(world: World, hold: int = 200) -> Callable[[float], SequenceId]:
    def submit(now: float) -> SequenceId:
        date = int(now)
        return world.sender.submit((Frame(1, A_PRESS, date), Frame(1, A_RELEASE, date + hold)), now)

    return submit


def connected(weathers: list[Weather] | None = None, seed: int = 1, **options: float) -> World:
    world = World(weathers or [CALM] * 3, seed, **options)  # type: ignore[arg-type]  # only `skew` is passed
    world.run(400)
    assert phases(world) == {Phase.LIVE}
    return world


def phases(world: World) -> set[Phase]:
    return {world.sender.phase, world.receiver.phase}


def outcomes(world: World) -> dict[int, Outcome]:
    return {event.id: event.outcome for event in world.sender_events if isinstance(event, Resolved)}


def test_one_path_is_enough_to_connect_and_play() -> None:
    world = connected([CALM])
    world.act(tap(world))
    world.run(500)
    assert list(world.played) == [1]
    assert outcomes(world) == {1: Outcome.APPLIED}


def test_a_sequence_is_played_once_however_many_paths_carry_it() -> None:
    world = connected([Weather(duplicate=0.5, reorder=0.3)] * 10)
    for _ in range(50):
        world.act(tap(world))
        world.run(20)
    world.run(1000)
    assert sorted(world.played) == list(range(1, 51))
    assert all(len(times) == 1 for times in world.played.values())
    counters = world.receiver.counters
    assert counters["copies"] + counters["replays"] > 150


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_in_rough_weather_nothing_is_lost_doubled_or_late(seed: int) -> None:
    world = connected([ROUGH] * 5, seed)
    for _ in range(1000):
        world.act(tap(world))
        world.run(10)
    world.run(12_000)
    delays = [delay for times in world.played.values() for delay in times]
    assert len(world.played) == len(delays) == 1000
    assert set(outcomes(world).values()) == {Outcome.APPLIED}
    assert sum(delay > 250 for delay in delays) <= 1


def test_what_is_sent_together_shares_one_datagram_and_one_signature() -> None:
    world = connected([CALM])
    before = world.sender.paths.all[world.sender.paths.up[0]].sent
    world.act(lambda now: [tap(world)(now) for _ in range(20)])
    assert world.sender.paths.all[world.sender.paths.up[0]].sent == before + 1


def test_a_tap_is_134_bytes_and_eight_frames_are_230() -> None:
    world = connected([CALM])
    sizes: list[int] = []

    def watch(datagram: bytes) -> bytes:
        if parse_header(datagram).type is Type.INPUTS:
            sizes.append(len(datagram))
        return datagram

    world.paths[0].alter = watch
    world.act(tap(world))
    world.run(1000)
    world.act(lambda now: world.sender.submit(tuple(Frame(1, 1300, int(now)) for _ in range(8)), now))
    world.run(1000)
    assert sizes == [134, 230]


def test_a_lost_input_is_sent_again_and_played() -> None:
    world = connected([CALM])
    world.paths[0].alter = lambda datagram: None
    world.act(tap(world))
    world.run(100)
    world.paths[0].alter = None
    world.run(700)
    assert outcomes(world) == {1: Outcome.APPLIED}


def test_an_input_that_arrives_too_late_is_reported_stale_and_never_played() -> None:
    world = connected([CALM])
    held: list[bytes] = []

    def hold(datagram: bytes) -> bytes | None:
        if parse_header(datagram).type is Type.INPUTS:
            held.append(datagram)
            return None
        return datagram

    world.paths[0].alter = hold
    world.act(tap(world))
    world.run(2500)
    world.paths[0].alter = None
    assert outcomes(world) == {1: Outcome.STALE}
    for datagram in held:
        world.inject(datagram, 0, Role.RECEIVER)
    world.run(1000)
    assert not world.played


def test_an_input_that_never_left_expires_at_the_sender() -> None:
    world = connected([CALM])
    world.set_up(0, False)
    world.act(tap(world))
    world.run(1600)
    assert outcomes(world) == {1: Outcome.STALE}
    world.set_up(0, True)
    world.run(3000)
    assert not world.played


def test_an_input_nobody_answers_for_is_reported_lost_after_ten_seconds() -> None:
    world = connected([CALM])
    world.paths[0].alter = lambda datagram: None
    world.act(tap(world))
    world.run(9_000)
    assert not outcomes(world)
    world.run(2_000)
    assert outcomes(world) == {1: Outcome.LOST}
    assert world.sender.in_flight == 0


def test_an_input_whose_receipts_were_lost_is_still_known_to_be_played() -> None:
    world = connected([CALM])

    def deaf(datagram: bytes) -> bytes | None:
        return datagram if parse_header(datagram).type is Type.INPUTS else None

    world.paths[0].alter = deaf
    world.act(tap(world))
    world.run(3_000)
    world.paths[0].alter = None
    world.run(3_000)
    assert outcomes(world) == {1: Outcome.APPLIED}
    assert [len(times) for times in world.played.values()] == [1]


def test_inputs_flow_on_while_paths_die_one_after_another() -> None:
    world = connected([CALM] * 5)
    for step in range(400):
        if step % 80 == 79:
            world.paths[step // 80].alter = lambda datagram: None  # dead, and neither end has noticed
        if step < 320:
            world.act(tap(world))
        world.run(10)
    world.run(200)
    assert sorted(world.played) == list(range(1, 321))
    assert all(delay < world.timing.stale_after for times in world.played.values() for delay in times)


def test_silence_is_noticed_within_its_limit_while_a_button_is_held() -> None:
    world = connected([CALM] * 2)
    world.act(tap(world, hold=10_000))
    world.run(300)
    for path in world.paths:
        path.alter = lambda datagram: None
    world.run(world.timing.silence_after + 100)
    assert PeerSilent() in world.receiver_events
    for path in world.paths:
        path.alter = None
    world.run(2_000)
    assert PeerHeard() in world.receiver_events


def test_heartbeats_keep_a_long_hold_alive_without_any_input() -> None:
    world = connected([CALM] * 2)
    world.act(tap(world, hold=20_000))
    world.run(30_000)
    assert PeerSilent() not in world.receiver_events


def test_keys_are_renewed_without_a_word_to_anybody() -> None:
    world = connected()
    for _ in range(50):
        world.act(tap(world))
        world.run(10_000)
    assert sum(isinstance(event, Connected) for event in world.receiver_events) == 1
    assert len(world.played) == 50
    assert not any(isinstance(event, PeerSilent) for event in world.receiver_events)


def test_keys_older_than_three_minutes_seal_and_open_nothing() -> None:
    world = connected()
    for path in world.paths:  # handshakes do not get through; everything else does
        path.alter = lambda datagram: datagram if datagram[0] & 15 > 2 else None
    world.run(185_000)
    assert phases(world) == {Phase.DOWN}
    for path in world.paths:
        path.alter = None
    world.run(4_000)
    assert phases(world) == {Phase.LIVE}


def test_a_restarted_receiver_never_plays_again_what_its_last_run_may_have_played() -> None:
    world = connected([CALM])

    def deaf(datagram: bytes) -> bytes | None:
        return datagram if parse_header(datagram).type is Type.INPUTS else None

    world.paths[0].alter = deaf
    world.act(tap(world))
    world.run(100)
    assert list(world.played) == [1]
    world.restart(Role.RECEIVER)
    world.paths[0].alter = None
    world.run(5_000)
    assert [len(times) for times in world.played.values()] == [1]
    assert outcomes(world) == {1: Outcome.LOST}
    world.act(tap(world))
    world.run(500)
    assert outcomes(world)[2] is Outcome.APPLIED


def test_a_restarted_sender_is_a_fresh_start_for_the_receiver() -> None:
    world = connected()
    world.act(tap(world))
    world.run(500)
    world.restart(Role.SENDER)
    world.run(2_000)
    assert [event for event in world.receiver_events if isinstance(event, Connected)] == [Connected(True)] * 2
    world.act(tap(world))
    world.run(500)
    assert len(world.played[1]) == 2  # id 1 of one run, then id 1 of the next: two different inputs


def test_a_cancel_arrives_even_when_its_first_copies_are_lost() -> None:
    world = connected([CALM])
    world.act(tap(world, hold=5_000))
    world.run(200)
    world.paths[0].alter = lambda datagram: None
    world.act(lambda now: world.sender.cancel([SequenceId(1)], now))
    world.run(300)
    world.paths[0].alter = None
    world.run(600)
    assert CancelArrived((SequenceId(1),), SequenceId(2)) in world.receiver_events


def test_a_sequence_overtaken_by_its_own_cancel_is_never_played() -> None:
    world = connected([CALM])
    held: list[bytes] = []
    world.paths[0].alter = held.append
    world.act(tap(world))
    world.paths[0].alter = None
    world.act(lambda now: world.sender.cancel([SequenceId(1)], now))
    world.run(60)
    world.inject(held[0], 0, Role.RECEIVER)
    world.run(1000)
    assert not world.played
    assert outcomes(world) == {1: Outcome.CANCELLED}


def test_cancelling_everything_also_catches_what_is_still_under_way() -> None:
    world = connected([CALM])
    held: list[bytes] = []
    world.paths[0].alter = held.append
    world.act(tap(world))
    world.paths[0].alter = None
    world.act(lambda now: world.sender.cancel([], now))
    world.run(60)
    world.inject(held[0], 0, Role.RECEIVER)
    world.run(1000)
    assert not world.played
    world.act(tap(world))
    world.run(200)
    assert list(world.played) == [3]


def test_neither_clock_needs_to_be_right() -> None:
    for skew in (-4e11, 0.0, 86_400_000.0 * 365 * 20):
        world = connected([Weather(delay=30, spread=5)] * 3, skew=skew)
        for _ in range(20):
            world.act(tap(world))
            world.run(500)
        assert len(world.played) == 20
        clock = world.sender.clock
        assert clock is not None
        assert abs(clock.to_peer(world.now) - world.now - skew) <= clock.uncertainty


def test_notes_arrive_and_never_hold_up_inputs() -> None:
    world = connected([CALM])

    def chatter(now: float) -> None:
        for _ in range(100):
            world.sender.send_note(7, bytes(1000))

    world.act(chatter)
    world.act(tap(world))
    world.run(300)
    assert len(world.played) == 1
    notes = [event for event in world.receiver_events if isinstance(event, NoteArrived)]
    assert len(notes) == 64
    assert world.sender.counters["notes shed"] == 36


def test_a_held_back_heartbeat_is_no_sign_of_life() -> None:
    world = connected([CALM])
    world.act(tap(world, hold=30_000))
    world.run(500)
    held: list[bytes] = []
    world.paths[0].alter = held.append
    world.run(1_500)
    world.paths[0].alter = lambda datagram: None
    world.run(2_000)
    silences = world.receiver_events.count(PeerSilent())
    assert silences == 1
    for datagram in held:
        world.inject(datagram, 0, Role.RECEIVER)
    assert PeerHeard() not in world.receiver_events
    assert world.receiver.counters["held back"] >= 1


# Hostile bytes


def recorded(world: World) -> list[bytes]:
    tape: list[bytes] = []
    for path in world.paths:
        path.alter = lambda datagram: tape.append(datagram) or datagram  # type: ignore[func-returns-value]
    for _ in range(5):
        world.act(tap(world))
        world.run(300)
    for path in world.paths:
        path.alter = None
    return tape


def test_a_replay_of_everything_plays_nothing_and_disturbs_nothing() -> None:
    world = connected([CALM] * 2)
    tape = recorded(world)
    for role in Role:
        for datagram in tape * 3:
            world.inject(datagram, 1, role)
    world.run(1_000)
    assert all(len(times) == 1 for times in world.played.values())
    assert phases(world) == {Phase.LIVE}


def test_datagrams_of_another_session_are_dropped_and_counted() -> None:
    world, other = connected(seed=1), connected(seed=2)
    for datagram in recorded(other):
        world.inject(datagram, 0, Role.RECEIVER)
    assert world.receiver.counters["dropped: unknown session"] >= 5
    assert not world.played


def test_an_old_handshake_changes_nothing() -> None:
    world = World([CALM], 1)
    tape: list[bytes] = []
    world.paths[0].alter = lambda datagram: tape.append(datagram) or datagram  # type: ignore[func-returns-value]
    world.restart(Role.SENDER)
    world.run(1_000)
    hellos = [datagram for datagram in tape if parse_header(datagram).type is Type.HELLO]
    assert hellos
    before = world.receiver.phase
    for _ in range(100):
        for hello in hellos:
            world.inject(hello, 0, Role.RECEIVER)
    world.act(tap(world))
    world.run(500)
    assert world.receiver.phase is before is Phase.LIVE
    assert len(world.played) == 1


def test_a_forged_welcome_does_not_spoil_the_offer_it_answers() -> None:
    world = World([CALM, CALM], 1)

    def forge(datagram: bytes) -> bytes:
        header = datagram[:HEADER_SIZE]
        return header + bytes(len(datagram) - HEADER_SIZE) if datagram[0] & 15 == Type.WELCOME else datagram

    world.paths[0].alter = forge
    world.run(400)
    assert world.sender.phase is Phase.LIVE


def test_a_flood_of_handshakes_costs_a_bounded_amount_of_work() -> None:
    world = connected()
    hello = World([CALM], 9).sender  # a stranger who knows the protocol but not the keys
    hello.path_up(hello.paths.up[0] if hello.paths.up else next(iter(hello.paths.all)), world.now)
    flood = [bytes((0x11, 0, *random.Random(n).randbytes(128))) for n in range(500)]
    for datagram in flood:
        world.inject(datagram, 0, Role.RECEIVER)
    counters = world.receiver.counters
    assert counters["dropped: too many handshakes"] >= 400
    world.act(tap(world))
    world.run(300)
    assert len(world.played) == 1


def test_whoever_lacks_the_bots_key_is_never_admitted() -> None:
    world, stranger = World([CALM], 1), World([CALM], 2)
    stranger.receiver = world.receiver
    stranger.run(3_000)
    assert world.receiver.phase is Phase.DOWN


def test_no_answer_is_larger_than_its_question() -> None:
    world = World([CALM], 1)
    sizes: dict[Type, int] = {}

    def watch(datagram: bytes) -> bytes:
        sizes[parse_header(datagram).type] = len(datagram)
        return datagram

    world.paths[0].alter = watch
    world.restart(Role.SENDER)
    world.run(1_000)
    assert sizes[Type.WELCOME] < sizes[Type.HELLO]


_shared = connected([CALM] * 2, seed=5)
_tape = recorded(_shared)


@settings(max_examples=300)
@given(st.binary(max_size=MAX_DATAGRAM + 50), st.sampled_from(Role))
def test_any_bytes_are_used_or_counted(data: bytes, role: Role) -> None:
    session = _shared.sender if role is Role.SENDER else _shared.receiver
    before = session.counters.total()
    _shared.inject(data, 0, role)
    assert session.counters.total() == before + 1
    assert session.phase is Phase.LIVE


@settings(max_examples=300)
@given(
    st.sampled_from(_tape),
    st.integers(0, MAX_DATAGRAM * 8),
    st.integers(0, MAX_DATAGRAM),
    st.sampled_from(Role),
)
def test_a_true_datagram_bent_or_cut_anywhere_is_counted_and_dropped(
    datagram: bytes, bit: int, length: int, role: Role
) -> None:
    bent = bytearray(datagram)
    bent[bit // 8 % len(bent)] ^= 1 << bit % 8
    played = len(_shared.played)
    for data in (bytes(bent), datagram[:length]):
        _shared.inject(data, 0, role)
    assert len(_shared.played) == played
    assert _shared.sender.phase is _shared.receiver.phase is Phase.LIVE


def test_every_timer_has_a_reason_and_an_idle_session_waits_for_few() -> None:
    world = World([CALM], 1)
    deadlines = world.sender.deadlines()
    assert set(deadlines) == set(Timer)
    world.set_up(0, False)
    assert World([CALM], 1).receiver.next_timeout() == float("inf")
