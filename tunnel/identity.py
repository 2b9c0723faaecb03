"""Who somebody is: a secp256k1 key, and its Ethereum address as the name for people.

The only module that imports coincurve, so that another library can take its place here alone.
Key files live in `keyfile.py`.

ECDH is SHA-256 of the compressed shared point (libsecp256k1's default, BOLT-8 section "Handshake Exchange").
Signatures are recoverable, 65 bytes r || s || v. `sign_text` follows EIP-191 version 0x45 (personal_sign).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final, Self

import coincurve

from tunnel import keyfile
from tunnel.keccak import keccak256

SIGNATURE_SIZE: Final = 65
PUBLIC_KEY_SIZE: Final = 33
SECRET_SIZE: Final = 32
_ETHEREUM_V: Final = 27  # personal_sign writes the recovery id as 27 or 28 (Yellow Paper, appendix F)


class IdentityError(Exception):
    """A key, address or signature that is none. The text is one sentence for a person."""


@dataclass(frozen=True)
class PublicKey:
    """A secp256k1 public key in its 33-byte compressed form."""

    bytes: bytes

    def __post_init__(self) -> None:
        _point(self.bytes)

    @classmethod
    def parse(cls, text: str) -> Self:
        """From hex, with or without 0x. Raises IdentityError."""
        digits = text.strip().removeprefix("0x")
        if not re.fullmatch(r"0[23][0-9a-fA-F]{64}", digits):
            raise IdentityError("a public key is 66 hex digits that start with 02 or 03")
        return cls(bytes.fromhex(digits))

    @cached_property
    def hex(self) -> str:
        return self.bytes.hex()

    @cached_property
    def address(self) -> str:
        """The Ethereum address, "0x" and 40 digits whose case is a checksum (EIP-55)."""
        point = _point(self.bytes).format(compressed=False)
        return checksum_address(keccak256(point[1:])[-20:].hex())

    def __str__(self) -> str:
        return self.address


class Identity:
    """A private key. It never prints itself."""

    def __init__(self, secret: bytes) -> None:
        """From the 32-byte secret. Raises IdentityError if it is not between 1 and the group's order."""
        if len(secret) != SECRET_SIZE:
            raise IdentityError(f"a private key is {SECRET_SIZE} bytes, not {len(secret)}")
        try:
            self._key = coincurve.PrivateKey(secret)
        except ValueError as error:
            raise IdentityError("that is no secp256k1 private key") from error
        self.public = PublicKey(self._key.public_key.format())

    @classmethod
    def create(cls) -> Self:
        """A new one from the system's randomness."""
        return cls(coincurve.PrivateKey().secret)

    @classmethod
    def load(cls, path: Path, passphrase: str | None = None) -> Self:
        """From a key file. Raises IdentityError, with one sentence that says what to do."""
        try:
            return cls(keyfile.read(path, passphrase))
        except keyfile.KeyFileError as error:
            raise IdentityError(str(error)) from error

    def save(self, path: Path, passphrase: str | None = None) -> None:
        """Into a new key file that only its owner can read. Raises IdentityError if there is one already."""
        try:
            keyfile.write(path, self._key.secret, passphrase)
        except keyfile.KeyFileError as error:
            raise IdentityError(str(error)) from error

    @property
    def public_bytes(self) -> bytes:
        """The compressed public key; with `exchange` this makes an identity a Noise key pair."""
        return self.public.bytes

    def exchange(self, public: bytes) -> bytes:
        """The 32-byte shared secret with a compressed public key. Raises ValueError if it is no point."""
        return self._key.ecdh(public)

    def sign_digest(self, digest: bytes) -> bytes:
        """A recoverable signature of a 32-byte digest: r || s || v with v 0 or 1."""
        return self._key.sign_recoverable(digest, hasher=None)

    def sign_text(self, text: str) -> bytes:
        """What any Ethereum wallet signs for this text (EIP-191 personal_sign): r || s || v, v 27 or 28."""
        signature = self.sign_digest(_text_digest(text))
        return signature[:64] + bytes((signature[64] + _ETHEREUM_V,))

    def __repr__(self) -> str:
        return f"Identity({self.public.address})"


def signed_by(key: PublicKey, digest: bytes, signature: bytes) -> bool:
    """Whether `signature` (65 bytes, v 0 or 1) over `digest` is `key`'s. No bytes make it raise."""
    try:
        recovered = coincurve.PublicKey.from_signature_and_message(signature, digest, hasher=None)
    except Exception:  # noqa: BLE001  coincurve raises bare Exception for a signature without a point
        return False
    return recovered.format() == key.bytes


def recover_text(text: str, signature: bytes) -> str:
    """The checksummed address whose key signed `text` (EIP-191). Raises IdentityError."""
    if len(signature) != SIGNATURE_SIZE or signature[64] not in (_ETHEREUM_V, _ETHEREUM_V + 1):
        raise IdentityError("a signature is 65 bytes that end with 1b or 1c")
    plain = signature[:64] + bytes((signature[64] - _ETHEREUM_V,))
    try:
        key = coincurve.PublicKey.from_signature_and_message(plain, _text_digest(text), hasher=None)
    except Exception as error:  # coincurve raises bare Exception for a signature without a point
        raise IdentityError("that signature belongs to no key") from error
    return PublicKey(key.format()).address


def random_bytes(count: int) -> bytes:
    """From the system's randomness; what cores are given as their source."""
    return os.urandom(count)


@lru_cache(maxsize=64)
def _point(data: bytes) -> coincurve.PublicKey:
    if len(data) != PUBLIC_KEY_SIZE:
        raise IdentityError(f"a compressed public key is {PUBLIC_KEY_SIZE} bytes, not {len(data)}")
    try:
        return coincurve.PublicKey(data)
    except ValueError as error:
        raise IdentityError("that is no point of secp256k1") from error


def _text_digest(text: str) -> bytes:
    data = text.encode()
    return keccak256(b"\x19Ethereum Signed Message:\n" + str(len(data)).encode() + data)


def checksum_address(digits: str) -> str:
    """The address of 40 lower-case digits as people see it.

    EIP-55: a digit is upper case where the hash of the lower-case address has a nibble of 8 or more.
    """
    digest = keccak256(digits.encode()).hex()
    return "0x" + "".join(c.upper() if int(h, 16) >= 8 else c for c, h in zip(digits, digest, strict=False))
