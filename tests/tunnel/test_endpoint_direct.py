"""Two endpoints with relays and a direct path, over real sockets on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bench.world.relays import Relay
from tunnel.endpoint import SIGNAL, Endpoint
from tunnel.events import Connected, Event, NoteArrived, Outcome, Resolved, SequenceArrived
from tunnel.frame import Frame, SequenceId
from tunnel.identity import Identity
from tunnel.links.direct import DirectOptions
from tunnel.links.udp import DirectUdpLink
from tunnel.session import Role
from tunnel.wallclock import WallClock

BOT, CLOUD = Identity.create(), Identity.create()
HERE = DirectOptions(hosts=("127.0.0.1",))


class Pair:
    """A bot's and a receiver's endpoint; the receiver plays everything at once."""

    def __init__(self, relays: int = 1, *, receiver_direct: bool = True) -> None:
        self.clock = WallClock()
        members = frozenset((BOT.public.address, CLOUD.public.address))
        self.relays = [Relay(f"relay {n}", self.clock, members, None, n) for n in range(relays)]
        self.told: list[Event] = []
        self.came: list[Event] = []
        self.sender: Endpoint
        self.receiver: Endpoint
        self._receiver_direct = HERE if receiver_direct else None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Pair]:
        for relay in self.relays:
            await relay.start()
        urls = [relay.url for relay in self.relays]
        self.sender = Endpoint(role=Role.SENDER, identity=BOT, peer=CLOUD.public, relays=urls,
                               on_event=self.told.append, clock=self.clock, direct=HERE)  # fmt: skip
        self.receiver = Endpoint(role=Role.RECEIVER, identity=CLOUD, peer=BOT.public, relays=urls,
                                 on_event=self._play, clock=self.clock,
                                 direct=self._receiver_direct)  # fmt: skip
        tasks = [asyncio.create_task(end.run()) for end in (self.receiver, self.sender)]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.gather(*[relay.stop() for relay in self.relays])

    def tap(self) -> SequenceId:
        date = int(self.clock.now())
        return self.sender.submit((Frame(1, 1300, date), Frame(1, 2300, date + 100)))

    async def direct(self) -> None:
        await until(lambda: all(end.paths()[-1].state == "up" for end in (self.sender, self.receiver)))

    async def settled(self, count: int) -> None:
        await until(lambda: len([fact for fact in self.told if isinstance(fact, Resolved)
                                 and fact.outcome is Outcome.APPLIED]) == count)  # fmt: skip

    def links(self) -> list[DirectUdpLink]:
        links = [end._lanes[-1].link for end in (self.sender, self.receiver)]
        return [link for link in links if isinstance(link, DirectUdpLink)]

    @property
    def played(self) -> list[int]:
        return [event.sequence.id for event in self.came if isinstance(event, SequenceArrived)]

    def _play(self, event: Event) -> None:
        self.came.append(event)
        if isinstance(event, SequenceArrived):
            self.receiver.report(event.sequence.id, Outcome.APPLIED)


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110  the conditions belong to sockets, and set no event
        await asyncio.sleep(0.005)


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(main, 30))


def test_a_direct_path_joins_the_relays_and_says_how_it_fares() -> None:
    async def main() -> None:
        async with Pair().running() as pair:
            await pair.direct()
            await until(lambda: pair.sender.paths()[-1].delay_ms is not None)
            report = pair.sender.paths()[-1]
            assert (report.name, report.url, report.why) == ("direct udp", "udp:", None)
            assert report.carrying
            assert report.sent >= 1
            assert pair.told.count(Connected(fresh=True)) == 1

    run(main())


def test_inputs_go_on_over_the_direct_path_when_the_only_relay_dies() -> None:
    async def main() -> None:
        async with Pair().running() as pair:
            await pair.direct()
            ids = []
            for n in range(60):
                ids.append(pair.tap())
                if n == 20:
                    await pair.relays[0].stop()
                await asyncio.sleep(0.005)
            await pair.settled(60)
            assert sorted(pair.played) == ids
            assert pair.sender.connected
            assert pair.sender.paths()[-1].first > 0
            assert pair.sender.paths()[0].state != "up"
            assert pair.told.count(Connected(fresh=True)) == 1

    run(main())


@pytest.mark.parametrize("how", ["dropped", "closed"])
def test_relays_carry_on_when_the_direct_path_is_cut_under_inputs(how: str) -> None:
    async def main() -> None:
        async with Pair().running() as pair:
            await pair.direct()
            ids = []
            for n in range(60):
                ids.append(pair.tap())
                if n == 20:
                    for link in pair.links():
                        for one in link._sockets.values():
                            if how == "closed":
                                one.close()
                            one.send = lambda data, to: None  # type: ignore[method-assign]
                await asyncio.sleep(0.005)
            await pair.settled(60)
            assert sorted(pair.played) == ids

    run(main())


def test_a_direct_path_that_was_lost_is_found_again() -> None:
    async def main() -> None:
        async with Pair().running() as pair:
            await pair.direct()
            pair.links()[0].close()
            await until(lambda: pair.sender._lanes[-1].failures and pair.receiver._lanes[-1].failures)
            await pair.direct()
            assert [end._lanes[-1].failures for end in (pair.sender, pair.receiver)] == [1, 1]
            pair.tap()
            await pair.settled(1)

    run(main())


def test_an_end_that_has_no_direct_paths_is_left_alone() -> None:
    async def main() -> None:
        async with Pair(receiver_direct=False).running() as pair:
            await until(lambda: pair.sender.connected)
            await until(lambda: pair.links()[0]._agent is not None and pair.links()[0]._ready)
            pair.tap()
            await pair.settled(1)
            assert pair.sender.paths()[-1].state == "connecting"
            assert not any(isinstance(event, NoteArrived) for event in pair.came)

    run(main())


def test_signals_are_never_the_programs_and_the_program_sends_none() -> None:
    async def main() -> None:
        async with Pair().running() as pair:
            await pair.direct()
            pair.receiver.send_note(SIGNAL - 1, b"ours")
            await until(lambda: NoteArrived(SIGNAL - 1, b"ours") in pair.told)
            assert [event for event in pair.told if isinstance(event, NoteArrived)] == [
                NoteArrived(SIGNAL - 1, b"ours")
            ]
            with pytest.raises(ValueError, match="below 128"):
                pair.sender.send_note(SIGNAL, b"")

    run(main())


def test_a_relay_that_withholds_or_swaps_notes_costs_only_the_direct_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Notes are sealed, so all it can do is to lose them: here every note of the endpoint's own is lost."""
    monkeypatch.setattr(Endpoint, "_send_signal", lambda self, kind, body: None)

    async def main() -> None:
        async with Pair().running() as pair:
            await until(lambda: pair.sender.connected)
            for _ in range(20):
                pair.tap()
            await pair.settled(20)
            assert pair.links()[0].address is None
            assert len(pair.played) == 20

    run(main())


def test_an_old_note_or_a_note_of_another_is_no_offer() -> None:
    async def main() -> None:
        async with Pair().running() as pair:
            await pair.direct()
            [one, two] = pair.links()
            signal = two._last_signal
            assert signal is not None
            for _ in range(3):
                two.signal_came(signal)  # replayed: no news
                one.signal_came(signal)  # its own, swapped back to it: no newer than what it knows
                one.signal_came(b"junk")
            assert one.address is not None
            assert two.address is not None
            pair.tap()
            await pair.settled(1)

    run(main())
