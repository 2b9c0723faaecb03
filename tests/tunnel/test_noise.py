from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from hypothesis import given, settings
from hypothesis import strategies as st

from tunnel.identity import Identity
from tunnel.noise import IK, XK, XX, Handshake, KeyPair, NoiseError, Pattern, nonce_bytes

VECTORS = Path(__file__).parents[1] / "vectors"
BOLT8 = json.loads((VECTORS / "bolt8.json").read_text("ascii"))
PUBLISHED = json.loads((VECTORS / "noise_25519.json").read_text("ascii"))["vectors"]
AEAD = json.loads((VECTORS / "chacha20poly1305.json").read_text("ascii"))
PATTERNS = {pattern.name: pattern for pattern in (IK, XK, XX)}


class Key25519:
    """An X25519 key pair, for the vectors that are published on that curve."""

    def __init__(self, secret: bytes) -> None:
        self._key = X25519PrivateKey.from_private_bytes(secret)

    @property
    def public_bytes(self) -> bytes:
        return self._key.public_key().public_bytes_raw()

    def exchange(self, public: bytes) -> bytes:
        return self._key.exchange(X25519PublicKey.from_public_bytes(public))


@dataclass(frozen=True)
class Ends:
    initiator: Handshake
    responder: Handshake

    def turn(self, number: int) -> tuple[Handshake, Handshake]:
        """Who writes and who reads the message of that number, counted from 0."""
        return (self.responder, self.initiator) if number % 2 else (self.initiator, self.responder)


Keys = tuple[KeyPair, KeyPair, KeyPair, KeyPair]  # initiator: static, ephemeral; responder: static, ephemeral


def meet(pattern: Pattern, curve: str, keys: Keys, *prologues: bytes) -> Ends:
    """Two fresh ends. One prologue is for both; of two the second is the responder's."""
    known = keys[2].public_bytes if pattern.responder_known else None
    first, last = prologues[0], prologues[-1]
    return Ends(
        Handshake(
            pattern,
            curve,
            initiator=True,
            prologue=first,
            static=keys[0],
            ephemeral=keys[1],
            peer_static=known,
        ),
        Handshake(pattern, curve, initiator=False, prologue=last, static=keys[2], ephemeral=keys[3]),
    )


def make_ends(pattern: Pattern, curve: str, *prologues: bytes) -> Ends:
    kind: type[Key25519 | Identity] = Key25519 if curve == "25519" else Identity
    initiator, responder = ((kind(bytes([n]) * 32), kind(bytes([n + 1]) * 32)) for n in (0x11, 0x21))
    return meet(pattern, curve, (*initiator, *responder), *(prologues or (b"",)))


def play(ends: Ends, *, messages: int) -> None:
    for number in range(messages):
        writer, reader = ends.turn(number)
        reader.read(writer.write(b""))


# --- BOLT-8: XK on secp256k1, the curve and the keys of this tunnel ------------------------------


def bolt8_key(name: str) -> Identity:
    key = Identity(bytes.fromhex(BOLT8[name]["private"]))
    assert key.public.hex == BOLT8[name]["public"]
    return key


def bolt8_act(text: str) -> bytes:
    """The Noise message in an act: what follows BOLT-8's own version byte."""
    return bytes.fromhex(text)[1:]


def bolt8_ends() -> Ends:
    keys = (
        bolt8_key("initiator_static"),
        bolt8_key("initiator_ephemeral"),
        bolt8_key("responder_static"),
        bolt8_key("responder_ephemeral"),
    )
    return meet(XK, "secp256k1", keys, bytes.fromhex(BOLT8["prologue"]))


def test_both_ends_write_and_read_the_acts_of_bolt8() -> None:
    ends = bolt8_ends()
    hashes = [*BOLT8["hash_after_act"], None]  # the one after act three is not published
    for number, (act, transcript) in enumerate(zip(BOLT8["acts"], hashes, strict=True)):
        writer, reader = ends.turn(number)
        assert writer.write(b"") == bolt8_act(act)
        assert reader.read(bolt8_act(act)) == b""
        assert transcript is None or writer.hash.hex() == reader.hash.hex() == transcript
    assert ends.responder.peer_static == bolt8_key("initiator_static").public_bytes


def test_both_ends_derive_the_keys_of_bolt8() -> None:
    ends = bolt8_ends()
    play(ends, messages=3)
    sent, received = (bytes.fromhex(BOLT8[f"{end}_sends_with"]) for end in ("initiator", "responder"))
    assert ends.initiator.keys() == (sent, received)
    assert ends.responder.keys() == (received, sent)


@pytest.mark.parametrize("case", BOLT8["refused"], ids=lambda case: case["name"])
def test_an_act_that_bolt8_refuses_is_a_noise_error(case: dict[str, Any]) -> None:
    ends = bolt8_ends()
    play(ends, messages=case["act"] - 1)
    _, reader = ends.turn(case["act"] - 1)
    with pytest.raises(NoiseError):
        reader.read(bolt8_act(case["bytes"]))
    assert not reader.finished


def test_the_transport_keys_seal_the_first_messages_of_bolt8() -> None:
    ends = bolt8_ends()
    play(ends, messages=3)
    cipher = ChaCha20Poly1305(ends.initiator.keys()[0])
    plain = bytes.fromhex(BOLT8["messages"]["plain"])
    for number, expected in enumerate(BOLT8["messages"]["outputs"]):
        length = cipher.encrypt(nonce_bytes(2 * number), len(plain).to_bytes(2, "big"), b"")
        assert (length + cipher.encrypt(nonce_bytes(2 * number + 1), plain, b"")).hex() == expected


# --- The same engine on 25519 --------------------------------------------------------------------


def published_ends(vector: dict[str, Any]) -> Ends:
    _, pattern, curve, cipher, digest = vector["protocol_name"].split("_")
    assert (curve, cipher, digest) == ("25519", "ChaChaPoly", "SHA256")
    roles = ("init_static", "init_ephemeral", "resp_static", "resp_ephemeral")
    a, b, c, d = (Key25519(bytes.fromhex(vector[role])) for role in roles)
    assert vector.get("init_remote_static", c.public_bytes.hex()) == c.public_bytes.hex()
    return meet(PATTERNS[pattern], curve, (a, b, c, d), bytes.fromhex(vector["prologue"]))


def published_name(vector: dict[str, Any]) -> str:
    pattern = vector["protocol_name"].split("_")[1]
    payload = "payload" if vector["messages"][0]["payload"] else "empty"
    return "-".join((vector["source"].split(",")[0], pattern, vector["prologue"] or "no prologue", payload))


@pytest.mark.parametrize("vector", PUBLISHED, ids=published_name)
def test_a_published_conversation_is_written_and_read_to_the_byte(vector: dict[str, Any]) -> None:
    ends = published_ends(vector)
    messages = vector["messages"]
    turns = len(PATTERNS[vector["protocol_name"].split("_")[1]].messages)
    for number, message in enumerate(messages[:turns]):
        writer, reader = ends.turn(number)
        payload, ciphertext = bytes.fromhex(message["payload"]), bytes.fromhex(message["ciphertext"])
        assert writer.write(payload) == ciphertext
        assert reader.read(ciphertext) == payload
        assert writer.hash == reader.hash
        if number + 1 == vector.get("handshake_hash_after_messages"):
            assert writer.hash.hex() == vector["handshake_hash"]
    assert ends.initiator.finished
    assert ends.responder.finished
    check_transport(ends, messages[turns:])


def check_transport(ends: Ends, messages: list[dict[str, str]]) -> None:
    """After the handshake each direction has its key, and counts its messages from 0."""
    sent = {"initiator": 0, "responder": 0}
    for message in messages:
        end = message["from"]
        writer, reader = ends.turn(0) if end == "initiator" else ends.turn(1)
        nonce, ciphertext = nonce_bytes(sent[end]), bytes.fromhex(message["ciphertext"])
        sent[end] += 1
        payload = bytes.fromhex(message["payload"])
        assert ChaCha20Poly1305(writer.keys()[0]).encrypt(nonce, payload, b"") == ciphertext
        assert ChaCha20Poly1305(reader.keys()[1]).decrypt(nonce, ciphertext, b"") == payload
    assert all(sent.values())


def test_the_cipher_underneath_is_that_of_rfc_8439() -> None:
    key, nonce, aad, plain, ciphertext, tag = (
        bytes.fromhex(AEAD[field]) for field in ("key", "nonce", "aad", "plain", "ciphertext", "tag")
    )
    assert ChaCha20Poly1305(key).encrypt(nonce, plain, aad) == ciphertext + tag


def test_a_nonce_is_four_zero_bytes_and_the_counter_little_endian() -> None:
    assert nonce_bytes(0x0102030405060708).hex() == "000000000807060504030201"


# --- Laws, on either curve -----------------------------------------------------------------------

EVERY_HANDSHAKE = [(pattern, curve) for pattern in (IK, XK, XX) for curve in ("25519", "secp256k1")]
every_handshake = pytest.mark.parametrize(
    ("pattern", "curve"),
    EVERY_HANDSHAKE,
    ids=[f"{pattern.name}-{curve}" for pattern, curve in EVERY_HANDSHAKE],
)
handshakes = st.sampled_from(EVERY_HANDSHAKE)


@every_handshake
def test_the_ends_agree_on_payloads_keys_and_transcript(pattern: Pattern, curve: str) -> None:
    ends = make_ends(pattern, curve, b"crowdpad")
    for number in range(len(pattern.messages)):
        writer, reader = ends.turn(number)
        assert reader.read(writer.write(b"payload %d" % number)) == b"payload %d" % number
    assert ends.initiator.finished
    assert ends.responder.finished
    assert ends.initiator.keys() == ends.responder.keys()[::-1]
    assert ends.initiator.keys()[0] != ends.initiator.keys()[1]
    assert ends.initiator.hash == ends.responder.hash


@every_handshake
def test_each_end_learns_the_static_key_of_the_other(pattern: Pattern, curve: str) -> None:
    ends = make_ends(pattern, curve)
    assert ends.responder.peer_static is None
    play(ends, messages=len(pattern.messages))
    static = Key25519 if curve == "25519" else Identity
    assert ends.responder.peer_static == static(b"\x11" * 32).public_bytes
    assert ends.initiator.peer_static == static(b"\x21" * 32).public_bytes


@every_handshake
def test_no_keys_before_the_last_message(pattern: Pattern, curve: str) -> None:
    ends = make_ends(pattern, curve)
    for number in range(len(pattern.messages)):
        with pytest.raises(RuntimeError):
            ends.initiator.keys()
        writer, reader = ends.turn(number)
        reader.read(writer.write(b""))
    ends.initiator.keys()


@every_handshake
def test_nobody_speaks_out_of_turn_or_after_the_end(pattern: Pattern, curve: str) -> None:
    ends = make_ends(pattern, curve)
    for number in range(len(pattern.messages)):
        writer, reader = ends.turn(number)
        with pytest.raises(RuntimeError):
            reader.write(b"")
        with pytest.raises(RuntimeError):
            writer.read(b"")
        reader.read(writer.write(b""))
    for end in (ends.initiator, ends.responder):
        with pytest.raises(RuntimeError):
            end.write(b"")
        with pytest.raises(RuntimeError):
            end.read(b"")


@every_handshake
def test_ends_with_different_prologues_never_meet(pattern: Pattern, curve: str) -> None:
    ends = make_ends(pattern, curve, b"one", b"two")
    with pytest.raises(NoiseError):
        play(ends, messages=len(pattern.messages))


@pytest.mark.parametrize("pattern", [IK, XK], ids=lambda pattern: pattern.name)
def test_a_message_for_another_responder_does_not_open(pattern: Pattern) -> None:
    initiator = Handshake(
        pattern,
        "secp256k1",
        initiator=True,
        prologue=b"",
        static=Identity.create(),
        ephemeral=Identity.create(),
        peer_static=Identity.create().public_bytes,
    )
    with pytest.raises(NoiseError, match="does not authenticate"):
        make_ends(pattern, "secp256k1").responder.read(initiator.write(b""))


@pytest.mark.parametrize("pattern", [IK, XK], ids=lambda pattern: pattern.name)
def test_an_initiator_must_know_the_responder_where_the_pattern_says_so(pattern: Pattern) -> None:
    key = Identity.create()
    with pytest.raises(ValueError, match="beforehand"):
        Handshake(pattern, "secp256k1", initiator=True, prologue=b"", static=key, ephemeral=key)


@every_handshake
def test_a_message_too_short_for_its_key_is_refused(pattern: Pattern, curve: str) -> None:
    ends = make_ends(pattern, curve)
    with pytest.raises(NoiseError, match="too short"):
        ends.responder.read(b"\x02" * (31 if curve == "25519" else 32))


def test_a_25519_key_of_small_order_is_refused() -> None:
    responder = make_ends(IK, "25519").responder
    with pytest.raises(NoiseError, match="no public key of this curve"):
        responder.read(bytes(32 + 48 + 16))


@every_handshake
def test_a_forged_message_spoils_the_clone_and_not_the_handshake(pattern: Pattern, curve: str) -> None:
    ends = make_ends(pattern, curve)
    play(ends, messages=1)
    genuine = ends.responder.write(b"welcome")
    with pytest.raises(NoiseError):
        ends.initiator.clone().read(genuine[:-1] + bytes([genuine[-1] ^ 1]))
    assert ends.initiator.clone().read(genuine) == b"welcome"
    assert ends.initiator.read(genuine) == b"welcome"


def test_in_ik_the_first_message_hides_who_sends_it() -> None:
    ends = make_ends(IK, "secp256k1")
    assert Identity(b"\x11" * 32).public_bytes not in ends.initiator.write(b"")


@settings(max_examples=60, deadline=None)
@given(handshakes, st.data())
def test_any_bytes_as_a_handshake_message_give_a_payload_or_a_noise_error(
    kind: tuple[Pattern, str], data: st.DataObject
) -> None:
    pattern, curve = kind
    number = data.draw(st.integers(0, len(pattern.messages) - 1), label="message")
    ends = make_ends(pattern, curve)
    play(ends, messages=number)
    writer, reader = ends.turn(number)
    genuine = writer.write(b"payload")
    end = data.draw(st.integers(0, len(genuine)), label="genuine bytes")
    try:
        payload = reader.read(genuine[:end] + data.draw(st.binary(max_size=200), label="then"))
    except NoiseError:
        assert not reader.finished
    else:
        assert isinstance(payload, bytes)


@settings(max_examples=60, deadline=None)
@given(handshakes, st.data())
def test_one_flipped_bit_anywhere_and_the_ends_never_meet(
    kind: tuple[Pattern, str], data: st.DataObject
) -> None:
    pattern, curve = kind
    flipped = data.draw(st.integers(0, len(pattern.messages) - 1), label="message")
    ends = make_ends(pattern, curve)
    play(ends, messages=flipped)
    writer, _ = ends.turn(flipped)
    message = bytearray(writer.write(b"payload"))
    bit = data.draw(st.integers(0, 8 * len(message) - 1), label="bit")
    message[bit // 8] ^= 1 << bit % 8
    with pytest.raises(NoiseError):
        finish(ends, flipped, bytes(message))


def finish(ends: Ends, number: int, message: bytes) -> None:
    """Lets that message arrive and plays on: what XX sends first is unsealed, and shows at the second."""
    writer, reader = ends.turn(number)
    reader.read(message)
    while not (writer.finished and reader.finished):
        writer, reader = reader, writer
        reader.read(writer.write(b"payload"))
