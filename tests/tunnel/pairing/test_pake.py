"""The same words make the same keys, other words others."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunnel.identity import Identity
from tunnel.pairing.code import Code
from tunnel.pairing.pake import Keys, Pake, PakeError, Side

RUN = bytes(16)


def pakes(code: Code, guest_code: Code) -> tuple[Pake, Pake]:
    return Pake(Side.HOST, code, random.Random(1).randbytes), Pake(
        Side.GUEST, guest_code, random.Random(2).randbytes
    )


def keys(code: Code, guest_code: Code | None = None, guest_run: bytes = RUN) -> tuple[Keys, Keys]:
    host, guest = pakes(code, guest_code or code)
    return host.finish(guest.element, RUN), guest.finish(host.element, guest_run)


def test_the_same_words_make_the_same_keys_and_four_different_ones(code: Code) -> None:
    host, guest = keys(code)
    assert host == guest
    assert len({*host.confirm.values(), *host.seal.values()}) == 4


@pytest.mark.parametrize("words", [("crossword", "zebra"), ("orbit", "crossword")])
def test_other_words_open_nothing(code: Code, words: tuple[str, str]) -> None:
    host, guest = keys(code, Code(code.plate, words))
    with pytest.raises(PakeError):
        host.opened(Side.GUEST, guest.sealed(Side.GUEST, b"hello"))


def test_who_shows_the_code_is_part_of_the_password(code: Code) -> None:
    """Seen in the element: the same dice, another password."""
    elements = [Pake(Side.HOST, Code(plate, code.words), bytes).element for plate in (412, 414, 413)]
    assert elements[0] == elements[1] != elements[2]


@pytest.mark.parametrize("plate", [413, 414])
def test_the_plate_and_who_shows_it_are_part_of_it(code: Code, plate: int) -> None:
    host, guest = keys(code, Code(plate, code.words))
    assert host.confirm != guest.confirm


def test_the_run_is_part_of_it(code: Code) -> None:
    host, guest = keys(code, guest_run=b"r" * 16)
    assert host.confirm != guest.confirm


def test_nothing_that_was_sealed_is_taken_changed_or_in_the_other_direction(code: Code) -> None:
    host, guest = keys(code)
    body = guest.sealed(Side.GUEST, b"hello")
    assert host.opened(Side.GUEST, body) == b"hello"
    with pytest.raises(PakeError):
        guest.opened(Side.HOST, body)
    for at in (0, 31, 32, len(body) - 1):
        changed = bytearray(body)
        changed[at] ^= 1
        with pytest.raises(PakeError):
            host.opened(Side.GUEST, bytes(changed))


def test_that_it_is_stored_is_said_of_these_two_and_nobody_else(code: Code) -> None:
    host, guest = keys(code)
    one, other = Identity(b"\x01" * 32).public, Identity(b"\x02" * 32).public
    assert host.is_stored(guest.stored(one, other), one, other)
    assert not host.is_stored(guest.stored(other, one), one, other)
    assert not host.is_stored(bytes(32), one, other)


def test_nobody_can_answer_with_our_own_element(code: Code) -> None:
    host, _ = pakes(code, code)
    with pytest.raises(PakeError):
        host.finish(b"B" + host.element[1:], RUN)


# 1 is the neutral element, 0 has order 4, all ones is no point, and a wrong first byte is a wrong side.
@pytest.mark.parametrize(
    "element", [b"B\x01" + bytes(31), b"B" + bytes(32), b"B" + b"\xff" * 32, b"A" + b"\x58" * 32]
)
def test_elements_that_would_give_the_key_away_are_refused(code: Code, element: bytes) -> None:
    host, _ = pakes(code, code)
    with pytest.raises(PakeError):
        host.finish(element, RUN)


@settings(max_examples=25)
@given(
    st.binary(min_size=33, max_size=33) | st.binary(min_size=32, max_size=32).map(lambda tail: b"B" + tail)
)
def test_any_element_makes_keys_or_raises_pake_error(element: bytes) -> None:
    host, _ = pakes(Code(412, ("crossword", "orbit")), Code(412, ("crossword", "orbit")))
    try:
        host.finish(element, RUN)
    except PakeError:
        pass  # as it should


def test_keys_do_not_print_themselves(code: Code) -> None:
    host, _ = keys(code)
    assert host.confirm[Side.HOST].hex() not in repr(host)
    assert str(host.confirm[Side.HOST]) not in repr(host)
