from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunnel.relay.login import (
    Challenge,
    Login,
    LoginError,
    Refused,
    Welcome,
    check_relay_name,
    parse_rooms,
    parse_verdict,
    rooms_to_json,
)
from tunnel.relay.stun_told import StunTold

NONCE = "0123456789abcdef" * 2
ROOM = bytes(range(16))
CHALLENGE = Challenge("relay.example", NONCE, 1_760_000_000_000)
LOGIN = Login("0x" + "aB" * 20, bytes(65), (ROOM, bytes(16)))

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def test_the_signed_text_is_exactly_this() -> None:
    assert CHALLENGE.signed_text() == (
        "crowdpad relay login\n"
        "relay: relay.example\n"
        "nonce: 0123456789abcdef0123456789abcdef\n"
        "time: 1760000000000"
    )


def test_the_texts_on_the_wire_are_exactly_these() -> None:
    assert json.loads(CHALLENGE.to_json()) == {
        "crowdpad": 1,
        "relay": "relay.example",
        "nonce": NONCE,
        "time": 1_760_000_000_000,
    }
    assert json.loads(LOGIN.to_json()) == {
        "address": "0x" + "aB" * 20,
        "signature": "00" * 65,
        "rooms": [ROOM.hex(), "00" * 16],
    }
    assert json.loads(Welcome(1200, 4000).to_json()) == {
        "welcome": {"message_bytes": 1200, "messages_per_second": 4000}
    }
    assert json.loads(Refused("No.").to_json()) == {"refused": "No."}
    assert json.loads(rooms_to_json([ROOM])) == {"rooms": [ROOM.hex()]}


def test_every_text_is_read_back_as_it_was() -> None:
    assert Challenge.parse(CHALLENGE.to_json()) == CHALLENGE
    assert Login.parse(LOGIN.to_json()) == LOGIN
    assert parse_rooms(rooms_to_json([ROOM, bytes(16)])) == (ROOM, bytes(16))
    assert parse_verdict(Welcome(1200, 4000).to_json()) == Welcome(1200, 4000)
    assert parse_verdict(Refused("No.").to_json()) == Refused("No.")
    for told in (StunTold(), StunTold(udp=8_765, tcp=8_765, host="stun.example.org")):
        assert parse_verdict(Welcome(1200, 4000, told).to_json()) == Welcome(1200, 4000, told)


@pytest.mark.parametrize("said", [7, [], {"udp": -1}, {"host": "x" * 500}])
def test_nonsense_about_stun_is_as_good_as_nothing(said: object) -> None:
    welcome = {"message_bytes": 1200, "messages_per_second": 4000, "stun": said}
    assert parse_verdict(json.dumps({"welcome": welcome})) == Welcome(1200, 4000)


@pytest.mark.parametrize(
    "change",
    [
        {"crowdpad": 2},
        {"crowdpad": True},
        {"crowdpad": "1"},
        {"relay": ""},
        {"relay": "x" * 65},
        {"relay": "two\nlines"},
        {"relay": "\ud800"},
        {"relay": None},
        {"nonce": NONCE[:-1]},
        {"nonce": NONCE.upper()},
        {"nonce": NONCE + "\n"},
        {"nonce": "\u0660" * 32},
        {"time": 1.5},
        {"time": "1"},
        {"time": True},
        {"time": -1},
        {"time": 2**64 - 1},
        {"time": float("nan")},
    ],
)
def test_a_member_signs_nothing_but_a_proper_challenge(change: dict[str, object]) -> None:
    with pytest.raises(LoginError):
        Challenge.parse(json.dumps(json.loads(CHALLENGE.to_json()) | change))


@pytest.mark.parametrize(
    "change",
    [
        {"address": "ab" * 20},
        {"address": "0x" + "ab" * 19},
        {"address": 5},
        {"signature": "00" * 64},
        {"signature": "GG" * 65},
        {"signature": None},
        {"rooms": []},
        {"rooms": [ROOM.hex()] * 3},
        {"rooms": ROOM.hex()},
        {"rooms": [ROOM.hex(), 7]},
        {"rooms": [ROOM.hex()[:-2]]},
        {"rooms": {"0": ROOM.hex()}},
    ],
)
def test_a_login_with_a_wrong_part_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(LoginError):
        Login.parse(json.dumps(json.loads(LOGIN.to_json()) | change))


@pytest.mark.parametrize(
    "welcome",
    [
        {"message_bytes": 0, "messages_per_second": 1},
        {"message_bytes": 10**400, "messages_per_second": 1},
        {"message_bytes": 1200, "messages_per_second": 10**400},
        {"message_bytes": 1200, "messages_per_second": float("nan")},
        {"message_bytes": 1200, "messages_per_second": False},
        {"message_bytes": 1200},
        [],
    ],
)
def test_a_welcome_with_impossible_figures_is_none(welcome: object) -> None:
    with pytest.raises(LoginError):
        parse_verdict(json.dumps({"welcome": welcome}))


def test_a_text_that_nests_deeper_than_python_is_refused() -> None:
    # On its own, because hypothesis raises the limit on recursion while it runs.
    with pytest.raises(LoginError):
        Login.parse("[" * 1_024)


def test_parts_of_a_later_version_are_ignored() -> None:
    assert Challenge.parse(json.dumps(json.loads(CHALLENGE.to_json()) | {"motd": "hi"})) == CHALLENGE


def test_the_same_room_twice_is_one_room() -> None:
    assert parse_rooms(rooms_to_json([ROOM, ROOM])) == (ROOM,)


def test_a_refusal_cannot_write_into_the_log_as_it_likes() -> None:
    assert parse_verdict(json.dumps({"refused": "no\n\x1b[31m" + "x" * 500})) == Refused("no[31m" + "x" * 192)


def test_a_relay_has_a_printable_name() -> None:
    assert check_relay_name("Köln 1") == "Köln 1"
    with pytest.raises(ValueError, match="printable"):
        check_relay_name("\u200b")


@given(st.text(max_size=1_100) | json_values.map(json.dumps) | st.just("[" * 1_024))
def test_any_text_either_parses_or_raises_login_error(text: str) -> None:
    for parse in (Challenge.parse, Login.parse, parse_verdict, parse_rooms):
        try:
            parse(text)
        except LoginError:
            pass


@given(st.sampled_from([CHALLENGE.to_json(), LOGIN.to_json()]), st.data())
def test_a_damaged_text_either_parses_or_raises_login_error(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text) - 1))
    damaged = text[:at] + data.draw(st.text(max_size=3)) + text[at + data.draw(st.integers(0, 3)) :]
    for parse in (Challenge.parse, Login.parse):
        try:
            parse(damaged)
        except LoginError:
            pass


@given(st.dictionaries(st.sampled_from(["address", "signature", "rooms", "crowdpad", "time"]), json_values))
def test_any_object_either_parses_or_raises_login_error(change: dict[str, object]) -> None:
    for parse, whole in ((Challenge.parse, CHALLENGE), (Login.parse, LOGIN)):
        try:
            parse(json.dumps(json.loads(whole.to_json()) | change))
        except LoginError:
            pass
