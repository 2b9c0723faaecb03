"""Both handshakes in both directions: a guid is compared once, and nothing but a guid is ever signed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from injector.iid.handshake import (
    Dialect,
    HandshakeError,
    admit,
    answer,
    challenge,
    greeting,
    read_answer,
    read_challenge,
    read_greeting,
)
from tunnel.identity import Identity, recover_text

GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
OTHER = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
KEY = Identity(bytes(31) + b"\x01")
ADDRESS = KEY.public.address
LISTED = frozenset({ADDRESS.lower()})
APINT, SINGLETUNNEL = Dialect.APINT, Dialect.SINGLETUNNEL
both = pytest.mark.parametrize("dialect", list(Dialect), ids=lambda dialect: dialect.value)


def test_the_texts_are_those_of_the_servers_around_us() -> None:
    signature = KEY.sign_text(GUID).hex()
    assert challenge(APINT, GUID) == f"SIGN:{GUID}"
    assert challenge(SINGLETUNNEL, GUID) == f"GUID:{GUID}"
    assert answer(APINT, GUID, KEY) == f"{GUID}|{ADDRESS}|0x{signature}"
    assert answer(SINGLETUNNEL, GUID, KEY) == f"SIGNED:{GUID}|{ADDRESS}|{signature}"
    assert greeting(APINT, 7, ADDRESS) == f"HELLO 7 {ADDRESS}"
    assert greeting(SINGLETUNNEL, 7, ADDRESS) == f"HELLO {ADDRESS}"


@both
def test_a_listed_client_that_signs_its_guid_is_admitted(dialect: Dialect) -> None:
    guid = read_challenge(dialect, challenge(dialect, GUID))
    assert admit(dialect, answer(dialect, guid, KEY), GUID, LISTED) == ADDRESS.lower()
    read_greeting(dialect, greeting(dialect, 0, ADDRESS), ADDRESS)


NOT_BARE = [
    "", " ", GUID + " ", " " + GUID, GUID + "\n", GUID[:-1], GUID + "0", "{" + GUID + "}",
    GUID.replace("-", ""),
    f"{GUID}|{GUID}", "I owe you 10 ETH", "0x" + "ab" * 32, GUID.replace("0", "٠"), "g" + GUID[1:],
]  # fmt: skip


@both
@pytest.mark.parametrize("text", NOT_BARE)
def test_a_challenge_that_is_no_bare_guid_is_not_signed(dialect: Dialect, text: str) -> None:
    with pytest.raises(HandshakeError, match="no bare GUID"):
        read_challenge(dialect, challenge(dialect, text))


@both
@pytest.mark.parametrize("text", ["", GUID, "sign:" + GUID, "HELLO 1 x", " SIGN:" + GUID, "SIGN :" + GUID])
def test_a_text_of_another_shape_is_no_challenge(dialect: Dialect, text: str) -> None:
    with pytest.raises(HandshakeError, match="does not begin with"):
        read_challenge(dialect, text)


@both
def test_a_signature_of_another_guid_is_refused(dialect: Dialect) -> None:
    with pytest.raises(HandshakeError, match="something else than the GUID"):
        admit(dialect, answer(dialect, OTHER, KEY), GUID, LISTED)


@both
def test_an_old_signature_under_the_new_guid_is_refused(dialect: Dialect) -> None:
    replayed = answer(dialect, OTHER, KEY).replace(OTHER, GUID)
    with pytest.raises(HandshakeError, match=r"not the claimed address's|is none"):
        admit(dialect, replayed, GUID, LISTED)


@both
def test_a_key_may_not_borrow_a_listed_address(dialect: Dialect) -> None:
    stranger = Identity(bytes(31) + b"\x02")
    borrowed = answer(dialect, GUID, stranger).replace(stranger.public.address, ADDRESS)
    with pytest.raises(HandshakeError, match="not the claimed address's"):
        admit(dialect, borrowed, GUID, LISTED)


@both
def test_an_address_that_is_not_listed_is_refused(dialect: Dialect) -> None:
    with pytest.raises(HandshakeError, match="not on the list"):
        admit(dialect, answer(dialect, GUID, KEY), GUID, frozenset())


@both
def test_the_case_of_an_address_and_0x_before_a_signature_say_nothing(dialect: Dialect) -> None:
    said = answer(dialect, GUID, KEY).replace(ADDRESS, ADDRESS.lower())
    plain = said.replace("|0x" + KEY.sign_text(GUID).hex(), "|" + KEY.sign_text(GUID).hex())
    for text in (said, plain):
        assert admit(dialect, text, GUID, LISTED) == ADDRESS.lower()


@pytest.mark.parametrize(
    "text", ["", "|", "||", f"{GUID}|{ADDRESS}", f"{GUID}|{ADDRESS}|", f"{GUID}|{ADDRESS}|0x12", "SHA256:pw"]
)
def test_an_answer_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(HandshakeError):
        read_answer(APINT, text)


def test_a_letter_of_marque_is_not_understood() -> None:
    text = answer(APINT, GUID, KEY) + f"|{ADDRESS}|0x{'00' * 65}"
    with pytest.raises(HandshakeError, match="does not answer with a GUID"):
        read_answer(APINT, text)


@pytest.mark.parametrize(
    "text",
    ["HELLO", "HELLO 1", f"HELLO {ADDRESS}", f"HELLO x {ADDRESS}", f"HELLO 1 {ADDRESS} more", "HELLO 1 0x"],
)
def test_apint_greets_with_an_index_and_our_address(text: str) -> None:
    with pytest.raises(HandshakeError):
        read_greeting(APINT, text, ADDRESS)
    read_greeting(APINT, f"HELLO -42 {ADDRESS.lower()}", ADDRESS)


def test_being_greeted_as_somebody_else_is_refused() -> None:
    with pytest.raises(HandshakeError, match="greets somebody else"):
        read_greeting(SINGLETUNNEL, "HELLO 0x" + "1" * 40, ADDRESS)


@both
@given(text=st.text(max_size=60).map("SIGN:".__add__) | st.text(max_size=300) | st.just("GUID:" + GUID))
def test_of_any_text_only_a_guid_is_signed(dialect: Dialect, text: str) -> None:
    try:
        guid = read_challenge(dialect, text)
    except HandshakeError:
        return
    assert len(guid) == 36
    assert recover_text(guid, read_answer(dialect, answer(dialect, guid, KEY)).signature) == ADDRESS


pieces = st.sampled_from([GUID, ADDRESS, "0x" + "1b" * 65, "00" * 65, "SIGNED:", "|", "ff" * 65])


@both
@given(
    text=st.text(max_size=300)
    | st.lists(pieces, max_size=7).map("".join)
    | st.lists(pieces, max_size=4).map("|".join)
)
def test_no_text_but_a_signature_lets_anybody_in(dialect: Dialect, text: str) -> None:
    with pytest.raises(HandshakeError):
        admit(dialect, text, GUID, LISTED)
