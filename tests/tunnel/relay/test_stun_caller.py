from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunnel.nat.stun import Kind, Message, build, parse
from tunnel.nat.stun_stream import StunStream
from tunnel.relay.stun_answer import PER_ADDRESS_BURST, StunAnswerer
from tunnel.relay.stun_caller import MOST_QUESTIONS, StunCaller, begins_stun

ASK: Final = build(Message(kind=Kind.REQUEST, transaction=b"twelve bytes"), fingerprint=False)
SOURCE: Final = ("192.0.2.1", 5_000)


def caller(answerer: StunAnswerer | None = None) -> StunCaller:
    return StunCaller(answerer or StunAnswerer(), *SOURCE)


def messages(data: bytes) -> list[Message]:
    stream, found = StunStream(), []
    stream.feed(data)
    while (message := stream.take()) is not None:
        found.append(parse(message))
    return found


@pytest.mark.parametrize("first", [b"GET /", b"HEAD", b"\x16\x03\x01", b"\x80\x2e", b"\xff"])
def test_http_and_tls_do_not_begin_like_stun(first: bytes) -> None:
    assert begins_stun(ASK)
    assert not begins_stun(first)


def test_a_question_in_any_pieces_is_answered_once_it_is_whole() -> None:
    one = caller()
    answers = [one.receive(ASK[at : at + 1], 0.0) for at in range(len(ASK))]
    assert [*map(bool, answers)] == [False] * (len(ASK) - 1) + [True]
    (answer,) = messages(answers[-1])
    assert (answer.kind, answer.transaction) == (Kind.SUCCESS, b"twelve bytes")
    assert answer.xor_mapped == SOURCE
    assert not one.over


def test_questions_that_come_together_are_answered_together() -> None:
    one = caller()
    asked = [Message(kind=Kind.REQUEST, transaction=bytes([n]) * 12) for n in range(3)]
    answers = messages(one.receive(b"".join(build(question) for question in asked), 0.0))
    assert [answer.transaction for answer in answers] == [question.transaction for question in asked]


def test_a_connection_asks_so_often() -> None:
    answerer = StunAnswerer()
    one = caller(answerer)
    assert len(messages(one.receive(ASK * (MOST_QUESTIONS + 5), 0.0))) == MOST_QUESTIONS
    assert one.over
    assert one.receive(ASK, 0.0) == b""
    assert answerer.counters == {"answered": MOST_QUESTIONS}


def test_one_address_asks_so_often_over_all_its_connections() -> None:
    answerer = StunAnswerer()
    answered = [caller(answerer).receive(ASK, 0.0) for _ in range(int(PER_ADDRESS_BURST) + 10)]
    assert answered.count(b"") == 10
    assert answerer.counters["over_rate"] == 10


def test_what_stood_before_garbage_is_answered_and_then_it_is_over() -> None:
    answerer = StunAnswerer()
    one = caller(answerer)
    assert len(messages(one.receive(ASK + b"\x01" * 40, 0.0))) == 1
    assert one.over
    assert answerer.counters == {"answered": 1, "not_stun": 1}


def test_who_asks_for_more_than_an_address_is_refused_and_told_what_for() -> None:
    """There is room for it: over TCP nobody asks in a stranger's name."""
    asked = Message(kind=Kind.REQUEST, transaction=b"twelve bytes", change_port=True)
    (answer,) = messages(caller().receive(build(asked, fingerprint=False), 0.0))
    assert (answer.error, answer.refused) == ((420, ""), (0x0003,))


def test_answers_are_not_answered() -> None:
    answer = build(Message(kind=Kind.SUCCESS, transaction=b"twelve bytes", xor_mapped=SOURCE))
    assert caller().receive(answer * 3, 0.0) == b""


@given(st.lists(st.binary(max_size=60) | st.binary(max_size=30).map(lambda tail: ASK + tail), max_size=6))
def test_any_bytes_raise_nothing_and_get_few_answers(pieces: list[bytes]) -> None:
    one = caller()
    assert len(messages(b"".join(one.receive(piece, 0.0) for piece in pieces))) <= MOST_QUESTIONS
