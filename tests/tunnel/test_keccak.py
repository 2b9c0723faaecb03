from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tunnel.keccak import keccak256

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "keccak256.json").read_text("ascii"))["vectors"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: repr(vector["text"]))
def test_the_digest_is_the_published_one(vector: dict[str, str]) -> None:
    assert keccak256(vector["text"].encode()).hex() == vector["digest"]


def test_it_is_not_the_sha3_that_was_standardised_later() -> None:
    assert keccak256(b"abc") != hashlib.sha3_256(b"abc").digest()
