"""One port that listens and dials, on this machine."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from tunnel.links.tcp import port as tcp_port
from tunnel.links.tcp import visitors as tcp_visitors
from tunnel.links.tcp.port import open_port, open_ports
from tunnel.nat.stun import Address

HOSTS = ["127.0.0.1", "::1"]


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110  the conditions belong to sockets, and set no event
        await asyncio.sleep(0.005)


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(main, 30))


def close_all(sockets: list[tuple[socket.socket, Address]]) -> None:
    for sock, _ in sockets:
        sock.close()


@pytest.mark.parametrize("host", HOSTS)
def test_dials_come_from_the_port_that_listens(host: str) -> None:
    async def main() -> None:
        one, other = [open_port(host, range(1), Counter()) for _ in range(2)]
        came: list[tuple[socket.socket, Address]] = []
        listening = asyncio.create_task(other.listen(lambda sock, source: came.append((sock, source))))
        with await one.dial((host, other.port), 5_000) as sock:
            await until(lambda: came)
            assert came[0][1] == (host, one.port)
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert came[0][0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            for one_side in (sock, came[0][0]):  # the loopback forgives TIME-WAIT, so it is looked up
                lingers = one_side.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)
                assert any(lingers[:4])
                assert not any(lingers[4:])
        close_all(came)
        one.close()
        listening.cancel()
        other.close()

    run(main())


def test_the_same_four_numbers_serve_again_at_once() -> None:
    async def main() -> None:
        one, other = [open_port("127.0.0.1", range(1), Counter()) for _ in range(2)]
        came: list[tuple[socket.socket, Address]] = []
        listening = asyncio.create_task(other.listen(lambda sock, source: came.append((sock, source))))
        for round in range(1, 6):
            sock = await one.dial(("127.0.0.1", other.port), 5_000)
            await until(lambda: len(came) == round)  # noqa: B023  it is awaited here
            sock.close()
            came[-1][0].close()
        listening.cancel()
        one.close()
        other.close()

    run(main())


def test_nobody_there_is_a_refusal() -> None:
    async def main() -> None:
        one, other = [open_port("127.0.0.1", range(1), Counter()) for _ in range(2)]
        other.close()
        with pytest.raises(ConnectionRefusedError):
            await one.dial(("127.0.0.1", other.port), 5_000)
        one.close()

    run(main())


def test_silence_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silence(*_: object) -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        one = open_port("127.0.0.1", range(1), Counter())
        monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", silence)
        with pytest.raises(TimeoutError):
            await one.dial(("127.0.0.1", 9), 10)
        one.close()

    run(main())


def test_a_port_where_somebody_listens_is_passed_over() -> None:
    async def main() -> None:
        taken = open_port("127.0.0.1", range(1), Counter())
        with pytest.raises(OSError, match="in use"):
            open_port("127.0.0.1", range(taken.port, taken.port + 1), Counter())
        taken.close()
        again = open_port("127.0.0.1", range(taken.port, taken.port + 1), Counter())
        assert again.port == taken.port
        again.close()

    run(main())


@pytest.mark.parametrize("expected", [False, True])
def test_a_stranger_who_connects_too_often_is_closed_and_who_is_expected_is_not(
    monkeypatch: pytest.MonkeyPatch, expected: bool
) -> None:
    monkeypatch.setattr(tcp_visitors, "_BURST", 2.0)
    monkeypatch.setattr(tcp_visitors, "_PER_SECOND", 0.001)

    async def main() -> None:
        counters: Counter[str] = Counter()
        port = open_port("127.0.0.1", range(1), counters)
        came: list[tuple[socket.socket, Address]] = []
        listening = asyncio.create_task(
            port.listen(lambda sock, source: came.append((sock, source)), lambda host: expected)
        )
        writers = [(await asyncio.open_connection("127.0.0.1", port.port))[1] for _ in range(4)]
        await until(lambda: len(came) + counters["dropped: connections over the rate"] == 4)
        assert len(came) == (4 if expected else 2)
        close_all(came)
        for writer in writers:
            writer.close()
        listening.cancel()
        port.close()

    run(main())


def test_a_system_that_has_no_connection_to_give_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp_port, "_BREATH_S", 0.0)

    async def main() -> None:
        counters: Counter[str] = Counter()
        port = open_port("127.0.0.1", range(1), counters)

        async def exhausted(*_: object) -> None:
            await asyncio.sleep(0)
            raise OSError(24, "too many open files")

        monkeypatch.setattr(asyncio.get_running_loop(), "sock_accept", exhausted)
        listening = asyncio.create_task(port.listen(lambda *_: None))
        await until(lambda: counters["accept_failed"] > 2)
        listening.cancel()
        port.close()

    run(main())


def windows_reset() -> OSError:
    """As Windows says it, whose errors have two numbers."""
    error = OSError(errno.EINVAL, "The specified network name is no longer available")
    error.winerror = 64  # type: ignore[attr-defined]  # only there it has one
    return error


@pytest.mark.parametrize(
    "failure",
    [ConnectionAbortedError(errno.ECONNABORTED, "gone"), OSError(errno.EPROTO, "gone"), windows_reset()],
    ids=["aborted", "protocol", "reset on Windows"],
)
def test_connections_that_were_reset_before_they_came_keep_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch, failure: OSError
) -> None:
    monkeypatch.setattr(tcp_port, "_BREATH_S", 3_600.0)

    async def main() -> None:
        counters: Counter[str] = Counter()
        port = open_port("127.0.0.1", range(1), counters)
        came: list[tuple[socket.socket, Address]] = []
        loop = asyncio.get_running_loop()
        accept = loop.sock_accept

        async def flaky(listener: socket.socket) -> tuple[socket.socket, Any]:
            if counters["accept_failed"] < 50:
                raise failure
            return await accept(listener)

        monkeypatch.setattr(loop, "sock_accept", flaky)
        listening = asyncio.create_task(port.listen(lambda sock, source: came.append((sock, source))))
        _, writer = await asyncio.open_connection("127.0.0.1", port.port)
        await until(lambda: came)
        close_all(came)
        writer.close()
        listening.cancel()
        port.close()

    run(main())


def test_no_error_but_our_own_close_ends_the_listening(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp_port, "_BREATH_S", 0.0)

    async def main() -> None:
        counters: Counter[str] = Counter()
        port = open_port("127.0.0.1", range(1), counters)

        async def invalid(*_: object) -> None:
            await asyncio.sleep(0)
            raise OSError(errno.EINVAL, "invalid argument")

        monkeypatch.setattr(asyncio.get_running_loop(), "sock_accept", invalid)
        listening = asyncio.create_task(port.listen(lambda *_: None))
        await until(lambda: counters["accept_failed"] > 2)
        assert not listening.done()
        port.close()
        await listening

    run(main())


def test_whoever_connects_all_the_time_leaves_others_their_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        port = open_port("127.0.0.1", range(1), Counter())
        turns: list[int] = []
        came = 0

        async def always(*_: object) -> tuple[socket.socket, Any]:
            if came == 50:
                await asyncio.Event().wait()
            return socket.socket(), ("127.0.0.1", 1)

        def take(sock: socket.socket, source: Address) -> None:
            nonlocal came
            came += 1
            sock.close()

        monkeypatch.setattr(asyncio.get_running_loop(), "sock_accept", always)
        listening = asyncio.create_task(port.listen(take, lambda host: True))
        while came < 50:
            turns.append(came)
            await asyncio.sleep(0)
        assert len(turns) >= 50
        listening.cancel()
        port.close()

    run(main())


def test_both_versions_of_ip_side_by_side() -> None:
    async def main() -> None:
        ports = open_ports(HOSTS, None, Counter())
        assert set(ports.numbers) == {False, True}
        with pytest.raises(ConnectionRefusedError):
            await ports.dial(("::1", 9), 5_000)
        ports.close()

    run(main())


def test_one_version_is_enough_and_the_other_is_not_dialled() -> None:
    async def main() -> None:
        ports = open_ports(["127.0.0.1", "2001:db8::1"], None, Counter())
        assert set(ports.numbers) == {False}
        with pytest.raises(OSError, match="this version of IP"):
            await ports.dial(("2001:db8::2", 9), 5_000)
        ports.close()

    run(main())


def test_none_at_all_is_an_error() -> None:
    with pytest.raises(OSError, match=r"\S"):
        open_ports(["203.0.113.1"], None, Counter())
