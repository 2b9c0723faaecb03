from __future__ import annotations

import random

import pytest

from tunnel.nat import stun
from tunnel.nat.gathering import Gathering
from tunnel.nat.stun import Address, Message

SERVERS: list[Address] = [(f"198.51.100.{n}", 3478) for n in range(1, 10)]
SEEN: Address = ("203.0.113.1", 40_000)


def gathering(*servers: Address) -> Gathering:
    one = Gathering(random.Random(1).randbytes)
    one.begin(servers, 0)
    return one


def answer(question: bytes, seen: Address) -> Message:
    return Message(kind=stun.Kind.SUCCESS, transaction=stun.parse(question).transaction, xor_mapped=seen)


def test_the_address_a_server_sees_is_found() -> None:
    one = gathering(SERVERS[0])
    [(to, question)] = one.take_due(0)
    assert to == SERVERS[0]
    assert one.answered(answer(question, SEEN), to)
    assert one.reflexive == (SEEN,)
    assert one.next_timeout() == float("inf")
    assert not one.symmetric


def test_a_question_is_as_long_as_any_answer() -> None:
    [(_, question)] = gathering(SERVERS[0]).take_due(0)
    assert len(question) >= 100


def test_a_forged_answer_is_not_believed() -> None:
    one = gathering(SERVERS[0])
    [(to, question)] = one.take_due(0)
    assert not one.answered(answer(question, SEEN), SERVERS[1])  # from elsewhere
    guessed = Message(kind=stun.Kind.SUCCESS, transaction=bytes(12), xor_mapped=SEEN)
    assert not one.answered(guessed, to)
    empty = Message(kind=stun.Kind.SUCCESS, transaction=stun.parse(question).transaction)
    assert not one.answered(empty, to)
    assert one.reflexive == ()


def test_what_was_seen_still_counts_while_the_servers_are_asked_anew() -> None:
    one = gathering(*SERVERS[:2])
    for to, question in one.take_due(0):
        one.answered(answer(question, SEEN), to)
    one.begin(SERVERS[:2], 12_000)
    assert set(one.reflexive) == {SEEN}
    assert one.answers == 2
    while (now := one.next_timeout()) < float("inf"):
        one.take_due(now)
    assert not one.reflexive  # they do not answer any more
    assert one.deaf(15_000)


def test_a_router_that_has_begun_anew_is_not_taken_for_a_symmetric_one() -> None:
    one = gathering(*SERVERS[:2])
    for to, question in one.take_due(0):
        one.answered(answer(question, SEEN), to)
    one.begin(SERVERS[:2], 12_000)
    (to, question), _ = one.take_due(12_000)
    one.answered(answer(question, (SEEN[0], 1)), to)
    assert one.reflexive == ((SEEN[0], 1),)
    assert not one.symmetric


def test_only_the_first_answer_counts() -> None:
    one = gathering(SERVERS[0])
    [(to, question)] = one.take_due(0)
    one.answered(answer(question, SEEN), to)
    assert not one.answered(answer(question, ("203.0.113.66", 1)), to)
    assert one.reflexive == (SEEN,)


def test_servers_that_see_different_ports_show_a_symmetric_nat() -> None:
    one = gathering(*SERVERS[:2])
    for number, (to, question) in enumerate(one.take_due(0)):
        one.answered(answer(question, ("203.0.113.1", 40_000 + number)), to)
    assert one.symmetric
    assert len(one.reflexive) == 2


def test_one_address_of_each_version_of_ip_is_not_symmetric() -> None:
    one = gathering(SERVERS[0], ("2001:db8::1", 3478))
    for to, question in one.take_due(0):
        one.answered(answer(question, SEEN if to == SERVERS[0] else ("2001:db8::9", 1)), to)
    assert not one.symmetric


def test_a_silent_server_is_asked_four_times_and_then_we_are_deaf() -> None:
    one = gathering(SERVERS[0])
    asked, now = 0, 0.0
    while now < 1e9:
        asked += len(one.take_due(now))
        now = one.next_timeout()
    assert asked == 4
    assert not one.deaf(2_999)
    assert one.deaf(3_000)


def test_who_asks_nobody_is_not_deaf() -> None:
    assert not gathering().deaf(1e9)


def test_no_more_than_four_servers_of_each_version_are_asked() -> None:
    six = [(f"2001:db8::{n}", 3478) for n in range(1, 10)]
    assert len(gathering(*SERVERS, *six, *SERVERS).take_due(0)) == 8


def test_a_server_in_the_same_house_sees_another_address_and_that_is_not_symmetric() -> None:
    one = gathering(*SERVERS[:2])
    for (to, question), seen in zip(one.take_due(0), (SEEN, ("192.168.1.2", 47_000)), strict=True):
        one.answered(answer(question, seen), to)
    assert not one.symmetric


@pytest.mark.parametrize(
    ("seen", "confirmed"),
    [
        ([], False),
        ([SEEN], False),  # nobody agrees with it
        ([SEEN, SEEN], True),
        ([SEEN, (SEEN[0], 9)], True),  # of a symmetric router
        ([SEEN, ("203.0.113.66", SEEN[1])], False),
        ([SEEN, SEEN, ("203.0.113.66", SEEN[1])], False),
        ([SEEN, ("2001:db8::9", 1)], False),
    ],
)
def test_two_servers_have_to_agree_which_host_we_are(seen: list[Address], confirmed: bool) -> None:
    one = gathering(*SERVERS)
    for (to, question), what in zip(one.take_due(0), seen, strict=False):
        one.answered(answer(question, what), to)
    assert one.confirmed is confirmed


@pytest.mark.parametrize("again", [(SERVERS[0][0], 3_479), ("2001:db8::1", 3_478)])
def test_one_server_at_two_ports_or_of_both_versions_agrees_only_with_itself(again: Address) -> None:
    one = gathering(SERVERS[0], again)
    for to, question in one.take_due(0):
        one.answered(answer(question, SEEN), to)
    assert not one.confirmed
