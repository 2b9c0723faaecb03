"""The initiator's patience."""

from __future__ import annotations

import pytest

from tunnel.channel import REKEY_AFTER_MS
from tunnel.envelope import DatagramError, parse_header
from tunnel.handshake import Initiator, Responder
from tunnel.identity import Identity, random_bytes
from tunnel.offers import KNOCK, Offers
from tunnel.timing import Timing

BOT, CLOUD = Identity.create(), Identity.create()
TIMING = Timing(offer_first=500.0, offer_longest=3_000.0)
NOW = 1_700_000_000_000.0


def offers() -> Offers:
    return Offers(Initiator(BOT, CLOUD.public, 1, random_bytes), TIMING)


def answer_to(hello: bytes) -> bytes:
    responder = Responder(CLOUD, BOT.public, 2, random_bytes)
    return responder.hello(parse_header(hello), hello, 0, NOW)


def test_nothing_is_due_before_somebody_needs_it() -> None:
    assert offers().next_timeout == float("inf")


def test_the_first_need_is_met_at_once() -> None:
    patience = offers()
    patience.hurry(NOW)
    assert patience.next_timeout == NOW


def test_without_an_answer_it_waits_half_as_long_again_each_time_up_to_three_seconds() -> None:
    patience = offers()
    now, waits = NOW, []
    for _ in range(8):
        patience.make(now)
        waits.append(patience.next_timeout - now)
        now = patience.next_timeout
    assert waits == [500, 750, 1125, 1687.5, 2531.25, 3000, 3000, 3000]


def test_hurrying_starts_the_patience_anew_but_never_offers_twice_in_a_moment() -> None:
    patience = offers()
    for n in range(5):
        patience.make(NOW + n * 1_000)
    last = NOW + 4_000
    patience.hurry(last + 1)
    assert patience.next_timeout == last + 100
    patience.hurry(last + 30)
    assert patience.next_timeout == last + 100
    patience.make(last + 100)
    assert patience.next_timeout == last + 600


def test_hurrying_never_puts_anything_off() -> None:
    patience = offers()
    patience.hurry(NOW)
    patience.hurry(NOW + 50)
    assert patience.next_timeout == NOW


def test_an_answer_makes_the_next_offer_due_when_the_keys_have_to_be_renewed() -> None:
    patience = offers()
    for _ in range(4):
        hello = patience.make(NOW)
    answer = answer_to(hello)
    patience.answered(parse_header(answer), answer, 0, NOW + 80)
    assert patience.next_timeout == NOW + 80 + REKEY_AFTER_MS
    patience.make(patience.next_timeout)
    assert patience.next_timeout == NOW + 80 + REKEY_AFTER_MS + TIMING.offer_first


def test_a_forged_answer_does_not_make_it_patient() -> None:
    patience = offers()
    hello = patience.make(NOW)
    answer = answer_to(hello)
    with pytest.raises(DatagramError):
        patience.answered(parse_header(answer), answer[:-1] + b"?", 0, NOW + 80)
    assert patience.next_timeout == NOW + TIMING.offer_first


def test_a_knock_brings_the_next_offer_forward_at_once() -> None:
    patience = offers()
    for n in range(5):
        patience.make(NOW + n * 1_000)
    now = NOW + 4_500
    patience.knocked(KNOCK, 0, now)
    assert patience.next_timeout == now


def test_the_knocks_of_several_paths_bring_few_offers() -> None:
    patience = offers()
    made = 0
    for path in range(10):
        now = NOW + path
        patience.knocked(KNOCK, path, now)
        if patience.next_timeout <= now:
            patience.make(now)
            made += 1
    assert made == 1
    assert patience.next_timeout == NOW + 20


def test_a_path_that_keeps_knocking_is_answered_once_a_second_and_silences_no_other() -> None:
    patience = offers()
    refused = 0
    for n in range(1_000):
        try:
            patience.knocked(KNOCK, 0, NOW + n * 10)
        except DatagramError:
            refused += 1
    assert 1_000 - refused <= 3 + 10
    patience.knocked(KNOCK, 1, NOW + 10_000)


@pytest.mark.parametrize("datagram", [KNOCK[:-1], KNOCK + b"\0", KNOCK[:-1] + b"\1", b""])
def test_a_knock_is_exactly_one_datagram(datagram: bytes) -> None:
    with pytest.raises(DatagramError, match="knock"):
        offers().knocked(datagram, 0, NOW)


def test_a_knock_is_as_long_as_the_offer_it_asks_for() -> None:
    assert len(KNOCK) == len(offers().make(NOW))
