from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunnel.identity import (
    PUBLIC_KEY_SIZE,
    SIGNATURE_SIZE,
    Identity,
    IdentityError,
    PublicKey,
    checksum_address,
    random_bytes,
    recover_text,
    signed_by,
)
from tunnel.keccak import keccak256

VECTORS = Path(__file__).parents[1] / "vectors"
EIP191 = json.loads((VECTORS / "eip191.json").read_text("ascii"))
EIP55 = json.loads((VECTORS / "eip55.json").read_text("ascii"))
BOLT8 = json.loads((VECTORS / "bolt8.json").read_text("ascii"))

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141  # of secp256k1's group
DIGEST = bytes(range(32))


@pytest.fixture
def wallet() -> Identity:
    """The key of the documentation that the signature vector comes from."""
    return Identity(bytes.fromhex(EIP191["private"]))


# --- Public keys and addresses -------------------------------------------------------------------


@pytest.mark.parametrize("end", ["initiator", "responder"])
@pytest.mark.parametrize("kind", ["static", "ephemeral"])
def test_a_secret_has_the_public_key_that_bolt8_publishes(end: str, kind: str) -> None:
    pair = BOLT8[f"{end}_{kind}"]
    assert Identity(bytes.fromhex(pair["private"])).public.hex == pair["public"]


def test_a_key_has_the_address_every_wallet_shows(wallet: Identity) -> None:
    assert wallet.public.address == EIP191["address"]
    assert str(wallet.public) == EIP191["address"]


@pytest.mark.parametrize("address", EIP55["addresses"])
def test_an_address_is_spelled_with_the_checksum_of_eip_55(address: str) -> None:
    assert checksum_address(address[2:].lower()) == address


@pytest.mark.parametrize("spelling", ["{}", "0x{}", "  {}\n"])
def test_a_public_key_is_read_with_or_without_0x(wallet: Identity, spelling: str) -> None:
    assert PublicKey.parse(spelling.format(wallet.public.hex)) == wallet.public


def test_a_public_key_is_read_in_capitals(wallet: Identity) -> None:
    assert PublicKey.parse(wallet.public.hex.upper()) == wallet.public


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0x",
        EIP191["address"],
        "02" + "11" * 31,
        "02" + "11" * 33,
        "04" + "11" * 32,
        "02" + "zz" * 32,
        "02" + "１" * 64,
    ],
)
def test_a_text_of_another_shape_is_no_public_key(text: str) -> None:
    with pytest.raises(IdentityError, match="66 hex digits"):
        PublicKey.parse(text)


def test_a_public_key_off_the_curve_is_refused() -> None:
    with pytest.raises(IdentityError, match="no point"):
        PublicKey.parse("02" + "ff" * 32)


@pytest.mark.parametrize("size", [0, 32, 34, 65])
def test_only_the_compressed_form_is_a_public_key(size: int) -> None:
    with pytest.raises(IdentityError, match=f"33 bytes, not {size}"):
        PublicKey(b"\x02" * size)


def test_equal_public_keys_are_one_key_of_a_dictionary(wallet: Identity) -> None:
    assert {wallet.public: "bot"}[PublicKey(wallet.public.bytes)] == "bot"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80) | st.binary(min_size=32, max_size=32).map(lambda x: "0x02" + x.hex()))
def test_any_text_is_a_public_key_or_an_identity_error(text: str) -> None:
    try:
        key = PublicKey.parse(text)
    except IdentityError:
        return
    assert len(key.bytes) == PUBLIC_KEY_SIZE
    assert key.address.startswith("0x")


# --- Secrets -------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, ORDER, 2**256 - 1])
def test_a_number_outside_the_group_is_no_secret(number: int) -> None:
    with pytest.raises(IdentityError, match="no secp256k1 private key"):
        Identity(number.to_bytes(32, "big"))


def test_a_secret_longer_than_32_bytes_is_refused() -> None:
    with pytest.raises(IdentityError):
        Identity(b"\x00" + b"\x11" * 32)


def test_every_created_identity_is_another_one() -> None:
    assert Identity.create().public != Identity.create().public


def test_an_identity_never_prints_its_secret(wallet: Identity) -> None:
    for text in (repr(wallet), str(wallet), f"{wallet}"):
        assert EIP191["private"] not in text
        assert EIP191["address"] in text


def test_both_ends_of_an_exchange_get_the_same_secret() -> None:
    one, other = Identity.create(), Identity.create()
    assert one.exchange(other.public_bytes) == other.exchange(one.public_bytes)
    assert len(one.exchange(other.public_bytes)) == 32


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=70) | st.binary(min_size=32, max_size=32).map(lambda x: b"\x02" + x))
def test_an_exchange_with_any_bytes_is_a_secret_or_a_value_error(public: bytes) -> None:
    try:
        assert len(Identity(b"\x11" * 32).exchange(public)) == 32
    except ValueError:
        pass


def test_random_bytes_come_in_the_asked_number() -> None:
    assert [len(random_bytes(count)) for count in (0, 4, 32)] == [0, 4, 32]
    assert random_bytes(32) != random_bytes(32)


# --- Key files (their formats are tested in test_keyfile) ----------------------------------------


def test_a_saved_identity_is_loaded_again(tmp_path: Path, wallet: Identity) -> None:
    wallet.save(tmp_path / "bot.key")
    assert Identity.load(tmp_path / "bot.key").public == wallet.public


def test_saving_never_overwrites(tmp_path: Path, wallet: Identity) -> None:
    wallet.save(tmp_path / "bot.key")
    with pytest.raises(IdentityError, match="never overwritten"):
        Identity.create().save(tmp_path / "bot.key")
    assert Identity.load(tmp_path / "bot.key").public == wallet.public


def test_a_missing_key_file_is_answered_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(IdentityError, match=r"python3 run\.py keys new"):
        Identity.load(tmp_path / "none.key")


def test_a_key_file_with_a_number_outside_the_group_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "zero.key"
    path.touch(mode=0o600)
    path.write_text("0" * 64)
    with pytest.raises(IdentityError, match="no secp256k1 private key"):
        Identity.load(path)


# --- Signatures ----------------------------------------------------------------------------------


def test_a_text_is_signed_as_web3_signs_it(wallet: Identity) -> None:
    assert wallet.sign_text(EIP191["text"]).hex() == EIP191["signature"]


def test_the_signer_of_a_text_is_recovered_as_web3_recovers_it() -> None:
    assert recover_text(EIP191["text"], bytes.fromhex(EIP191["signature"])) == EIP191["address"]


def test_a_text_is_counted_in_bytes_not_in_letters(wallet: Identity) -> None:
    text = "Grüße, 世界"  # 9 letters, 15 bytes
    signature = wallet.sign_text(text)
    assert signed_by(
        wallet.public,
        keccak256(b"\x19Ethereum Signed Message:\n15" + text.encode()),
        signature[:64] + bytes([signature[64] - 27]),
    )
    assert recover_text(text, signature) == wallet.public.address


def test_another_text_has_another_signer(wallet: Identity) -> None:
    signature = wallet.sign_text("GUID 1")
    assert recover_text("GUID 1", signature) == wallet.public.address
    assert recover_text("GUID 2", signature) != wallet.public.address


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        b"\x01" * 64,
        b"\x01" * 64 + b"\x00",
        b"\x01" * 64 + b"\x1a",
        b"\x01" * 64 + b"\x1d",
        b"\x01" * 64 + b"\x1b\x1b",
    ],
    ids=lambda signature: f"{len(signature)}-{signature[64:].hex() or 'none'}",
)
def test_a_signature_of_another_shape_is_refused(signature: bytes) -> None:
    with pytest.raises(IdentityError, match="65 bytes that end with 1b or 1c"):
        recover_text("text", signature)


def test_a_signature_without_a_point_belongs_to_no_key() -> None:
    with pytest.raises(IdentityError, match="belongs to no key"):
        recover_text("text", bytes(64) + b"\x1b")


RECOVERY_IDS = st.sampled_from([0, 1, 2, 3, 4, 26, 27, 28, 29, 255])
SIGNATURES = st.builds(lambda rs, v: rs + bytes([v]), st.binary(min_size=64, max_size=64), RECOVERY_IDS)


@settings(max_examples=100, deadline=None)
@given(SIGNATURES)
def test_any_65_bytes_as_a_signature_are_answered(signature: bytes) -> None:
    try:
        assert recover_text("text", signature).startswith("0x")
    except IdentityError:
        pass
    assert not signed_by(Identity(b"\x11" * 32).public, DIGEST, signature)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=100), st.binary(max_size=70))
def test_no_bytes_make_the_check_of_a_signature_raise(digest: bytes, signature: bytes) -> None:
    assert not signed_by(Identity(b"\x11" * 32).public, digest, signature)


def test_a_digest_is_signed_for_its_key_alone(wallet: Identity) -> None:
    signature = wallet.sign_digest(DIGEST)
    assert len(signature) == SIGNATURE_SIZE
    assert signature[64] in (0, 1)
    assert signed_by(wallet.public, DIGEST, signature)
    assert not signed_by(Identity.create().public, DIGEST, signature)
    assert not signed_by(wallet.public, DIGEST[::-1], signature)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 8 * SIGNATURE_SIZE - 1))
def test_a_signature_with_a_flipped_bit_is_nobodys(bit: int) -> None:
    key = Identity(b"\x11" * 32)
    signature = bytearray(key.sign_digest(DIGEST))
    signature[bit // 8] ^= 1 << bit % 8
    assert not signed_by(key.public, DIGEST, bytes(signature))
