"""What the streamer wants of paths, kept by two endpoints over real sockets on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest

from bench.world.relays import Relay
from tunnel.endpoint import Endpoint
from tunnel.events import Event, Outcome, Resolved, SequenceArrived
from tunnel.frame import Frame, SequenceId
from tunnel.identity import Identity
from tunnel.lane import PathReport
from tunnel.links.direct import DirectOptions
from tunnel.policy import PathPolicy
from tunnel.session import Role
from tunnel.timing import Timing
from tunnel.wallclock import WallClock

BOT, CLOUD = Identity.create(), Identity.create()
HERE = DirectOptions(hosts=("127.0.0.1",))
NOWHERE = "ws://127.0.0.1:9"
NEVER_TURNS = 2e12  # an hour of 63 years, which ends in 2033


class Pair:
    """Two relays, and a bot that has wishes; the receiver plays everything at once and has none."""

    def __init__(self) -> None:
        self.clock = WallClock()
        members = frozenset((BOT.public.address, CLOUD.public.address))
        self.relays = [Relay(f"relay {n}", self.clock, members, None, n) for n in range(2)]
        self.told: list[Event] = []
        self.sender: Endpoint
        self.receiver: Endpoint

    @asynccontextmanager
    async def running(
        self, policy: Callable[[list[str]], PathPolicy], timing: Timing | None = None
    ) -> AsyncIterator[Pair]:
        for relay in self.relays:
            await relay.start()
        urls = [relay.url for relay in self.relays]
        self.sender = Endpoint(role=Role.SENDER, identity=BOT, peer=CLOUD.public, relays=urls, timing=timing,
                               on_event=self.told.append, clock=self.clock, policy=policy(urls))  # fmt: skip
        self.receiver = Endpoint(role=Role.RECEIVER, identity=CLOUD, peer=BOT.public, relays=urls,
                                 on_event=self._play, clock=self.clock)  # fmt: skip
        tasks = [asyncio.create_task(end.run()) for end in (self.receiver, self.sender)]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.gather(*[relay.stop() for relay in self.relays])

    @property
    def paths(self) -> list[PathReport]:
        return self.sender.paths()

    def tap(self) -> SequenceId:
        date = int(self.clock.now())
        return self.sender.submit((Frame(1, 1300, date), Frame(1, 2300, date + 100)))

    async def measured(self) -> None:
        await until(lambda: self.sender.connected and all(path.delay_ms is not None for path in self.paths))

    async def became(self, id: SequenceId, *outcomes: Outcome) -> None:
        await until(lambda: any(isinstance(fact, Resolved) and fact.id == id and fact.outcome in outcomes
                                for fact in self.told))  # fmt: skip

    def members(self, place: int) -> object:
        server = self.relays[place]._server
        assert server is not None
        return server.snapshot()["connections"]

    def inputs(self, end: Endpoint) -> int:
        return sum(minute.inputs for minute in end.minutes())

    def _play(self, event: Event) -> None:
        if isinstance(event, SequenceArrived):
            self.receiver.report(event.sequence.id, Outcome.APPLIED)


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110  the conditions belong to sockets, and set no event
        await asyncio.sleep(0.005)


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(main, 30))


def endpoint(policy: PathPolicy) -> Endpoint:
    return Endpoint(role=Role.SENDER, identity=BOT, peer=CLOUD.public, relays=[NOWHERE], direct=HERE,
                    on_event=lambda event: None, policy=policy)  # fmt: skip


# Forbidden


def test_a_forbidden_relay_is_never_even_connected_to() -> None:
    async def main() -> None:
        async with Pair().running(lambda urls: PathPolicy(forbid=urls[:1])) as pair:
            await pair.became(pair.tap(), Outcome.APPLIED)
            assert [path.name for path in pair.paths] == ["relay 1"]
            await until(lambda: all(path.state == "up" for path in pair.receiver.paths()))
            assert (pair.members(0), pair.members(1)) == (1, 2)

    run(main())


@pytest.mark.parametrize(
    ("forbid", "kinds"),
    [(["direct"], ["relay"]), (["direct udp"], ["relay"]), (["relays"], ["direct udp"]),
     ([NOWHERE], ["direct udp"]), ([], ["relay", "direct udp"])],
)  # fmt: skip
def test_forbidden_kinds_have_no_path(forbid: list[str], kinds: list[str]) -> None:
    paths = endpoint(PathPolicy(forbid=forbid)).paths()
    assert [path.kind for path in paths if path.kind != "direct tcp"] == kinds


def test_an_endpoint_that_may_use_nothing_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="every one is forbidden"):
        endpoint(PathPolicy(forbid=["relays", "direct"]))


# Pinned


def test_a_pinned_path_carries_alone_and_the_other_one_is_kept_warm() -> None:
    async def main() -> None:
        async with Pair().running(lambda urls: PathPolicy(pin=urls[1:])) as pair:
            await pair.measured()
            await until(lambda: [path.carrying for path in pair.paths] == [False, True])
            assert pair.paths[0].verdict == "spare: others are pinned"
            assert pair.paths[1].verdict.startswith("pinned, ")
            before = pair.paths[0].received
            await pair.became(pair.tap(), Outcome.APPLIED)
            await until(lambda: pair.paths[0].received > before + 1)  # heartbeats

    run(main())


def test_when_the_pinned_path_is_gone_the_other_one_carries() -> None:
    async def main() -> None:
        async with Pair().running(lambda urls: PathPolicy(pin=urls[1:])) as pair:
            await pair.measured()
            await pair.relays[1].stop()
            await pair.became(pair.tap(), Outcome.APPLIED)
            await until(lambda: pair.paths[0].verdict == "the only one that is up")

    run(main())


def test_an_input_that_a_pinned_path_swallows_is_repeated_on_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Heartbeats pass in both directions, so the path counts as working; all that is larger is lost."""

    async def main() -> None:
        async with Pair().running(lambda urls: PathPolicy(pin=urls[1:])) as pair:
            await pair.measured()
            link = pair.sender._lanes[1].link
            pass_on = link.send
            monkeypatch.setattr(link, "send", lambda data: pass_on(data) if len(data) < 100 else None)
            await until(lambda: [path.carrying for path in pair.paths] == [False, True])
            await pair.became(pair.tap(), Outcome.APPLIED)

    run(main())


# Capped


def test_a_relay_whose_hour_is_used_up_is_left_and_the_other_one_carries_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tunnel.meter.HOUR_MS", NEVER_TURNS)

    async def main() -> None:
        async with Pair().running(lambda urls: PathPolicy(caps={urls[0]: 20_000})) as pair:
            await pair.measured()
            while not pair.paths[0].verdict.startswith("spared"):
                pair.sender.send_note(1, bytes(1_000))
                await asyncio.sleep(0.01)
            assert pair.paths[0].bytes >= 16_000
            pair.sender._lanes[0].bill.count(4_000, pair.clock.date())  # a few hundred heartbeats
            await until(lambda: pair.paths[0].state == "waiting" and pair.members(0) == 1)
            spent = pair.paths[0]
            assert spent.cap == 20_000
            assert spent.verdict.startswith("its hour is used up until ")
            assert not spent.carrying
            assert pair.sender.counters["dropped_cap"] <= 1
            await pair.became(pair.tap(), Outcome.APPLIED)
            assert pair.paths[0].bytes == spent.bytes
            assert pair.sender.connected

    run(main())


def test_a_relay_near_its_cap_is_spared_while_another_one_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunnel.meter.HOUR_MS", NEVER_TURNS)

    async def main() -> None:
        async with Pair().running(lambda urls: PathPolicy(caps={urls[0]: 1_000_000})) as pair:
            await pair.measured()
            pair.sender._lanes[0].bill.count(850_000, pair.clock.date())
            await until(lambda: [path.carrying for path in pair.paths] == [False, True])
            assert pair.paths[0].verdict == "spared: little of its hour is left"
            await pair.relays[1].stop()
            await pair.became(pair.tap(), Outcome.APPLIED)
            await until(lambda: pair.paths[0].verdict == "the only one that is up")

    run(main())


def test_what_comes_in_is_paid_for_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunnel.meter.HOUR_MS", NEVER_TURNS)

    async def main() -> None:
        async with Pair().running(lambda urls: PathPolicy(caps={"relays": 40_000})) as pair:
            await pair.measured()
            while any(path.state == "up" for path in pair.paths):
                pair.receiver.send_note(1, bytes(1_000))
                await asyncio.sleep(0.01)
            assert sum(path.bytes for path in pair.paths) >= 40_000
            assert sum(path.received for path in pair.paths) > 30

    run(main())


def test_money_is_not_spent_although_nothing_else_is_left_and_the_input_is_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tunnel.meter.HOUR_MS", NEVER_TURNS)
    timing = Timing(stale_after=300.0, give_up_after=600.0)

    async def main() -> None:
        async with Pair().running(lambda urls: PathPolicy(caps={"relays": 1_000_000}), timing) as pair:
            await pair.measured()
            pair.sender._lanes[0].bill.count(1_000_000, pair.clock.date())
            await until(lambda: all(path.state == "waiting" for path in pair.paths))
            before = [path.bytes for path in pair.paths]
            await pair.became(pair.tap(), Outcome.LOST, Outcome.STALE)
            assert [path.bytes for path in pair.paths] == before

    run(main())


def test_not_one_datagram_leaves_once_the_hour_is_used_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunnel.meter.HOUR_MS", NEVER_TURNS)

    async def main() -> None:
        async with Pair().running(lambda urls: PathPolicy(caps={"relays": 1_000_000})) as pair:
            await pair.measured()
            pair.sender._lanes[0].bill.count(1_000_000, pair.clock.date())
            before = [path.bytes for path in pair.paths]
            pair.tap()
            pair.sender.flush()  # nothing has come meanwhile that could have closed them
            assert pair.sender.counters["dropped_cap"] >= 2, "both were chosen"
            assert [path.bytes for path in pair.paths] == before
            await until(lambda: all(path.state == "waiting" for path in pair.paths))

    run(main())


def test_when_the_hour_turns_the_relay_is_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunnel.meter.HOUR_MS", 1_000.0)

    async def main() -> None:
        async with Pair().running(lambda urls: PathPolicy(caps={urls[0]: 1_000_000})) as pair:
            for _ in range(2):
                await pair.measured()
                while pair.paths[0].state == "up":
                    pair.sender._lanes[0].bill.count(1_000_000, pair.clock.date())
                    pair.sender.send_note(1, b"")
                    await asyncio.sleep(0.01)
                await until(lambda: pair.paths[0].state == "up")
            assert pair.sender._lanes[0].failures == 0

    run(main())


# Told


def test_both_ends_tell_who_won_each_minute() -> None:
    async def main() -> None:
        async with Pair().running(lambda urls: PathPolicy(pin=urls[1:])) as pair:
            await pair.measured()
            await until(lambda: [path.carrying for path in pair.paths] == [False, True])
            for _ in range(5):
                await pair.became(pair.tap(), Outcome.APPLIED)
            for end in (pair.sender, pair.receiver):
                await until(partial(lambda end: pair.inputs(end) == 5, end))
                assert "relay 1" in [minute.winner for minute in end.minutes()]
            assert "pinned" in [minute.why for minute in pair.sender.minutes()]

    run(main())
