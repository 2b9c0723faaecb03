"""The BitTorrent DHT as a meeting place, with real nodes on this machine: libtorrent's, and some that lie."""

from __future__ import annotations

import asyncio
import importlib.util
import itertools
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bench.world.dht_net import DhtNet
from tests.tunnel.rendezvous import krpc
from tunnel.rendezvous import dht, dht_node
from tunnel.rendezvous.dht import DhtPlace
from tunnel.rendezvous.dht_item import hole_key
from tunnel.rendezvous.place import MAX_LETTER, Hole, Patient, Place, PlaceError
from tunnel.room import DAY_MS
from tunnel.wallclock import WallClock

TODAY = 20_000
NOON = TODAY * DAY_MS + DAY_MS / 2
MINUTE, HOUR = 60_000.0, 3_600_000.0
HOSTS = ("127.0.0.1", "::1")
HOME, CLOUD = 1, 2

needs_libtorrent = pytest.mark.skipif(
    importlib.util.find_spec("libtorrent") is None, reason="libtorrent is not installed"
)


class Clock(WallClock):
    """Runs, and can be put forward; `slept_ms` is what it missed and the system's date did not."""

    def __init__(self) -> None:
        super().__init__()
        self._ahead = NOON - super().now()
        self.slept_ms = 0.0

    def now(self) -> float:
        return super().now() + self._ahead

    def date(self) -> float:
        return self.now() + self.slept_ms

    def put_forward(self, by_ms: float) -> None:
        self._ahead += by_ms


@dataclass(frozen=True)
class Daily:
    """One hole a day for each of two ends."""

    writer: int
    reader: int

    def own(self, date: float) -> Hole:
        return hole(self.writer, int(date // DAY_MS))

    def peer(self, date: float) -> tuple[Hole, ...]:
        return (hole(self.reader, int(date // DAY_MS)),)


def hole(writer: int, day: int = TODAY) -> Hole:
    return Hole(bytes(16), writer.to_bytes(16, "big") + day.to_bytes(16, "big"))


class EnteringPlace(DhtPlace):
    """Says when time must not be put forward: entering has a deadline, and takes real time."""

    entering = False

    async def _enter(self, node: dht_node.DhtNode) -> dht_node.Heard:
        self.entering = True
        try:
            return await super()._enter(node)
        finally:
            self.entering = False


@dataclass
class Running:
    """A place that runs, and what came of it."""

    place: EnteringPlace
    clock: Clock
    letters: list[bytes] = field(default_factory=list)
    ups: int = 0
    error: PlaceError | None = None
    task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        try:
            await self.place.run(self._up, self.letters.append)
        except PlaceError as error:
            self.error = error

    def pass_time(self, by_ms: float) -> None:
        """The clock is put forward, and the place woken to see it."""
        self.clock.put_forward(by_ms)
        self.place.set_connected(False)

    def _up(self) -> None:
        self.ups += 1


@asynccontextmanager
async def running(
    routers: Sequence[tuple[str, int]], writer: int = HOME, reader: int = CLOUD, letter: bytes | None = None
) -> AsyncIterator[Running]:
    """A place that has been started."""
    clock = Clock()
    end = Running(EnteringPlace(Daily(writer, reader), clock, bootstrap=routers), clock)
    if letter is not None:
        end.place.post(letter)
    end.task = asyncio.create_task(end.run())
    try:
        yield end
    finally:
        end.task.cancel()
        await asyncio.gather(end.task, return_exceptions=True)


async def until(condition: Callable[[], object]) -> None:
    """Waits until it holds; the test's own deadline ends it."""
    while not condition():  # noqa: ASYNC110  the conditions belong to another library's threads
        await asyncio.sleep(0.01)


async def looked(end: Running, condition: Callable[[], object]) -> None:
    """Waits until it holds; the place, once it is up, looks every moment instead of every half minute."""
    await until(lambda: end.ups or end.error)
    while not condition():
        assert end.error is None, end.error
        if not end.place.entering:
            end.pass_time(31_000)
        await asyncio.sleep(0.1)


def run(main: Any) -> None:
    asyncio.run(asyncio.wait_for(main, 60))


@pytest.fixture
def net() -> Iterator[DhtNet]:
    """A DHT of six nodes of libtorrent, over both versions of IP."""
    net = DhtNet(HOSTS, 0, 6)
    net.start()
    yield net
    net.stop()


@dataclass
class Mesh:
    """A DHT of nodes written for these tests: they answer at once, and never lead to a guest."""

    nodes: list[krpc.Node]

    @property
    def routers(self) -> list[tuple[str, int]]:
        return [self.nodes[0].place]

    def items(self, seed: bytes) -> list[krpc.Message]:
        """What they hold of this seed's key."""
        target = krpc.target_of(hole_key(seed).public)
        return [node.items[target] for node in self.nodes if target in node.items]

    def holds(self, seed: bytes, seq: int, letter: bytes) -> bool:
        return any((item[b"seq"], item[b"v"]) == (seq, letter) for item in self.items(seed))

    def put(self, seed: bytes, seq: int, value: object) -> None:
        """Gives all of them an item of this seed's key."""
        for node in self.nodes:
            krpc.Writer(node.place).put(seed, seq, value)


@pytest.fixture
def mesh() -> Iterator[Mesh]:
    """Six of them."""
    with meshed([krpc.Node() for _ in range(6)]) as mesh:
        yield mesh


@contextmanager
def meshed(nodes: list[krpc.Node]) -> Iterator[Mesh]:
    for node in nodes:
        node.mesh = nodes
    yield Mesh(nodes)
    for node in nodes:
        node.close()


async def bare_get(net: DhtNet, seed: bytes) -> Any:
    """The item that a bare session of libtorrent reads."""
    session = net.sessions[-1]
    while True:
        session.dht_get_mutable_item(hole_key(seed).public, b"")
        for _ in range(20):
            await asyncio.sleep(0.01)
            for alert in session.pop_alerts():
                if type(alert).__name__ == "dht_mutable_item_alert" and alert.item:
                    return alert


async def bare_put(net: DhtNet, seed: bytes, value: bytes) -> None:
    session = net.sessions[-1]
    key = hole_key(seed)
    session.dht_put_mutable_item(key.secret, key.public, value, b"")
    await until(lambda: any(type(alert).__name__ == "dht_put_alert" for alert in session.pop_alerts()))


# Meeting


@needs_libtorrent
def test_it_is_a_place_that_can_be_told_to_be_patient() -> None:
    place: Place = DhtPlace(Daily(1, 2), WallClock())
    assert isinstance(place, Patient)
    assert place.name == "the BitTorrent DHT"


@needs_libtorrent
@pytest.mark.parametrize("hosts", [("127.0.0.1",), ("::1",), HOSTS], ids=["IPv4", "IPv6", "both"])
def test_one_end_finds_the_other_s_letter_among_nodes_of_libtorrent(hosts: tuple[str, ...]) -> None:
    net = DhtNet(hosts, 0, 4)
    net.start()

    async def main() -> None:
        async with running(net.routers, HOME, CLOUD, b"I am home"):
            await bare_get(net, hole(HOME).seed)
            async with running(net.routers, CLOUD, HOME) as cloud:
                await looked(cloud, lambda: cloud.letters)
                assert cloud.letters == [b"I am home"]

    try:
        run(main())
    finally:
        net.stop()


@needs_libtorrent
def test_two_ends_find_each_other_s_letters(mesh: Mesh) -> None:
    async def main() -> None:
        async with (
            running(mesh.routers, HOME, CLOUD, b"I am home") as home,
            running(mesh.routers, CLOUD, HOME, b"I am a cloud") as cloud,
        ):
            await looked(home, lambda: home.letters)
            await looked(cloud, lambda: cloud.letters)
            assert (home.letters, cloud.letters) == ([b"I am a cloud"], [b"I am home"])
            assert (home.ups, cloud.ups) == (1, 1)

    run(main())


@needs_libtorrent
def test_a_bare_session_reads_what_we_put(net: DhtNet) -> None:
    async def main() -> None:
        letter = bytes(range(256)) * 3 + bytes(MAX_LETTER - 768)
        async with running(net.routers, letter=letter):
            found = await bare_get(net, hole(HOME).seed)
            assert (found.item, found.salt) == (letter, b"")

    run(main())


@needs_libtorrent
def test_we_read_what_a_bare_session_puts(net: DhtNet) -> None:
    async def main() -> None:
        await bare_put(net, hole(CLOUD).seed, b"from a bare session")
        async with running(net.routers) as end:
            await looked(end, lambda: end.letters)
            assert end.letters == [b"from a bare session"]

    run(main())


@needs_libtorrent
def test_what_lies_there_is_as_bep_44_says(mesh: Mesh) -> None:
    async def main() -> None:
        seed = hole(HOME).seed
        async with running(mesh.routers, letter=b"signed"):
            await until(lambda: mesh.items(seed))
            item = mesh.items(seed)[0]
            assert (item[b"k"], item[b"v"], item[b"seq"]) == (hole_key(seed).public, b"signed", 1)
            krpc.verify(item[b"k"], item[b"sig"], item[b"seq"], item[b"v"])

    run(main())


def test_our_reading_of_bep_44_passes_its_vectors() -> None:
    krpc.verify(krpc.BEP44_PUBLIC, krpc.BEP44_SIGNATURE, 1, krpc.BEP44_VALUE)
    assert krpc.target_of(krpc.BEP44_PUBLIC) == krpc.BEP44_TARGET


# Time


@needs_libtorrent
def test_a_letter_is_put_again_after_an_hour_and_a_newer_one_takes_its_place(mesh: Mesh) -> None:
    async def main() -> None:
        seed = hole(HOME).seed
        async with running(mesh.routers, letter=b"first") as end:
            await until(lambda: mesh.holds(seed, 1, b"first"))
            end.pass_time(HOUR)
            await until(lambda: mesh.holds(seed, 2, b"first"))
            end.place.post(b"second")
            end.pass_time(2 * MINUTE)
            await until(lambda: mesh.holds(seed, 3, b"second"))

    run(main())


@needs_libtorrent
def test_after_a_restart_the_letter_replaces_that_of_before(mesh: Mesh) -> None:
    async def main() -> None:
        for seq, letter in enumerate((b"before", b"after"), 1):
            async with running(mesh.routers, letter=letter):
                await until(partial(mesh.holds, hole(HOME).seed, seq, letter))

    run(main())


@needs_libtorrent
def test_at_midnight_the_letter_moves_to_the_new_day_s_hole(mesh: Mesh) -> None:
    async def main() -> None:
        async with running(mesh.routers, letter=b"here") as end:
            await until(lambda: mesh.holds(hole(HOME).seed, 1, b"here"))
            end.pass_time(DAY_MS / 2)
            await looked(end, lambda: mesh.items(hole(HOME, TODAY + 1).seed))
            assert mesh.items(hole(HOME, TODAY + 1).seed)[0][b"v"] == b"here"
            mesh.put(hole(CLOUD, TODAY + 1).seed, 1, b"and I")
            await looked(end, lambda: end.letters)
            assert end.letters == [b"and I"]

    run(main())


@needs_libtorrent
def test_after_a_sleep_over_midnight_the_letter_lies_in_the_new_day_s_hole(
    mesh: Mesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dht, "_DATE_MS", 50.0)  # nobody wakes the place

    async def main() -> None:
        async with running(mesh.routers, letter=b"here") as end:
            end.place.set_connected(True)
            await until(lambda: mesh.holds(hole(HOME).seed, 1, b"here"))
            end.clock.slept_ms = DAY_MS
            while not mesh.items(hole(HOME, TODAY + 1).seed):
                if not end.place.entering:
                    end.clock.put_forward(31_000)
                await asyncio.sleep(0.1)
            assert mesh.items(hole(HOME, TODAY + 1).seed)[0][b"v"] == b"here"

    run(main())


@needs_libtorrent
def test_connected_ends_leave_the_dht_and_come_back_for_the_letter_and_when_they_are_apart(
    mesh: Mesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = watch_nodes(monkeypatch)

    async def main() -> None:
        seed = hole(HOME).seed
        async with running(mesh.routers, letter=b"here") as end:
            end.place.set_connected(True)
            await until(lambda: mesh.holds(seed, 1, b"here") and opened == [False])
            end.clock.put_forward(HOUR)
            end.place.set_connected(True)
            await until(lambda: mesh.holds(seed, 2, b"here") and opened == [False, False])
            mesh.put(hole(CLOUD).seed, 1, b"where are you")
            end.place.set_connected(False)
            await until(lambda: end.letters)
            assert opened == [False, False, True]
            assert end.ups == 1

    run(main())


def watch_nodes(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """One entry for every session that is made: whether it still is open."""
    opened: list[bool] = []

    class Watched(dht_node.DhtNode):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self._number = len(opened)
            opened.append(True)

        def close(self) -> None:
            super().close()
            opened[self._number] = False

    monkeypatch.setattr(dht, "DhtNode", Watched)
    return opened


# Wrong items


@needs_libtorrent
def test_a_letter_is_handed_on_once_however_often_it_is_found(mesh: Mesh) -> None:
    async def main() -> None:
        mesh.put(hole(CLOUD).seed, 1, b"one")
        async with running(mesh.routers) as end:
            await looked(end, lambda: end.letters)
            gets = mesh.nodes[1].gets
            await looked(end, lambda: mesh.nodes[1].gets > gets + 3)
            mesh.put(hole(CLOUD).seed, 2, b"two")
            await looked(end, lambda: len(end.letters) > 1)
            assert end.letters == [b"one", b"two"]

    run(main())


@needs_libtorrent
@pytest.mark.parametrize("value", [7, [b"a", b"list"], {b"a": b"dict"}, bytes(MAX_LETTER + 20)])
def test_what_is_signed_but_no_letter_is_counted(mesh: Mesh, value: object) -> None:
    async def main() -> None:
        mesh.put(hole(CLOUD).seed, 5, value)
        async with running(mesh.routers) as end:
            await looked(end, lambda: end.place.counters["no letter"])
            assert end.letters == []

    run(main())


@needs_libtorrent
def test_the_highest_sequence_number_wins_even_the_highest_there_is(mesh: Mesh) -> None:
    async def main() -> None:
        mesh.put(hole(CLOUD).seed, 5, b"five")
        async with running(mesh.routers) as end:
            await looked(end, lambda: end.letters)
            mesh.put(hole(CLOUD).seed, 2**63 - 1, b"the last")
            await looked(end, lambda: len(end.letters) > 1)
            assert end.letters == [b"five", b"the last"]

    run(main())


@needs_libtorrent
def test_a_flood_of_letters_is_handed_on_and_not_remembered_for_ever(mesh: Mesh) -> None:
    async def main() -> None:
        async with running(mesh.routers) as end:
            for seq in range(1, 20):
                mesh.put(hole(CLOUD).seed, seq, b"letter %d" % seq)
                await looked(end, partial(has_letters, end, seq))
            assert len(end.place._known) < 19

    run(main())


def lies() -> Iterator[krpc.Message]:
    """Answers to searches for the other end's item, for ever: none of them is one."""
    stranger_seed = hole(99).seed
    public, stranger = hole_key(hole(CLOUD).seed).public, hole_key(stranger_seed).public
    for number in itertools.count():
        value = b"lie %d" % number
        signature = krpc.sign(stranger_seed, number, value)
        unsigned: krpc.Message = {b"k": public, b"seq": number, b"v": value, b"sig": bytes(64)}
        yield unsigned
        yield unsigned | {b"sig": signature}
        yield unsigned | {b"sig": signature, b"k": stranger}
        yield unsigned | {b"seq": 2**63 - 1, b"sig": krpc.sign(stranger_seed, 2**63 - 1, value)}
        yield unsigned | {b"seq": -1}
        yield unsigned | {b"seq": b"no number"}
        yield unsigned | {b"sig": b"short"}
        yield unsigned | {b"v": bytes(3_000)}
        yield {b"v": value}
        yield {b"v": [value] * 20, b"k": public}
        yield {b"v": 7, b"k": 7, b"sig": 7, b"seq": 7}


@needs_libtorrent
def test_a_dht_full_of_wrong_items_is_silence() -> None:
    liars: list[krpc.Node] = [krpc.Liar(lies()) for _ in range(6)]

    async def main(mesh: Mesh) -> None:
        async with running(mesh.routers, letter=b"mine") as end:
            await looked(end, lambda: sum(liar.gets for liar in liars) > 60)
            assert end.ups == 1
            assert end.error is None
            assert end.letters == []

    with meshed(liars) as mesh:
        run(main(mesh))


@needs_libtorrent
def test_among_wrong_items_the_right_one_is_found() -> None:
    honest = krpc.Node()

    async def main(mesh: Mesh) -> None:
        krpc.Writer(honest.place).put(hole(CLOUD).seed, 1, b"true")
        async with running(mesh.routers, letter=b"mine") as end:
            await looked(end, lambda: end.letters)
            await looked(end, lambda: honest.gets > 10)
            await until(lambda: mesh.items(hole(HOME).seed))
            assert end.letters == [b"true"]

    with meshed([*(krpc.Liar(lies()) for _ in range(5)), honest]) as mesh:
        run(main(mesh))


@needs_libtorrent
def test_what_another_has_signed_is_not_even_taken_by_nodes_of_libtorrent(net: DhtNet) -> None:
    writer = krpc.Writer(net.routers[0])
    answer = writer.put(hole(CLOUD).seed, 5, b"forged", sign_with=hole(99).seed)
    assert (answer[b"y"], answer[b"e"][0]) == (b"e", 206)
    assert writer.put(hole(CLOUD).seed, 5, b"true")[b"y"] == b"r"


# Silence


@needs_libtorrent
def test_an_empty_hole_is_silence_and_no_error(mesh: Mesh) -> None:
    async def main() -> None:
        async with running(mesh.routers) as end:
            await looked(end, lambda: mesh.nodes[1].gets > 10)
            assert end.error is None
            assert end.letters == []

    run(main())


@needs_libtorrent
def test_where_no_node_answers_a_sentence_says_so() -> None:
    async def main() -> None:
        async with running([("127.0.0.1", 9)]) as end:
            while end.error is None:
                end.pass_time(MINUTE)
                await asyncio.sleep(0.1)
            assert end.ups == 0
            assert str(end.error).startswith(
                "No node of the BitTorrent DHT answers: asked 127.0.0.1 for 30 s."
            )

    run(main())


@needs_libtorrent
@pytest.mark.parametrize("routers", [[], [("no such host", 6881)]])
def test_where_no_router_is_found_a_sentence_says_so(routers: list[tuple[str, int]]) -> None:
    async def main() -> None:
        async with running(routers) as end:
            await until(lambda: end.error)
            assert "no address is found for" in str(end.error)

    run(main())


@needs_libtorrent
def test_letters_survive_the_death_of_half_the_nodes(net: DhtNet) -> None:
    async def main() -> None:
        async with running(net.routers) as end:
            await until(lambda: end.ups)
            await bare_put(net, hole(CLOUD).seed, b"still here")
            for _ in range(3):
                net.kill(0)
            await looked(end, lambda: end.letters)
            assert end.letters == [b"still here"]

    run(main())


@needs_libtorrent
def test_when_all_nodes_fall_silent_a_sentence_says_so(mesh: Mesh) -> None:
    async def main() -> None:
        async with running(mesh.routers, letter=b"hello?") as end:
            await until(lambda: end.ups)
            for node in mesh.nodes:
                node.silent = True
            await looked(end, lambda: end.error)
            assert "have fallen silent" in str(end.error)

    run(main())


@needs_libtorrent
@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (OSError(9, "Bad file descriptor"), "libtorrent can be heard no more: Bad file descriptor."),
        (None, "libtorrent can be heard no more."),
    ],
)
def test_when_nobody_watches_the_node_any_more_a_sentence_says_so(
    mesh: Mesh, monkeypatch: pytest.MonkeyPatch, broken: OSError | None, said: str
) -> None:
    break_watching(monkeypatch, broken)

    async def main() -> None:
        async with running(mesh.routers) as end:
            await until(lambda: end.error)
            assert str(end.error) == said

    run(main())


@needs_libtorrent
def test_a_mistake_in_watching_is_raised_as_it_is(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    break_watching(monkeypatch, KeyError("a mistake"))

    async def main() -> None:
        with pytest.raises(KeyError, match="a mistake"):
            await DhtPlace(Daily(HOME, CLOUD), Clock(), bootstrap=mesh.routers).run(
                lambda: None, lambda letter: None
            )

    run(main())


def break_watching(monkeypatch: pytest.MonkeyPatch, error: Exception | None) -> None:
    """The node is watched for a moment."""

    async def watch(node: dht_node.DhtNode, on_stir: Callable[[], None]) -> None:
        await asyncio.sleep(0.01)
        if error is not None:
            raise error

    monkeypatch.setattr(dht_node.DhtNode, "watch", watch)


# The end


@needs_libtorrent
@pytest.mark.parametrize("moment", ["at once", "entering", "up"])
def test_it_ends_when_cancelled_and_leaves_nothing_behind(mesh: Mesh, moment: str) -> None:
    async def main() -> None:
        routers = mesh.routers if moment == "up" else [("127.0.0.1", 9)]
        async with running(routers, letter=b"bye") as end:
            assert end.task is not None
            if moment == "up":
                await until(lambda: end.ups)
            else:
                await asyncio.sleep(0 if moment == "at once" else 0.2)
            start = time.monotonic()
            end.task.cancel()
            await asyncio.gather(end.task, return_exceptions=True)
            assert time.monotonic() - start < 10, "a blocking library would take minutes"

    before = system_threads()
    run(main())
    # A thread that has ended is listed for a moment longer.
    run(until(lambda: system_threads() <= before))


def system_threads() -> int:
    """All threads of this process, those of libtorrent too."""
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.exists() else threading.active_count()


@needs_libtorrent
def test_it_can_be_run_again(mesh: Mesh) -> None:
    async def main() -> None:
        mesh.put(hole(CLOUD).seed, 1, b"again")
        clock = Clock()
        end = Running(EnteringPlace(Daily(HOME, CLOUD), clock, bootstrap=mesh.routers), clock)
        for count in (1, 2):
            task = asyncio.create_task(end.run())
            await until(partial(has_letters, end, count))
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert end.letters == [b"again"] * 2
        assert end.ups == 2

    run(main())


def has_letters(end: Running, count: int) -> bool:
    return len(end.letters) == count


def test_without_libtorrent_a_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "libtorrent", None)

    async def main() -> None:
        async with running([("127.0.0.1", 9)]) as end:
            await until(lambda: end.error)
            assert "pip install --require-hashes -r requirements-dht.lock" in str(end.error)

    run(main())


def test_a_letter_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="960"):
        DhtPlace(Daily(1, 2), WallClock()).post(bytes(MAX_LETTER + 1))
