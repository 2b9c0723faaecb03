"""Two direct links over real connections on this machine, their notes handed over by the test."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from tunnel.links.direct import DirectOptions
from tunnel.links.link import LinkError
from tunnel.links.stun_servers import StunServers
from tunnel.links.tcp.link import DirectTcpLink
from tunnel.nat.offer import parse
from tunnel.nat.portmap import Mapped, Want
from tunnel.nat.portmap_message import Transport
from tunnel.nat.stun import Address
from tunnel.relay.stun_answer import StunAnswerer
from tunnel.relay.stun_caller import StunCaller
from tunnel.wallclock import WallClock

HERE = DirectOptions(hosts=("127.0.0.1",))
NOBODY: Address = ("127.0.0.1", 9)
HERE_6 = DirectOptions(hosts=("::1",))


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110  the conditions belong to sockets, and set no event
        await asyncio.sleep(0.005)


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(main, 30))


class End:
    """One link, what it said and what came."""

    def __init__(
        self, clock: WallClock, *, controlling: bool, options: DirectOptions = HERE, server: Address = NOBODY
    ) -> None:
        self.other: End
        self.listens = True
        self.notes = 0
        self.ups = 0
        self.got: list[bytes] = []
        self.error: LinkError | None = None
        self.link = DirectTcpLink(
            options, controlling=controlling, servers=StunServers(named=[server]),
            send_signal=self._signal, clock=clock, delay_ms=lambda: 1.0,
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

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self.link._running is not None
        return next(iter(self.link._running._ports.numbers.values()))

    @property
    def is_ready(self) -> bool:
        return self.link._ready


class Two:
    """Both ends, with their tasks."""

    def __init__(
        self, options: DirectOptions = HERE, other: DirectOptions | None = None, *, server: Address = NOBODY
    ) -> None:
        clock = WallClock()
        self.one = End(clock, controlling=True, options=options, server=server)
        self.two = End(clock, controlling=False, options=other or options, server=server)
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

    def again(self, end: End) -> None:
        """Its next run."""
        self.tasks.append(asyncio.create_task(end.run()))

    async def join(self) -> None:
        before = self.one.ups, self.two.ups
        for end in self.ends:
            end.link.peer_came(fresh=True)
        await until(lambda: self.one.ups > before[0] and self.two.ups > before[1])


@pytest.mark.parametrize("options", [HERE, HERE_6], ids=["IPv4", "IPv6"])
def test_two_links_find_each_other_and_carry_datagrams(options: DirectOptions) -> None:
    async def main() -> None:
        async with Two(options) as both:
            await both.join()
            longest = bytes(range(16, 256)) * 5
            both.one.link.send(longest)
            both.two.link.send(b"\x13 to one")
            await until(lambda: both.one.got and both.two.got)
            assert (both.one.got, both.two.got) == ([b"\x13 to one"], [longest])
            assert both.one.link.address is not None
            assert both.one.link.address[0] == options.hosts[0]
            assert both.one.ups == both.two.ups == 1
            assert both.one.link.why is None
            assert [tried.state for tried in both.one.link.story().tried] == ["in use"]

    run(main())


def test_nothing_is_sent_before_the_session_has_the_other_end() -> None:
    async def main() -> None:
        async with Two() as both:
            await until(lambda: both.one.is_ready and both.two.is_ready)
            assert both.one.notes == both.two.notes == 0
            assert not both.one.link.counters
            await both.join()

    run(main())


def test_early_links_begin_without_a_session_and_keep_their_path_when_it_comes() -> None:
    async def main() -> None:
        async with Two(DirectOptions(hosts=("127.0.0.1",), early=True)) as both:
            await until(lambda: both.one.ups and both.two.ups)
            for end in both.ends:
                end.link.peer_came(fresh=True)
            both.one.link.send(b"\x13 still here")
            await until(lambda: both.two.got)
            assert both.one.error is both.two.error is None

    run(main())


def test_a_note_that_comes_between_two_runs_is_kept_for_the_next() -> None:
    async def main() -> None:
        both = Two()
        both.tasks = [asyncio.create_task(both.one.run())]
        both.one.link.peer_came(fresh=True)
        await until(lambda: both.two.link._heard.signal)
        both.two.listens = False  # this note is all it gets
        both.again(both.two)
        both.two.link.peer_came(fresh=False)
        await until(lambda: both.one.ups and both.two.ups)
        await both.__aexit__()

    run(main())


def test_a_letter_that_came_before_the_session_is_not_forgotten_when_that_comes() -> None:
    async def main() -> None:
        both = Two(DirectOptions(hosts=("127.0.0.1",), early=True))
        both.tasks = [asyncio.create_task(both.one.run())]
        await until(lambda: both.two.link._heard.signal)
        both.two.listens = False  # this letter is all it gets
        both.two.link.peer_came(fresh=True)
        both.again(both.two)
        await until(lambda: both.one.ups and both.two.ups)
        await both.__aexit__()

    run(main())


def test_servers_are_asked_from_the_port_and_left_once_there_is_a_path() -> None:
    async def main() -> None:
        seen: list[int] = []
        left = 0

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal left
            host, port = writer.get_extra_info("peername")
            seen.append(port)
            caller = StunCaller(StunAnswerer(), host, port)
            with suppress(OSError):
                while data := await reader.read(100):
                    writer.write(caller.receive(data, 0))
            left += 1
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with Two(server=server.sockets[0].getsockname()) as both:
            for end in both.ends:
                end.listens = False
                end.link.peer_came(fresh=True)
            await until(lambda: len(seen) >= 2)
            for end in both.ends:
                end.listens = True
            await until(lambda: both.one.ups and both.two.ups)
            await until(lambda: left == len(seen))
            assert set(seen) <= {both.one.port, both.two.port}
        server.close()

    run(main())


@pytest.mark.parametrize("closed", [0, 1])
def test_one_end_that_nobody_can_call_is_joined_by_its_own_dial(closed: int) -> None:
    async def main() -> None:
        async with Two() as both:
            await until(lambda: both.one.is_ready and both.two.is_ready)
            running = both.ends[closed].link._running
            assert running is not None
            for port in running._ports._ports.values():
                port._listener.close()
            await both.join()
            both.one.link.send(b"\x13")
            await until(lambda: both.two.got)

    run(main())


# The end of a path


def test_an_end_that_begins_anew_ends_the_link_and_is_found_again() -> None:
    async def main() -> None:
        async with Two() as both:
            await both.join()
            both.one.link.close()
            await until(lambda: both.one.error and both.two.error)
            assert str(both.one.error) == "The direct link was closed."
            assert str(both.two.error) == "The other end has closed the direct connection."
            both.again(both.one)
            both.again(both.two)
            await until(lambda: both.one.ups == 2 and both.two.ups == 2)

    run(main())


def test_an_offer_of_another_run_ends_the_link_before_its_connection_is_missed() -> None:
    async def main() -> None:
        async with Two() as both:
            await both.join()
            running = both.one.link._running
            assert running is not None
            credentials = running.agent.offered
            edition = credentials.edition
            anew = replace(credentials, edition=edition._replace(attempt=edition.attempt + 1_000))
            both.two.link.signal_came(anew.pack())
            await until(lambda: both.two.error)
            assert str(both.two.error) == "The other end began anew."
            assert both.two.link._heard._offered is not None

    run(main())


def test_a_connection_that_breaks_is_replaced_by_another() -> None:
    async def main() -> None:
        async with Two() as both:
            await both.join()
            running = both.two.link._running
            assert running is not None
            assert running.carrier is not None
            running.carrier._connection.transport.abort()
            await until(lambda: both.one.error and both.two.error)
            assert str(both.one.error) == "The direct connection broke."
            both.again(both.one)
            both.again(both.two)
            await until(lambda: both.one.ups == 2 and both.two.ups == 2)

    run(main())


def test_one_port_serves_one_run_after_the_other() -> None:
    """Nothing of a connection that has ended blocks its four numbers."""
    ports = [_free_port(), _free_port()]

    async def main() -> None:
        one, two = [DirectOptions(hosts=("127.0.0.1",), ports=(port, port)) for port in ports]
        async with Two(one, two) as both:
            for round in (1, 2, 3):
                await both.join() if round == 1 else await until(
                    lambda: both.one.ups == both.two.ups == round  # noqa: B023  it is awaited here
                )
                assert [end.port for end in both.ends] == ports
                both.one.link.close()
                await until(lambda: both.one.error and both.two.error)
                both.again(both.one)
                both.again(both.two)
                await asyncio.sleep(0)

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


def test_a_closed_link_frees_its_port_and_leaves_nothing_behind() -> None:
    async def main() -> None:
        async with Two() as both:
            await both.join()
            port = both.one.port
            both.one.link.close()
            both.one.link.close()
            assert both.one.link.address is None
            await until(lambda: both.one.error)
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as again:
                again.bind(("127.0.0.1", port))
        assert [task for task in asyncio.all_tasks() if "direct tcp" in task.get_name()] == []

    run(main())


def test_a_machine_without_the_address_says_so_in_a_sentence() -> None:
    async def main() -> None:
        async with Two(DirectOptions(hosts=("203.0.113.1",))) as both:
            await until(lambda: both.one.error)
            assert str(both.one.error).startswith("Cannot open a TCP port: ")

    run(main())


def test_a_port_that_somebody_listens_at_is_not_shared() -> None:
    port = _free_port()

    async def main() -> None:
        async with Two(DirectOptions(hosts=("127.0.0.1",), ports=(port, port))) as both:
            await until(lambda: both.one.error or both.two.error)
            assert (both.one.error is None) != (both.two.error is None)

    run(main())


# Strangers


def test_what_the_link_was_asked_is_remembered_in_its_next_run() -> None:
    """The next run may make the same offer, and a recorded proof must not open it."""

    async def main() -> None:
        async with Two() as both:
            await both.join()
            first = both.two.link._running
            both.two.link.close()
            await until(lambda: both.one.error and both.two.error)
            both.again(both.two)
            await until(lambda: both.two.link._running not in (None, first))
            assert first is not None
            assert both.two.link._running is not None
            assert both.two.link._running._lobby._asked is first._lobby._asked
            assert first._lobby._asked._keys

    run(main())


@contextlib.asynccontextmanager
async def stranger(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        b"\r\n\r\n",
        bytes(10_000),
    ],
    ids=["nothing", "TLS", "HTTP", "an upgrade without proof", "an empty head", "zeros"],
)
def test_a_stranger_is_told_nothing_and_closed(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunnel.nat.tcp.turns.PROOF_MS", 100.0)

    async def main() -> None:
        async with Two() as both:
            await until(lambda: both.two.is_ready)
            async with stranger(both.two.port) as (reader, writer):
                with suppress(OSError):  # it hangs up before all is said
                    writer.write(said)
                    assert await reader.read() == b""
            await until(lambda: both.two.link.counters["dropped: unproved"])
            await both.join()

    run(main())


def test_crowds_of_strangers_do_not_keep_the_other_end_out() -> None:
    async def main() -> None:
        async with Two() as both, contextlib.AsyncExitStack() as stack:
            await until(lambda: both.one.is_ready and both.two.is_ready)
            for end in both.ends:
                for _ in range(12):
                    await stack.enter_async_context(stranger(end.port))
            await until(lambda: both.two.link.counters["dropped: too many unproved"] >= 4)
            await both.join()
            assert both.two.link._running is not None
            assert len(both.two.link._running._lobby) <= 8

    run(main())


def test_strangers_make_no_noise(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunnel.nat.tcp.turns.PROOF_MS", 100.0)

    async def main() -> None:
        async with Two() as both:
            await both.join()
            for said in (b"GET / HTTP/1.1\r\n\r\n", b"\x81\x85garbage\r\n\r\n", b"GET / HTTP/1.1\r\n" * 80):
                async with stranger(both.two.port) as (reader, writer):
                    with suppress(OSError):
                        writer.write(said)
                        assert await reader.read() == b""

    with caplog.at_level(logging.DEBUG):
        run(main())
    assert not [record for record in caplog.records if record.levelno > logging.INFO]


# What it knows


def test_why_nothing_was_found_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("tunnel.nat.search.ROUND_MS", 20.0)
    monkeypatch.setattr("tunnel.nat.search._SHORTEST_REST_MS", 20.0)

    async def main() -> None:
        async with Two() as both:
            both.two.listens = False
            both.one.link.peer_came(fresh=True)
            await until(lambda: both.one.notes >= 6)
            assert both.one.link.why is not None
            assert "has not answered" in both.one.link.why
            assert both.one.error is None

    with caplog.at_level(logging.INFO, "tunnel.links.tcp.link"):
        run(main())
    assert len([record for record in caplog.records if "No direct path" in record.getMessage()]) == 1


class FakeRouter:
    """Keeps one port open and is told when it is no longer needed."""

    released = 0
    may_go: asyncio.Event | None = None

    def __init__(self, wants: list[Want], clock: WallClock, on_change: Callable[[Any], None]) -> None:
        self.wants = wants
        self.on_change = on_change

    async def run(self) -> None:
        assert all(want.transport is Transport.TCP for want in self.wants)
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
            offered: list[Address] = []

            def note(body: bytes) -> None:
                offered.extend(address for _, address in parse(body).candidates)

            monkeypatch.setattr(both.two.link, "_send_signal", note)
            await until(lambda: both.two.is_ready)
            both.two.link.peer_came(fresh=True)
            await until(lambda: ("203.0.113.7", 4_711) in offered)
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
            assert both.one.link._running is None
            assert FakeRouter.may_go is not None
            FakeRouter.may_go.set()
            await until(lambda: both.two.error)
            both.tasks.append(asyncio.create_task(both.two.run()))
            await until(lambda: both.one.ups == 2)
            assert FakeRouter.released >= 1

    run(main())


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
