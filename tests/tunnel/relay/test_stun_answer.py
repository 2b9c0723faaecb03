from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tunnel.nat.conftest import MESSAGES
from tunnel.nat.stun import Address, Kind, Message, build, parse
from tunnel.relay.stun_answer import (
    ADDRESSES,
    IN_ALL_BURST,
    PER_ADDRESS_BURST,
    PER_ADDRESS_PER_SECOND,
    StunAnswerer,
)
from tunnel.relay.stun_corners import Corners

ASK: Final = Message(kind=Kind.REQUEST, transaction=b"twelve bytes")
BARE: Final = build(ASK, fingerprint=False)
BAREST_REPLY: Final = {4: 32, 6: 44}
ELSEWHERE: Final[tuple[dict[str, Any], ...]] = ({"response_port": 7}, {"padding": 40})
CORNERS: Final = {
    4: Corners(("198.51.100.1", 1), ("198.51.100.2", 2)),
    6: Corners(("2001:db8::1", 1), ("2001:db8::2", 2)),
}


def with_corners(version: int = 4) -> StunAnswerer:
    answerer = StunAnswerer()
    answerer.corners = CORNERS[version]
    return answerer


def ask(
    answerer: StunAnswerer, data: bytes = BARE, host: str = "192.0.2.1", now: float = 0.0
) -> Message | None:
    reply = answerer.answer(data, host, 5_000, now)
    return None if reply is None else parse(reply.data)


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_who_asks_is_told_their_address(host: str) -> None:
    reply = ask(StunAnswerer(), host=host)
    assert reply == Message(kind=Kind.SUCCESS, transaction=ASK.transaction, xor_mapped=(host, 5_000))


def test_an_ipv4_client_at_an_ipv6_socket_is_told_its_ipv4_address() -> None:
    reply = ask(StunAnswerer(), host="::ffff:192.0.2.1")
    assert reply is not None
    assert reply.xor_mapped == ("192.0.2.1", 5_000)


@settings(max_examples=60)
@given(MESSAGES, st.sampled_from(["192.0.2.1", "2001:db8::1"]), st.booleans())
def test_no_reply_is_longer_than_its_request_but_the_bare_address(
    message: Message, host: str, fingerprint: bool
) -> None:
    data = build(message, fingerprint=fingerprint)
    for answerer, at in ((StunAnswerer(), None), (with_corners(), CORNERS[6 if ":" in host else 4].first)):
        reply = answerer.answer(data, host, 5_000, 0.0, at=at)
        if reply is not None:
            assert len(reply.data) <= max(len(data), BAREST_REPLY[6 if ":" in host else 4])


@given(st.binary(max_size=100) | st.binary(max_size=60).map(lambda tail: BARE + tail), st.integers(0, 65_535))
def test_any_bytes_are_answered_or_counted(data: bytes, port: int) -> None:
    answerer = StunAnswerer()
    answerer.answer(data, "192.0.2.1", port, 0.0)
    answerer.corners = CORNERS[4]
    answerer.answer(data, "192.0.2.1", port, 0.0, at=CORNERS[4].second)
    assert answerer.counters.total() == 2


@pytest.mark.parametrize("kind", [Kind.SUCCESS, Kind.ERROR, Kind.INDICATION])
def test_answers_are_not_answered(kind: Kind) -> None:
    answerer = StunAnswerer()
    assert ask(answerer, build(Message(kind=kind, transaction=ASK.transaction))) is None
    assert answerer.counters == {"no_request": 1}


@pytest.mark.parametrize(
    ("request_", "refused"),
    [
        (Message(kind=Kind.REQUEST, transaction=ASK.transaction, change_ip=True), 0x0003),
        (Message(kind=Kind.REQUEST, transaction=ASK.transaction, response_port=7), 0x0027),
        (Message(kind=Kind.REQUEST, transaction=ASK.transaction, padding=1_000), 0x0026),
    ],
)
def test_a_reply_to_elsewhere_or_a_long_one_is_refused(request_: Message, refused: int) -> None:
    answerer = StunAnswerer()
    reply = ask(answerer, build(request_, length=48))
    assert reply is not None
    assert (reply.kind, reply.error, reply.refused) == (Kind.ERROR, (420, ""), (refused,))
    short = ask(answerer, build(request_, fingerprint=False))
    assert short is not None
    assert short.error == (420, "")
    assert answerer.counters == {"refused": 2}


@pytest.mark.parametrize(("version", "host"), [(4, "192.0.2.1"), (6, "2001:db8::9")])
@pytest.mark.parametrize(("ip", "port"), [(False, False), (True, False), (False, True), (True, True)])
def test_a_relay_with_two_addresses_answers_from_where_it_is_asked_to(
    version: int, host: str, ip: bool, port: bool
) -> None:
    corners = CORNERS[version]
    question = Message(kind=Kind.REQUEST, transaction=ASK.transaction, change_ip=ip, change_port=port)
    for at in corners.all:
        reply = with_corners(version).answer(build(question, length=100), host, 5_000, 0.0, at=at)
        assert reply is not None
        assert reply.origin == corners.changed(at, ip=ip, port=port)
        told = parse(reply.data)
        assert told.xor_mapped == (host, 5_000)
        assert (told.response_origin, told.other_address) == (reply.origin, corners.opposite(at))
        assert told.mapped == ((host, 5_000) if version == 4 else None)  # with IPv6 it does not fit


def test_a_short_question_gets_what_there_is_room_for_from_where_it_is_wanted() -> None:
    question = Message(kind=Kind.REQUEST, transaction=ASK.transaction, change_ip=True)
    reply = with_corners().answer(
        build(question, fingerprint=False), "192.0.2.1", 5_000, 0.0, at=CORNERS[4].first
    )
    assert reply is not None
    assert reply.origin == ("198.51.100.2", 1)
    assert parse(reply.data) == Message(
        kind=Kind.SUCCESS, transaction=ASK.transaction, xor_mapped=("192.0.2.1", 5_000)
    )


@pytest.mark.parametrize(
    "more", [Message(kind=Kind.REQUEST, transaction=ASK.transaction, **each) for each in ELSEWHERE]
)
def test_no_relay_answers_another_port_or_at_length(more: Message) -> None:
    reply = with_corners().answer(build(more, length=100), "192.0.2.1", 5_000, 0.0, at=CORNERS[4].first)
    assert reply is not None
    assert (reply.origin, parse(reply.data).error) == (None, (420, ""))


@pytest.mark.parametrize("at", [None, ("203.0.113.1", 1)])
def test_an_address_that_is_no_corner_answers_like_any_relay(at: Address | None) -> None:
    answerer = with_corners()
    plain = answerer.answer(build(ASK, length=100), "192.0.2.1", 5_000, 0.0, at=at)
    assert plain is not None
    assert (plain.origin, parse(plain.data).other_address) == (None, None)
    question = build(Message(kind=Kind.REQUEST, transaction=ASK.transaction, change_ip=True), length=100)
    refused = answerer.answer(question, "192.0.2.1", 5_000, 0.0, at=at)
    assert refused is not None
    assert parse(refused.data).error == (420, "")


def test_a_refusal_that_does_not_fit_is_not_sent() -> None:
    unknown = BARE[:2] + b"\x00\x04" + BARE[4:] + bytes.fromhex("7abc0000")
    answerer = StunAnswerer()
    assert ask(answerer, unknown) is None
    assert answerer.counters == {"too_short": 1}


def test_one_address_asks_so_often_and_others_go_on() -> None:
    answerer = StunAnswerer()
    answered = [ask(answerer, now=0.0) for _ in range(int(PER_ADDRESS_BURST) + 10)]
    assert answered.count(None) == 10
    assert answerer.counters["over_rate"] == 10
    assert ask(answerer, host="192.0.2.2") is not None
    assert ask(answerer, now=1_000 / PER_ADDRESS_PER_SECOND) is not None


def test_the_addresses_of_one_ipv6_customer_are_one() -> None:
    answerer = StunAnswerer()
    answered = [ask(answerer, host=f"2001:db8::{n:x}") for n in range(1, int(PER_ADDRESS_BURST) + 11)]
    assert answered.count(None) == 10


def test_all_together_ask_so_often_and_nothing_grows() -> None:
    answerer = StunAnswerer()
    answered = [ask(answerer, host=f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}") for n in range(ADDRESSES + 500)]
    assert len(answered) - answered.count(None) == IN_ALL_BURST
    assert len(answerer._by_address) == ADDRESSES
