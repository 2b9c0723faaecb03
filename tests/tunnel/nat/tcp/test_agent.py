"""Two agents and the routers before them, in a world of SYN packets: seeded, on a virtual clock."""

from __future__ import annotations

import enum
import heapq
import itertools
import random
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunnel.nat import stun
from tunnel.nat.candidates import Candidate, Kind
from tunnel.nat.checks import Credentials
from tunnel.nat.events import Lost, Rested
from tunnel.nat.offer import NEVER, Edition, Offer, parse
from tunnel.nat.stun import Address, Message
from tunnel.nat.tcp.agent import TcpAgent
from tunnel.nat.tcp.targets import DIAL_MS, Outcome

SERVERS: list[Address] = [("198.51.100.1", 3_478), ("198.51.100.2", 3_478)]
FAR = 20.0  # milliseconds, one way
NOTE = 30.0
# On the wire: a SYN with its usual options; a question over TCP with all that belongs to it, reset included.
SYN_BYTES, STUN_BYTES, NOTE_OVERHEAD = 80, 620, 100
RELAYS = 3  # that each carry every note


class Router(enum.Enum):
    """What stands before a home."""

    NONE = "none"
    DROPS = "drops strangers"
    REJECTS = "rejects strangers"
    SYMMETRIC = "another port for each destination"


class Home:
    """One end: its machine and its router."""

    def __init__(self, net: Net, number: int, router: Router, *, controlling: bool) -> None:
        self.net = net
        self.router = router
        self.inner: Address = (f"192.168.{number}.10", 4_700)
        self.outer = f"203.0.113.{number}"
        if router is Router.NONE:
            self.inner = (self.outer, 4_700)
        self.doors: dict[tuple[Address, Address], None] = {}  # (ours, theirs)
        self.ports: dict[Address, int] = {}  # of a symmetric router
        self.dialling: dict[Address, int] = {}
        self.unproved: dict[int, Conn] = {}
        self.events: list[Lost | Rested] = []
        self.up: Conn | None = None
        self.bytes = 0
        self.controlling = controlling
        self.agent = self.new_agent()

    def new_agent(self, before: Offer | None = None) -> TcpAgent:
        self.agent = TcpAgent(
            controlling=self.controlling, random=self.net.dice.randbytes, now=self.net.now,
            delay_ms=lambda: self.net.estimate, before=before,
        )  # fmt: skip
        self.agent.set_servers(SERVERS)
        self.agent.set_hosts([self.inner], self.net.now)
        self.up = None
        self.unproved.clear()
        return self.agent

    def seen_by(self, other: Address) -> Address:
        """What this end looks like from there."""
        if self.router is Router.SYMMETRIC:
            return self.outer, self.ports.setdefault(other, 20_000 + len(self.ports))
        return self.outer, 4_700

    def owns(self, address: Address) -> bool:
        return address[0] == self.outer

    def lets_in(self, to: Address, source: Address) -> bool:
        return self.router is Router.NONE or (to, source) in self.doors


class Conn:
    """A connection between the two homes, by its number at each."""

    def __init__(self, numbers: dict[Home, int]) -> None:
        self.numbers = numbers


class Net:
    """Everything that is not an agent."""

    def __init__(
        self, one: Router, other: Router, *, seed: int = 1, loss: float = 0.0, note: float = NOTE,
        estimate: float = NOTE,
    ) -> None:  # fmt: skip
        self.now = 1_000_000.0
        self.dice = random.Random(seed)
        self.loss = loss
        self.note = note
        self.estimate = estimate
        self.queue: list[tuple[float, int, Callable[[], None]]] = []
        self.numbers = itertools.count(1)
        self.homes = (
            Home(self, 1, one, controlling=True),
            Home(self, 2, other, controlling=False),
        )

    def other(self, home: Home) -> Home:
        return self.homes[home is self.homes[0]]

    def later(self, delay: float, what: Callable[[], None]) -> None:
        heapq.heappush(self.queue, (self.now + delay, next(self.numbers), what))

    def start(self) -> Net:
        for home in self.homes:
            home.agent.start(self.now)
            self.settle(home)
        return self

    def run(self, duration: float, until: Callable[[], bool] = lambda: False) -> None:
        end = self.now + duration
        for _ in range(1_000_000):
            moments = [home.agent.next_timeout() for home in self.homes]
            if self.queue:
                moments.append(self.queue[0][0])
            if min(moments) > end or until():
                break
            self.now = max(self.now, min(moments))
            while self.queue and self.queue[0][0] <= self.now:
                heapq.heappop(self.queue)[2]()
            for home in self.homes:
                home.agent.handle_timeout(self.now)
                self.settle(home)
        else:
            raise AssertionError("it never rests")
        self.now = end if not until() else self.now

    def settle(self, home: Home) -> None:
        """The law of use."""
        agent = home.agent
        home.events += agent.events()
        for address in agent.dials():
            self.dial(home, address)
        for server, request in agent.questions():
            self.ask(home, server, request)
        for body in agent.signals(self.now):
            home.bytes += RELAYS * (len(body) + NOTE_OVERHEAD)
            if self.dice.random() >= self.loss:
                self.later(self.note * self.dice.uniform(0.9, 1.1), partial(self.note_came, home, body))
        for id in agent.drops():
            self.drop(home, id)
        turn = agent.take_turn(self.now)
        if turn is not None:
            self.prove(home, turn)

    def note_came(self, sender: Home, body: bytes) -> None:
        home = self.other(sender)
        home.agent.signal_came(body, self.now)
        self.settle(home)

    def ask(self, home: Home, server: Address, request: bytes) -> None:
        question = stun.parse(request)
        answer = Message(
            kind=stun.Kind.SUCCESS, transaction=question.transaction, xor_mapped=home.seen_by(server)
        )
        home.bytes += STUN_BYTES

        def came() -> None:
            home.agent.stun_came(answer, server, self.now)
            self.settle(home)

        self.later(4 * FAR, came)

    # TCP

    def dial(self, home: Home, to: Address) -> None:
        home.bytes += SYN_BYTES
        source = home.seen_by(to)
        home.doors[source, to] = None
        dial = home.dialling[to] = next(self.numbers)
        self.later(FAR, lambda: self.syn_came(home, source, to, dial))
        self.later(DIAL_MS, lambda: self.dial_over(home, to, dial, Outcome.SILENT))

    def dial_over(self, home: Home, to: Address, dial: int, outcome: Outcome) -> None:
        if home.dialling.get(to) == dial:
            del home.dialling[to]
            home.agent.dial_ended(to, outcome, self.now)
            self.settle(home)

    def syn_came(self, home: Home, source: Address, to: Address, dial: int) -> None:
        other = self.other(home)
        if not other.owns(to) or home.dialling.get(to) != dial:
            return
        if not other.lets_in(to, source):
            if other.router is Router.REJECTS:
                self.later(FAR, lambda: self.reset_came(home, source, to, dial))
            return
        if to == other.seen_by(source) or other.router is Router.NONE:
            self.connect(home, to, other, source)

    def reset_came(self, home: Home, source: Address, to: Address, dial: int) -> None:
        if home.dialling.get(to) == dial:
            home.doors.pop((source, to), None)
        self.dial_over(home, to, dial, Outcome.REFUSED)

    def connect(self, home: Home, to: Address, other: Home, source: Address) -> None:
        """Both SYN have crossed, or one has reached a listener."""
        conn = Conn({home: next(self.numbers), other: next(self.numbers)})
        both_dialled = source in other.dialling
        for end, address, dialled in ((home, to, True), (other, source, both_dialled)):
            if dialled:
                end.dialling.pop(address, None)
                end.agent.dial_ended(address, Outcome.CONNECTED, self.now)
            end.unproved[conn.numbers[end]] = conn
            end.agent.arrived(conn.numbers[end], address, dialled=dialled, now=self.now)
            self.settle(end)

    def drop(self, home: Home, id: int) -> None:
        conn = home.unproved.get(id)
        if conn is None:
            return
        for end, number in conn.numbers.items():
            if end.unproved.pop(number, None) is not None:
                end.agent.gone(number, self.now)
                self.settle(end)

    def prove(self, home: Home, id: int) -> None:
        conn = home.unproved[id]

        def asked() -> None:
            server = self.other(home)
            if conn.numbers[server] in server.unproved:
                self.later(FAR, answered)
                self.join(server, conn)

        def answered() -> None:
            if id in home.unproved:
                self.join(home, conn)

        self.later(FAR, asked)

    def join(self, home: Home, conn: Conn) -> None:
        home.unproved.pop(conn.numbers[home], None)
        home.agent.joined(conn.numbers[home], (self.other(home).outer, 1))
        home.up = conn
        self.settle(home)

    def is_joined(self) -> bool:
        one, other = self.homes
        return one.up is not None and one.up is other.up


N, D, R, S = Router.NONE, Router.DROPS, Router.REJECTS, Router.SYMMETRIC
JOINED = [(N, N), (N, D), (D, N), (N, R), (R, N), (N, S), (S, N), (D, D), (D, R), (R, D), (R, R)]


@pytest.mark.parametrize(("one", "other"), JOINED)
def test_every_start_joins_wherever_one_end_can_come_in(one: Router, other: Router) -> None:
    for seed in range(25):
        net = Net(one, other, seed=seed, loss=0.02).start()
        net.run(9_000, until=net.is_joined)
        assert net.is_joined(), f"seed {seed}"


@pytest.mark.parametrize("estimate", [0.0, 15.0, 50.0])
def test_two_routers_that_refuse_are_passed_though_nobody_knows_how_long_a_note_takes(
    estimate: float,
) -> None:
    for seed in range(50):
        net = Net(R, R, seed=seed, loss=0.02, estimate=estimate).start()
        net.run(9_000, until=net.is_joined)
        assert net.is_joined(), f"seed {seed}"


def test_most_starts_take_a_few_round_trips() -> None:
    took = []
    for seed in range(50):
        net = Net(D, D, seed=seed, loss=0.02).start()
        began = net.now
        net.run(9_000, until=net.is_joined)
        took.append(net.now - began)
    assert sorted(took)[25] < 500


@pytest.mark.parametrize(("one", "other"), [(S, D), (D, S), (S, S), (S, R)])
def test_where_nobody_can_come_in_both_rest_and_say_why(one: Router, other: Router) -> None:
    net = Net(one, other).start()
    net.run(30_000)
    for home in net.homes:
        assert home.up is None
        rested = [event for event in home.events if isinstance(event, Rested)]
        assert rested
        assert rested[-1].why.startswith("The router ")


def test_notes_that_take_a_second_only_make_it_later() -> None:
    net = Net(D, D, note=1_000.0).start()
    net.run(9_000, until=net.is_joined)
    assert net.is_joined()


def test_half_of_the_notes_are_enough() -> None:
    joined = 0
    for seed in range(20):
        net = Net(D, D, seed=seed, loss=0.5).start()
        net.run(60_000, until=net.is_joined)
        joined += net.is_joined()
    assert joined == 20


def test_the_end_that_is_told_when_to_dial_dials_by_itself_where_no_note_comes_any_more() -> None:
    net = Net(N, D)
    connect, dial = net.connect, net.dial
    net.connect = lambda *_: None  # type: ignore[method-assign]  # the first round is lost
    net.dial = lambda home, to: dial(home, to) if home is net.homes[1] else None  # type: ignore[method-assign]
    net.start()
    net.run(2_950)
    net.loss = 1.0
    net.connect = connect  # type: ignore[method-assign]
    net.run(6_000, until=net.is_joined)
    assert net.is_joined()


@pytest.mark.parametrize("other", [S, D])
def test_a_search_without_end_costs_little(other: Router) -> None:
    """Hours of the dearest pair that can never be joined. Direct paths of all kinds may cost 200 bytes/s."""
    hours = 6
    net = Net(S, other)
    net.connect = lambda *_: None  # type: ignore[method-assign]  # no two of them ever meet
    for number, home in enumerate(net.homes, start=1):
        many = [home.inner, *[(f"10.0.{number}.{host}", 4_700) for host in range(5)]]
        many += [(f"2001:db8:{number}::{host}", 4_700) for host in range(8)]
        home.agent.set_servers([*SERVERS, *[(f"2001:db8:5::{server}", 3_478) for server in range(4)]])
        home.agent.set_hosts(many, net.now)
    net.start()
    net.run(60_000)
    for home in net.homes:
        home.bytes = 0
    net.run(hours * 3_600_000)
    for home in net.homes:
        assert 0 < home.bytes / (hours * 3_600) < 60


def test_an_end_that_nobody_answers_costs_even_less() -> None:
    net = Net(D, D, loss=1.0).start()
    net.run(60_000)
    net.homes[0].bytes = 0
    net.run(3_600_000)
    assert net.homes[0].bytes / 3_600 < 40


def test_once_joined_nothing_is_asked_dialled_or_said() -> None:
    net = Net(D, D).start()
    net.run(20_000)
    assert net.is_joined()
    for home in net.homes:
        home.bytes = 0
    net.run(3_600_000)
    assert net.homes[0].bytes == net.homes[1].bytes == 0


def test_an_end_that_begins_anew_is_told_apart_and_found_again() -> None:
    net = Net(D, D).start()
    net.run(9_000, until=net.is_joined)
    one, other = net.homes
    one.new_agent().start(net.now)
    net.settle(one)
    net.run(200)
    assert other.events == [Lost("The other end began anew.", anew=True)]
    offered = other.agent.offered
    other.new_agent(before=offered).start(net.now)
    net.settle(other)
    net.run(9_000, until=net.is_joined)
    assert net.is_joined()
    net.run(60_000)
    assert other.events[1:] == []  # nobody began anew because of that


def test_while_people_wait_there_is_no_rest_and_servers_are_asked_again() -> None:
    net = Net(S, D).start()
    one = net.homes[0]
    one.agent.look_hard(net.now + 120_000, net.now)
    net.run(119_000)
    assert one.events == []
    assert one.bytes > 8 * 2 * STUN_BYTES
    net.run(10_000)
    assert isinstance(one.events[0], Rested)


def test_a_rest_ends_when_people_come() -> None:
    net = Net(D, D, loss=1.0).start()
    net.run(15_000)
    net.loss = 0.0
    for home in net.homes:
        assert home.events
        home.agent.look_hard(net.now + 60_000, net.now)
        net.settle(home)
    net.run(5_000, until=net.is_joined)
    assert net.is_joined()


# One agent alone


def alone(*, controlling: bool = True) -> TcpAgent:
    agent = TcpAgent(
        controlling=controlling, random=random.Random(1).randbytes, now=1_000, delay_ms=lambda: 40.0
    )
    agent.set_hosts([("192.168.1.10", 4_700)], 1_000)
    return agent


def offer(*addresses: Address, attempt: int = 1, revision: int = 1, kind: Kind = Kind.REFLEXIVE) -> bytes:
    some = tuple(Candidate(kind, address) for address in addresses)
    return Offer(Edition(attempt, revision), NEVER, Credentials(b"abcd", b"p" * 16), some).pack()


THERE: Address = ("203.0.113.2", 4_700)


def test_before_it_is_started_it_does_nothing() -> None:
    agent = alone()
    assert agent.next_timeout() == float("inf")
    assert (agent.signals(1_000), agent.dials(), agent.questions()) == ([], [], [])


def test_the_end_that_controls_dials_as_long_after_its_note_as_that_takes() -> None:
    agent = alone()
    agent.start(1_000)
    agent.signal_came(offer(THERE), 1_000)
    assert agent.signals(1_000)
    assert agent.dials() == []
    agent.handle_timeout(1_039)
    assert agent.dials() == []
    agent.handle_timeout(1_040)
    assert agent.dials() == [THERE]


def test_the_other_end_dials_when_the_note_comes() -> None:
    agent = alone(controlling=False)
    agent.start(1_000)
    agent.signal_came(offer(THERE), 1_500)
    assert agent.dials() == [THERE]
    agent.dial_ended(THERE, Outcome.CONNECTED, 1_510)
    agent.signal_came(offer(THERE, revision=2), 1_600)
    assert agent.dials() == []


def test_new_addresses_are_answered_with_a_new_start() -> None:
    agent = alone()
    agent.start(1_000)
    first = parse(agent.signals(1_000)[0])
    agent.signal_came(offer(THERE), 1_100)
    again = parse(agent.signals(1_100)[0])
    assert again.edition > first.edition
    assert again.heard == Edition(1, 1)


def test_a_stranger_is_not_spoken_to_by_the_end_that_speaks_first() -> None:
    agent = alone()
    agent.start(1_000)
    agent.signal_came(offer(THERE), 1_000)
    agent.arrived(1, ("198.51.100.77", 80), dialled=False, now=1_000)
    assert agent.drops() == [1]
    agent.arrived(2, (THERE[0], 9), dialled=False, now=1_000)
    assert agent.drops() == []
    assert agent.take_turn(2_000) == 2


def test_nobody_is_asked_before_the_other_end_is_known() -> None:
    agent = alone()
    agent.start(1_000)
    agent.arrived(1, THERE, dialled=False, now=1_000)
    assert agent.take_turn(2_000) is None
    assert agent.passwords is None
    agent.signal_came(offer(THERE), 2_000)
    assert agent.take_turn(2_000) == 1
    assert agent.passwords is not None
    assert agent.passwords.other == b"p" * 16


def test_a_connection_that_was_of_no_use_is_dialled_again_soon() -> None:
    agent = alone(controlling=False)
    agent.start(1_000)
    agent.signal_came(offer(THERE), 1_000)
    assert agent.dials() == [THERE]
    agent.dial_ended(THERE, Outcome.CONNECTED, 1_050)
    agent.arrived(1, THERE, dialled=True, now=1_050)
    agent.gone(1, 1_100)
    agent.handle_timeout(1_300)
    assert agent.dials() == [THERE]


def test_the_end_that_answers_dials_again_even_while_it_believes_in_a_path() -> None:
    """The other end looks, so it has none."""
    agent = alone(controlling=False)
    agent.start(1_000)
    agent.signal_came(offer(THERE), 1_000)
    agent.dials()
    agent.dial_ended(THERE, Outcome.CONNECTED, 1_050)
    agent.arrived(1, THERE, dialled=True, now=1_050)
    agent.joined(1, THERE)
    agent.dial_ended(THERE, Outcome.SILENT, 1_060)
    agent.signal_came(offer(THERE, revision=2), 30_000)
    assert agent.dials() == [THERE]


def test_an_end_that_has_a_path_and_controls_lets_offers_pass() -> None:
    agent = alone()
    agent.start(1_000)
    agent.signal_came(offer(THERE), 1_000)
    agent.signals(1_000)
    agent.joined(1, THERE)
    agent.signal_came(offer(THERE, ("203.0.113.3", 1), revision=2), 2_000)
    agent.handle_timeout(2_000)
    assert agent.dials() == []
    assert not agent.is_looking


def test_ten_thousand_offers_a_second_cause_few_dials() -> None:
    agent = alone(controlling=False)
    agent.start(1_000)
    dials = 0
    for number in range(10_000):
        now = 1_000 + number / 10
        agent.signal_came(offer((f"203.0.113.{number % 250}", 1 + number % 60_000), revision=number), now)
        agent.handle_timeout(now)
        dials += len(agent.dials())
    assert dials <= 51
    assert agent.counters["offers over the rate"] > 9_000


@settings(max_examples=60)
@given(st.lists(st.tuples(st.binary(max_size=80), st.floats(0, 1_000)), max_size=20))
def test_any_notes_raise_nothing_and_leave_a_deadline(notes: list[tuple[bytes, float]]) -> None:
    agent, now = alone(), 1_000.0
    agent.start(now)
    for body, wait in notes:
        now += wait
        agent.signal_came(body, now)
        agent.handle_timeout(now)
        assert agent.next_timeout() < float("inf")
