"""When a letter leaves, and which letters are read: on a virtual clock."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tunnel.rendezvous.conftest import BOT, CLOUD, NOW, TCP, UDP, Ends
from tunnel.nat.offer import Edition, Offer
from tunnel.rendezvous.keys import MeetingKeys
from tunnel.rendezvous.letter import Signal, seal, seal_brief
from tunnel.rendezvous.news import GATHER_MS, RENEW_MS, SHORTEST_PAUSE_MS, Incoming, Outgoing
from tunnel.room import DAY_MS


def written(outgoing: Outgoing, until: float) -> list[tuple[float, tuple[Signal, ...]]]:
    """The letters that leave until then, each with its time."""
    found = []
    while (due := outgoing.next_timeout()) <= until:
        signals = outgoing.take_due(due, due)
        assert signals is not None
        found.append((due, signals))
    return found


def test_nothing_is_written_while_there_is_nothing_to_say() -> None:
    outgoing = Outgoing()
    assert outgoing.next_timeout() == float("inf")
    assert outgoing.take_due(NOW, NOW) is None


def test_both_links_offers_leave_in_one_letter_a_moment_later() -> None:
    outgoing = Outgoing()
    outgoing.put(TCP, b"t", NOW)
    outgoing.put(UDP, b"u", NOW + 100)
    assert outgoing.take_due(NOW + GATHER_MS - 1, NOW) is None
    assert written(outgoing, NOW + 1_000) == [(NOW + GATHER_MS, (Signal(UDP, b"u"), Signal(TCP, b"t")))]


def test_of_many_changes_a_second_the_last_leaves_once_a_second() -> None:
    outgoing = Outgoing()
    letters = []
    for step in range(500):
        now = NOW + 10 * step
        outgoing.put(UDP, str(step).encode(), now)
        letters += written(outgoing, now)
    times = [time for time, _ in letters]
    assert len(times) == 5
    assert min(later - time for time, later in itertools.pairwise(times)) >= SHORTEST_PAUSE_MS
    ((_, (last,)),) = written(outgoing, NOW + 6_000)
    assert last.body == b"499"


def test_what_only_asks_again_is_no_news(offer: Callable[..., Offer]) -> None:
    outgoing = Outgoing()
    asking = offer(1)
    outgoing.put(UDP, asking.pack(), NOW)
    assert len(written(outgoing, NOW + 1_000)) == 1
    outgoing.put(UDP, replace(asking, asks=False).pack(), NOW + 2_000)
    assert outgoing.next_timeout() > NOW + RENEW_MS - 1


def test_a_later_edition_and_what_was_heard_are_news(offer: Callable[..., Offer]) -> None:
    first = offer(1)
    for changed in (replace(first, edition=Edition(8, 3)), replace(first, heard=Edition(8, 3))):
        outgoing = Outgoing()
        outgoing.put(UDP, first.pack(), NOW)
        written(outgoing, NOW + 1_000)
        outgoing.put(UDP, changed.pack(), NOW + 2_000)
        assert written(outgoing, NOW + 3_000) == [(NOW + 2_000 + GATHER_MS, (Signal(UDP, changed.pack()),))]


def test_the_same_leaves_again_every_hour_so_that_its_date_says_that_we_run() -> None:
    outgoing = Outgoing()
    outgoing.put(UDP, b"u", NOW)
    letters = written(outgoing, NOW + 3 * RENEW_MS)
    assert [time - NOW - GATHER_MS for time, _ in letters] == [0, RENEW_MS, 2 * RENEW_MS]


@pytest.mark.parametrize("jump_ms", [-10 * RENEW_MS, RENEW_MS, 3 * DAY_MS])
def test_the_same_leaves_again_when_the_date_has_jumped_while_the_clock_stood(jump_ms: float) -> None:
    outgoing = Outgoing()
    outgoing.put(UDP, b"u", NOW)
    assert outgoing.take_due(NOW + GATHER_MS, NOW)
    later = NOW + GATHER_MS + SHORTEST_PAUSE_MS
    assert outgoing.take_due(later, NOW + RENEW_MS - 1) is None
    assert outgoing.take_due(later - 1, NOW + jump_ms) is None, "but no more often than otherwise"
    assert outgoing.take_due(later, NOW + jump_ms) == (Signal(UDP, b"u"),)
    assert outgoing.take_due(later + SHORTEST_PAUSE_MS, NOW + jump_ms) is None


@pytest.mark.parametrize(("kind", "size"), [(127, 1), (256, 1), (UDP, 961)])
def test_what_no_link_says_is_our_own_mistake(kind: int, size: int) -> None:
    with pytest.raises(ValueError, match="signal"):
        Outgoing().put(kind, bytes(size), NOW)


# What comes.


class Reader:
    """An Incoming with its counters, told letters at places."""

    def __init__(self, keys: MeetingKeys) -> None:
        self.counters: Counter[str] = Counter()
        self.incoming = Incoming(keys, self.counters)

    def read(self, letters: Iterable[bytes], place: str = "here", now: float = NOW) -> list[bytes]:
        opened = [self.incoming.came(place, letter, now, now) for letter in letters]
        return [letter.signals[0].body for letter in opened if letter is not None]


def letter(keys: MeetingKeys, said: bytes, at: float) -> bytes:
    return seal((Signal(UDP, said),), keys, at)


@pytest.fixture
def reader(ends: Ends) -> Reader:
    return Reader(ends.cloud)


def test_a_letter_is_read_once_from_however_many_places(reader: Reader, ends: Ends) -> None:
    one = letter(ends.bot, b"one", NOW)
    assert reader.read([one]) == [b"one"]
    assert reader.read([one] * 3, "there") == []
    assert reader.counters == {"dropped: letter read already": 3}


def test_a_letter_written_before_the_newest_one_is_old(reader: Reader, ends: Ends) -> None:
    letters = [letter(ends.bot, str(n).encode(), NOW + n) for n in (5, 4, 6, 3)]
    assert reader.read(letters) == [b"5", b"6"]
    assert reader.counters == {"dropped: old letter": 2}


def test_the_whole_letter_is_read_after_the_brief_one_of_the_same_moment(
    reader: Reader, ends: Ends, offer: Callable[..., Offer]
) -> None:
    signals = (Signal(UDP, offer(1).pack()),)
    assert len(reader.read([seal_brief(signals, ends.bot, NOW), seal(signals, ends.bot, NOW)])) == 2


def test_a_letter_of_yesterday_is_read_if_none_is_newer(reader: Reader, ends: Ends) -> None:
    letters = [letter(ends.bot, b"yesterday", NOW - DAY_MS), letter(ends.bot, b"now", NOW)]
    assert reader.read([letters[0]]) == [b"yesterday"]
    assert reader.read([letters[1], letters[0]]) == [b"now"]


def test_an_end_whose_clock_was_a_day_ahead_is_read_again_within_the_hour(reader: Reader, ends: Ends) -> None:
    assert reader.read([letter(ends.bot, b"tomorrow", NOW + DAY_MS)]) == [b"tomorrow"]
    later = NOW + 3_600_000
    assert reader.read([letter(ends.bot, b"too soon", later - 1)], now=later) == []
    assert reader.read([letter(ends.bot, b"right again", later)], now=later) == [b"right again"]


def test_letters_are_opened_by_the_date_whatever_the_clock_says(ends: Ends) -> None:
    reader = Reader(ends.cloud)
    days_later = NOW + 9 * DAY_MS
    assert reader.incoming.came("here", letter(ends.bot, b"now", days_later), NOW, days_later)
    assert not reader.incoming.came("here", letter(ends.bot, b"then", NOW), NOW, days_later)


def test_strangers_letters_are_counted_by_what_is_wrong(reader: Reader, ends: Ends) -> None:
    letters = [b"", bytes(100), letter(ends.stranger, b"s", NOW), letter(ends.cloud, b"own", NOW)]
    assert reader.read(letters) == []
    assert reader.counters == {
        "dropped: letter, size": 1,
        "dropped: letter, version": 1,
        "dropped: letter, foreign": 1,
        "dropped: letter, our own": 1,
    }


def test_a_place_that_floods_keeps_no_letter_of_another_from_us(reader: Reader, ends: Ends) -> None:
    junk = [b"\x01" + n.to_bytes(4, "little") * 10 for n in range(10_000)]
    assert reader.read(junk, "flooded") == []
    assert reader.counters["dropped: letters over the rate"] == 9_900
    assert reader.read([letter(ends.bot, b"good", NOW)], "quiet") == [b"good"]
    # And the flooded one is heard again once it is quiet.
    assert reader.read([letter(ends.bot, b"better", NOW + 1)], "flooded", NOW + 1_000) == [b"better"]


def test_what_is_remembered_does_not_grow(reader: Reader, ends: Ends) -> None:
    for second in range(1_000):
        now = NOW + 1_000 * second
        assert reader.read([letter(ends.bot, b"x", now)], now=now)
    assert len(reader.incoming._seen) <= 64


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_any_bytes_are_read_or_counted(letters: list[bytes]) -> None:
    reader = Reader(MeetingKeys(CLOUD, BOT.public))
    reader.read(letters)
    assert reader.counters.total() == len(letters)
