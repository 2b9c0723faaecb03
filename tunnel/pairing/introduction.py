"""What each machine tells the other about itself, once both have proven that they know the code.

    0      1                 34               99      100                                               1,000
    | role | public key (33) | signature (65) | count | count x (length (2, little-endian), URL) | zeros |

Role: 1 bot, 2 receiver. The URLs are those of the relays it uses. The signature is EIP-191 personal_sign over
`signed_text`: it proves that this machine holds the key it names, here and now. Somebody who merely knows
another's public key cannot pass it off as its own.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from tunnel.identity import PUBLIC_KEY_SIZE, SIGNATURE_SIZE, Identity, IdentityError, PublicKey, recover_text
from tunnel.pairing.code import Role
from tunnel.pairing.messages import INTRODUCTION_SIZE

MOST_RELAYS: Final = 10  # what a configuration holds

_FIXED: Final = 1 + PUBLIC_KEY_SIZE + SIGNATURE_SIZE + 1
_LENGTH: Final = struct.Struct("<H")
_ROLES: Final = (Role.BOT, Role.RECEIVER)  # numbered from 1
# The shape alone. Whoever writes it into a file looks more closely.
_URL: Final = re.compile(rb"wss?://[!-~]{1,500}", re.IGNORECASE)


class IntroductionError(Exception):
    """It says nothing we could use: too much for its place, or nonsense. One sentence."""


@dataclass(frozen=True, slots=True)
class Introduction:
    """One machine, in its own words."""

    role: Role
    key: PublicKey
    relays: tuple[str, ...]
    signature: bytes

    @classmethod
    def sign(
        cls, identity: Identity, role: Role, relays: Sequence[str], transcript: bytes, met: PublicKey | None
    ) -> Self:
        """Ours. `transcript` is the exchange it is for, `met` the other one's key as far as it is known."""
        signature = identity.sign_text(signed_text(role, transcript, met))
        return cls(role, identity.public, tuple(relays), signature)

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """Any bytes either unpack or raise IntroductionError."""
        if (
            len(data) != INTRODUCTION_SIZE
            or not 1 <= data[0] <= len(_ROLES)
            or data[_FIXED - 1] > MOST_RELAYS
        ):
            raise IntroductionError("the introduction has another shape")
        try:
            key = PublicKey(data[1 : 1 + PUBLIC_KEY_SIZE])
        except IdentityError as error:
            raise IntroductionError(f"the public key: {error}") from error
        signature = data[1 + PUBLIC_KEY_SIZE : _FIXED - 1]
        relays, end = [], _FIXED
        for _ in range(data[_FIXED - 1]):
            start = end + _LENGTH.size
            if start > len(data):
                raise IntroductionError("the list of relays is cut off")
            end = start + _LENGTH.unpack_from(data, end)[0]
            url = data[start:end]
            if end > len(data) or not _URL.fullmatch(url):
                raise IntroductionError("the address of a relay is none")
            relays.append(url.decode("ascii"))
        if any(data[end:]):
            raise IntroductionError("there is more than there should be")
        return cls(_ROLES[data[0] - 1], key, tuple(relays), signature)

    def pack(self) -> bytes:
        """All 1,000 bytes. Raises IntroductionError as `check_relays` does."""
        check_relays(self.relays)
        relays = b"".join([_LENGTH.pack(len(url)) + url.encode("ascii") for url in self.relays])
        role = bytes((_ROLES.index(self.role) + 1,))
        packed = role + self.key.bytes + self.signature + bytes((len(self.relays),)) + relays
        return packed.ljust(INTRODUCTION_SIZE, b"\0")

    def is_proven(self, transcript: bytes, met: PublicKey | None) -> bool:
        """Whether the signature is the named key's, for this exchange."""
        try:
            signer = recover_text(signed_text(self.role, transcript, met), self.signature)
        except IdentityError:
            return False
        return signer == self.key.address


def check_relays(relays: Sequence[str]) -> None:
    """Raises IntroductionError if these cannot be told in one introduction."""
    wrong = next((url for url in relays if not (url.isascii() and _URL.fullmatch(url.encode()))), None)
    if wrong is not None:
        raise IntroductionError("the address of a relay is none")
    size = _FIXED + sum([_LENGTH.size + len(url) for url in relays])
    if len(relays) > MOST_RELAYS or size > INTRODUCTION_SIZE:
        raise IntroductionError("the addresses of the relays are too long together; name fewer relays")


def signed_text(role: Role, transcript: bytes, met: PublicKey | None) -> str:
    """What a machine's key signs while it pairs, and the only thing besides its logins to the relays."""
    return (
        f"crowdpad pairing\nexchange: {transcript.hex()}\nrole: {role}\n"
        f"met: {met.address if met is not None else 'nobody yet'}"
    )
