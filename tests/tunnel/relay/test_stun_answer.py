from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tunnel.nat.conftest import MESSAGES
from tunnel.nat.stun import Kind, Message, build, parse
from tunnel.relay.stun_answer import (
    ADDRESSES,
    IN_ALL_BURST,
    PER_ADDRESS_BURST,
    PER_ADDRESS_PER_SECOND,
    StunAnswerer,
)

ASK: Final = Message(kind=Kind.REQUEST, transaction=b"twelve bytes")
BARE: Final = build(ASK, fingerprint=False)
BAREST_REPLY: Final = {4: 32, 6: 44}


def ask(
    answerer: StunAnswerer, data: bytes = BARE, host: str = "192.0.2.1", now: float = 0.0
) -> Message | None:
    reply = answerer.answer(data, host, 5_000, now)
    return None if reply is None else parse(reply)


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
    reply = StunAnswerer().answer(data, host, 5_000, 0.0)
    if reply is not None:
        assert len(reply) <= max(len(data), BAREST_REPLY[6 if ":" in host else 4])


@given(st.binary(max_size=100) | st.binary(max_size=60).map(lambda tail: BARE + tail), st.integers(0, 65_535))
def test_any_bytes_are_answered_or_counted(data: bytes, port: int) -> None:
    answerer = StunAnswerer()
    answerer.answer(data, "192.0.2.1", port, 0.0)
    assert answerer.counters.total() == 1


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
