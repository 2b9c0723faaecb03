from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from tunnel.nat.candidates import MAX_CANDIDATES, Candidate, Kind
from tunnel.nat.checks import Credentials
from tunnel.nat.offer import MAX_REVISION, Edition, Offer, parse
from tunnel.nat.signalling import Signalling

HOST = (Candidate(Kind.HOST, ("192.0.2.1", 47_000)),)
MAPPED = (*HOST, Candidate(Kind.MAPPED, ("203.0.113.1", 47_000)))


def end(attempt: int) -> Signalling:
    return Signalling(Credentials(b"abcd", bytes([attempt] * 16)), Edition(attempt, 0), Counter())


def announce(one: Signalling, candidates: tuple[Candidate, ...], now: float) -> None:
    one.announce(candidates, symmetric=False, deaf=False, now=now)


def exchange(one: Signalling, other: Signalling, now: float) -> int:
    """Passes notes on until there are none; returns how many there were."""
    for count in range(20):
        notes = [(other, one.take_due(now)), (one, other.take_due(now))]
        if notes[0][1] is None and notes[1][1] is None:
            return count
        for to, body in notes:
            if body is not None:
                to.came(body, now)
    raise AssertionError("they answer each other for ever")


def test_two_ends_that_begin_at_once_soon_know_each_others_offer_and_fall_silent() -> None:
    one, other = end(1), end(2)
    announce(one, HOST, 0)
    announce(other, MAPPED, 0)
    assert exchange(one, other, 0) <= 3
    assert one.remote is not None
    assert one.remote.candidates == MAPPED
    assert other.remote is not None
    assert other.remote.candidates == HOST
    assert one.next_timeout() == other.next_timeout() == float("inf")


def test_an_offer_is_repeated_until_it_is_answered_and_then_no_more() -> None:
    one, other = end(1), end(2)
    announce(one, HOST, 0)
    assert one.take_due(0) is not None  # lost
    body = one.take_due(one.next_timeout())
    assert body is not None
    assert other.came(body, 500) is not None
    assert exchange(one, other, 500) <= 3
    assert one.next_timeout() == float("inf")


def test_a_peer_that_never_answers_is_not_told_for_ever() -> None:
    one = end(1)
    announce(one, HOST, 0)
    sent, now = 0, 0.0
    while now < 1e9:
        sent += one.take_due(now) is not None
        now = one.next_timeout()
    assert sent == 7
    assert now == float("inf")


def test_an_answer_that_was_lost_is_given_again() -> None:
    one, other = end(1), end(2)
    announce(one, HOST, 0)
    announce(other, HOST, 0)
    body = one.take_due(0)
    assert body is not None
    other.came(body, 0)
    assert other.take_due(0) is not None  # lost
    again = one.take_due(one.next_timeout())
    assert again is not None
    assert other.came(again, 400) is None  # no news
    assert exchange(one, other, 400) >= 1
    assert one.next_timeout() == other.next_timeout() == float("inf")


def test_news_goes_out_as_a_new_edition_and_what_is_no_news_does_not() -> None:
    one, other = end(1), end(2)
    announce(one, HOST, 0)
    exchange(one, other, 0)
    announce(one, HOST, 1)
    assert one.next_timeout() == float("inf")
    announce(one, MAPPED, 2)
    exchange(one, other, 2)
    assert other.remote is not None
    assert other.remote.candidates == MAPPED


def test_an_old_offer_changes_nothing() -> None:
    one, other = end(1), end(2)
    announce(one, HOST, 0)
    old = one.take_due(0)
    announce(one, MAPPED, 1)
    new = one.take_due(1)
    assert old is not None
    assert new is not None
    assert other.came(new, 2) is not None
    assert other.came(old, 3) is None
    assert other.remote == parse(new)
    assert other._counters["dropped: old offer"] == 1


def test_an_end_that_began_anew_with_an_earlier_clock_is_heard_if_the_session_says_so() -> None:
    one, before, anew = end(1), end(9), end(5)
    for other in (before, anew):
        announce(other, HOST, 0)
    first, second = before.take_due(0), anew.take_due(0)
    assert first is not None
    assert second is not None
    one.came(first, 0)
    assert one.came(second, 1) is None
    one.expect_anew()
    assert one.came(first, 2) is None  # no news: this is the one before
    assert one.came(second, 3) is not None
    assert one.remote == parse(second)
    assert one.came(first, 4) is not None  # a replay costs little: what is newer wins again
    assert one.came(second, 5) is None


def test_an_offer_is_said_again_where_there_is_a_way_at_last() -> None:
    one, other = end(1), end(2)
    announce(one, HOST, 0)
    while one.next_timeout() < float("inf"):
        one.take_due(one.next_timeout())  # all lost
    one.insist(60_000)
    body = one.take_due(60_000)
    assert body is not None
    assert parse(body).asks
    announce(other, HOST, 60_000)
    other.came(body, 60_000)
    exchange(one, other, 60_000)
    one.insist(61_000)
    assert one.next_timeout() == float("inf")  # it has it


def test_that_we_guess_ports_is_news_and_that_we_have_done_is_none() -> None:
    one = end(1)
    announce(one, HOST, 0)
    editions = []
    for now, guessing in enumerate((False, True, True, False, False, True)):
        one.announce(HOST, symmetric=False, deaf=False, now=now, guessing=guessing)
        assert one.own.guessing is guessing
        editions.append(one.own.edition.revision)
    assert editions == [1, 2, 2, 2, 2, 3]


def test_our_own_offer_that_comes_back_is_no_peers() -> None:
    one = end(1)
    announce(one, HOST, 0)
    body = one.take_due(0)
    assert body is not None
    assert one.came(body, 1) is None
    assert one.remote is None
    assert one._counters["dropped: our own offer"] == 1


def test_a_replayed_offer_is_no_news() -> None:
    one, other = end(1), end(2)
    announce(one, HOST, 0)
    body = one.take_due(0)
    assert body is not None
    assert other.came(body, 0) is not None
    assert all(other.came(body, 10 + n) is None for n in range(50))


def test_the_whole_of_an_edition_is_news_after_a_brief_letter_of_it_and_not_the_other_way_round() -> None:
    one, other = end(1), end(2)
    other.announce(MAPPED, symmetric=True, deaf=False, now=0, birthday=True)
    whole = replace(other.own, asks=True)
    brief = replace(whole, candidates=MAPPED[:1], birthday=False)
    assert one.came(brief.pack(), 0) == brief
    news = one.came(whole.pack(), 1)
    assert news is not None
    assert (news.candidates, news.birthday) == (MAPPED, True)
    assert one.came(brief.pack(), 2) is None
    assert one.came(whole.pack(), 3) is None
    assert one.remote == whole


def test_what_an_edition_says_of_us_or_takes_back_is_no_news() -> None:
    """That it asks again must wake nobody who rests, and neither must the end of its guessing."""
    one, other = end(1), end(2)
    other.announce(MAPPED, symmetric=False, deaf=False, now=0, guessing=True)
    offer = other.own
    assert one.came(offer.pack(), 0) is not None
    for now, again in enumerate((replace(offer, asks=True), replace(offer, heard=Edition(1, 0)))):
        assert one.came(replace(again, guessing=False).pack(), now) is None
        assert one.remote is not None
        assert (one.remote.asks, one.remote.heard) == (again.asks, again.heard)


def test_one_edition_never_grows_beyond_what_an_offer_holds() -> None:
    one, other = end(1), end(2)
    announce(other, HOST, 0)
    news = 0
    for n in range(90):
        some = (Candidate(Kind.HOST, (f"192.0.2.{n}", 1)),)
        news += one.came(replace(other.own, candidates=some).pack(), 0) is not None
    assert news == MAX_CANDIDATES
    assert one.remote is not None
    assert one.remote.pack()


def test_ten_thousand_offers_a_second_are_neither_read_nor_answered() -> None:
    one, other = end(1), end(2)
    announce(other, HOST, 0)
    offer = replace(one.own, asks=True)
    said = 0
    for n in range(10_000):
        now = n / 10
        other.came(replace(offer, edition=Edition(1, n)).pack(), now)
        said += other.take_due(now) is not None
    assert other._counters["offers over the rate"] >= 9_800
    assert said <= 14


@pytest.mark.parametrize("body", [b"", b"\x01", bytes(100), b"\xff" * 400])
def test_junk_is_counted(body: bytes) -> None:
    one = end(1)
    assert one.came(body, 0) is None
    assert one._counters["dropped: offer"] == 1
    assert one.remote is None


def test_a_claim_to_have_heard_what_we_never_said_does_not_silence_us() -> None:
    one, other = end(1), end(2)
    announce(one, HOST, 0)
    lie = Offer(Edition(2, 1), Edition(2**64 - 1, 65_535), other.own.credentials, ())
    one.came(lie.pack(), 0)
    assert one.take_due(0) is not None
    assert one.next_timeout() < float("inf")


def test_revisions_never_run_out() -> None:
    one = end(1)
    for _ in range(MAX_REVISION + 5):
        one.renew(0)
    assert one.own.edition == Edition(2, 4)
