"""Two endpoints over real sockets and real relays on this machine. Each test waits for conditions only."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bench.world.relays import Relay
from tunnel.endpoint import MAX_PATHS, Endpoint
from tunnel.events import CancelArrived, Connected, Event, NoteArrived, Outcome, Resolved, SequenceArrived
from tunnel.frame import Frame, SequenceId
from tunnel.identity import Identity
from tunnel.outbox import CAPACITY, OutboxFull
from tunnel.session import Role
from tunnel.wallclock import WallClock

BOT, CLOUD = Identity.create(), Identity.create()
NOWHERE = "ws://127.0.0.1:9"  # the port of `discard`: nobody listens there


class Pair:
    """A sender and a receiver that plays everything at once, over relays that can be cut."""

    def __init__(self, count: int) -> None:
        self.clock = WallClock()
        members = frozenset((BOT.public.address, CLOUD.public.address))
        self.relays = [Relay(f"relay {n}", self.clock, members, None, n) for n in range(count)]
        self.told: list[Event] = []  # by the sender
        self.came: list[Event] = []  # to the receiver
        self.tasks: list[asyncio.Task[Any]] = []
        self.sender: Endpoint
        self.receiver: Endpoint

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Pair]:
        for relay in self.relays:
            await relay.start()
        urls = [relay.url for relay in self.relays]
        self.sender = self.endpoint(Role.SENDER, urls, self.told.append)
        self.receiver = self.endpoint(Role.RECEIVER, urls, self._play)
        self.tasks = [asyncio.create_task(end.run()) for end in (self.receiver, self.sender)]
        try:
            yield self
        finally:
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)
            await asyncio.gather(*[relay.stop() for relay in self.relays])

    def endpoint(self, role: Role, urls: list[str], on_event: Callable[[Event], None]) -> Endpoint:
        identity, peer = (BOT, CLOUD) if role is Role.SENDER else (CLOUD, BOT)
        return Endpoint(role=role, identity=identity, peer=peer.public, relays=urls, on_event=on_event,
                        clock=self.clock)  # fmt: skip

    def tap(self) -> SequenceId:
        date = int(self.clock.now())
        return self.sender.submit((Frame(1, 1300, date), Frame(1, 2300, date + 100)))

    async def connected(self) -> None:
        await until(lambda: self.sender.connected and self.receiver.connected)

    async def all_up(self) -> None:
        await until(lambda: all(path.state == "up" for end in (self.sender, self.receiver)
                                for path in end.paths()))  # fmt: skip

    async def played(self, id: SequenceId) -> None:
        await until(lambda: any(isinstance(fact, Resolved) and fact.id == id
                                and fact.outcome is Outcome.APPLIED for fact in self.told))  # fmt: skip

    def _play(self, event: Event) -> None:
        self.came.append(event)
        if isinstance(event, SequenceArrived):
            self.receiver.report(event.sequence.id, Outcome.APPLIED)


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110  the conditions belong to sockets, and set no event
        await asyncio.sleep(0.005)


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(main, 30))


def arrived(events: list[Event]) -> list[int]:
    return [event.sequence.id for event in events if isinstance(event, SequenceArrived)]


@pytest.mark.parametrize("count", [1, 3])
def test_a_sequence_reaches_the_receiver_and_its_fate_comes_back(count: int) -> None:
    async def main() -> None:
        async with Pair(count).running() as pair:
            await pair.connected()
            ids = [pair.tap() for _ in range(3)]
            assert pair.sender.in_flight == 3
            for id in ids:
                await pair.played(id)
            assert arrived(pair.came) == ids
            assert pair.sender.in_flight == 0
            assert pair.told[0] == pair.came[0] == Connected(fresh=True)

    run(main())


def test_what_leaves_needs_no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with Pair(1).running() as pair:
            await pair.connected()
            for end in (pair.sender, pair.receiver):
                monkeypatch.setattr(end._alarm, "set", lambda: None)
                end._alarm.cancel()
            await pair.played(pair.tap())

    run(main())


def test_what_is_submitted_in_one_turn_leaves_in_one_datagram_per_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main() -> None:
        async with Pair(1).running() as pair:
            await pair.connected()
            sent: list[bytes] = []
            link = pair.sender._lanes[0].link
            pass_on = link.send
            monkeypatch.setattr(link, "send", sent.append)
            for _ in range(10):
                pair.tap()
            assert sent == []
            await asyncio.sleep(0)
            assert [len(datagram) for datagram in sent if len(datagram) > 400] == [12 + 4 + 370 + 65 + 16]
            for datagram in sent:
                pass_on(datagram)
            await until(lambda: len(arrived(pair.came)) == 10)

    run(main())


def test_a_flush_does_not_even_wait_for_the_end_of_the_turn() -> None:
    async def main() -> None:
        async with Pair(1).running() as pair:
            await pair.connected()
            before = pair.sender.paths()[0].sent
            pair.tap()
            pair.sender.flush()
            assert pair.sender.paths()[0].sent >= before + 1

    run(main())


def test_cancels_and_notes_travel_too() -> None:
    async def main() -> None:
        async with Pair(1).running() as pair:
            await pair.connected()
            pair.sender.cancel([SequenceId(7)])
            pair.sender.send_note(3, b"to the cloud")
            pair.receiver.send_note(4, b"to the bot")
            await until(lambda: CancelArrived((SequenceId(7),), SequenceId(1)) in pair.came)
            await until(lambda: NoteArrived(3, b"to the cloud") in pair.came)
            await until(lambda: NoteArrived(4, b"to the bot") in pair.told)
            with pytest.raises(ValueError, match="at most 1000 bytes"):
                pair.sender.send_note(3, bytes(1_001))

    run(main())


def test_a_relay_that_dies_and_comes_back_is_used_again() -> None:
    async def main() -> None:
        async with Pair(2).running() as pair:
            await pair.all_up()
            await pair.connected()
            await pair.played(pair.tap())
            assert pair.sender.paths()[0].carrying
            await pair.relays[0].stop()
            await until(lambda: pair.sender.paths()[0].state == "waiting")
            assert not pair.sender.paths()[0].carrying
            await pair.played(pair.tap())  # over the other one
            await pair.relays[1].stop()  # nobody is left, so nobody waits long
            await until(lambda: pair.sender.paths()[1].state == "waiting")
            await pair.relays[0].start()
            await until(lambda: pair.sender.paths()[0].state == pair.receiver.paths()[0].state == "up")
            await pair.connected()
            await pair.played(pair.tap())
            assert pair.told.count(Connected(fresh=True)) == 1

    run(main())


def test_a_patient_link_hurries_when_the_last_other_one_goes_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunnel.backoff.LONGEST_ACCOMPANIED_MS", 3_600_000.0)
    monkeypatch.setattr("tunnel.keeper.random.random", lambda: 0.999)

    async def main() -> None:
        async with Pair(2).running() as pair:
            await pair.all_up()
            lanes = (pair.sender._lanes[0], pair.receiver._lanes[0])
            for lane in lanes:
                monkeypatch.setattr(lane, "failures", 20)
            await pair.relays[0].stop()
            await until(lambda: all(lane.failures > 20 and lane.state == "waiting" for lane in lanes))
            await pair.relays[1].stop()
            await pair.relays[0].start()
            await until(lambda: all(lane.state == "up" for lane in lanes))  # not after an hour

    run(main())


def test_no_error_of_a_link_stops_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody answers this end, so that only its own clock makes it offer again."""

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, said: errors.append(said["exception"]))
        pair = Pair(1)
        await pair.relays[0].start()
        end = pair.endpoint(Role.SENDER, [pair.relays[0].url], pair.told.append)
        task = asyncio.create_task(end.run())
        await until(lambda: end.paths()[0].state == "up")
        monkeypatch.setattr(end._lanes[0].link, "send", fail)
        await until(lambda: len(errors) >= 2)
        task.cancel()
        await asyncio.gather(task, pair.relays[0].stop(), return_exceptions=True)

    def fail(datagram: bytes) -> None:
        raise RuntimeError("no")

    errors: list[BaseException] = []
    run(main())
    assert {str(error) for error in errors} == {"no"}


def test_a_note_arrives_once_however_many_paths_carry_it() -> None:
    async def main() -> None:
        async with Pair(3).running() as pair:
            await pair.all_up()
            await pair.connected()
            for n in range(5):
                pair.sender.send_note(n, b"")
                pair.sender.flush()
            await until(lambda: pair.receiver.counters["copies"] >= 2 * 5)
            notes = [event.kind for event in pair.came if isinstance(event, NoteArrived)]
            assert notes == [0, 1, 2, 3, 4]

    run(main())


def test_a_dead_relay_is_complained_about_once(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        clock = WallClock()
        endpoint = Endpoint(role=Role.SENDER, identity=BOT, peer=CLOUD.public, relays=[NOWHERE],
                            on_event=lambda event: None, clock=clock)  # fmt: skip
        assert [path.state for path in endpoint.paths()] == ["connecting"]
        task = asyncio.create_task(endpoint.run())
        await until(lambda: endpoint._lanes[0].failures >= 3)
        assert endpoint.paths()[0].state in ("waiting", "connecting")
        assert not endpoint.connected
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    with caplog.at_level(logging.WARNING, "tunnel.keeper"):
        run(main())
    assert len([record for record in caplog.records if record.name == "tunnel.keeper"]) == 1


def test_whoever_a_relay_does_not_admit_is_told_so() -> None:
    async def main() -> None:
        pair = Pair(1)
        pair.relays = [Relay("closed", pair.clock, frozenset(), None, 0)]
        async with pair.running():
            await until(lambda: pair.sender.paths()[0].state == "refused")

    run(main())


def test_cancelling_run_closes_its_links_and_leaves_no_timer() -> None:
    async def main() -> None:
        async with Pair(2).running() as pair:
            await pair.all_up()
            await pair.connected()
            for task in pair.tasks:
                task.cancel()
            results = await asyncio.gather(*pair.tasks, return_exceptions=True)
            assert all(isinstance(result, asyncio.CancelledError) for result in results)
            servers = [relay._server for relay in pair.relays if relay._server is not None]
            assert len(servers) == 2
            await until(lambda: all(server.snapshot()["connections"] == 0 for server in servers))
            for end in (pair.sender, pair.receiver):
                assert end._alarm.at == float("inf")
            left = asyncio.all_tasks() - {asyncio.current_task()}
            assert not [task for task in left if task.get_name().startswith("link ")]
            pair.tap()  # nobody is there to send it, and nothing breaks
            await asyncio.sleep(0)

    run(main())


def test_the_report_names_every_path_and_counts_what_went_over_it() -> None:
    async def main() -> None:
        async with Pair(2).running() as pair:
            await pair.all_up()
            await pair.connected()
            await pair.played(pair.tap())
            await until(lambda: all(path.delay_ms is not None for path in pair.sender.paths()))
            await until(lambda: sum(path.first for path in pair.sender.paths()) > 0)
            reports = pair.sender.paths()
            assert [path.name for path in reports] == ["relay 0", "relay 1"]
            assert [path.url for path in reports] == [relay.url for relay in pair.relays]
            for path in reports:
                assert path.state == "up"
                assert path.carrying
                assert path.sent >= 2
                assert path.received >= 1
                assert 0 <= path.loss <= 1
                assert path.jitter_ms >= 0
            assert pair.receiver.counters["copies"] >= 1

    run(main())


def test_an_endpoint_has_up_to_ten_relays() -> None:
    with pytest.raises(ValueError, match="up to 10 relays, not 11"):
        Pair(0).endpoint(Role.SENDER, [NOWHERE] * (MAX_PATHS + 1), lambda event: None)


def test_an_endpoint_without_any_path_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="there is no path"):
        Pair(0).endpoint(Role.SENDER, [], lambda event: None)


def test_what_is_submitted_before_anything_runs_waits_within_bounds() -> None:
    pair = Pair(0)
    pair.sender = pair.endpoint(Role.SENDER, [NOWHERE] * MAX_PATHS, pair.told.append)
    for _ in range(CAPACITY):
        pair.tap()
    with pytest.raises(OutboxFull):
        pair.tap()
