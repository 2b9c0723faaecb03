"""The addresses of the other end that we try, how each fares, and the pure choice of the one that is used.

A pair is a socket of ours and one address of the other end (RFC 8445 pairs every local address with every
remote one; with a single socket the remote one says it all, and there are others only where ports are
guessed, see birthday.py). It is *valid* once it has answered a check, and
for as long as it keeps answering: nothing but checks is sent to any other.

    WAITING --answered--> VALID --expired--> FAILED
       '------used up------> FAILED --answered--> VALID, --rewound--> WAITING
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from typing import Final

from tunnel.nat.candidates import Kind, priority
from tunnel.nat.stun import Address

MAX_PAIRS: Final = 64
# When the checks of one round leave, after its beginning. The first opens our own router's way, and is often
# lost at the other's, whose own first is under way; so the second soon follows. The last ones are for
# an offer that came late.
TRIES_MS: Final = (0.0, 120.0, 300.0, 600.0, 1_100.0, 2_000.0)
# RFC 7675, 5.1: consent is asked for every 5 s and ends after 30 s. Ours ends after 15: there are other ways.
CONSENT_EVERY_MS: Final = 5_000.0
CONSENT_ENDS_MS: Final = 15_000.0
# A question of that kind that is lost is asked again after this, growing.
_AGAIN_MS: Final = 500.0
_AGAIN_LONGEST_MS: Final = 2_000.0
# After so long without an answer another valid address is preferred: longer than any useful round trip.
_DOUBT_MS: Final = 1_500.0


class State(enum.Enum):
    """What a pair is worth."""

    WAITING = "waiting"  # being checked
    VALID = "valid"
    FAILED = "failed"  # nothing came back, for now


class Event(enum.Enum):
    """What happens to a pair."""

    ANSWERED = "answered"
    USED_UP = "used up"  # all checks of this round have left
    REWOUND = "rewound"  # another round
    EXPIRED = "expired"  # consent is over


_MOVES: Final = {
    (State.WAITING, Event.ANSWERED): State.VALID,
    (State.WAITING, Event.USED_UP): State.FAILED,
    (State.WAITING, Event.REWOUND): State.WAITING,
    (State.VALID, Event.ANSWERED): State.VALID,
    (State.VALID, Event.EXPIRED): State.FAILED,
    (State.FAILED, Event.ANSWERED): State.VALID,
    (State.FAILED, Event.REWOUND): State.WAITING,
}


class Pair:
    """One address of the other end, reached by our socket `via`. `now` in milliseconds."""

    __slots__ = (
        "_answered_at", "_began", "_sent", "_unanswered_since", "address", "asked", "due", "heard", "kind",
        "nominated", "state", "urgent", "via", "watched",
    )  # fmt: skip

    def __init__(self, kind: Kind, address: Address, now: float, via: int = 0) -> None:
        self.kind = kind
        self.via = via
        self.address = address
        self.state = State.WAITING
        self.heard = False  # an authentic check came from there
        self.nominated = 0  # the latest nomination, counted over all pairs
        self.watched = False  # it is used, so its consent is kept alive
        self.urgent = False  # its next check goes before all others
        self.due = now  # when its next check leaves
        self.asked = 0  # checks in this search, for people
        self._began = now
        self._sent = 0
        self._answered_at = float("-inf")
        self._unanswered_since = float("inf")

    @property
    def priority(self) -> int:
        """RFC 8445's; more is better."""
        return priority(self.kind, self.address)

    @property
    def sent(self) -> int:
        """Checks since the round began, or since the last answer."""
        return self._sent

    def rewind(self, now: float) -> None:
        """Another round of checks, unless it is valid."""
        if self.state is not State.VALID:
            self._move(Event.REWOUND)
            self.due, self._began, self._sent = now, now, 0

    def hurry(self, now: float) -> None:
        """One check at once: the other end was just heard from there (a triggered check)."""
        if self.state is State.FAILED:
            self._move(Event.REWOUND)
            self._sent = len(TRIES_MS) - 1
        self.due, self.urgent = now, True

    def watch(self, watched: bool, now: float) -> None:
        """Whether it is used from now on."""
        if self.watched != watched:
            self.watched = watched
            self.due = now if watched else float("inf")
            self.urgent = watched
            self._sent = 0

    def check_left(self, now: float) -> None:
        """Its check was sent."""
        self.urgent = False
        self._sent += 1
        self.asked += 1
        self._unanswered_since = min(self._unanswered_since, now)
        if self.state is State.VALID:
            again = min(_AGAIN_MS * 1.5 ** (self._sent - 1), _AGAIN_LONGEST_MS)
            self.due = now + again if self.watched else float("inf")
        elif self._sent >= len(TRIES_MS):
            self._move(Event.USED_UP)
            self.due = float("inf")
        else:
            self.due = max(self._began + TRIES_MS[self._sent], now + TRIES_MS[1])

    def answered(self, spread: float, now: float) -> None:
        """It answered a check. `spread` in [0, 1) scatters the next one: RFC 7675 takes 0.8 to 1.2."""
        self._move(Event.ANSWERED)
        self._answered_at, self._unanswered_since, self._sent = now, float("inf"), 0
        self.urgent = False
        self.due = now + CONSENT_EVERY_MS * (0.8 + 0.4 * spread) if self.watched else float("inf")

    def expires(self) -> float:
        """When its consent ends; infinity if there is none."""
        return self._answered_at + CONSENT_ENDS_MS if self.state is State.VALID else float("inf")

    def expire(self, now: float) -> None:
        """Ends its consent if it is time."""
        if now >= self.expires():
            self._move(Event.EXPIRED)
            self.watched, self.due = False, float("inf")

    def is_doubtful(self, now: float) -> bool:
        """Whether it owes an answer for longer than any way takes."""
        return now - self._unanswered_since >= _DOUBT_MS

    def doubt_at(self) -> float:
        """When it becomes doubtful; infinity if it owes nothing."""
        return self._unanswered_since + _DOUBT_MS

    def _move(self, event: Event) -> None:
        self.state = _MOVES[self.state, event]


def choose(pairs: Iterable[Pair], current: Pair | None, *, controlling: bool, now: float) -> Pair | None:
    """The pair that carries, out of those that are valid.

    The end that controls takes the best by priority, the other one what it was last told to use. Either
    leaves a pair that owes an answer for one that does not, and stays where it is when all do.
    """
    valid = [pair for pair in pairs if pair.state is State.VALID]
    sound = [pair for pair in valid if not pair.is_doubtful(now)]
    if not sound:
        return current if current in valid else max(valid, key=lambda pair: pair.priority, default=None)
    if controlling:
        return max(sound, key=lambda pair: pair.priority)
    return max(sound, key=lambda pair: (pair.nominated, pair is current, pair.priority))


class Pairs:
    """At most 64 of them; one that has failed and was never offered gives way."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[Address, int], Pair] = {}
        self._nominations = 0

    def __iter__(self) -> Iterator[Pair]:
        return iter(self._pairs.values())

    def __len__(self) -> int:
        return len(self._pairs)

    def get(self, address: Address, via: int = 0) -> Pair | None:
        """The pair of this address and this socket."""
        return self._pairs.get((address, via))

    def add(self, kind: Kind, address: Address, now: float, via: int = 0) -> Pair | None:
        """The pair of this address and this socket, new or known. None if there is no room."""
        pair = self._pairs.get((address, via))
        if pair is not None:
            if pair.kind is Kind.PEER:
                pair.kind = kind  # now it is offered too
            return pair
        if len(self._pairs) >= MAX_PAIRS and not self._make_room():
            return None
        pair = self._pairs[address, via] = Pair(kind, address, now, via)
        return pair

    def nominate(self, pair: Pair) -> None:
        """The other end, which controls, wants this one used."""
        self._nominations += 1
        pair.nominated = self._nominations

    def next_check(self, now: float) -> Pair | None:
        """The one whose check leaves next, if any is due: triggered ones first, then those tried least."""
        due = [pair for pair in self if pair.due <= now]
        return min(due, key=lambda pair: (not pair.urgent, pair.sent, -pair.priority), default=None)

    def keep(self, offered: Iterable[Address]) -> None:
        """Forgets what has failed and is offered no more: ports of yesterday's mappings are anybody's."""
        kept = frozenset(offered)
        self._pairs = {
            key: pair
            for key, pair in self._pairs.items()
            if pair.address in kept or pair.state is not State.FAILED
        }

    def keep_sockets(self) -> frozenset[int]:
        """Forgets what has failed on all sockets but the main one. Returns those that are still needed."""
        self._pairs = {
            key: pair for key, pair in self._pairs.items() if not pair.via or pair.state is not State.FAILED
        }
        return frozenset(pair.via for pair in self)

    def clear(self) -> None:
        """Forgets all: the other end has begun anew."""
        self._pairs.clear()

    def _make_room(self) -> bool:
        for key, pair in self._pairs.items():
            if pair.state is State.FAILED:
                del self._pairs[key]
                return True
        return False
