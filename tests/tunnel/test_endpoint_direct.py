"""Two endpoints with relays and direct paths, over real sockets on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from bench.world.relays import Relay
from tunnel.endpoint import Endpoint
from tunnel.events import Connected, Event, NoteArrived, Outcome, Resolved, SequenceArrived
from tunnel.frame import Frame, SequenceId
from tunnel.identity import Identity
from tunnel.introductions import SIGNAL
from tunnel.lane import Lane, PathReport
from tunnel.links.direct import DirectOptions
from tunnel.links.tcp.link import DirectTcpLink
from tunnel.links.udp import DirectUdpLink
from tunnel.policy import PathPolicy
from tunnel.rendezvous.board import Board
from tunnel.rendezvous.folder import FolderPlace, HoleNames
from tunnel.rendezvous.keys import MeetingKeys
from tunnel.session import Role
from tunnel.wallclock import WallClock

BOT, CLOUD = Identity.create(), Identity.create()
HERE = DirectOptions(hosts=("127.0.0.1",))
UDP: Final = "direct udp"
TCP: Final = "direct tcp"
EITHER = pytest.mark.parametrize("kind", [UDP, TCP])

Meeting = Callable[[Callable[[int, bytes], None]], Board]


class Pair:
    """A bot's and a receiver's endpoint; the receiver plays everything at once.

    kind    the only direct path they may use
    folder  where they leave letters, if anywhere
    """

    def __init__(
        self,
        relays: int = 1,
        *,
        kind: str = UDP,
        receiver_direct: bool = True,
        folder: Path | None = None,
    ) -> None:
        self.kind = kind
        self.clock = WallClock()
        members = frozenset((BOT.public.address, CLOUD.public.address))
        self.relays = [Relay(f"relay {n}", self.clock, members, None, n) for n in range(relays)]
        self.told: list[Event] = []
        self.came: list[Event] = []
        self.sender: Endpoint
        self.receiver: Endpoint
        self._receiver_direct = HERE if receiver_direct else None
        self._folder = folder

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Pair]:
        for relay in self.relays:
            await relay.start()
        urls = [relay.url for relay in self.relays]
        other = TCP if self.kind == UDP else UDP
        make = partial(Endpoint, relays=urls, clock=self.clock, policy=PathPolicy(forbid=[other]))
        self.sender = make(role=Role.SENDER, identity=BOT, peer=CLOUD.public, on_event=self.told.append,
                           direct=HERE, meeting=self._meeting(BOT, CLOUD))  # fmt: skip
        self.receiver = make(role=Role.RECEIVER, identity=CLOUD, peer=BOT.public, on_event=self._play,
                             direct=self._receiver_direct, meeting=self._meeting(CLOUD, BOT))  # fmt: skip
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

    def lane(self, end: Endpoint) -> Lane:
        [lane] = [lane for lane in end._lanes if lane.name == self.kind]
        return lane

    def report(self, end: Endpoint) -> PathReport:
        [report] = [report for report in end.paths() if report.name == self.kind]
        return report

    async def direct(self) -> None:
        await until(lambda: all(self.report(end).state == "up" for end in (self.sender, self.receiver)))

    async def settled(self, count: int) -> None:
        await until(lambda: len([fact for fact in self.told if isinstance(fact, Resolved)
                                 and fact.outcome is Outcome.APPLIED]) == count)  # fmt: skip

    def links(self) -> list[DirectUdpLink | DirectTcpLink]:
        links = [self.lane(end).link for end in (self.sender, self.receiver)]
        return [link for link in links if isinstance(link, DirectUdpLink | DirectTcpLink)]

    def _meeting(
        self, own: Identity, other: Identity
    ) -> Callable[[Callable[[int, bytes], None]], Board] | None:
        if self._folder is None:
            return None
        keys = MeetingKeys(own, other.public)
        place = FolderPlace(self._folder, HoleNames(keys), self.clock)
        return lambda on_signal: Board(keys, [place], self.clock, on_signal)

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


@EITHER
def test_a_direct_path_joins_the_relays_and_says_how_it_fares(kind: str) -> None:
    async def main() -> None:
        async with Pair(kind=kind).running() as pair:
            await pair.direct()
            await until(lambda: pair.report(pair.sender).delay_ms is not None)
            report = pair.report(pair.sender)
            assert (report.name, report.url, report.why) == (kind, f"{kind[-3:]}:", None)
            assert report.address is not None
            assert pair.sender.stories()[kind].address == report.address
            assert report.carrying
            assert report.sent >= 1
            assert pair.told.count(Connected(fresh=True)) == 1

    run(main())


@EITHER
def test_inputs_go_on_over_the_direct_path_when_the_only_relay_dies(kind: str) -> None:
    async def main() -> None:
        async with Pair(kind=kind).running() as pair:
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
            assert pair.report(pair.sender).first > 0
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
                        assert isinstance(link, DirectUdpLink)
                        for one in link._sockets.values():
                            if how == "closed":
                                one.close()
                            one.send = lambda data, to: None  # type: ignore[method-assign]
                await asyncio.sleep(0.005)
            await pair.settled(60)
            assert sorted(pair.played) == ids

    run(main())


@EITHER
def test_a_direct_path_that_was_lost_is_found_again(kind: str) -> None:
    async def main() -> None:
        async with Pair(kind=kind).running() as pair:
            await pair.direct()
            pair.links()[0].close()
            ends = (pair.sender, pair.receiver)
            await until(lambda: all(pair.lane(end).failures for end in ends))
            await pair.direct()
            assert [pair.lane(end).failures for end in ends] == [1, 1]
            pair.tap()
            await pair.settled(1)

    run(main())


@EITHER
def test_a_direct_path_that_has_ended_is_down_at_once_however_long_it_tidies_up(kind: str) -> None:
    async def main() -> None:
        async with Pair(kind=kind).running() as pair:
            await pair.direct()
            lane = pair.lane(pair.sender)
            lane.link.close()
            pair.tap()
            pair.sender.flush()  # no task has run since
            assert lane.link.counters["dropped_down"] == 0
            assert pair.report(pair.sender).state == "waiting"
            await pair.settled(1)
            await pair.direct()

    run(main())


def test_an_end_that_has_no_direct_paths_is_left_alone() -> None:
    async def main() -> None:
        async with Pair(receiver_direct=False).running() as pair:
            await until(lambda: pair.sender.connected)
            link = pair.lane(pair.sender).link
            assert isinstance(link, DirectUdpLink)
            await until(lambda: link._ready)
            pair.tap()
            await pair.settled(1)
            assert pair.report(pair.sender).state == "connecting"
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
            signal = two._heard.signal
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


@EITHER
def test_two_ends_without_any_relay_meet_by_letters_in_a_folder(kind: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with Pair(0, kind=kind, folder=tmp_path).running() as pair:
            await pair.direct()
            for _ in range(20):
                pair.tap()
            await pair.settled(20)
            assert len(pair.played) == 20
            assert pair.told.count(Connected(fresh=True)) == 1
            [place] = pair.sender.places()
            assert place.state == "working"
            assert place.read > 0

    run(main())


@EITHER
def test_letters_and_relays_go_side_by_side(kind: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with Pair(kind=kind, folder=tmp_path).running() as pair:
            await pair.direct()
            pair.tap()
            await pair.settled(1)
            assert all(report.state == "up" for report in pair.sender.paths())

    run(main())
