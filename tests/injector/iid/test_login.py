"""One login as a script: what the server says, and what we answer."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from injector.iid.handshake import Dialect, HandshakeError, answer, challenge, greeting
from injector.iid.login import Login
from tunnel.identity import Identity

GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
KEY = Identity(bytes(31) + b"\x01")
HELLO = {dialect: greeting(dialect, 1, KEY.public.address) for dialect in Dialect}
both = pytest.mark.parametrize("dialect", list(Dialect), ids=lambda dialect: dialect.value)


def login(dialect: Dialect) -> Login:
    return Login(dialect, KEY, Counter())


@both
def test_a_challenge_is_answered_and_a_greeting_lets_us_in(dialect: Dialect) -> None:
    ours = login(dialect)
    assert ours.heard(challenge(dialect, GUID)) == answer(dialect, GUID, KEY)
    assert not ours.done
    assert ours.heard(HELLO[dialect]) is None
    assert ours.done


@both
def test_a_greeting_before_the_challenge_is_the_wrong_order(dialect: Dialect) -> None:
    with pytest.raises(HandshakeError):
        login(dialect).heard(HELLO[dialect])


@both
def test_a_second_challenge_before_the_greeting_is_not_signed(dialect: Dialect) -> None:
    ours = login(dialect)
    ours.heard(challenge(dialect, GUID))
    with pytest.raises(HandshakeError, match="does not say HELLO"):
        ours.heard(challenge(dialect, GUID))


@both
def test_whatever_is_said_later_is_counted_and_never_signed(dialect: Dialect) -> None:
    counters: Counter[str] = Counter()
    ours = Login(dialect, KEY, counters)
    ours.heard(challenge(dialect, GUID))
    ours.heard(HELLO[dialect])
    for text in (challenge(dialect, GUID), HELLO[dialect], "", "IndexLock:None"):
        assert ours.heard(text) is None
    assert counters == {"texts_unknown": 4}


def test_ping_is_answered_at_any_time() -> None:
    ours = login(Dialect.SINGLETUNNEL)
    assert ours.heard("ping") == "pong"
    assert ours.heard("pong") is None
    ours.heard(challenge(Dialect.SINGLETUNNEL, GUID))
    assert ours.heard("ping") == "pong"
    ours.heard(HELLO[Dialect.SINGLETUNNEL])
    assert ours.heard("ping") == "pong"


def test_an_apint_server_hears_no_text_after_the_login() -> None:
    ours = login(Dialect.APINT)
    ours.heard(challenge(Dialect.APINT, GUID))
    ours.heard(HELLO[Dialect.APINT])
    assert ours.heard("ping") is None


@both
@given(
    texts=st.lists(
        st.sampled_from(["ping", "pong", "SIGN:" + GUID, "GUID:" + GUID, *HELLO.values(), "SIGN:x"])
        | st.text(max_size=20),
        max_size=8,
    )
)
def test_one_login_signs_one_guid_at_most(dialect: Dialect, texts: list[str]) -> None:
    ours, signed = login(dialect), []
    try:
        signed += [reply for text in texts if (reply := ours.heard(text)) not in (None, "pong")]
    except HandshakeError:
        pass
    assert signed in ([], [answer(dialect, GUID, KEY)])
