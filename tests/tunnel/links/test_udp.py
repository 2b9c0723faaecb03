"""Two direct links over real sockets on this machine, their notes handed over by the test."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, NoReturn, cast

import pytest

from tunnel.links.direct import DirectOptions, Tried
from tunnel.links.link import LinkError
from tunnel.links.stun_servers import StunServers
from tunnel.links.udp import DirectUdpLink
from tunnel.nat import stun
from tunnel.nat.agent import Agent
from tunnel.nat.events import Lost, Released, Transmit
from tunnel.nat.offer import parse
from tunnel.nat.pairs import Pair
from tunnel.nat.portmap import Mapped, Want
from tunnel.nat.stun import Address, Message
from tunnel.wallclock import WallClock

HERE = DirectOptions(hosts=("127.0.0.1",))
EARLY = DirectOptions(hosts=("127.0.0.1",), early=True)


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110  the conditions belong to sockets, and set no event
        await asyncio.sleep(0.005)


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(main, 30))


class End:
    """One link, what it said and what came."""

    def __init__(self, clock: WallClock, *, controlling: bool, options: DirectOptions = HERE) -> None:
        self.other: End
        self.listens = True
        self.notes = 0
        self.ups = 0
        self.got: list[bytes] = []
        self.error: LinkError | None = None
        self.clock = clock
        self.controlling = controlling
        self.options = options
        self.link = self.another()

    def another(self) -> DirectUdpLink:
        """Its program has been started again."""
        return DirectUdpLink(
            self.options, controlling=self.controlling, servers=StunServers(named=[("127.0.0.1", 9)]),
            send_signal=self._signal, clock=self.clock,
        )  # fmt: skip

    def _signal(self, body: bytes) -> None:
        self.notes += 1
        if self.other.listens:
            asyncio.get_running_loop().call_soon(self.other.link.signal_came, body)

    async def run(self) -> None:
        def up() -> None:
            self.ups += 1

        self.error = None
        try:
            await self.link.run(up, self.got.append)
        except LinkError as error:
            self.error = error


class Two:
    """Both ends, with their tasks."""

    def __init__(self, options: DirectOptions = HERE) -> None:
        clock = WallClock()
        self.one = End(clock, controlling=True, options=options)
        self.two = End(clock, controlling=False, options=options)
        self.ends = (self.one, self.two)
        self.one.other, self.two.other = self.two, self.one
        self.tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Two:
        self.tasks = [asyncio.create_task(end.run()) for end in self.ends]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self.tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def join(self) -> None:
        for end in self.ends:
            end.link.peer_came(fresh=True)
        await until(lambda: self.one.ups and self.two.ups)


def test_two_links_find_each_other_and_carry_datagrams() -> None:
    async def main() -> None:
        async with Two() as both:
            await both.join()
            both.one.link.send(b"\x13 to two")
            both.two.link.send(b"\x13 to one")
            await until(lambda: both.one.got and both.two.got)
            assert (both.one.got, both.two.got) == ([b"\x13 to one"], [b"\x13 to two"])
            assert both.one.link.address is not None
            assert both.one.link.address[0] == "127.0.0.1"
            assert both.one.ups == both.two.ups == 1
            assert both.one.link.why is None

    run(main())


def test_nothing_is_sent_before_the_session_has_the_other_end() -> None:
    async def main() -> None:
        async with Two() as both:
            await until(lambda: both.one.link._ready and both.two.link._ready)
            assert both.one.notes == both.two.notes == 0
            assert not both.one.link.counters
            await both.join()

    run(main())


def test_a_note_that_comes_between_two_runs_is_kept_for_the_next() -> None:
    async def main() -> None:
        both = Two()
        both.tasks = [asyncio.create_task(both.one.run())]
        both.one.link.peer_came(fresh=True)
        await until(lambda: both.two.link._heard.signal)
        both.two.listens = False  # this note is all it gets
        both.tasks.append(asyncio.create_task(both.two.run()))
        both.two.link.peer_came(fresh=False)
        await until(lambda: both.one.ups and both.two.ups)
        await both.__aexit__()

    run(main())


def test_a_datagram_from_a_stranger_reaches_nobody() -> None:
    async def main() -> None:
        async with Two() as both:
            await both.join()
            port = both.one.link._sockets[False].port
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                stranger.sendto(b"\x13 junk", ("127.0.0.1", port))
                stranger.sendto(b"\x00\x01junk", ("127.0.0.1", port))
            await until(lambda: both.one.link.counters["dropped: unknown source"] == 2)
            assert both.one.got == []

    run(main())


def test_an_end_that_begins_anew_ends_the_link_and_is_found_again() -> None:
    async def main() -> None:
        async with Two() as both:
            await both.join()
            both.one.link.close()
            await until(lambda: both.one.error)
            assert str(both.one.error) == "The direct link was closed."
            both.tasks.append(asyncio.create_task(both.one.run()))
            await until(lambda: both.two.error)
            assert str(both.two.error) == "The other end began anew."
            both.tasks.append(asyncio.create_task(both.two.run()))
            await until(lambda: both.one.ups == 2 and both.two.ups == 2)

    run(main())


@pytest.mark.parametrize("fresh", [True, False])
def test_a_path_that_was_found_before_the_session_survives_its_beginning(fresh: bool) -> None:
    """The session may have begun over this very path."""

    async def main() -> None:
        async with Two(EARLY) as both:
            await until(lambda: both.one.ups and both.two.ups)
            for end in both.ends:
                end.link.peer_came(fresh=fresh)
            both.one.link.send(b"\x13 to two")
            await until(lambda: both.two.got)
            assert both.one.error is both.two.error is None
            assert both.one.ups == both.two.ups == 1

    run(main())


def test_an_end_that_is_killed_and_started_again_is_found_again() -> None:
    """It says no goodbye; the session notices first, and then its offer says so."""

    async def main() -> None:
        async with Two() as both:
            await both.join()
            both.tasks[0].cancel()
            with suppress(asyncio.CancelledError):
                await both.tasks[0]
            both.one.link = both.one.another()
            both.tasks.append(asyncio.create_task(both.one.run()))
            both.one.link.peer_came(fresh=True)
            both.two.link.peer_came(fresh=True)
            await until(lambda: both.two.error)
            assert str(both.two.error) == "The other end began anew."
            both.tasks.append(asyncio.create_task(both.two.run()))
            await until(lambda: both.one.ups == 2 and both.two.ups == 2)

    run(main())


def test_with_letters_the_search_begins_before_the_session_has_the_other_end() -> None:
    async def main() -> None:
        async with Two(EARLY) as both:
            await until(lambda: both.one.ups and both.two.ups)
            assert both.one.link.address is not None

    run(main())


def test_a_letter_that_came_before_the_session_is_not_forgotten_when_it_begins() -> None:
    async def main() -> None:
        both = Two(EARLY)
        both.tasks = [asyncio.create_task(both.one.run())]
        await until(lambda: both.two.link._heard.signal)
        both.two.listens = False  # this letter is all it gets
        both.two.link.peer_came(fresh=True)
        both.tasks.append(asyncio.create_task(both.two.run()))
        await until(lambda: both.one.ups and both.two.ups)
        await both.__aexit__()

    run(main())


def test_while_people_wait_there_are_no_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunnel.nat.search.ROUND_MS", 20.0)

    async def main() -> None:
        async with Two(EARLY) as both:
            both.one.listens = both.two.listens = False
            for end in both.ends:
                end.link.look_hard(end.link._clock.now() + 60_000)
            await until(lambda: both.one.notes >= 3)
            assert both.one.link.why is both.two.link.why is None
            both.one.listens = both.two.listens = True
            for end in both.ends:
                end.link.peer_came(fresh=False)  # says the offers again
            await until(lambda: both.one.ups and both.two.ups)

    run(main())


def test_a_link_tells_what_it_has_tried_and_seen() -> None:
    async def main() -> None:
        async with Two() as both:
            await both.join()
            both_ways = [
                (both.one.link.story(), both.two.link.address),
                (both.two.link.story(), both.one.link.address),
            ]
            for story, _ in both_ways:
                [tried] = story.tried
                assert tried == Tried("own", tried.address, "in use", tried.asked)
                assert tried.asked >= 1
                assert story.address == tried.address
            assert [story.own for story, _ in both_ways] == [(("own", there),) for _, there in both_ways]
            both.one.link.close()
            assert both.one.link.story().tried == ()

    run(main())


def test_a_link_that_is_not_up_drops_and_counts() -> None:
    async def main() -> None:
        async with Two() as both:
            both.one.link.send(b"\x13")
            assert both.one.link.counters["dropped_down"] == 1
            with pytest.raises(ValueError, match="at most 1200"):
                both.one.link.send(bytes(1_201))
            await both.join()

    run(main())


def test_a_closed_link_frees_its_port_and_leaves_no_timer() -> None:
    async def main() -> None:
        async with Two() as both:
            await both.join()
            port = both.one.link._sockets[False].port
            both.one.link.close()
            both.one.link.close()
            await until(lambda: both.one.error)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
                again.bind(("127.0.0.1", port))
            assert both.one.link._alarm.at == float("inf")
            assert both.one.link.address is None
        assert [task for task in asyncio.all_tasks() if "direct udp" in task.get_name()] == []

    run(main())


def test_a_machine_without_the_address_says_so_in_a_sentence() -> None:
    async def main() -> None:
        nowhere = DirectOptions(hosts=("203.0.113.1",))
        async with Two(nowhere) as both:
            await until(lambda: both.one.error)
            assert str(both.one.error).startswith("Cannot open a UDP socket: ")

    run(main())


def test_the_local_port_is_one_of_those_allowed() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    async def main() -> None:
        async with Two(DirectOptions(hosts=("127.0.0.1",), ports=(port, port))) as both:
            await until(lambda: both.one.link._sockets or both.one.error)
            assert both.one.error is None
            assert both.one.link._sockets[False].port == port
            await until(lambda: both.two.error)  # the port is taken

    run(main())


def test_why_nothing_was_found_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("tunnel.nat.search.ROUND_MS", 20.0)
    monkeypatch.setattr("tunnel.nat.search._SHORTEST_REST_MS", 20.0)

    async def main() -> None:
        async with Two() as both:
            both.two.listens = False
            both.one.link.peer_came(fresh=True)
            await until(lambda: both.one.notes >= 3)
            assert both.one.link.why is not None
            assert "has not answered" in both.one.link.why
            assert both.one.error is None

    with caplog.at_level(logging.INFO, "tunnel.links.udp"):
        run(main())
    assert len([record for record in caplog.records if "No direct path" in record.getMessage()]) == 1


def test_a_path_that_is_lost_ends_the_link() -> None:
    async def main() -> None:
        async with Two() as both:
            await both.join()
            both.one.link._tell(Lost("The other end does not answer any more."))
            assert both.one.link.address is None  # at once, so that no check is answered any more
            await until(lambda: both.one.error)
            assert str(both.one.error) == "The other end does not answer any more."
            # What was offered to this run must not be taken for news by the next.
            assert both.one.link._heard.signal is None

    run(main())


class Still(WallClock):
    """Stands still: no bucket is filled again."""

    def __init__(self, moment: float) -> None:
        self.moment = moment

    def now(self) -> float:
        return self.moment


CHECK = stun.build(Message(kind=stun.Kind.REQUEST, transaction=bytes(12)))


@pytest.mark.parametrize(
    ("junk", "as_the_peer", "most"),
    [(b"\x99" * 200, False, 500), (CHECK, False, 500), (CHECK, True, 2_000)],
    ids=["datagrams", "checks", "checks with a false source"],
)
def test_junk_takes_little_of_our_time_and_nothing_of_the_peers_share(
    monkeypatch: pytest.MonkeyPatch, junk: bytes, as_the_peer: bool, most: int
) -> None:
    async def main() -> None:
        async with Two() as both:
            await both.join()
            link = both.one.link
            there = link.address
            assert there is not None
            settled = 0
            settle = link._settle

            def counted() -> None:
                nonlocal settled
                settled += 1
                settle()

            monkeypatch.setattr(link, "_settle", counted)
            monkeypatch.setattr(link, "_clock", Still(link._clock.now()))
            for _ in range(25_000):
                link._came(junk, there if as_the_peer else ("127.0.0.1", 1))
            link._came(b"\x13 the peer's", there)
            assert both.one.got[-1] == b"\x13 the peer's"
            assert settled <= most
            assert link.counters["dropped_flood"] >= 25_000 - most

    run(main())


def test_what_comes_from_an_address_that_the_other_end_only_names_is_bounded_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main() -> None:
        async with Two() as both:
            await both.join()
            link = both.one.link
            named = ("127.0.0.1", 9)  # the server's, too
            monkeypatch.setattr(link, "_clock", Still(link._clock.now()))
            for _ in range(25_000):
                link._came(b"\x99" * 200, named)
            assert link.counters["dropped: unknown source"] <= 2_000
            link._came(b"\x99" * 200, ("127.0.0.1", 1))
            assert link.counters["dropped_flood"] == 23_000

    run(main())


class Guessing:
    """An agent that wants packets sent by other sockets, and notes what comes in by which."""

    def __init__(self, there: Address) -> None:
        self.selected: Address | None = None
        self.via = 0
        self.orders: list[Transmit] = []
        self.facts: list[Released] = []
        self.came: list[tuple[bytes, Address, int]] = []
        self.there = there
        self.tried: tuple[Pair, ...] = ()

    def transmits(self) -> list[Transmit]:
        orders, self.orders = self.orders, []
        return orders

    def events(self) -> list[Released]:
        facts, self.facts = self.facts, []
        return facts

    def signals(self, now: float) -> list[bytes]:
        return []

    def next_timeout(self) -> float:
        return float("inf")

    def receive(self, data: bytes, source: Address, now: float, via: int) -> None:
        self.came.append((data, source, via))

    def accepts(self, source: Address, size: int, now: float, via: int) -> bool:
        return via == 7


def test_a_guessed_path_has_a_socket_of_its_own_until_it_is_released() -> None:
    async def main() -> None:
        async with Two() as both:
            await both.join()
            both.tasks[1].cancel()  # so that nothing but this test speaks to the other end
            link = both.one.link
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
                peer.bind(("127.0.0.1", 0))
                peer.settimeout(10)
                agent = Guessing(peer.getsockname())
                link._agent = cast(Agent, agent)
                agent.orders = [Transmit(agent.there, b"one", 7), Transmit(agent.there, b"two", 8)]
                link._settle()
                first, second = peer.recvfrom(99), peer.recvfrom(99)
                assert (first[0], second[0]) == (b"one", b"two")
                assert len({first[1], second[1], ("127.0.0.1", link._sockets[False].port)}) == 3

                check = stun.build(Message(kind=stun.Kind.REQUEST, transaction=bytes(12)))
                peer.sendto(check, second[1])
                await until(lambda: (check, agent.there, 8) in agent.came)

                agent.facts = [Released(frozenset((8,)))]
                agent.orders = [Transmit(agent.there, b"last", 8)]
                link._settle()
                assert peer.recvfrom(99) == (b"last", second[1])
                assert list(link._more) == [7]

                agent.selected, agent.via = agent.there, 7
                link.send(b"\x13 by the socket that hit")
                assert peer.recvfrom(99)[1] == first[1]
                peer.sendto(b"\x13 back", first[1])
                await until(lambda: both.one.got)
            link.close()
            await until(lambda: both.one.error)
            assert not link._more

    run(main())


def test_where_the_system_has_no_socket_left_fewer_are_guessed_with(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NoReturn:
        raise OSError("too many open files")

    async def main() -> None:
        async with Two() as both:
            await both.join()
            monkeypatch.setattr("tunnel.links.udp.open_datagrams", refuse)
            both.one.link._put(b"", ("127.0.0.1", 9), 3)
            assert both.one.link.counters["open_failed"] == 1
            assert both.one.link.address is not None

    run(main())


class FakeRouter:
    """Keeps one port open and is told when it is no longer needed."""

    released = 0
    may_go: asyncio.Event | None = None

    def __init__(self, wants: list[Want], clock: WallClock, on_change: Callable[[Any], None]) -> None:
        self.wants = wants
        self.on_change = on_change

    async def run(self) -> None:
        outer = ("203.0.113.7", 4_711)
        self.on_change({want: Mapped(outer, "PCP", 0.0) for want in self.wants})
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # it takes a moment to say so
            if self.may_go is not None:
                await asyncio.wait_for(self.may_go.wait(), 10)
            FakeRouter.released += 1


def test_what_the_router_keeps_open_is_offered_and_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunnel.links.whereabouts.RouterPorts", FakeRouter)
    monkeypatch.setattr(FakeRouter, "released", 0)

    async def main() -> None:
        async with Two(DirectOptions(hosts=("127.0.0.1",), router=True)) as both:
            await both.join()

            def offered() -> list[Address]:
                signal = both.two.link._heard.signal
                return [] if signal is None else [address for _, address in parse(signal).candidates]

            await until(lambda: ("203.0.113.7", 4_711) in offered())
        assert FakeRouter.released == 2

    run(main())


def test_a_link_that_ends_does_not_wait_for_the_router_but_the_next_run_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tunnel.links.whereabouts.RouterPorts", FakeRouter)
    monkeypatch.setattr(FakeRouter, "released", 0)

    async def main() -> None:
        monkeypatch.setattr(FakeRouter, "may_go", asyncio.Event())
        async with Two(DirectOptions(hosts=("127.0.0.1",), router=True)) as both:
            await both.join()
            both.one.link.close()
            await until(lambda: both.one.error)
            assert FakeRouter.released == 0
            both.tasks.append(asyncio.create_task(both.one.run()))
            await asyncio.sleep(0)
            assert both.one.link._sockets == {}
            assert FakeRouter.may_go is not None
            FakeRouter.may_go.set()
            await until(lambda: both.two.error)
            both.tasks.append(asyncio.create_task(both.two.run()))
            await until(lambda: both.one.ups == 2)
            assert FakeRouter.released >= 1

    run(main())
