"""The BitTorrent DHT as a meeting place, through libtorrent if that is installed.

What lies there is drawn in dht_item.py, when it is put and looked for is said in dht_schedule.py, and what we
are in the DHT in dht_node.py: a silent guest, who leaves while there is nothing to do.

The nodes that hold a letter are strangers, and so is whoever stands between: they see that some address reads
or writes some key of this day. They can lose a letter or bring an old one; libtorrent drops whatever is not
signed with the hole's key, and the seal shows the rest.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter, deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from tunnel.links.places import resolve
from tunnel.nat.stun import Address
from tunnel.rendezvous.dht_item import hole_key, letter_in
from tunnel.rendezvous.dht_node import DhtNode, Entered, Found, Heard, Stored, library
from tunnel.rendezvous.dht_schedule import Get, Put, Schedule
from tunnel.rendezvous.place import Hole, Holes, PlaceError
from tunnel.wallclock import WallClock

# Where strangers begin, run by those who make BitTorrent programs. Afterwards we know other nodes.
ROUTERS: Final = (
    ("router.bittorrent.com", 6881),
    ("dht.transmissionbt.com", 6881),
    ("dht.libtorrent.org", 25401),
)

MISSING: Final = (
    "Meeting through the BitTorrent DHT needs libtorrent, which is not installed here. Install it with "
    "`.venv/bin/pip install --require-hashes -r requirements-dht.lock` (on Windows: `.venv\\Scripts\\pip`); "
    "it is made for Python up to 3.13."
)

# How long we try to enter. libtorrent waits 15 s for each node that does not answer.
ENTER_MS: Final = 30_000.0
_LOOK_MS: Final = 500.0
# A search begins with the nodes we know if there are three, else with the routers, and not every router knows
# what an item is.
ENOUGH_NODES: Final = 3
# So many rounds of searching in which not one datagram came: the network is gone, or our address is another.
MOST_DEAF_ROUNDS: Final = 3
# How often we look whether the system's date has jumped, as after a machine has slept; nobody tells us.
_DATE_MS: Final = 60_000.0
# Letters that were handed on already. The other end may put a new one every minute.
_MOST_KNOWN: Final = 16


class DhtPlace:
    """A meeting place; see Place.

    While the ends are connected (`set_connected`) nothing is looked for, and the DHT is entered only to put
    our letter there again.
    """

    def __init__(
        self, holes: Holes, clock: WallClock, *, bootstrap: Sequence[tuple[str, int]] = ROUTERS
    ) -> None:
        """`bootstrap`: names or addresses, and ports, of nodes that know others."""
        self.counters: Counter[str] = Counter()
        self._clock = clock
        self._bootstrap = tuple(bootstrap)
        self._schedule = Schedule(holes)
        self._stirred = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None  # without it we would hear nothing of the node
        self._holes: dict[bytes, Hole] = {}  # those of the last round, by their public keys
        self._known: deque[bytes] = deque(maxlen=_MOST_KNOWN)

    @property
    def name(self) -> str:
        """See Place."""
        return "the BitTorrent DHT"

    def post(self, letter: bytes) -> None:
        """See Place."""
        self._schedule.post(letter)
        self._stirred.set()

    def set_connected(self, connected: bool) -> None:
        """Whether the two ends are connected, by whatever path. At any time."""
        self._schedule.set_connected(connected, self._clock.now())
        self._stirred.set()

    async def run(self, on_up: Callable[[], None], on_letter: Callable[[bytes], None]) -> None:
        """See Place."""
        libtorrent = library()
        if libtorrent is None:
            raise PlaceError(MISSING)
        self._schedule.begin(self._clock.now())
        self._known.clear()
        memory: Any = None
        is_up = False
        while True:
            routers = await self._routers()
            async with self._node(libtorrent, routers, memory) as node:
                heard = await self._enter(node)
                if not is_up:
                    is_up = True
                    on_up()
                await self._stay(node, heard, on_letter)
                memory = node.memory()
            await self._stay_away()

    async def _routers(self) -> tuple[Address, ...]:
        routers = await resolve(self._bootstrap)
        if not routers:
            raise _silence(f"no address is found for {self._asked()}. Is this machine online?")
        return routers

    @asynccontextmanager
    async def _node(
        self, libtorrent: Any, routers: Sequence[Address], memory: Any
    ) -> AsyncGenerator[DhtNode]:
        try:
            node = DhtNode(libtorrent, routers, memory, self.counters)
        except (OSError, RuntimeError) as error:  # libtorrent's errors are RuntimeErrors
            raise _silence(f"{error}.") from error
        watching = asyncio.create_task(node.watch(self._stirred.set), name="dht")
        watching.add_done_callback(lambda _: self._stirred.set())
        self._watching = watching
        try:
            yield node
        finally:
            self._watching = None
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            node.close()

    async def _enter(self, node: DhtNode) -> Heard:
        """Until we know our way in the DHT, or at least were answered. Raises PlaceError if nobody does."""
        heard, entered = Heard(0, 0), 0
        look_at = self._clock.now()
        deadline = look_at + ENTER_MS
        while heard.nodes < ENOUGH_NODES and not (heard.datagrams and entered == node.versions):
            now = self._clock.now()
            if now >= deadline:
                break
            if now >= look_at:
                look_at = now + _LOOK_MS
                node.ask_heard()
            await self._pause(look_at)
            for event in node.take():
                if isinstance(event, Heard):
                    heard = event
                elif isinstance(event, Entered):
                    entered += 1
                    look_at = now
        if not heard.datagrams:
            asked = f"asked {self._asked()} for {ENTER_MS / 1000:.0f} s"
            raise _silence(f"{asked}. Does this network let UDP out?")
        return heard

    async def _stay(self, node: DhtNode, heard: Heard, on_letter: Callable[[bytes], None]) -> None:
        """Puts and looks until there is nothing to do for a while. Raises PlaceError if the DHT is gone."""
        deaf_rounds = 0
        while True:
            now = self._now()
            self._give_up(node, now)
            self._obey(node, now)
            if self._schedule.is_idle(now):
                return
            await self._pause(self._schedule.next_timeout())
            for event in node.take():
                if isinstance(event, Found):
                    self._found(node, event, on_letter)
                elif isinstance(event, Stored):
                    self._stored(event)
                elif isinstance(event, Heard):
                    deaf_rounds = deaf_rounds + 1 if event.datagrams == heard.datagrams else 0
                    heard = event
            if deaf_rounds >= MOST_DEAF_ROUNDS:
                raise _silence("those that did have fallen silent. Is this machine still online?")

    async def _stay_away(self) -> None:
        """Until there is something to do again."""
        while True:
            now, due = self._now(), self._schedule.next_timeout()
            if due is not None and due <= now:
                return
            await self._pause(due)

    def _give_up(self, node: DhtNode, now: float) -> None:
        lost = self._schedule.handle_timeout(now)
        self.counters.update(lost)
        if lost:
            node.ask_heard()

    def _obey(self, node: DhtNode, now: float) -> None:
        orders = self._schedule.due(now)
        gets = [order.hole for order in orders if isinstance(order, Get)]
        if gets:
            self._holes = {hole_key(hole.seed).public: hole for hole in gets}
        for public in self._holes if gets else ():
            node.get(public)
        for order in orders:
            if isinstance(order, Put):
                node.put(hole_key(order.hole.seed), order.letter)

    def _found(self, node: DhtNode, found: Found, on_letter: Callable[[bytes], None]) -> None:
        hole = self._holes.get(found.public)
        if hole is None:
            self.counters["of an earlier day"] += 1
            return
        if found.value is not None:
            self._hand_on(letter_in(found.value), on_letter)
        if found.last and self._schedule.got(hole):
            node.ask_heard()

    def _hand_on(self, letter: bytes | None, on_letter: Callable[[bytes], None]) -> None:
        if letter is None:
            self.counters["no letter"] += 1
            return
        digest = hashlib.sha256(letter).digest()
        if digest not in self._known:
            self._known.append(digest)
            self._schedule.heard(self._clock.now())
            on_letter(letter)

    def _stored(self, stored: Stored) -> None:
        if not stored.nodes:
            self.counters["put nowhere"] += 1
        self._schedule.put_ended(stored.nodes)

    def _asked(self) -> str:
        return ", ".join(host for host, _ in self._bootstrap) or "nobody"

    def _now(self) -> float:
        """The time; and the schedule learns the date."""
        now = self._clock.now()
        self._schedule.see_date(self._clock.date(), now)
        return now

    async def _pause(self, until: float | None) -> None:
        """Until something happens, or `until`, or for a minute. PlaceError if the node is heard no more."""
        delay_ms = _DATE_MS if until is None else min(max(0.0, until - self._clock.now()), _DATE_MS)
        try:
            async with asyncio.timeout(delay_ms / 1000):
                await self._stirred.wait()
        except TimeoutError:
            pass  # that is what we waited for
        self._stirred.clear()
        if self._watching is not None and self._watching.done():
            raise _deaf(self._watching)


def _deaf(watching: asyncio.Task[None]) -> PlaceError:
    """Why nobody watches the node any more. Raises what is no error of the system's: a mistake of ours."""
    try:
        watching.result()
    except OSError as error:
        return PlaceError(f"libtorrent can be heard no more: {error.strerror or error}.")
    return PlaceError("libtorrent can be heard no more.")


def _silence(why: str) -> PlaceError:
    return PlaceError(f"No node of the BitTorrent DHT answers: {why}")
