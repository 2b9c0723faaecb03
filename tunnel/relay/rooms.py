"""Who is in which room, what they may send, and to whom it goes. Pure: `now` in, receivers out.

Law of use: `enter`, then any number of `forward`, `park`, `unpark` and `move`, then `leave`, once. Whoever
comes back from `enter` or `move` as replaced has left already; the caller closes their connection.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import Generic, TypeVar

from tunnel.bucket import TokenBucket
from tunnel.relay.settings import RelayLimits

Outlet = TypeVar("Outlet")


class RoomsFullError(Exception):
    """No place for this member. One sentence."""


class OverRateError(Exception):
    """This member keeps sending far more than allowed, and should go."""


class Member(Generic[Outlet]):
    """One logged-in connection. `outlet` is whatever the caller delivers through."""

    __slots__ = ("address", "bytes", "messages", "outlet", "parked", "patience", "peers", "rooms")

    def __init__(self, address: str, rooms: tuple[bytes, ...], outlet: Outlet, limits: RelayLimits) -> None:
        self.address = address
        self.rooms = rooms
        self.outlet = outlet
        self.parked: deque[bytes] = deque(maxlen=limits.parked_messages)
        self.messages = TokenBucket(limits.messages_per_second, limits.messages_burst)
        self.bytes = TokenBucket(limits.bytes_per_second, limits.bytes_burst)
        # What is over the rate is dropped; who is over it by as much again, and for as long, is closed.
        self.patience = TokenBucket(limits.messages_per_second, limits.messages_burst)
        self.peers: tuple[Member[Outlet], ...] | None = None  # None: to be found out again


class Rooms(Generic[Outlet]):
    """All rooms of one relay. `counters` hold messages and bytes in and out, and what was dropped and why."""

    def __init__(self, limits: RelayLimits) -> None:
        self._limits = limits
        # The innermost dict is a set that keeps the order of arrival: its first is the oldest.
        self._rooms: dict[bytes, dict[Member[Outlet], None]] = {}
        self._members: set[Member[Outlet]] = set()
        self.counters: Counter[str] = Counter()

    @property
    def members(self) -> int:
        return len(self._members)

    @property
    def rooms(self) -> int:
        return len(self._rooms)

    @property
    def parked(self) -> int:
        """Datagrams that wait for members who read slowly."""
        return sum([len(member.parked) for member in self._members])

    def enter(
        self, address: str, rooms: tuple[bytes, ...], outlet: Outlet
    ) -> tuple[Member[Outlet], list[Member[Outlet]]]:
        """The new member, and the older connections of the same address whose place it took in a full room.

        Raises RoomsFullError if there is no place, or would be no room.
        """
        member = Member(address, rooms, outlet, self._limits)
        replaced = self._make_place(member, rooms)
        self._members.add(member)
        self._join(member, rooms)
        return member, replaced

    def move(self, member: Member[Outlet], rooms: tuple[bytes, ...]) -> list[Member[Outlet]]:
        """Puts the member into these rooms and out of its others. Returns and raises as `enter`.

        One that has left stays outside.
        """
        if member not in self._members:
            return []
        new = tuple([name for name in rooms if name not in member.rooms])
        closing = sum([len(self._rooms[name]) == 1 for name in member.rooms if name not in rooms])
        replaced = self._make_place(member, new, closing)
        self._part(member)
        self._join(member, rooms)
        return replaced

    def leave(self, member: Member[Outlet]) -> None:
        """Harmless for one that has left or was replaced."""
        if member in self._members:
            self._members.discard(member)
            self.counters["dropped_left"] += len(member.parked)
            member.parked.clear()
            self._part(member)
            member.rooms, member.peers = (), ()  # whatever it still says reaches nobody

    def forward(self, sender: Member[Outlet], size: int, now: float) -> tuple[Member[Outlet], ...]:
        """To whom a datagram of `size` bytes goes: every other member of any of the sender's rooms, once.

        Nobody, if the sender is over its rate. Raises OverRateError if it has been for too long.
        """
        counters = self.counters
        counters["messages_in"] += 1
        counters["bytes_in"] += size
        if not (sender.messages.take(now) and sender.bytes.take(now, size)):
            counters["dropped_rate"] += 1
            if not sender.patience.take(now):
                raise OverRateError
            return ()
        peers = sender.peers
        if peers is None:
            peers = sender.peers = self._find_peers(sender)
        if not peers:
            counters["dropped_alone"] += 1
        return peers

    def sent(self, count: int, size: int) -> None:
        """`count` copies of `size` bytes were written to members."""
        self.counters["messages_out"] += count
        self.counters["bytes_out"] += count * size

    def park(self, member: Member[Outlet], datagram: bytes) -> None:
        """Keeps a datagram for a member that cannot take it now; the oldest gives way."""
        if len(member.parked) == member.parked.maxlen:
            self.counters["dropped_queue"] += 1
        member.parked.append(datagram)

    def unpark(self, member: Member[Outlet]) -> bytes | None:
        """The oldest datagram kept for this member, or None."""
        return member.parked.popleft() if member.parked else None

    def _find_peers(self, sender: Member[Outlet]) -> tuple[Member[Outlet], ...]:
        found: dict[Member[Outlet], None] = {}
        for name in sender.rooms:
            found.update(self._rooms.get(name, {}))
        found.pop(sender, None)
        return tuple(found)

    def _make_place(
        self, member: Member[Outlet], rooms: tuple[bytes, ...], closing: int = 0
    ) -> list[Member[Outlet]]:
        """Checks first and changes after, so that a refusal leaves everything as it was."""
        opening = sum([name not in self._rooms for name in rooms])
        if opening and len(self._rooms) + opening - closing > self._limits.rooms:
            raise RoomsFullError(f"there are {len(self._rooms)} rooms already")
        replaced: dict[Member[Outlet], None] = {}
        for name in rooms:
            inside = self._rooms.get(name, {})
            if len(inside) >= self._limits.members_per_room:
                oldest = next((m for m in inside if m.address == member.address and m is not member), None)
                if oldest is None:
                    raise RoomsFullError(f"the room has {len(inside)} members already")
                replaced[oldest] = None
        for old in replaced:
            self.leave(old)
        return list(replaced)

    def _join(self, member: Member[Outlet], rooms: tuple[bytes, ...]) -> None:
        member.rooms = rooms
        member.peers = None
        for name in rooms:
            inside = self._rooms.setdefault(name, {})
            inside[member] = None
            _forget_peers(inside)

    def _part(self, member: Member[Outlet]) -> None:
        for name in member.rooms:
            inside = self._rooms[name]
            del inside[member]
            _forget_peers(inside)
            if not inside:
                del self._rooms[name]


def _forget_peers(members: dict[Member[Outlet], None]) -> None:
    for member in members:
        member.peers = None
