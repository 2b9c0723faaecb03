"""Two machines pair while a third one, or the relay, does what it likes."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tunnel.pairing.conftest import CODE, WRONG, Member, Room
from tunnel.identity import Identity
from tunnel.pairing.code import Code, Role
from tunnel.pairing.exchange import GUEST_PATIENCE_MS, HOST_PATIENCE_MS, Exchange, State
from tunnel.pairing.introduction import Introduction, IntroductionError
from tunnel.pairing.messages import Kind, Message
from tunnel.pairing.outcome import Failure, Paired
from tunnel.pairing.pake import Keys, Pake, Side

STEP_MS = 20_000.0
BODIES = {Kind.KNOCK: 33, Kind.ANSWER: 33, Kind.PROOF: 1048, Kind.REPLY: 1048, Kind.STORED: 32, Kind.BURNT: 0}


def outcomes(*members: Member) -> list[Paired | Failure | None]:
    return [member.exchange.outcome for member in members]


# As it should be.


def test_two_who_know_the_code_know_each_other_afterwards(room: Room) -> None:
    host = room.join("host", Side.HOST, relays=("wss://a", "wss://b"))
    guest = room.join("guest", Side.GUEST, relays=("wss://b", "wss://c"))
    room.run()
    relays = ("wss://a", "wss://b", "wss://c")
    assert host.stored == Paired(Role.RECEIVER, guest.identity.public, relays)
    assert guest.stored == Paired(Role.BOT, host.identity.public, relays)
    assert host.exchange.over
    assert guest.exchange.over
    assert host.kinds() == [Kind.ANSWER, Kind.REPLY]
    assert guest.kinds() == [Kind.KNOCK, Kind.PROOF, Kind.STORED]


def test_an_odd_plate_is_shown_by_the_receiver(room: Room) -> None:
    code = Code(413, CODE.words)
    host, guest = room.join("host", Side.HOST, code), room.join("guest", Side.GUEST, code)
    room.run()
    assert host.stored is not None
    assert guest.stored is not None
    assert (host.stored.role, guest.stored.role) == (Role.BOT, Role.RECEIVER)


def test_both_keep_the_same_ten_relays_where_there_are_more(room: Room) -> None:
    host = room.join("host", Side.HOST, relays=tuple(f"wss://h{n}" for n in range(8)))
    guest = room.join("guest", Side.GUEST, relays=tuple(f"wss://g{n}" for n in range(8)))
    room.run()
    assert host.stored is not None
    assert guest.stored is not None
    assert host.stored.relays == guest.stored.relays
    assert len(host.stored.relays) == 10


def test_too_many_relays_are_noticed_before_there_is_a_code(room: Room) -> None:
    with pytest.raises(IntroductionError):
        room.join("host", Side.HOST, relays=tuple(f"wss://{n}" for n in range(11)))


def test_a_guest_says_that_it_is_done_only_once_it_has_written_it_down(room: Room) -> None:
    host, guest = room.meet()
    guest.stores = False
    room.run()
    assert host.exchange.outcome is Failure.UNFINISHED
    assert host.stored is None
    assert Kind.STORED not in guest.kinds()
    assert guest.exchange.over


def test_one_key_file_on_both_machines_is_noticed(room: Room) -> None:
    identity = Identity(b"\x07" * 32)
    host = room.join("host", Side.HOST, identity=identity)
    guest = room.join("guest", Side.GUEST, identity=identity)
    room.run()
    assert outcomes(host, guest)[0] is Failure.OURSELVES
    assert guest.exchange.outcome is Failure.WRONG  # all it can be told is that this code is used up


def test_a_link_that_comes_up_gets_what_was_said_before(room: Room) -> None:
    guest = room.join("guest", Side.GUEST).exchange
    first = guest.datagrams(0.0)
    assert guest.datagrams(10.0) == []
    guest.reconnected(10.0)
    assert guest.datagrams(10.0) == first


# The code is wrong, or nobody is there.


def test_a_wrong_word_uses_the_code_up_and_both_are_told(room: Room) -> None:
    host, guest = room.meet(WRONG)
    room.run()
    assert outcomes(host, guest) == [Failure.WRONG, Failure.WRONG]
    assert host.kinds() == [Kind.ANSWER, Kind.BURNT], "whoever guesses wrong gets nothing to guess on with"
    assert room.now < STEP_MS, "at once, not after a time"


def test_after_one_wrong_guess_the_right_code_is_good_for_nothing(room: Room) -> None:
    host = room.join("host", Side.HOST)
    room.join("guesser", Side.GUEST, WRONG)
    room.run(1_000)
    late = room.join("late", Side.GUEST)
    room.run()
    assert outcomes(host, late) == [Failure.WRONG, Failure.NOBODY_ANSWERED]


def test_a_code_nobody_types_lasts_ten_minutes(room: Room) -> None:
    host = room.join("host", Side.HOST)
    room.run(HOST_PATIENCE_MS - 1)
    assert outcomes(host) == [None]
    room.run(HOST_PATIENCE_MS)
    assert outcomes(host) == [Failure.NOBODY_CAME]
    assert host.said == []


def test_a_code_nobody_shows_is_given_up_after_a_minute(room: Room) -> None:
    guest = room.join("guest", Side.GUEST)
    room.run(GUEST_PATIENCE_MS)
    assert outcomes(guest) == [Failure.NOBODY_ANSWERED]
    assert guest.kinds() == [Kind.KNOCK]


def test_waking_up_early_changes_nothing(room: Room) -> None:
    host, _ = room.meet()
    before = host.exchange.next_timeout()
    for now in range(100):
        host.exchange.handle_timeout(float(now))
        assert host.exchange.datagrams(float(now)) == []
    assert host.exchange.next_timeout() == before
    assert host.exchange.state is State.WAITING


# A third machine.


@pytest.mark.parametrize("third", [CODE, WRONG], ids=["with the code", "with another"])
def test_of_two_who_type_it_exactly_one_is_paired(room: Room, third: Code) -> None:
    host = room.join("host", Side.HOST)
    first = room.join("first", Side.GUEST)
    second = room.join("second", Side.GUEST, third)
    room.run()
    assert host.stored is not None
    assert host.stored.key == first.identity.public
    assert first.stored is not None
    assert second.stored is None
    assert second.exchange.outcome is Failure.NOBODY_ANSWERED


def test_of_two_who_show_it_at_most_one_is_paired(room: Room) -> None:
    one, other = room.join("one", Side.HOST), room.join("other", Side.HOST)
    guest = room.join("guest", Side.GUEST)
    room.run()
    paired = [host for host in (one, other) if host.stored is not None]
    assert len(paired) <= 1
    if guest.stored is not None:
        assert [host.identity.public for host in paired] == [guest.stored.key]


# Somebody in the room, or the relay.


def forged(rng: random.Random, kind: Kind, run: bytes) -> bytes:
    """A message with the right shape and the right run, and nothing true in it."""
    body = rng.randbytes(BODIES[kind])
    if kind in (Kind.KNOCK, Kind.ANSWER):
        body = (b"B" if kind is Kind.KNOCK else b"A") + body[1:]
    return Message(kind, run, body).pack()


def drop(room: Room, *kinds: Kind) -> None:
    """The relay lets these vanish."""

    def relay(name: str, datagram: bytes) -> Iterable[tuple[str, bytes]]:
        return [] if Message.parse(datagram).kind in kinds else room.to_all_but(name, datagram)

    room.relay = relay


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Kind.KNOCK, [Failure.NOBODY_CAME, Failure.NOBODY_ANSWERED]),
        (Kind.ANSWER, [Failure.SILENT, Failure.NOBODY_ANSWERED]),
        (Kind.PROOF, [Failure.SILENT, Failure.SILENT]),
        (Kind.REPLY, [Failure.UNFINISHED, Failure.SILENT]),
    ],
)
def test_whatever_never_arrives_nobody_is_paired_and_both_are_told(
    room: Room, kind: Kind, expected: list[Failure]
) -> None:
    host, guest = room.meet()
    drop(room, kind, Kind.BURNT)
    room.run()
    assert outcomes(host, guest) == expected
    if kind in (Kind.PROOF, Kind.REPLY):
        assert room.now < 2 * STEP_MS, "machines that have begun do not wait as long as people do"


def test_the_last_word_is_the_one_whose_loss_leaves_them_unequal(room: Room) -> None:
    """docs/pairing.md says so: the host's next code mends it."""
    host, guest = room.meet()
    drop(room, Kind.STORED)
    room.run()
    assert host.exchange.outcome is Failure.UNFINISHED
    assert guest.stored is not None
    assert guest.stored.key == host.identity.public


def test_a_line_that_loses_half_of_everything_is_good_enough(room: Room) -> None:
    rng = random.Random(7)
    host, guest = room.meet()
    room.relay = lambda name, data: room.to_all_but(name, data) if rng.random() < 0.5 else []
    room.run()
    assert host.stored is not None
    assert guest.stored is not None


def test_repeated_mirrored_and_late_messages_change_nothing(room: Room) -> None:
    host, guest = room.meet()
    heard: list[bytes] = []

    def relay(name: str, datagram: bytes) -> Iterable[tuple[str, bytes]]:
        heard.append(datagram)
        return [(to, old) for to in room.members for old in [datagram, *heard]]

    room.relay = relay
    room.run()
    assert host.stored is not None
    assert host.stored.key == guest.identity.public
    assert guest.stored is not None
    assert guest.stored.key == host.identity.public


def test_an_exchange_of_yesterday_replayed_pairs_nobody(room: Room) -> None:
    yesterday = Room()
    yesterday.meet()
    heard: list[bytes] = []

    def listen(name: str, datagram: bytes) -> Iterable[tuple[str, bytes]]:
        heard.append(datagram)
        return yesterday.to_all_but(name, datagram)

    yesterday.relay = listen
    yesterday.run()
    host = room.members["host"] = Member(Side.HOST, CODE, 77, (), None)
    for datagram in heard:
        host.exchange.receive(datagram, 0.0)
    room.run()
    assert outcomes(host) == [Failure.WRONG]


@pytest.mark.parametrize("side", Side)
def test_a_flood_costs_one_multiplication_and_brings_nothing_out(
    room: Room, side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked: Counter[str] = Counter()
    watch(monkeypatch, worked)
    victim = room.join("victim", side)
    run = victim.exchange.datagrams(0.0)[0][5:21] if side is Side.GUEST else bytes(16)
    rng = random.Random(3)
    flood = [
        forged(rng, rng.choice(list(Kind)[:5]), rng.choice([run, rng.randbytes(16)])) for _ in range(500)
    ]
    flood += [rng.randbytes(rng.randrange(1300)) for _ in range(500)]
    said = 0
    for _ in range(10):
        for datagram in flood:
            victim.exchange.receive(datagram, 0.0)
            said += len(victim.exchange.datagrams(0.0))
    assert worked["finish"] <= 1
    assert worked["opened"] <= 1
    assert said <= 3
    assert isinstance(victim.exchange.outcome, Failure)
    assert len(victim.exchange.counters) <= 6, "counted by reason, not by sender"


def watch(monkeypatch: pytest.MonkeyPatch, worked: Counter[str]) -> None:
    """Counts what costs something."""
    finish, opened = Pake.finish, Keys.opened

    def counted_finish(self: Pake, element: bytes, run: bytes) -> Keys:
        worked["finish"] += 1
        return finish(self, element, run)

    def counted_opened(self: Keys, side: Side, body: bytes) -> bytes:
        worked["opened"] += 1
        return opened(self, side, body)

    monkeypatch.setattr(Pake, "finish", counted_finish)
    monkeypatch.setattr(Keys, "opened", counted_opened)


def test_a_host_that_has_proof_is_not_talked_out_of_it(room: Room) -> None:
    """BURNT and a wrong STORED are anybody's: once the guest may have written it down they mean nothing."""
    host, guest = room.meet()

    def relay(name: str, datagram: bytes) -> Iterable[tuple[str, bytes]]:
        message = Message.parse(datagram)
        if message.kind is Kind.REPLY:
            rng = random.Random(1)
            yield "host", forged(rng, Kind.BURNT, message.run)
            yield "host", forged(rng, Kind.STORED, message.run)
        yield from room.to_all_but(name, datagram)

    room.relay = relay
    room.run()
    assert host.stored is not None
    assert guest.stored is not None
    assert host.exchange.counters["forged"] > 0
    assert host.exchange.counters["out_of_turn"] > 0


@pytest.mark.parametrize(
    ("after", "kind"),
    [
        (Kind.KNOCK, Kind.ANSWER),
        (Kind.ANSWER, Kind.PROOF),
        (Kind.ANSWER, Kind.BURNT),
        (Kind.PROOF, Kind.REPLY),
        (Kind.PROOF, Kind.BURNT),
    ],
)
def test_a_forged_message_in_front_of_the_real_one_pairs_nobody_and_is_seen(
    room: Room, after: Kind, kind: Kind
) -> None:
    host, guest = room.meet()

    def relay(name: str, datagram: bytes) -> Iterable[tuple[str, bytes]]:
        message = Message.parse(datagram)
        if message.kind is after:
            for to in room.members:
                yield to, forged(random.Random(1), kind, message.run)
        yield from room.to_all_but(name, datagram)

    room.relay = relay
    room.run()
    assert host.stored is None
    assert guest.stored is None
    assert set(outcomes(host, guest)) <= {Failure.WRONG, Failure.UNFINISHED}


class Between:
    """A relay that keeps the two apart and talks to each itself, with a guess at the words."""

    def __init__(self, room: Room, guess: Code) -> None:
        self.room = room
        self.thief = Identity(b"\x66" * 32)
        rng = random.Random(66)
        self.to_host = Exchange(Side.GUEST, guess, self.thief, (), 0.0, random=rng.randbytes)
        self.to_guest = Exchange(Side.HOST, guess, self.thief, (), 0.0, random=rng.randbytes)

    def __call__(self, name: str, datagram: bytes) -> Iterable[tuple[str, bytes]]:
        ours = self.to_host if name == "host" else self.to_guest
        ours.receive(datagram, self.room.now)
        for to, exchange in (("host", self.to_host), ("guest", self.to_guest)):
            if isinstance(exchange.outcome, Paired) and not exchange.over:
                exchange.stored(self.room.now)
            for said in exchange.datagrams(self.room.now):
                yield to, said


def test_a_relay_in_between_that_guesses_wrong_is_seen_on_both_sides(room: Room) -> None:
    host, guest = room.meet()
    room.relay = Between(room, WRONG)
    room.run()
    assert outcomes(host, guest) == [Failure.WRONG, Failure.WRONG]


def test_a_relay_in_between_needs_the_words_to_get_in(room: Room) -> None:
    """The check of the test above: with the right guess, one in 65,536, it would work."""
    host, _ = room.meet()
    between = Between(room, CODE)
    room.relay = between
    room.run()
    assert host.stored is not None
    assert host.stored.key == between.thief.public


# The other side knows the code and lies.


class Liar:
    """A guest that knows the code and introduces itself as it likes."""

    def __init__(self, introduce: Callable[[Keys], bytes]) -> None:
        self.pake = Pake(Side.GUEST, CODE, random.Random(9).randbytes)
        self.introduce = introduce

    def visit(self, host: Exchange) -> None:
        run = bytes(16)
        host.receive(Message(Kind.KNOCK, run, self.pake.element).pack(), 0.0)
        keys = self.pake.finish(Message.parse(host.datagrams(0.0)[0]).body, run)
        body = keys.sealed(Side.GUEST, self.introduce(keys))
        host.receive(Message(Kind.PROOF, run, body).pack(), 0.0)


VICTIM, LIAR = Identity(b"\x11" * 32), Identity(b"\x12" * 32)


def somebody_elses_key(keys: Keys) -> bytes:
    own = Introduction.sign(LIAR, Role.RECEIVER, (), keys.transcript, None)
    return Introduction(own.role, VICTIM.public, own.relays, own.signature).pack()


def a_proof_from_another_exchange(keys: Keys) -> bytes:
    return Introduction.sign(VICTIM, Role.RECEIVER, (), bytes(32), None).pack()


def the_wrong_role(keys: Keys) -> bytes:
    return Introduction.sign(LIAR, Role.BOT, (), keys.transcript, None).pack()


def junk(keys: Keys) -> bytes:
    return bytes(1000)


def the_truth(keys: Keys) -> bytes:
    return Introduction.sign(LIAR, Role.RECEIVER, (), keys.transcript, None).pack()


@pytest.mark.parametrize("lie", [somebody_elses_key, a_proof_from_another_exchange, the_wrong_role, junk])
def test_whoever_knows_the_code_still_proves_the_key_it_names(
    room: Room, lie: Callable[[Keys], bytes]
) -> None:
    host = room.join("host", Side.HOST).exchange
    Liar(lie).visit(host)
    assert host.outcome is Failure.NONSENSE


def test_the_liar_would_be_believed_if_it_told_the_truth(room: Room) -> None:
    host = room.join("host", Side.HOST).exchange
    Liar(the_truth).visit(host)
    assert host.state is State.PROVEN


# Everything at once.


class Storm:
    """Loses, doubles, delays, changes, mirrors, replays and forges, as the dice fall."""

    def __init__(self, room: Room, seed: int) -> None:
        self.room = room
        self.rng = random.Random(seed)
        self.heard: list[bytes] = []
        # Some storms are mild, so that some exchanges come through.
        self.violence = self.rng.choice([0.02, 0.1, 0.5])

    def __call__(self, name: str, datagram: bytes) -> Iterable[tuple[str, bytes]]:
        self.heard.append(datagram)
        rng, members = self.rng, list(self.room.members)
        if rng.random() < self.violence:
            yield rng.choice(members), rng.choice(self.heard)
        if rng.random() < self.violence:
            yield rng.choice(members), forged(rng, rng.choice(list(Kind)), datagram[5:21])
        for to, whole in self.room.to_all_but(name, datagram):
            if rng.random() < self.violence:
                changed = bytearray(whole)
                changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
                yield to, bytes(changed)
            if rng.random() >= self.violence:
                yield to, whole


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.booleans())
def test_in_any_storm_they_pair_with_each_other_or_with_nobody(seed: int, right: bool) -> None:
    room = Room()
    host, guest = room.meet(CODE if right else WRONG)
    room.relay = Storm(room, seed)
    room.run()
    assert host.exchange.over
    assert guest.exchange.over
    if host.stored is not None:
        assert guest.stored is not None, "a host is paired only with a guest that is"
        assert host.stored.key == guest.identity.public
    if guest.stored is not None:
        assert guest.stored.key == host.identity.public
    if not right:
        assert guest.stored is None


def test_mild_storms_let_most_of_them_through() -> None:
    """Or the test above would hold of an exchange that never works."""
    paired = 0
    for seed in range(20):
        room = Room()
        host, _ = room.meet()
        storm = room.relay = Storm(room, seed)
        storm.violence = 0.02
        room.run()
        paired += host.stored is not None
    assert paired >= 12
