"""What is worth a letter and when it leaves; which of the letters that come are news. Pure.

The direct links say their offers several times a second while they look, and again whenever they are asked.
A letter leaves when an offer says something new, a moment later so that both links' offers are in it. So a
place gets one a second at most, and nothing while nothing changes.

Letters come back from every place, and for as long as they lie there. Each is opened once. Then the date
inside decides: what was written before the newest that was read is old. How old by *our* clock does not
matter, as that may be the wrong one. A letter of yesterday, where none is newer, costs a few checks to an
address where nobody answers; and in which order offers were made, the links know by themselves.
"""

from __future__ import annotations

import hashlib
from collections import Counter, OrderedDict
from dataclasses import replace
from typing import Final

from tunnel.bucket import TokenBucket
from tunnel.nat.offer import OfferError, parse
from tunnel.rendezvous.contents import FIRST_KIND, LAST_KIND, Signal
from tunnel.rendezvous.keys import MeetingKeys
from tunnel.rendezvous.letter import Letter, LetterError, open_letter
from tunnel.rendezvous.place import MAX_LETTER

# Servers on the internet answer within this long: the first letter has what they saw in it.
GATHER_MS: Final = 250.0
SHORTEST_PAUSE_MS: Final = 1_000.0
# The same again with a new date and, after midnight, under the new day's key. So the date says that the
# program still runs, to within an hour.
RENEW_MS: Final = 3_600_000.0

# What we open from one place: a hundred times what an honest end writes, 0.2 ms of work a second.
_OPENED_PER_SECOND: Final = 50.0
_OPENED_BURST: Final = 100.0
# A place repeats its letters; the other end has two of a kind at two holes, and each at several places.
_REMEMBERED: Final = 64
# A date further ahead of our clock than this is taken as this far ahead. Or an end whose clock was a day
# ahead, and is right again, would be thought old for a day.
_MOST_AHEAD_MS: Final = 3_600_000


class Outgoing:
    """Our latest signals, and when they have to leave as a letter.

    `now` in milliseconds; `date` too, since 1970, as the system has it: that may jump (WallClock).
    """

    def __init__(self) -> None:
        self._signals: dict[int, bytes] = {}
        self._due = float("inf")
        self._free_at = float("-inf")
        self._dated: float | None = None  # what stands in the letter that left last

    def put(self, kind: int, body: bytes, now: float) -> None:
        """What the link of this kind says from now on. ValueError for a kind that no link has."""
        if not FIRST_KIND <= kind <= LAST_KIND:
            raise ValueError(
                f"a direct link's signals have a kind from {FIRST_KIND} to {LAST_KIND}, not {kind}"
            )
        if len(body) > MAX_LETTER:
            raise ValueError(f"a signal has at most {MAX_LETTER} bytes, not {len(body)}")
        before = self._signals.get(kind)
        self._signals[kind] = body
        if before is None or _said(before) != _said(body):
            self._due = min(self._due, max(now + GATHER_MS, self._free_at))

    def take_due(self, now: float, date: float) -> tuple[Signal, ...] | None:
        """What to write and post now, if a letter is due: by the time, or because its date is another by now.

        The latter comes at no time that could be told before: the machine slept, or its clock was set.
        """
        is_stale = self._dated is not None and abs(date - self._dated) >= RENEW_MS and now >= self._free_at
        if now < self._due and not is_stale:
            return None
        self._dated = date
        self._free_at = now + SHORTEST_PAUSE_MS
        self._due = now + RENEW_MS
        return tuple(Signal(kind, self._signals[kind]) for kind in sorted(self._signals))

    def next_timeout(self) -> float:
        """When a letter is due; infinity while there is nothing to say."""
        return self._due


class Incoming:
    """Letters from places, each with its name: opened, and read if they are news.

    counters  where to count what is dropped, by reason
    """

    def __init__(self, keys: MeetingKeys, counters: Counter[str]) -> None:
        self._keys = keys
        self._counters = counters
        self._seen: OrderedDict[bytes, None] = OrderedDict()
        self._opening: dict[str, TokenBucket] = {}
        self._newest = 0

    def came(self, place: str, letter: bytes, now: float, date: float) -> Letter | None:
        """The letter if it is news; `date` as in Outgoing.

        A place that floods uses up its own share, not that of the others.
        """
        bucket = self._opening.setdefault(place, TokenBucket(_OPENED_PER_SECOND, _OPENED_BURST))
        if not bucket.take(now):
            self._counters["dropped: letters over the rate"] += 1
            return None
        mark = hashlib.blake2b(letter, digest_size=16).digest()
        if mark in self._seen:
            self._counters["dropped: letter read already"] += 1
            return None
        try:
            opened = open_letter(letter, self._keys, date)
        except LetterError as error:
            self._counters[f"dropped: letter, {error.reason}"] += 1
            return None
        self._seen[mark] = None
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        if opened.written < self._newest:
            self._counters["dropped: old letter"] += 1
            return None
        self._newest = max(self._newest, min(opened.written, int(date) + _MOST_AHEAD_MS))
        return opened


def _said(body: bytes) -> object:
    """What of a signal is worth a letter: all but whether it asks for an answer, which is mere urgency."""
    try:
        return replace(parse(body), asks=False)
    except OfferError:
        return body
