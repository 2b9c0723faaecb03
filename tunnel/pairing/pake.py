"""From the words of a code to keys that only two machines with the same words have: SPAKE2, then HKDF.

SPAKE2 is the library's: the protocol of RFC 9382 on Ed25519's group, in the library's own encoding. The
password is the words, with the protocol's name and who of bot and receiver shows them. Out of the shared
secret, bound to the run, the plate and both elements, come four keys: for each direction one that confirms
(HMAC-SHA256) and one that seals (ChaCha20-Poly1305; one message each, so the nonce is zero). The HMAC is
checked first: unlike Poly1305's tag it commits to its key, so that no message fits several guesses at once.

The library is plain Python and not constant in time. A code's secret is used in two multiplications, once,
and all that an onlooker could time is one answer through a network.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from spake2 import SPAKE2_A, SPAKE2_B, SPAKEError
from spake2.ed25519_basic import NotOnCurve

from tunnel.identity import PublicKey
from tunnel.pairing.code import Code
from tunnel.pairing.messages import MAC_SIZE

_PROTOCOL: Final = b"crowdpad pairing 1"
_KEY_SIZE: Final = 32
_NONCE: Final = bytes(12)


class PakeError(Exception):
    """The other side's element or proof is wrong: it does not know the code, or somebody is in between."""


class Side(enum.Enum):
    """Who is who in an exchange."""

    HOST = "shows the code"
    GUEST = "types the code"

    @property
    def other(self) -> Side:
        return Side.GUEST if self is Side.HOST else Side.HOST


class Pake:
    """One side's part in one exchange. `element` goes to the other side; `finish` works once."""

    def __init__(self, side: Side, code: Code, random: Callable[[int], bytes]) -> None:
        host, guest = code.shown_by, code.shown_by.other
        password = b"\n".join((_PROTOCOL, host.encode(), guest.encode(), code.secret))
        one = SPAKE2_A if side is Side.HOST else SPAKE2_B
        self._side = side
        self._plate = code.plate
        self._spake = one(
            password,
            idA=_PROTOCOL + b" host " + host.encode(),
            idB=_PROTOCOL + b" guest " + guest.encode(),
            entropy_f=random,
        )
        self.element: bytes = self._spake.start()

    def finish(self, element: bytes, run: bytes) -> Keys:
        """The keys, the same on both sides only if the words are. Raises PakeError for what is no element."""
        try:
            secret = self._spake.finish(element)
        except (SPAKEError, NotOnCurve, ValueError, AssertionError) as error:
            raise PakeError("that is no element of the group") from error
        host, guest = (self.element, element) if self._side is Side.HOST else (element, self.element)
        return Keys.derive(secret, b"".join((run, self._plate.to_bytes(2, "little"), guest, host)))


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """The keys of one exchange; `transcript` is its public name, 32 bytes, the same on both sides."""

    transcript: bytes
    confirm: Mapping[Side, bytes]
    seal: Mapping[Side, bytes]

    @classmethod
    def derive(cls, secret: bytes, said: bytes) -> Self:
        """`said` is all that was said so far, each part of a fixed length."""
        transcript = hashlib.sha256(_PROTOCOL + said).digest()
        material = HKDF(SHA256(), 4 * _KEY_SIZE, salt=transcript, info=_PROTOCOL).derive(secret)
        keys = [material[at : at + _KEY_SIZE] for at in range(0, len(material), _KEY_SIZE)]
        return cls(
            transcript, {Side.HOST: keys[0], Side.GUEST: keys[1]}, {Side.HOST: keys[2], Side.GUEST: keys[3]}
        )

    def sealed(self, side: Side, plain: bytes) -> bytes:
        """What `side` proves itself with: an HMAC, and `plain` sealed. Once per side: the nonce is fixed."""
        hidden = ChaCha20Poly1305(self.seal[side]).encrypt(_NONCE, plain, self.transcript)
        return self._mac(side, b"introduction", hidden) + hidden

    def opened(self, side: Side, body: bytes) -> bytes:
        """What `side` sealed. Raises PakeError unless it has our keys."""
        mac, hidden = body[:MAC_SIZE], body[MAC_SIZE:]
        if not hmac.compare_digest(mac, self._mac(side, b"introduction", hidden)):
            raise PakeError("that proves nothing")
        try:
            return ChaCha20Poly1305(self.seal[side]).decrypt(_NONCE, hidden, self.transcript)
        except InvalidTag as error:  # its maker has our confirming key and not our sealing key: impossible
            raise PakeError("that does not open") from error

    def stored(self, host: PublicKey, guest: PublicKey) -> bytes:
        """What the guest says when it has written down who it met."""
        return self._mac(Side.GUEST, b"stored", host.bytes + guest.bytes)

    def is_stored(self, mac: bytes, host: PublicKey, guest: PublicKey) -> bool:
        """Whether this is what `stored` makes."""
        return hmac.compare_digest(mac, self.stored(host, guest))

    def _mac(self, side: Side, label: bytes, data: bytes) -> bytes:
        return hmac.digest(self.confirm[side], label + b"\n" + self.transcript + data, "sha256")
