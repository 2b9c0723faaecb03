"""Proofs: only who knows both offers can make one, for one connection, in one direction."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunnel.nat.tcp import proof as tcp_proof
from tunnel.nat.tcp.proof import Asked, Passwords, answer, ask, has_answered

CLIENT = Passwords(own=bytes(16), other=b"\x01" * 16)
SERVER = Passwords(own=CLIENT.other, other=CLIENT.own)
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def test_both_ends_prove_themselves() -> None:
    assert Asked().is_right(SERVER, KEY, ask(CLIENT, KEY))
    assert has_answered(CLIENT, ACCEPT, answer(SERVER, ACCEPT))


def test_the_proof_is_the_one_that_is_written_down() -> None:
    both = CLIENT.own + SERVER.own
    assert (
        ask(CLIENT, KEY) == hmac.digest(both, b"crowdpad direct tcp, client\0" + KEY.encode(), "sha256").hex()
    )
    said = hmac.digest(both, b"crowdpad direct tcp, server\0" + ACCEPT.encode(), "sha256").hex()
    assert answer(SERVER, ACCEPT) == said


def test_a_wrong_password_proves_nothing() -> None:
    wrong = Passwords(own=CLIENT.own, other=b"\x02" * 16)
    assert not Asked().is_right(SERVER, KEY, ask(wrong, KEY))
    assert not has_answered(CLIENT, ACCEPT, answer(wrong, ACCEPT))


@pytest.mark.parametrize("anew", ["client", "server"])
def test_when_either_end_begins_anew_no_proof_from_before_is_right(anew: str) -> None:
    asked, answered = ask(CLIENT, KEY), answer(SERVER, ACCEPT)
    client = CLIENT._replace(own=b"\x02" * 16) if anew == "client" else CLIENT._replace(other=b"\x02" * 16)
    server = Passwords(own=client.other, other=client.own)
    assert not Asked().is_right(server, KEY, asked)
    assert not has_answered(client, ACCEPT, answered)
    assert Asked().is_right(server, KEY, ask(client, KEY))


def test_what_was_asked_is_remembered_while_offers_come_and_go() -> None:
    asked, proof = Asked(), ask(CLIENT, KEY)
    assert asked.is_right(SERVER, KEY, proof)
    other = Passwords(own=SERVER.own, other=b"\x02" * 16)
    assert asked.is_right(
        other, "AAAAAAAAAAAAAAAAAAAAAA==", ask(Passwords(*other[::-1]), "AAAAAAAAAAAAAAAAAAAAAA==")
    )
    assert not asked.is_right(SERVER, KEY, proof)


def test_a_recording_proves_nothing_with_another_key_and_nothing_again() -> None:
    asked, proof = Asked(), ask(CLIENT, KEY)
    assert not asked.is_right(SERVER, "AAAAAAAAAAAAAAAAAAAAAA==", proof)
    assert asked.is_right(SERVER, KEY, proof)
    assert not asked.is_right(SERVER, KEY, proof)


def test_neither_end_can_be_answered_with_its_own_proof() -> None:
    """Whoever merely sends back what it was sent, or asks one end for what the other wants."""
    assert not has_answered(CLIENT, KEY, ask(CLIENT, KEY))
    assert not Asked().is_right(CLIENT, ACCEPT, answer(SERVER, ACCEPT))
    assert not has_answered(SERVER, KEY, ask(CLIENT, KEY))


def test_what_was_asked_is_kept_within_bounds_and_strangers_add_nothing() -> None:
    asked = Asked()
    for number in range(tcp_proof._KEYS_KEPT + 10):
        assert not asked.is_right(SERVER, str(number), "")
        assert asked.is_right(SERVER, str(number), ask(CLIENT, str(number)))
    assert len(asked._keys) == tcp_proof._KEYS_KEPT


@given(st.text(), st.text())
def test_any_text_is_judged_and_none_is_right(key: str, proof: str) -> None:
    assert not Asked().is_right(SERVER, key, proof)
    assert not has_answered(CLIENT, key, proof)
