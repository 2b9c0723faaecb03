"""One round trip to a channel, and all the ways a relay or a stranger could bend it."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunnel.channel import Channel
from tunnel.envelope import HEADER_SIZE, MAX_DATAGRAM, DatagramError, Header, Type, parse_header
from tunnel.handshake import Established, Initiator, Responder
from tunnel.identity import Identity
from tunnel.noise import TAG_SIZE

SIZES = json.loads((Path(__file__).parents[1] / "vectors" / "datagram.json").read_text("ascii"))["sizes"]
BOT, CLOUD, STRANGER = (Identity(bytes(31) + bytes((n,))) for n in (1, 2, 3))
EPOCH, OTHER_EPOCH, CLOUD_EPOCH = 111, 222, 333
NOW = 1_700_000_000_000.0


def initiator(identity: Identity = BOT, epoch: int = EPOCH, seed: int = 1) -> Initiator:
    return Initiator(identity, CLOUD.public, epoch, random.Random(seed).randbytes)


def responder(seed: int = 2) -> Responder:
    return Responder(CLOUD, BOT.public, CLOUD_EPOCH, random.Random(seed).randbytes)


def hello(end: Responder, datagram: bytes, path: int = 0, now: float = NOW) -> bytes:
    return end.hello(parse_header(datagram), datagram, path, now)


def welcome(end: Initiator, datagram: bytes, path: int = 0, now: float = NOW) -> Established:
    return end.welcome(parse_header(datagram), datagram, path, now)


def opens(sender: Channel, receiver: Channel) -> bool:
    datagram = sender.seal(Type.NOTES, b"hello")
    header = parse_header(datagram)
    return header.session == receiver.local_index and receiver.open(header, datagram) == (b"hello", True)


def pending(end: Responder, established: Established) -> Established:
    """What the responder keeps aside for the channel the initiator got."""
    aside = end.pending(established.channel.peer_index)
    assert aside is not None
    return aside


def bend(datagram: bytes, place: int = -1) -> bytes:
    bent = bytearray(datagram)
    bent[place] ^= 1
    return bytes(bent)


def test_one_round_trip_gives_both_ends_the_same_channel() -> None:
    bot, cloud = initiator(), responder()
    offer = bot.offer(NOW)
    here = welcome(bot, hello(cloud, offer, now=NOW + 5_000_000), now=NOW + 80)
    there = pending(cloud, here)
    assert opens(here.channel, there.channel)
    assert opens(there.channel, here.channel)
    assert (here.epoch, there.epoch) == (CLOUD_EPOCH, EPOCH)
    assert (here.peer_clock, here.said_at) == (NOW + 5_000_000, NOW)
    assert (there.peer_clock, there.said_at) == (NOW, NOW + 5_000_000)
    assert (here.number, there.number) == (1, 1)


def test_the_sizes_are_those_the_documentation_names_and_no_answer_is_larger_than_its_question() -> None:
    bot, cloud = initiator(), responder()
    offer = bot.offer(NOW)
    answer = hello(cloud, offer)
    assert (len(offer), len(answer)) == (SIZES["HELLO"], SIZES["WELCOME"])
    assert parse_header(offer) == Header(Type.HELLO, parse_header(offer).session, 0)
    assert parse_header(answer) == Header(Type.WELCOME, parse_header(offer).session, 0)


def test_neither_name_nor_time_is_readable_under_way() -> None:
    bot, cloud = initiator(), responder()
    offer = bot.offer(NOW)
    answer = hello(cloud, offer)
    for datagram in (offer, answer):
        assert BOT.public.bytes not in datagram
        assert CLOUD.public.bytes not in datagram
        assert int(NOW * 1000).to_bytes(8, "little") not in datagram


def test_each_offer_is_another_one() -> None:
    bot = initiator()
    first, second = bot.offer(NOW), bot.offer(NOW)
    assert first[HEADER_SIZE:] != second[HEADER_SIZE:]
    assert parse_header(first).session != parse_header(second).session


# What the responder must not be moved by


def test_a_copy_of_a_hello_gets_the_same_bytes_again_and_makes_no_second_channel() -> None:
    bot, cloud = initiator(), responder()
    offer = bot.offer(NOW)
    answers = {hello(cloud, offer, path, NOW + path) for path in range(10)}
    assert len(answers) == 1
    welcome(bot, answers.pop())


def test_copies_leave_new_offers_their_budget_and_are_bounded_themselves() -> None:
    cloud = responder()
    bot = initiator()
    offer = bot.offer(NOW)
    for _ in range(41):
        hello(cloud, offer)
    with pytest.raises(DatagramError, match="too many handshakes"):
        hello(cloud, offer)
    hello(cloud, bot.offer(NOW))


def test_a_handshake_nobody_uses_is_forgotten_with_its_keys() -> None:
    cloud = responder()
    hello(cloud, initiator().offer(NOW))
    due = cloud.next_expiry()
    assert NOW < due < NOW + 10_000
    cloud.expire(due)
    assert cloud.next_expiry() == float("inf")


def test_a_stranger_is_refused_although_he_knows_the_protocol_and_the_address() -> None:
    cloud = responder()
    with pytest.raises(DatagramError, match="stranger"):
        hello(cloud, initiator(STRANGER).offer(NOW))


def test_a_hello_meant_for_somebody_else_is_refused() -> None:
    other = Initiator(BOT, STRANGER.public, EPOCH, random.Random(1).randbytes)
    with pytest.raises(DatagramError, match="forged handshake"):
        hello(responder(), other.offer(NOW))


@settings(max_examples=40)
@given(st.integers(0, SIZES["HELLO"] * 8 - 1))
def test_a_hello_with_any_bit_bent_is_refused(bit: int) -> None:
    """The header too: it is bound by the prologue."""
    offer = initiator().offer(NOW)
    bent = bytearray(offer)
    bent[bit // 8] ^= 1 << bit % 8
    with pytest.raises(DatagramError, match="forged handshake"):
        responder().hello(parse_header(offer), bytes(bent), 0, NOW)


@settings(max_examples=60)
@given(st.binary(min_size=28, max_size=MAX_DATAGRAM))
def test_any_bytes_are_a_hello_and_a_welcome_or_a_datagram_error(data: bytes) -> None:
    bot, cloud = initiator(), responder()
    offered = parse_header(bot.offer(NOW))
    with pytest.raises(DatagramError):
        cloud.hello(Header(Type.HELLO, 1, 0), data, 0, NOW)
    with pytest.raises(DatagramError):
        bot.welcome(offered, data, 0, NOW)


@pytest.mark.parametrize("size", range(28, 130, 7))
def test_a_hello_cut_short_is_refused(size: int) -> None:
    with pytest.raises(DatagramError, match="forged handshake"):
        hello(responder(), initiator().offer(NOW)[:size])


def test_old_numbers_are_refused_once_a_newer_one_has_come_alive() -> None:
    bot, cloud = initiator(), responder()
    first, second, third = (bot.offer(NOW) for _ in range(3))
    here = welcome(bot, hello(cloud, second))
    cloud.confirm(here.channel.peer_index)
    for old in (first, second):
        with pytest.raises(DatagramError, match="old handshake"):
            hello(cloud, old)
    hello(cloud, third)


def test_another_run_of_the_initiator_counts_from_the_beginning() -> None:
    bot, cloud = initiator(), responder()
    for _ in range(5):
        last = bot.offer(NOW)
    cloud.confirm(welcome(bot, hello(cloud, last)).channel.peer_index)
    again = initiator(epoch=OTHER_EPOCH, seed=9)
    there = pending(cloud, welcome(again, hello(cloud, again.offer(NOW))))
    assert (there.epoch, there.number) == (OTHER_EPOCH, 1)


def test_an_answer_alone_puts_nothing_in_use() -> None:
    bot, cloud = initiator(), responder()
    here = welcome(bot, hello(cloud, bot.offer(NOW)))
    index = here.channel.peer_index
    aside = cloud.pending(index)
    assert aside is not None
    assert cloud.pending(index) is aside
    assert cloud.pending(index ^ 1) is None


def test_confirming_one_forgets_all_others_that_were_aside() -> None:
    bot, cloud = initiator(), responder()
    other = initiator(epoch=OTHER_EPOCH, seed=9)
    unused = welcome(other, hello(cloud, other.offer(NOW)))
    used = welcome(bot, hello(cloud, bot.offer(NOW)))
    cloud.confirm(used.channel.peer_index)
    assert cloud.pending(unused.channel.peer_index) is None
    assert cloud.pending(used.channel.peer_index) is None


def test_what_is_kept_aside_is_bounded_for_each_path() -> None:
    bot, cloud = initiator(), responder()
    for n in range(200):
        hello(cloud, bot.offer(NOW), path=n % 10, now=NOW + 100 * n)
    assert {path: len(kept) for path, kept in cloud._pending.items()} == dict.fromkeys(range(10), 4)


def test_a_path_that_replays_old_hellos_pushes_out_only_what_came_on_itself() -> None:
    old, bot, cloud = initiator(epoch=OTHER_EPOCH, seed=9), initiator(), responder()
    recorded = [old.offer(NOW) for _ in range(20)]
    offer = bot.offer(NOW)
    answers = [hello(cloud, offer, path) for path in (0, 1)]
    for datagram in recorded:
        hello(cloud, datagram, path=0)
    here = welcome(bot, answers[0])
    assert opens(here.channel, pending(cloud, here).channel)
    assert hello(cloud, offer, path=2) == answers[0]


def test_a_path_forgets_its_own_oldest_first() -> None:
    bot, cloud = initiator(), responder()
    offers = [bot.offer(NOW) for _ in range(5)]
    answers = [hello(cloud, offer) for offer in offers]
    assert [hello(cloud, offer) == answer for offer, answer in zip(offers[1:], answers[1:], strict=True)] == [
        True, True, True, True,
    ]  # fmt: skip
    assert hello(cloud, offers[0]) != answers[0]


def test_a_path_that_floods_starves_only_itself() -> None:
    bot, cloud = initiator(), responder()
    junk = [bytes((0x11, 0)) + random.Random(n).randbytes(128) for n in range(300)]
    reasons = set()
    for datagram in junk:
        with pytest.raises(DatagramError) as caught:
            hello(cloud, datagram, path=0)
        reasons.add(caught.value.reason)
    assert reasons == {"forged handshake", "too many handshakes"}
    with pytest.raises(DatagramError, match="too many"):
        hello(cloud, bot.offer(NOW), path=0)
    welcome(bot, hello(cloud, bot.offer(NOW), path=1))
    welcome(bot := initiator(), hello(cloud, bot.offer(NOW), path=0, now=NOW + 1_000))  # a second later


def test_the_work_one_path_can_cause_is_bounded_in_the_long_run() -> None:
    cloud = responder()
    worked = 0
    for n in range(2_000):  # a hundred a second, for twenty seconds
        with pytest.raises(DatagramError) as caught:
            hello(cloud, bytes((0x11, 0)) + n.to_bytes(4, "little") + bytes(124), now=NOW + 10 * n)
        worked += caught.value.reason == "forged handshake"
    assert worked <= 40 + 20 * 20 + 1


# What the initiator must not be moved by


def test_a_forged_welcome_leaves_the_offer_open_for_the_true_one() -> None:
    bot, cloud = initiator(), responder()
    answer = hello(cloud, bot.offer(NOW))
    for n in range(20):
        with pytest.raises(DatagramError, match="forged handshake"):
            welcome(bot, bend(answer, HEADER_SIZE + n), path=1)
    here = welcome(bot, answer)
    assert opens(here.channel, pending(cloud, here).channel)


def test_a_liar_who_answers_all_day_uses_up_only_his_own_path() -> None:
    bot, cloud = initiator(), responder()
    answer = hello(cloud, bot.offer(NOW))
    reasons = []
    for _ in range(100):
        with pytest.raises(DatagramError) as caught:
            welcome(bot, bend(answer), path=7)
        reasons.append(caught.value.reason)
    assert reasons.count("forged handshake") == 40
    assert reasons.count("too many handshakes") == 60
    welcome(bot, answer, path=0)


def test_an_answer_is_taken_once() -> None:
    bot, cloud = initiator(), responder()
    answer = hello(cloud, bot.offer(NOW))
    welcome(bot, answer)
    with pytest.raises(DatagramError, match="old handshake"):
        welcome(bot, answer)


def test_an_answer_to_an_offer_never_made_is_refused() -> None:
    with pytest.raises(DatagramError, match="old handshake"):
        welcome(initiator(), hello(responder(), initiator(seed=5).offer(NOW)))


def test_an_answer_to_the_offer_before_the_last_is_still_good() -> None:
    bot, cloud = initiator(), responder()
    offers = [bot.offer(NOW + n) for n in range(3)]
    here = welcome(bot, hello(cloud, offers[0]))
    assert here.said_at == NOW
    assert opens(here.channel, pending(cloud, here).channel)


def test_offers_kept_open_are_bounded_and_the_oldest_gives_way() -> None:
    bot, cloud = initiator(), responder()
    offers = [bot.offer(NOW) for _ in range(4)]
    with pytest.raises(DatagramError, match="old handshake"):
        welcome(bot, hello(cloud, offers[0]))
    welcome(bot, hello(cloud, offers[1]))


def test_the_answer_to_one_offer_does_not_open_another() -> None:
    bot, cloud = initiator(), responder()
    first, second = bot.offer(NOW), bot.offer(NOW)
    answer = hello(cloud, first)
    crossed = Header(Type.WELCOME, parse_header(second).session, 0).pack() + answer[HEADER_SIZE:]
    with pytest.raises(DatagramError, match="forged handshake"):
        welcome(bot, crossed)


def test_a_responder_without_the_right_key_cannot_answer() -> None:
    impostor = Responder(STRANGER, BOT.public, CLOUD_EPOCH, random.Random(2).randbytes)
    with pytest.raises(DatagramError, match="forged handshake"):
        hello(impostor, initiator().offer(NOW))


def test_a_sealed_datagram_of_nothing_but_a_tag_is_no_handshake() -> None:
    with pytest.raises(DatagramError, match="forged handshake"):
        hello(responder(), Header(Type.HELLO, 1, 0).pack() + bytes(TAG_SIZE))
