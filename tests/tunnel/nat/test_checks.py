from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunnel.nat import stun
from tunnel.nat.checks import Checks, Credentials, Outstanding, SentCheck, Verdict
from tunnel.nat.stun import Message, StunError

ONE = Credentials(b"\x01" * 4, b"\x11" * 16)
OTHER = Credentials(b"\x02" * 4, b"\x22" * 16)
FROM_ONE = Checks(ONE, controlling=True, tie_breaker=7)
AT_OTHER = Checks(OTHER, controlling=False, tie_breaker=8)
V4, V6 = ("192.0.2.1", 4_000), ("2001:db8::1", 4_000)
TRANSACTION = bytes(range(12))


def check(**changes: bool) -> bytes:
    return FROM_ONE.request(OTHER, V4, TRANSACTION, nominate=changes.get("nominate", False))


def test_a_check_says_whom_it_is_for_and_proves_who_made_it() -> None:
    data = check(nominate=True)
    message = stun.parse(data)
    assert message.username == "02020202:01010101"
    assert message.controlling == 7
    assert message.use_candidate
    assert AT_OTHER.judge(message, data) is Verdict.FINE


@pytest.mark.parametrize("address", [V4, V6])
@pytest.mark.parametrize("nominate", [True, False])
def test_an_answer_is_never_longer_than_its_question(address: tuple[str, int], nominate: bool) -> None:
    question = FROM_ONE.request(OTHER, address, TRANSACTION, nominate=nominate)
    answer = AT_OTHER.answer(stun.parse(question), address)
    assert len(answer) < len(question)
    assert stun.verify(answer, OTHER.key)
    assert stun.parse(answer).xor_mapped == address


def test_who_does_not_know_the_password_is_a_stranger() -> None:
    forged = Checks(ONE, controlling=True, tie_breaker=7).request(
        Credentials(OTHER.fragment, b"\x33" * 16), V4, TRANSACTION, nominate=True
    )
    assert AT_OTHER.judge(stun.parse(forged), forged) is Verdict.STRANGER


def test_a_check_for_somebody_else_is_a_strangers() -> None:
    data = FROM_ONE.request(ONE, V4, TRANSACTION, nominate=False)
    assert AT_OTHER.judge(stun.parse(data), data) is Verdict.STRANGER


def test_an_unsigned_check_is_a_strangers() -> None:
    data = stun.build(
        Message(kind=stun.Kind.REQUEST, transaction=TRANSACTION, username="02020202:01010101", controlling=7)
    )
    assert AT_OTHER.judge(stun.parse(data), data) is Verdict.STRANGER


def test_two_ends_that_both_decide_notice_it() -> None:
    both = Checks(OTHER, controlling=True, tie_breaker=8)
    data = check()
    assert both.judge(stun.parse(data), data) is Verdict.SAME_ROLE


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_check_that_was_altered_anywhere_is_no_longer_fine(place: int, flip: int) -> None:
    data = bytearray(check())
    data[place % (len(data) - 8)] ^= flip  # the FINGERPRINT behind it proves nothing
    try:
        message = stun.parse(bytes(data))
    except StunError:
        return
    assert message.kind is not stun.Kind.REQUEST or AT_OTHER.judge(message, bytes(data)) is Verdict.STRANGER


def test_an_answer_counts_once_and_only_from_where_the_question_went() -> None:
    out = Outstanding()
    out.add(TRANSACTION, SentCheck(V4, False))
    assert out.get(TRANSACTION, V6) is None
    assert out.get(TRANSACTION, V4) == SentCheck(V4, False)
    out.forget(TRANSACTION)
    assert out.get(TRANSACTION, V4) is None


def test_an_answer_counts_only_at_the_socket_that_asked() -> None:
    out = Outstanding()
    out.add(TRANSACTION, SentCheck(V4, False, via=3))
    assert out.get(TRANSACTION, V4) is None
    assert out.get(TRANSACTION, V4, via=3) == SentCheck(V4, False, via=3)


def test_the_oldest_question_is_forgotten_first() -> None:
    out = Outstanding()
    for number in range(300):
        out.add(number.to_bytes(12, "big"), SentCheck(V4, False))
    assert out.get((43).to_bytes(12, "big"), V4) is None
    assert out.get((44).to_bytes(12, "big"), V4) is not None
