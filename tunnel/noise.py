"""The Noise handshake engine (Noise Protocol Framework, revision 34), for ChaChaPoly and SHA-256.

The pattern is data and the curve is an argument, so the code that runs here on secp256k1 is the very code
that the published vectors exercise: BOLT-8 (XK on secp256k1) and cacophony (IK and XX on 25519).

    Handshake(pattern, curve name, initiator?, prologue, static key, ephemeral key, peer's static key)
    write(payload) -> message        legal when it is our turn
    read(message) -> payload         legal when it is theirs; NoiseError leaves the handshake useless
    finished, keys(), hash           after the last message

Sections named in comments are those of the Noise specification.
"""

from __future__ import annotations

import copy
import hashlib
import hmac
from dataclasses import dataclass
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

TAG_SIZE: Final = 16


class NoiseError(Exception):
    """The peer's message does not authenticate, has a wrong length, or holds no point."""


class KeyPair(Protocol):
    """A private key of some curve."""

    @property
    def public_bytes(self) -> bytes: ...

    def exchange(self, public: bytes) -> bytes:
        """The 32-byte shared secret. Raises ValueError if `public` is no key of the curve."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Section 7: what is known beforehand, and the tokens of each message, initiator first."""

    name: str
    responder_known: bool
    messages: tuple[tuple[str, ...], ...]


IK: Final = Pattern("IK", True, (("e", "es", "s", "ss"), ("e", "ee", "se")))
XK: Final = Pattern("XK", True, (("e", "es"), ("e", "ee"), ("s", "se")))
XX: Final = Pattern("XX", False, (("e",), ("e", "ee", "s", "es"), ("s", "se")))

# Section 7.1: the second letter of a DH token says whose static or ephemeral key the responder uses.
_DH_KEYS: Final = {
    "ee": ("e", "e"),
    "es": ("e", "s"),
    "se": ("s", "e"),
    "ss": ("s", "s"),
}


class Handshake:
    """One handshake, one end. Ephemeral keys are given, never reused, and die with this object."""

    def __init__(
        self,
        pattern: Pattern,
        curve: str,
        *,
        initiator: bool,
        prologue: bytes,
        static: KeyPair,
        ephemeral: KeyPair,
        peer_static: bytes | None = None,
    ) -> None:
        """An initiator of a pattern that knows the responder needs `peer_static`. Raises ValueError."""
        if initiator and pattern.responder_known and peer_static is None:
            raise ValueError(f"{pattern.name} needs the responder's static key beforehand")
        self._pattern = pattern
        self._initiator = initiator
        self._static = static
        self._ephemeral = ephemeral
        self._peer_static = peer_static
        self._peer_ephemeral: bytes | None = None
        self._public_size = len(static.public_bytes)
        self._turn = 0
        self._state = _SymmetricState(f"Noise_{pattern.name}_{curve}_ChaChaPoly_SHA256".encode())
        self._state.mix_hash(prologue)
        if pattern.responder_known:
            known = peer_static if initiator else static.public_bytes
            assert known is not None, "checked above"
            self._state.mix_hash(known)

    @property
    def finished(self) -> bool:
        """Whether the last message of the pattern has been written or read."""
        return self._turn == len(self._pattern.messages)

    @property
    def peer_static(self) -> bytes | None:
        """The peer's static public key, once known. Trust it only when the handshake has finished."""
        return self._peer_static

    @property
    def hash(self) -> bytes:
        """The transcript (section 11.2): equal on both ends and unique to this handshake."""
        return self._state.hash

    def clone(self) -> Handshake:
        """The same handshake at this moment: lets a forged message be tried without spoiling the real one."""
        twin = copy.copy(self)
        twin._state = copy.copy(self._state)
        return twin

    def write(self, payload: bytes) -> bytes:
        """The next message. Raises RuntimeError when it is not our turn."""
        message = bytearray()
        for token in self._tokens(ours=True):
            if token == "e":
                message += self._ephemeral.public_bytes
                self._state.mix_hash(self._ephemeral.public_bytes)
            elif token == "s":
                message += self._state.encrypt_and_hash(self._static.public_bytes)
            else:
                self._mix_dh(token)
        message += self._state.encrypt_and_hash(payload)
        self._turn += 1
        return bytes(message)

    def read(self, message: bytes) -> bytes:
        """The payload of the peer's message. Raises NoiseError; then this handshake is to be thrown away."""
        rest = message
        for token in self._tokens(ours=False):
            if token == "e":
                self._peer_ephemeral, rest = self._take(rest, self._public_size)
                self._state.mix_hash(self._peer_ephemeral)
            elif token == "s":
                sealed, rest = self._take(rest, self._public_size + self._state.overhead)
                self._peer_static = self._state.decrypt_and_hash(sealed)
            else:
                self._mix_dh(token)
        payload = self._state.decrypt_and_hash(rest)
        self._turn += 1
        return payload

    def keys(self) -> tuple[bytes, bytes]:
        """The two transport keys: for what we send, for what we receive. RuntimeError before the end."""
        if not self.finished:
            raise RuntimeError("the handshake is not finished")
        first, second = self._state.split()
        return (first, second) if self._initiator else (second, first)

    def _tokens(self, *, ours: bool) -> tuple[str, ...]:
        if self.finished or (self._turn % 2 == 0) != (self._initiator == ours):
            raise RuntimeError("that message is not the next one of this handshake")
        return self._pattern.messages[self._turn]

    def _mix_dh(self, token: str) -> None:
        initiators, responders = _DH_KEYS[token]
        mine, theirs = (initiators, responders) if self._initiator else (responders, initiators)
        key = self._ephemeral if mine == "e" else self._static
        public = self._peer_ephemeral if theirs == "e" else self._peer_static
        assert public is not None, "a pattern names no key before it has been sent"
        try:
            self._state.mix_key(key.exchange(public))
        except ValueError as error:
            raise NoiseError("the message holds no public key of this curve") from error

    @staticmethod
    def _take(data: bytes, size: int) -> tuple[bytes, bytes]:
        if len(data) < size:
            raise NoiseError("the message is too short")
        return data[:size], data[size:]


class _SymmetricState:
    """Section 5.2: the chaining key, the transcript hash, and the key of the moment."""

    def __init__(self, name: bytes) -> None:
        self.hash = name.ljust(32, b"\0") if len(name) <= 32 else hashlib.sha256(name).digest()
        self._chain = self.hash
        self._key: ChaCha20Poly1305 | None = None
        self._nonce = 0

    @property
    def overhead(self) -> int:
        return TAG_SIZE if self._key else 0

    def mix_key(self, secret: bytes) -> None:
        self._chain, key = _hkdf(self._chain, secret)
        self._key = ChaCha20Poly1305(key)
        self._nonce = 0

    def mix_hash(self, data: bytes) -> None:
        self.hash = hashlib.sha256(self.hash + data).digest()

    def encrypt_and_hash(self, plain: bytes) -> bytes:
        sealed = self._key.encrypt(self._next_nonce(), plain, self.hash) if self._key else plain
        self.mix_hash(sealed)
        return sealed

    def decrypt_and_hash(self, sealed: bytes) -> bytes:
        plain = sealed
        if self._key:
            try:
                plain = self._key.decrypt(self._next_nonce(), sealed, self.hash)
            except InvalidTag as error:
                raise NoiseError("the message does not authenticate") from error
        self.mix_hash(sealed)
        return plain

    def split(self) -> tuple[bytes, bytes]:
        return _hkdf(self._chain, b"")

    def _next_nonce(self) -> bytes:
        nonce = nonce_bytes(self._nonce)
        self._nonce += 1
        return nonce


def nonce_bytes(counter: int) -> bytes:
    """Section 12.3: 32 zero bits, then the counter as 64 bits, little-endian."""
    return bytes(4) + counter.to_bytes(8, "little")


def _hkdf(chain: bytes, material: bytes) -> tuple[bytes, bytes]:
    """Section 4.3, for two outputs."""
    secret = hmac.digest(chain, material, "sha256")
    first = hmac.digest(secret, b"\x01", "sha256")
    return first, hmac.digest(secret, first + b"\x02", "sha256")
