"""Keccak-256 as Ethereum uses it, which is not the SHA3-256 that was standardised later."""

from __future__ import annotations

from Crypto.Hash import keccak


def keccak256(data: bytes) -> bytes:
    """The 32-byte digest."""
    return keccak.new(digest_bits=256, data=data).digest()
