"""The initiator's patience."""

from __future__ import annotations

import pytest

from tunnel.channel import REKEY_AFTER_MS
from tunnel.envelope import DatagramError, parse_header
from tunnel.handshake import Initiator, Responder
from tunnel.identity import Identity, random_bytes
from tunnel.offers import KNOCK, Offers
from tunnel.path import PathId
from tunnel.pathset import PathSet
from tunnel.timing import Timing

BOT, CLOUD = Identity.create(), Identity.create()
TIMING = Timing(offer_first=500.0, offer_longest=3_000.0)
NOW = 1_700_000_000_000.0


def paths(count: int = 10) -> PathSet:
    ids = [PathId(n) for n in range(count)]
    paths = PathSet(ids)
    for id in ids:
        paths.set_up(id, NOW)
    return paths


def offers(on: PathSet | None = None) -> Offers:
    return Offers(Initiator(BOT, CLOUD.public, 1, random_bytes), TIMING, on or paths())


def hear(on: PathSet, path: int, now: float) -> None:
    on.all[PathId(path)].copy_came(first=False, held_back=False, now=now)


def offered(patience: Offers, now: float) -> list[tuple[int, ...]]:
    return [transmit.paths for transmit in patience.take(now)]


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


def test_an_offer_goes_on_every_path_that_is_up_when_it_is_due() -> None:
    on = paths(3)
    patience = offers(on)
    patience.hurry(NOW + 5)
    assert offered(patience, NOW + 4) == []
    on.set_down(PathId(1))
    assert offered(patience, NOW + 5) == [(0, 2)]
    assert offered(patience, NOW + 5) == []


def test_without_a_path_nothing_is_due() -> None:
    on = paths(1)
    patience = offers(on)
    patience.hurry(NOW)
    on.set_down(PathId(0))
    assert patience.next_timeout == float("inf")
    assert patience.take(NOW) == []
    on.set_up(PathId(0), NOW + 9)
    assert offered(patience, NOW + 9) == [(0,)]


def test_a_knock_while_the_other_end_is_not_heard_brings_the_next_offer_forward_at_once() -> None:
    patience = offers(paths(3))
    for n in range(5):
        patience.make(NOW + n * 1_000)
    now = NOW + 4_500
    patience.knocked(KNOCK, PathId(0), now, heard=False)
    assert patience.next_timeout == now
    assert offered(patience, now) == [(0, 1, 2)]


def test_the_knocks_of_several_paths_bring_few_offers() -> None:
    patience = offers()
    made = 0
    for path in range(10):
        now = NOW + path
        patience.knocked(KNOCK, PathId(path), now, heard=False)
        made += len(patience.take(now))
    assert made == 1
    assert patience.next_timeout == NOW + 20


@pytest.mark.parametrize("heard", [False, True])
def test_a_path_that_keeps_knocking_is_heeded_once_in_ten_seconds_and_silences_no_other(heard: bool) -> None:
    patience = offers()
    refused = 0
    for n in range(1_000):
        try:
            patience.knocked(KNOCK, PathId(0), NOW + n * 100, heard=heard)
        except DatagramError:
            refused += 1
    assert 1_000 - refused <= 3 + 10
    patience.knocked(KNOCK, PathId(1), NOW + 100_000, heard=heard)


def test_a_knock_on_a_silent_path_while_the_other_end_is_heard_brings_an_offer_there_alone() -> None:
    on = paths(3)
    patience = offers(on)
    hear(on, 0, NOW)
    patience.knocked(KNOCK, PathId(1), NOW, heard=True)
    assert patience.next_timeout <= NOW
    assert offered(patience, NOW) == [(1,)]
    assert patience.next_timeout == float("inf"), "nothing is repeated, and nothing goes anywhere else"


def test_a_knock_on_a_path_that_is_heard_brings_nothing() -> None:
    on = paths(2)
    patience = offers(on)
    for n in range(20):
        now = NOW + n * 1_000  # idle heartbeats come
        hear(on, 0, now)
        if n == 1:
            patience.knocked(KNOCK, PathId(0), now + 500, heard=True)
        assert offered(patience, now + 900) == []
        assert patience.next_timeout > now + 1_000
    assert offered(patience, patience.next_timeout) == [], "a knock of long ago says nothing of this silence"
    assert patience.next_timeout == float("inf")


def test_a_knock_on_a_path_that_falls_silent_is_answered_when_a_heartbeat_is_overdue() -> None:
    on = paths(2)
    patience = offers(on)
    hear(on, 0, NOW)
    patience.knocked(KNOCK, PathId(0), NOW + 40, heard=True)
    hear(on, 0, NOW + 60)  # was under way when the other end began anew
    assert patience.next_timeout == NOW + 60 + 1_250
    assert offered(patience, patience.next_timeout) == [(0,)]


def test_several_silent_paths_that_knock_share_an_offer() -> None:
    on = paths(3)
    patience = offers(on)
    for path in (0, 2):
        patience.knocked(KNOCK, PathId(path), NOW, heard=True)
    assert offered(patience, NOW) == [(0, 2)]


def test_an_answer_and_an_offer_on_every_path_settle_all_knocks() -> None:
    on = paths(2)
    patience = offers(on)
    hear(on, 0, NOW)
    hello = patience.make(NOW)
    patience.knocked(KNOCK, PathId(0), NOW, heard=True)
    answer = answer_to(hello)
    patience.answered(parse_header(answer), answer, 0, NOW + 80)
    assert patience.next_timeout == NOW + 80 + REKEY_AFTER_MS
    patience.knocked(KNOCK, PathId(0), NOW + 90, heard=True)
    patience.make(NOW + 100)
    assert patience.next_timeout == NOW + 100 + TIMING.offer_first


def test_a_knock_on_a_path_that_has_gone_down_since_is_forgotten() -> None:
    on = paths(2)
    patience = offers(on)
    patience.knocked(KNOCK, PathId(0), NOW, heard=True)
    on.set_down(PathId(0))
    assert patience.take(NOW) == []
    assert patience.next_timeout == float("inf")


@pytest.mark.parametrize("datagram", [KNOCK[:-1], KNOCK + b"\0", KNOCK[:-1] + b"\1", b""])
def test_a_knock_is_exactly_one_datagram(datagram: bytes) -> None:
    with pytest.raises(DatagramError, match="knock"):
        offers().knocked(datagram, PathId(0), NOW, heard=False)


def test_a_knock_is_as_long_as_the_offer_it_asks_for() -> None:
    assert len(KNOCK) == len(offers().make(NOW))
