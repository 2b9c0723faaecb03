from __future__ import annotations

import dataclasses

import pytest

from tunnel.identity import Identity
from tunnel.relay.gate import GateError, admit
from tunnel.relay.login import Challenge, Login
from tunnel.relay.refusal import BAD_LOGIN, NOT_LISTED, Refusal

CHALLENGE = Challenge("relay.example", "00" * 16, 1_760_000_000_000)
ME = Identity(b"\x01" * 32)
OTHER = Identity(b"\x02" * 32)
ROOMS = (bytes(16),)


def answer(identity: Identity, challenge: Challenge = CHALLENGE, address: str | None = None) -> str:
    signature = identity.sign_text(challenge.signed_text())
    return Login(address or identity.public.address, signature, ROOMS).to_json()


def refusal(text: str, allow: frozenset[str] | None = None) -> Refusal:
    with pytest.raises(GateError) as caught:
        admit(text, CHALLENGE, allow)
    return caught.value.refusal


def test_whoever_signs_the_challenge_comes_in_where_all_may() -> None:
    login = admit(answer(ME), CHALLENGE, None)
    assert (login.address, login.rooms) == (ME.public.address, ROOMS)


def test_the_case_of_an_address_does_not_matter() -> None:
    text = answer(ME, address=ME.public.address.lower())
    assert admit(text, CHALLENGE, {ME.public.address.lower()}).address == ME.public.address


def test_an_address_that_is_not_listed_stays_outside() -> None:
    assert refusal(answer(ME), frozenset({OTHER.public.address.lower()})) is NOT_LISTED


def test_nobody_comes_in_under_the_address_of_another() -> None:
    assert refusal(answer(OTHER, address=ME.public.address)) is BAD_LOGIN


@pytest.mark.parametrize("change", [{"relay": "other.example"}, {"nonce": "11" * 16}, {"time_ms": 1}])
def test_a_signature_for_another_challenge_opens_nothing(change: dict[str, str | int]) -> None:
    other = dataclasses.replace(CHALLENGE, **change)  # type: ignore[arg-type]  # one field at a time
    assert refusal(answer(ME, other)) is BAD_LOGIN


@pytest.mark.parametrize("signature", [bytes(65), b"\xff" * 65, bytes(64) + b"\x1b"])
def test_bytes_that_are_no_signature_open_nothing(signature: bytes) -> None:
    assert refusal(Login(ME.public.address, signature, ROOMS).to_json()) is BAD_LOGIN


def test_a_text_that_is_no_login_opens_nothing() -> None:
    assert refusal("hello") is BAD_LOGIN
