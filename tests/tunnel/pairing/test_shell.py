"""Pairing over real relays on this machine, and over links that fail."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest

from tunnel.identity import Identity, random_bytes
from tunnel.links.link import Link, LinkError
from tunnel.links.relay import RelayLink
from tunnel.pairing.code import Code, Role, room_name
from tunnel.pairing.exchange import Exchange
from tunnel.pairing.outcome import Failure, Paired
from tunnel.pairing.pake import Side
from tunnel.pairing.shell import Meeting, PairingError
from tunnel.relay.server import RelayServer
from tunnel.relay.settings import RelaySettings
from tunnel.wallclock import WallClock

CLOCK = WallClock()
NOWHERE = "ws://127.0.0.1:9"


def run(scene: Callable[[], Awaitable[None]]) -> None:
    async def with_deadline() -> None:
        async with asyncio.timeout(60):
            await scene()

    asyncio.run(with_deadline())


@asynccontextmanager
async def relay(allow: frozenset[str] | None = None, name: str = "ams1") -> AsyncIterator[str]:
    server = RelayServer(RelaySettings(name=name, allow=allow), CLOCK)
    await server.start()
    try:
        yield f"ws://127.0.0.1:{server.port}"
    finally:
        await server.stop()


class Machine:
    """One side of a pairing and what came of it."""

    def __init__(
        self,
        side: Side,
        code: Code,
        urls: list[str],
        patience_ms: float = 30_000.0,
        links: list[Link] | None = None,
    ) -> None:
        self.identity = Identity.create()
        self.ready = asyncio.Event()
        self.paired: list[Paired] = []
        exchange = Exchange(
            side, code, self.identity, urls, CLOCK.now(), random=random_bytes, patience_ms=patience_ms
        )
        rooms = partial(room_name, code.plate)
        links = links or [RelayLink(url, self.identity, rooms, CLOCK) for url in urls]
        self.meeting = Meeting(exchange, links, self.identity.public.address, CLOCK)

    async def run(self) -> str:
        """What the person is told, if it failed."""
        try:
            await self.meeting.run(self.ready.set, self.paired.append)
        except PairingError as error:
            return str(error)
        return ""


async def meet(
    code: Code, typed: Code, urls: list[str], guest_urls: list[str]
) -> tuple[Machine, Machine, str, str]:
    host, guest = Machine(Side.HOST, code, urls), Machine(Side.GUEST, typed, guest_urls)
    waiting = asyncio.create_task(host.run())
    await host.ready.wait()
    said = await guest.run()
    return host, guest, await waiting, said


def test_two_machines_meet_at_a_relay(code: Code) -> None:
    async def scene() -> None:
        async with relay() as url:
            host, guest, *said = await meet(code, code, [url], [url])
            assert said == ["", ""]
            assert host.paired == [Paired(Role.RECEIVER, guest.identity.public, (url,))]
            assert guest.paired == [Paired(Role.BOT, host.identity.public, (url,))]

    run(scene)


def test_one_relay_in_common_is_enough(code: Code, caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        async with relay() as one, relay(name="fra1") as other:
            host, guest, *said = await meet(code, code, [NOWHERE, one], [other, one])
            assert said == ["", ""]
            assert host.paired[0].relays == guest.paired[0].relays == (NOWHERE, one, other)

    run(scene)
    assert "Going on without it" in caplog.text


def test_a_wrong_code_is_told_on_both_machines(code: Code, wrong_code: Code) -> None:
    async def scene() -> None:
        async with relay() as url:
            host, guest, *said = await meet(code, wrong_code, [url], [url])
            assert said == [Failure.WRONG.value] * 2
            assert host.paired == guest.paired == []

    run(scene)


def test_a_relay_that_admits_only_some_says_what_to_do(code: Code) -> None:
    async def scene() -> None:
        async with relay(allow=frozenset({"0x" + "0" * 40})) as url:
            host = Machine(Side.HOST, code, [url])
            said = await host.run()
            assert "This address is not on the relay's list." in said
            assert f"whose owner adds {host.identity.public.address} to its `allow`" in said
            assert not host.ready.is_set(), "no code is shown where nobody can meet"

    run(scene)


def test_no_relay_at_all_is_one_sentence_for_each(code: Code) -> None:
    async def scene() -> None:
        said = await Machine(Side.GUEST, code, [NOWHERE, NOWHERE + "/x"]).run()
        assert [line.split(":")[0] for line in said.splitlines()] == ["Cannot reach the relay ws"] * 2

    run(scene)


def test_nobody_comes_and_nobody_answers(code: Code) -> None:
    async def scene() -> None:
        async with relay() as url:
            assert await Machine(Side.HOST, code, [url], 300.0).run() == Failure.NOBODY_CAME.value
            assert await Machine(Side.GUEST, code, [url], 300.0).run() == Failure.NOBODY_ANSWERED.value

    run(scene)


def test_what_cannot_be_stored_is_raised_and_the_other_side_not_told_that_it_was(code: Code) -> None:
    def full(paired: Paired) -> None:
        raise PairingError("The disk is full.")

    async def scene() -> None:
        async with relay() as url:
            host, guest = Machine(Side.HOST, code, [url]), Machine(Side.GUEST, code, [url])
            waiting = asyncio.create_task(host.run())
            await host.ready.wait()
            with pytest.raises(PairingError, match="full"):
                await guest.meeting.run(guest.ready.set, full)
            assert host.paired == []
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)

    run(scene)


class Flaky:
    """A link that comes up, breaks with the first error, fails with the others, and then stays up."""

    def __init__(self, failures: list[LinkError]) -> None:
        self.name = "flaky"
        self.counters: Counter[str] = Counter()
        self.ups = 0
        self.up_again = asyncio.Event()
        self.failures = failures

    async def run(self, on_up: Callable[[], None], on_datagram: Callable[[bytes], None]) -> None:
        if self.ups and self.failures:
            raise self.failures.pop(0)
        self.ups += 1
        on_up()
        if self.ups == 2:
            self.up_again.set()
        for _ in range(100):
            on_datagram(b"junk" * 20)
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.pop(0)
        await asyncio.get_running_loop().create_future()

    def send(self, datagram: bytes) -> None:
        self.counters["sent"] += 1

    def close(self) -> None: ...


def test_a_relay_that_is_lost_is_tried_again_and_said_once(
    code: Code, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene() -> None:
        link = Flaky([LinkError("It broke."), LinkError("Still not there."), LinkError("Nor now.")])
        guest = asyncio.create_task(Machine(Side.GUEST, code, [], links=[link]).run())
        await link.up_again.wait()
        guest.cancel()
        await asyncio.gather(guest, return_exceptions=True)

    run(scene)
    assert caplog.text.count("It broke. Trying again.") == caplog.text.count("Trying again.") == 1


def test_a_relay_that_wants_us_no_more_is_given_up(code: Code) -> None:
    async def scene() -> None:
        link = Flaky([LinkError("Go away.", refused=True)])
        assert await Machine(Side.HOST, code, [], links=[link]).run() == "Go away."
        assert link.ups == 1

    run(scene)


def test_cancelling_lets_go_of_everything(code: Code) -> None:
    async def scene() -> None:
        host = Machine(Side.HOST, code, [], links=[Flaky([])])
        task = asyncio.create_task(host.run())
        await host.ready.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(scene)
