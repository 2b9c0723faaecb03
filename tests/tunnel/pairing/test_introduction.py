"""What a machine says of itself, and how it proves that it is the one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunnel.identity import Identity
from tunnel.pairing.code import Role
from tunnel.pairing.introduction import Introduction, IntroductionError, check_relays, signed_text

US, PEER, STRANGER = (Identity(bytes([number]) * 32) for number in (1, 2, 3))
TRANSCRIPT = bytes(range(32))
RELAYS = ("wss://a.example", "ws://127.0.0.1:8765/path")


def introduce(relays: tuple[str, ...] = RELAYS) -> Introduction:
    return Introduction.sign(US, Role.BOT, relays, TRANSCRIPT, PEER.public)


@pytest.mark.parametrize(
    "relays", [(), RELAYS, tuple(f"ws://{n}" for n in range(10)), ("ws://" + "a" * 490,)]
)
def test_an_introduction_is_what_it_was_and_as_long_as_any(relays: tuple[str, ...]) -> None:
    packed = introduce(relays).pack()
    assert Introduction.unpack(packed) == introduce(relays)
    assert len(packed) == 1000


def test_it_proves_the_key_for_this_exchange_and_this_peer_alone() -> None:
    introduction = introduce()
    assert introduction.is_proven(TRANSCRIPT, PEER.public)
    assert not introduction.is_proven(bytes(32), PEER.public)
    assert not introduction.is_proven(TRANSCRIPT, None)
    assert not introduction.is_proven(TRANSCRIPT, STRANGER.public)


def test_nobody_passes_off_a_key_that_he_merely_knows() -> None:
    real = introduce()
    claimed = Introduction(real.role, STRANGER.public, real.relays, real.signature)
    assert not claimed.is_proven(TRANSCRIPT, PEER.public)
    other_role = Introduction(Role.RECEIVER, real.key, real.relays, real.signature)
    assert not other_role.is_proven(TRANSCRIPT, PEER.public)
    assert not Introduction(real.role, real.key, (), bytes(65)).is_proven(TRANSCRIPT, PEER.public)


def test_what_is_signed_can_be_read_and_is_no_login() -> None:
    assert signed_text(Role.BOT, TRANSCRIPT, None).splitlines() == [
        "crowdpad pairing",
        f"exchange: {TRANSCRIPT.hex()}",
        "role: bot",
        "met: nobody yet",
    ]
    assert signed_text(Role.BOT, TRANSCRIPT, PEER.public).endswith(f"met: {PEER.public.address}")


@pytest.mark.parametrize(
    "relays",
    [
        tuple(f"ws://{n}" for n in range(11)),
        tuple(f"wss://{n}{'a' * 200}" for n in range(5)),
        ("http://a.example",),
        ("ws://",),
        ("ws://ä.example",),
        ("ws://a b",),
        ("ws://a\n",),
    ],
)
def test_relays_that_cannot_be_told_are_refused_before_anything_is_said(relays: tuple[str, ...]) -> None:
    with pytest.raises(IntroductionError):
        check_relays(relays)
    with pytest.raises(IntroductionError):
        introduce(relays).pack()


@pytest.mark.parametrize(
    ("at", "byte"),
    [(0, 0), (0, 3), (1, 9), (99, 11), (99, 3), (100, 255), (101, 255), (102, ord("x")), (999, 1)],
)
def test_a_changed_introduction_is_refused(at: int, byte: int) -> None:
    packed = bytearray(introduce().pack())
    packed[at] = byte
    with pytest.raises(IntroductionError):
        Introduction.unpack(bytes(packed))


@given(st.binary(max_size=1010), st.lists(st.tuples(st.integers(0, 999), st.integers(0, 255)), max_size=20))
def test_any_bytes_unpack_or_raise_introduction_error(data: bytes, changes: list[tuple[int, int]]) -> None:
    changed = bytearray(introduce().pack())
    for at, byte in changes:
        changed[at] = byte
    for candidate in (data, data.ljust(1000, b"\0"), bytes(changed)):
        try:
            introduction = Introduction.unpack(candidate)
        except IntroductionError:
            continue
        assert introduction.pack() == candidate
