"""A letter as an item of the BitTorrent DHT (BEP 44, mutable), and the key that its place is derived from.

    k     32  Ed25519 public key of the hole, from `Hole.seed`; changes daily as the hole does
    salt   0  none: see below
    seq       libtorrent's: one more than the highest that the asked nodes hold
    sig   64  Ed25519, by libtorrent
    v         the letter, as one byte string: "<length>:<letter>", at most 4 + 960 of the 1,000 bytes

Target, the place in the DHT: SHA-1 of `k`. Each of the two ends writes under its own hole's key only, though
both can derive both, so that neither ever overwrites the other's letter.

Departures. *No salt*: the key is of one pair, one direction and one day already; any label would tell the
nodes that hold the item which program it is of. *seq is no date*: libtorrent's bindings for Python leave it
to the library. A writer that finds its own last item counts on from there; one that does not starts at 1,
and nodes that hold a later one refuse it. So an old letter may come after a newer one: the date inside the
seal (letter.py) says which is newer, never the order in which they arrive.
"""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tunnel.rendezvous.place import MAX_LETTER

SALT: Final = b""
SEED_SIZE: Final = 32


class HoleKey(NamedTuple):
    """The key pair of one hole.

    secret  64 bytes: the *expanded* secret key of RFC 8032, 5.1.5 (the clamped scalar, then the prefix for
            nonces), which is what libtorrent signs with; not the seed followed by the public key
    public  32 bytes
    """

    secret: bytes
    public: bytes


def hole_key(seed: bytes) -> HoleKey:
    """The pair that `Hole.seed` stands for. Raises ValueError if that is not 32 bytes."""
    scalar = bytearray(hashlib.sha512(seed).digest())
    scalar[0] &= 0b1111_1000
    scalar[31] &= 0b0111_1111
    scalar[31] |= 0b0100_0000
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return HoleKey(bytes(scalar), public)


def letter_in(value: object) -> bytes | None:
    """The letter that an item's value holds, or None if it holds none: not every value is a byte string."""
    if isinstance(value, bytes) and 0 < len(value) <= MAX_LETTER:
        return value
    return None
