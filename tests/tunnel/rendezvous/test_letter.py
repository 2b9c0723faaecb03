"""Letters: the other end's open, nobody else's do, and people are told which of the many reasons it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tunnel.rendezvous.conftest import BOT, CLOUD, HOME, NOW, TCP, UDP, Ends, candidate
from tunnel.nat.candidates import Kind
from tunnel.nat.offer import Offer, parse
from tunnel.rendezvous.keys import MeetingKeys
from tunnel.rendezvous.letter import (
    BRIEF,
    WHOLE,
    LetterError,
    Signal,
    from_text,
    open_letter,
    seal,
    seal_brief,
    to_text,
)
from tunnel.rendezvous.place import MAX_LETTER
from tunnel.room import DAY_MS

SAID = (Signal(UDP, b"what the UDP link says"), Signal(TCP, b"and the TCP link"))


def refusal(letter: bytes, keys: MeetingKeys, now: float = NOW) -> LetterError:
    with pytest.raises(LetterError) as caught:
        open_letter(letter, keys, now)
    return caught.value


def test_the_other_end_reads_what_was_said_and_when(ends: Ends) -> None:
    letter = open_letter(seal(SAID, ends.bot, NOW + 0.7), ends.cloud, NOW + 5_000)
    assert letter.signals == SAID
    assert letter.written == NOW


def test_a_brief_letter_says_the_same_of_a_home(ends: Ends, offer: Callable[..., Offer]) -> None:
    signals = (Signal(UDP, offer(1).pack()), Signal(TCP, offer(2).pack()))
    letter = open_letter(seal_brief(signals, ends.bot, NOW), ends.cloud, NOW)
    assert [kind for kind, _ in letter.signals] == [UDP, TCP]
    assert set(parse(letter.signals[0].body).candidates) == set(HOME)
    assert letter.written == NOW


def test_an_offer_fits_a_telephone_call(ends: Ends, offer: Callable[..., Offer]) -> None:
    """UDP and TCP of a home with one own address and one that servers see: the lengths the documents name."""
    kept = (HOME[0], candidate(Kind.REFLEXIVE, "203.0.113.77", HOME[0].address[1]))

    def length(*offers: Offer) -> tuple[int, int]:
        signals = [Signal(UDP + at, each.pack()) for at, each in enumerate(offers)]
        text = to_text(seal_brief(signals, ends.bot, NOW))
        return len(text.replace("-", "")), len(text)

    assert length(offer(1), offer(2)) == (138, 165)
    assert length(offer(1, kept), offer(2, kept)) == (131, 157)
    assert length(offer(1), offer(1)) == (106, 127)  # one password for both
    assert length(offer(1, kept), offer(1, kept)) == (99, 118)
    assert length(offer(1)) == (95, 113)  # UDP alone


@given(st.integers(0, 60_000 * DAY_MS), st.integers(-DAY_MS // 2, DAY_MS // 2))
def test_clocks_may_differ_by_half_a_day(now: int, apart: int) -> None:
    bot, cloud = MeetingKeys(BOT, CLOUD.public), MeetingKeys(CLOUD, BOT.public)
    assert open_letter(seal(SAID, bot, now), cloud, max(0, now + apart)).written == now


@pytest.mark.parametrize("apart", [-DAY_MS, DAY_MS])
def test_a_letter_of_the_neighbour_day_opens(ends: Ends, apart: int) -> None:
    assert open_letter(seal(SAID, ends.bot, NOW + apart), ends.cloud, NOW).written == NOW + apart


def test_a_letter_carried_by_people_opens_too(ends: Ends) -> None:
    letter = seal(SAID, ends.bot, NOW)
    assert open_letter(from_text(to_text(letter).lower()), ends.cloud, NOW).signals == SAID


def test_a_letter_of_long_ago_or_of_strangers_does_not_open(ends: Ends) -> None:
    for letter in (seal(SAID, ends.bot, NOW - 2 * DAY_MS), seal(SAID, ends.stranger, NOW)):
        error = refusal(letter, ends.cloud)
        assert error.reason == "foreign"
        assert str(error).startswith("This offer does not open. It is older than yesterday, or not for this")


def test_our_own_letter_is_told_as_that(ends: Ends) -> None:
    error = refusal(seal(SAID, ends.bot, NOW), ends.bot)
    assert error.reason == "our own"
    assert str(error).startswith("That is this machine's own offer.")


def test_a_version_of_tomorrow_is_told_as_that(ends: Ends) -> None:
    letter = b"\x03" + seal(SAID, ends.bot, NOW)[1:]
    assert refusal(letter, ends.cloud).reason == "version"


def test_one_version_does_not_pass_for_the_other(ends: Ends) -> None:
    for letter, other in ((seal(SAID, ends.bot, NOW), BRIEF), (seal_brief((), ends.bot, NOW), WHOLE)):
        assert refusal(bytes((other,)) + letter[1:], ends.cloud).reason == "foreign"


def test_all_that_is_said_fits_a_letter(ends: Ends) -> None:
    letter = seal([Signal(128 + n, bytes(300)) for n in range(10)], ends.bot, NOW)
    assert len(letter) == MAX_LETTER
    assert len(open_letter(letter, ends.cloud, NOW).signals) == 3


def test_two_letters_tell_a_stranger_only_whether_they_are_the_same(ends: Ends) -> None:
    letter = seal(SAID, ends.bot, NOW)
    assert letter == seal(SAID, ends.bot, NOW)
    later = seal(SAID, ends.bot, NOW + 1)
    assert sum(one == other for one, other in zip(letter[1:], later[1:], strict=True)) < 10


@given(st.data())
def test_one_altered_bit_is_noticed(data: st.DataObject) -> None:
    bot, cloud = MeetingKeys(BOT, CLOUD.public), MeetingKeys(CLOUD, BOT.public)
    letter = bytearray(seal(SAID, bot, NOW))
    bit = data.draw(st.integers(0, 8 * len(letter) - 1))
    letter[bit // 8] ^= 1 << bit % 8
    with pytest.raises(LetterError):
        open_letter(bytes(letter), cloud, NOW)


@given(st.binary(max_size=MAX_LETTER + 10), st.sampled_from((b"", b"\x01", b"\x02")))
def test_any_bytes_are_refused_in_a_sentence(data: bytes, version: bytes) -> None:
    keys = MeetingKeys(CLOUD, BOT.public)
    assert str(refusal(version + data, keys)).endswith(".")


@pytest.mark.parametrize("size", [0, 1, 20, MAX_LETTER + 1])
def test_what_is_too_short_or_too_long_costs_nothing(ends: Ends, size: int) -> None:
    assert refusal(bytes(size), ends.cloud).reason == "size"
