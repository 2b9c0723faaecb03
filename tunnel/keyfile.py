"""Key files: the secret as one line of hex, or encrypted as Web3 Secret Storage version 3.

A plain file holds 64 hex digits. An encrypted one is the JSON every Ethereum wallet reads and writes
(scrypt, AES-128-CTR, and a Keccak-256 check over the second half of the derived key and the ciphertext).
Either is created readable by its owner alone, and refused if others can read it.
"""

from __future__ import annotations

import hmac
import json
import os
import re
import stat
import uuid
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from tunnel.keccak import keccak256

# geth's "standard" scrypt cost: about a second and 256 MiB, once per start.
_SCRYPT_N: Final = 262_144
_SCRYPT_R: Final = 8
_SCRYPT_P: Final = 1
_MAX_FILE: Final = 16_384
# A file may ask for more memory than the machine has: bounded to four times geth's standard.
_MAX_SCRYPT_MEMORY: Final = 4 * 128 * _SCRYPT_N * _SCRYPT_R
_MAX_SCRYPT_WORK: Final = 8 * _SCRYPT_N * _SCRYPT_R
_MAX_PBKDF2_ROUNDS: Final = 10_000_000


class KeyFileError(Exception):
    """A key file that cannot be read or written. The text is one sentence for a person."""


def read(path: Path, passphrase: str | None = None) -> bytes:
    """The 32-byte secret. Raises KeyFileError with one sentence that says what to do."""
    try:
        with path.open("rb") as file:
            if os.name == "posix" and os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise KeyFileError(f"{path} can be read by others; run: chmod 600 {path}")
            data = file.read(_MAX_FILE + 1)
    except FileNotFoundError as error:
        raise KeyFileError(f"{path} does not exist; make it with: python3 run.py keys new {path}") from error
    except (OSError, ValueError) as error:  # ValueError: a path no file can have
        raise KeyFileError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(data) > _MAX_FILE:
        raise KeyFileError(f"{path} is too large for a key file")
    text = data.decode("utf-8", "replace").strip()
    if re.fullmatch(r"(0x)?[0-9a-fA-F]{64}", text):
        return bytes.fromhex(text.removeprefix("0x"))
    if text.startswith("{"):
        if passphrase is None:
            raise KeyFileError(f"{path} is encrypted; name a file with its passphrase")
        return decrypt(text, passphrase)
    raise KeyFileError(f"{path} is no key file: it holds neither 64 hex digits nor an encrypted key")


def write(path: Path, secret: bytes, passphrase: str | None = None) -> None:
    """Into a new file, mode 0600. Raises KeyFileError if the file exists or cannot be made."""
    text = secret.hex() if passphrase is None else encrypt(secret, passphrase)
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True)
        if path.exists():
            raise KeyFileError(f"{path} exists already; a key is never overwritten")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except (OSError, ValueError) as error:
        raise KeyFileError(f"{path} cannot be made: {error}") from error
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text + "\n")
    except OSError as error:
        path.unlink(missing_ok=True)  # half a key is worse than none
        raise KeyFileError(f"{path} cannot be written: {error}") from error


def encrypt(secret: bytes, passphrase: str, cost: int = _SCRYPT_N) -> str:
    """Web3 Secret Storage version 3 JSON. `cost` is scrypt's n, a power of two."""
    salt, iv = os.urandom(32), os.urandom(16)
    derived = Scrypt(salt=salt, length=32, n=cost, r=_SCRYPT_R, p=_SCRYPT_P).derive(passphrase.encode())
    ciphertext = _aes_ctr(derived[:16], iv, secret)
    document = {
        "version": 3,
        "id": str(uuid.UUID(bytes=os.urandom(16), version=4)),
        "crypto": {
            "cipher": "aes-128-ctr",
            "cipherparams": {"iv": iv.hex()},
            "ciphertext": ciphertext.hex(),
            "kdf": "scrypt",
            "kdfparams": {"dklen": 32, "n": cost, "r": _SCRYPT_R, "p": _SCRYPT_P, "salt": salt.hex()},
            "mac": keccak256(derived[16:32] + ciphertext).hex(),
        },
    }
    return json.dumps(document)


def decrypt(text: str, passphrase: str) -> bytes:
    """The secret in a version 3 document. Raises KeyFileError if that is not possible."""
    try:
        document: Any = {key.lower(): value for key, value in json.loads(text).items()}
        crypto = document["crypto"]
        if document["version"] != 3 or crypto["cipher"] != "aes-128-ctr":
            raise KeyFileError("only version 3 key files with aes-128-ctr are known")
        ciphertext = bytes.fromhex(crypto["ciphertext"])
        derived = _derive(crypto["kdf"], crypto["kdfparams"], passphrase.encode())
        if not hmac.compare_digest(keccak256(derived[16:32] + ciphertext), bytes.fromhex(crypto["mac"])):
            raise KeyFileError("the passphrase does not open this key file")
        secret = _aes_ctr(derived[:16], bytes.fromhex(crypto["cipherparams"]["iv"]), ciphertext)
        return secret.rjust(32, b"\0")  # some wallets drop leading zero bytes
    except (
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        RecursionError,
        OverflowError,
        MemoryError,
    ) as error:
        raise KeyFileError("the encrypted key file is damaged") from error


def _derive(kdf: str, params: dict[str, Any], passphrase: bytes) -> bytes:
    salt, length = bytes.fromhex(params["salt"]), int(params["dklen"])
    if not 32 <= length <= 64:
        raise KeyFileError("the key file asks for a derived key of an unheard-of length")
    if kdf == "scrypt":
        n, r, p = int(params["n"]), int(params["r"]), int(params["p"])
        if 128 * n * r > _MAX_SCRYPT_MEMORY or r > 32 or p > 16 or n * r * p > _MAX_SCRYPT_WORK:
            raise KeyFileError("the key file asks for more memory or time than any wallet does")
        try:
            return Scrypt(salt=salt, length=length, n=n, r=r, p=p).derive(passphrase)
        except (ValueError, MemoryError) as error:
            raise KeyFileError("the key file asks for scrypt parameters that are not allowed") from error
    if kdf == "pbkdf2" and params["prf"] == "hmac-sha256":
        rounds = int(params["c"])
        if rounds > _MAX_PBKDF2_ROUNDS:
            raise KeyFileError("the key file asks for more rounds than any wallet does")
        return PBKDF2HMAC(hashes.SHA256(), length=length, salt=salt, iterations=rounds).derive(passphrase)
    raise KeyFileError(f"the key file uses an unknown key derivation, {kdf!r:.40}")


def _aes_ctr(key: bytes, iv: bytes, data: bytes) -> bytes:
    stream = Cipher(algorithms.AES(key), modes.CTR(iv)).encryptor()
    return stream.update(data) + stream.finalize()
