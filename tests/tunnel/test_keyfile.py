from __future__ import annotations

import copy
import json
import math
import os
import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunnel import keyfile
from tunnel.identity import Identity
from tunnel.keyfile import KeyFileError

WEB3 = json.loads((Path(__file__).parents[1] / "vectors" / "web3_secret_storage.json").read_text("ascii"))
WALLETS = {wallet["name"]: wallet for wallet in WEB3["wallets"]}
SECRET = bytes(range(1, 33))
CHEAP = 2  # scrypt's n, where a test is not about the cost

posix_only = pytest.mark.skipif(os.name != "posix", reason="Windows keeps no such mode bits")


def place(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Encrypts at a cost of nothing."""
    monkeypatch.setattr(keyfile, "encrypt", partial(keyfile.encrypt, cost=CHEAP))


@pytest.fixture
def no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


# --- Plain files ---------------------------------------------------------------------------------


def test_a_secret_comes_back_from_a_plain_file(tmp_path: Path) -> None:
    keyfile.write(tmp_path / "bot.key", SECRET)
    assert keyfile.read(tmp_path / "bot.key") == SECRET


def test_a_plain_file_is_one_line_of_hex(tmp_path: Path) -> None:
    keyfile.write(tmp_path / "bot.key", SECRET)
    assert (tmp_path / "bot.key").read_text("ascii") == SECRET.hex() + "\n"


@pytest.mark.parametrize("spelling", ["{}", "0x{}", "\n {} \r\n"])
def test_a_file_typed_by_hand_is_read(tmp_path: Path, spelling: str) -> None:
    assert keyfile.read(place(tmp_path / "bot.key", spelling.format(SECRET.hex().upper()))) == SECRET


@pytest.mark.usefixtures("no_umask")
@posix_only
def test_a_new_file_can_be_read_by_its_owner_alone(tmp_path: Path) -> None:
    keyfile.write(tmp_path / "bot.key", SECRET)
    assert mode_of(tmp_path / "bot.key") == 0o600


@posix_only
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o644, 0o777])
def test_a_file_that_others_can_touch_is_refused(tmp_path: Path, mode: int) -> None:
    path = place(tmp_path / "bot.key", SECRET.hex(), mode)
    with pytest.raises(KeyFileError, match="chmod 600"):
        keyfile.read(path)


def test_a_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "bot.key"
    keyfile.write(path, SECRET)
    with pytest.raises(KeyFileError, match="never overwritten"):
        keyfile.write(path, b"\x11" * 32)
    assert keyfile.read(path) == SECRET


@posix_only
def test_a_link_to_nowhere_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "bot.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyFileError):
        keyfile.write(tmp_path / "bot.key", SECRET)
    assert not (tmp_path / "elsewhere").exists()


def test_the_folder_of_a_new_file_is_made(tmp_path: Path) -> None:
    keyfile.write(tmp_path / "keys" / "mine" / "bot.key", SECRET)
    assert keyfile.read(tmp_path / "keys" / "mine" / "bot.key") == SECRET


def test_a_missing_file_is_answered_with_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match=r"make it with: python3 run\.py keys new .*bot\.key"):
        keyfile.read(tmp_path / "bot.key")


def test_a_folder_is_no_key_file(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="cannot be read"):
        keyfile.read(tmp_path)


@pytest.mark.parametrize("text", ["", "hello", "11" * 31, "11" * 33, "0x", "0x" + "zz" * 32])
def test_a_file_that_holds_something_else_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(KeyFileError, match="neither 64 hex digits nor an encrypted key"):
        keyfile.read(place(tmp_path / "bot.key", text))


def test_a_refusal_never_quotes_the_file(tmp_path: Path) -> None:
    nearly = SECRET.hex() + "0"
    with pytest.raises(KeyFileError) as refusal:
        keyfile.read(place(tmp_path / "bot.key", nearly))
    assert SECRET.hex()[:8] not in str(refusal.value)


def test_an_endless_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="too large"):
        keyfile.read(place(tmp_path / "bot.key", " " * 20_000 + SECRET.hex()))


# --- Encrypted files -----------------------------------------------------------------------------


@pytest.mark.parametrize("wallet", WALLETS.values(), ids=WALLETS)
def test_a_published_wallet_opens(wallet: dict[str, Any]) -> None:
    secret = keyfile.decrypt(json.dumps(wallet["document"]), wallet["passphrase"]).rjust(32, b"\0")
    if "secret" in wallet:  # some old wallets left a key's leading zeros out
        assert secret == bytes.fromhex(wallet["secret"]).rjust(32, b"\0")
    if "address" in wallet:
        assert Identity(secret).public.address.lower() == "0x" + wallet["address"]


def test_a_published_wallet_that_breaks_the_rules_of_scrypt_is_refused_in_a_sentence() -> None:
    """RFC 7914 demands n < 2^(128 r / 8), and OpenSSL obeys; with r = 1 this wallet's n of 2^18 breaks it."""
    wallet = WEB3["refused"]
    with pytest.raises(KeyFileError):
        keyfile.decrypt(json.dumps(wallet["document"]), wallet["passphrase"])


def test_wallets_that_write_crypto_with_a_capital_are_read() -> None:
    document = json.loads(keyfile.encrypt(SECRET, "open", CHEAP))
    document["Crypto"] = document.pop("crypto")
    assert keyfile.decrypt(json.dumps(document), "open") == SECRET


@pytest.mark.usefixtures("cheap", "no_umask")
def test_an_encrypted_file_comes_back_with_its_passphrase(tmp_path: Path) -> None:
    path = tmp_path / "bot.key"
    keyfile.write(path, SECRET, "Grüße")
    assert SECRET.hex() not in path.read_text("ascii")
    assert keyfile.read(path, "Grüße") == SECRET
    assert os.name != "posix" or mode_of(path) == 0o600


@pytest.mark.usefixtures("cheap")
def test_an_encrypted_file_needs_its_passphrase(tmp_path: Path) -> None:
    path = tmp_path / "bot.key"
    keyfile.write(path, SECRET, "open")
    with pytest.raises(KeyFileError, match="name a file with its passphrase"):
        keyfile.read(path)
    with pytest.raises(KeyFileError, match="passphrase does not open"):
        keyfile.read(path, "opem")


def test_the_cost_of_what_is_written_can_be_paid() -> None:
    """The one test at full cost: no library may find its 256 MiB too much."""
    text = keyfile.encrypt(SECRET, "open")
    params = json.loads(text)["crypto"]["kdfparams"]
    assert (params["n"], params["r"], params["p"]) == (262_144, 8, 1)  # geth's standard
    assert keyfile.decrypt(text, "open") == SECRET


def test_the_same_secret_is_never_encrypted_alike() -> None:
    one, other = (json.loads(keyfile.encrypt(SECRET, "open", CHEAP)) for _ in range(2))
    assert one["crypto"]["kdfparams"]["salt"] != other["crypto"]["kdfparams"]["salt"]
    assert one["crypto"]["cipherparams"]["iv"] != other["crypto"]["cipherparams"]["iv"]
    assert one["id"] != other["id"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"version": 1}, "only version 3"),
        ({"crypto": {"cipher": "aes-128-cbc"}}, "only version 3"),
        ({"crypto": {"kdf": "argon2"}}, "unknown key derivation"),
        ({"crypto": {"kdfparams": {"n": 2**24}}}, "more memory"),
        ({"crypto": {"kdfparams": {"r": 2**30}}}, "more memory"),
        ({"crypto": {"kdfparams": {"p": 17}}}, "more memory"),
        (
            {"crypto": {"kdf": "pbkdf2", "kdfparams": {"prf": "hmac-sha256", "c": 10**8}}},
            "more rounds than any wallet",
        ),
        ({"crypto": {"kdfparams": {"dklen": 16}}}, "unheard-of length"),
        ({"crypto": {"kdfparams": {"dklen": 2**31}}}, "unheard-of length"),
        ({"crypto": {"kdfparams": {"n": 3}}}, "not allowed"),
        ({"crypto": {"kdfparams": {"n": -1, "r": -8}}}, "damaged"),
        ({"crypto": {"kdfparams": {"n": 1e400}}}, "damaged"),
        ({"crypto": {"mac": "zz"}}, "damaged"),
        ({"crypto": {"cipherparams": {"iv": "00"}}}, "damaged"),
        ({"crypto": []}, "damaged"),
    ],
    ids=lambda part: part if isinstance(part, str) else json.dumps(part),
)
def test_an_encrypted_file_that_makes_no_sense_is_refused(change: dict[str, Any], sentence: str) -> None:
    document = merged(json.loads(keyfile.encrypt(SECRET, "open", CHEAP)), change)
    with pytest.raises(KeyFileError, match=sentence):
        keyfile.decrypt(json.dumps(document), "open")


def merged(document: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """The document with the change laid over it, level by level."""
    result = copy.copy(document)
    for key, value in change.items():
        inner = result.get(key)
        result[key] = merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return result


# --- Anything at all -----------------------------------------------------------------------------

# Numbers a machine works off at once or refuses at once: what lies between is a matter of patience.
NUMBERS = st.sampled_from(
    [-1, 0, 1, 2, 3, 16, 31, 32, 64, 1000, 2**31, 2**63, 10**40, 0.5, math.inf, math.nan]
)
WORDS = st.text(max_size=8) | st.sampled_from(["pbkdf2", "scrypt", "00" * 16])
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | WORDS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=6,
)
FIELDS = [
    ("version",),
    ("crypto",),
    *(("crypto", name) for name in ("cipher", "cipherparams", "ciphertext", "kdf", "kdfparams", "mac")),
    ("crypto", "cipherparams", "iv"),
    *(("crypto", "kdfparams", name) for name in ("n", "r", "p", "dklen", "salt", "c", "prf")),
]
CHEAP_DOCUMENTS = [
    WALLETS["scrypt"]["document"],
    merged(WALLETS["pbkdf2"]["document"], {"crypto": {"kdfparams": {"c": 1}}}),
]


@st.composite
def damaged_documents(draw: st.DrawFn) -> str:
    document = copy.deepcopy(draw(st.sampled_from(CHEAP_DOCUMENTS)))
    for *parents, last in draw(st.lists(st.sampled_from(FIELDS), max_size=3)):
        inner: Any = document
        for parent in parents:
            inner = inner.get(parent) if isinstance(inner, dict) else None
        if isinstance(inner, dict):
            inner[last] = draw(JSON)
    return json.dumps(document)


@settings(max_examples=150, deadline=None)
@given(damaged_documents() | JSON.map(json.dumps) | st.text(max_size=100), st.sampled_from(["", "open"]))
def test_any_text_as_an_encrypted_key_is_a_secret_or_a_key_file_error(text: str, passphrase: str) -> None:
    try:
        secret = keyfile.decrypt(text, passphrase)
    except KeyFileError:
        return
    assert isinstance(secret, bytes)


def test_a_text_nested_without_end_is_a_key_file_error() -> None:
    with pytest.raises(KeyFileError, match="damaged"):
        keyfile.decrypt('{"crypto":' + "[" * 200_000, "open")


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=200) | st.text(alphabet="0123456789abcdefx{}\n ", max_size=80).map(str.encode))
def test_any_bytes_as_a_key_file_are_a_secret_or_a_key_file_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "bot.key"
    path.touch(mode=0o600)
    path.write_bytes(data)
    try:
        assert len(keyfile.read(path, "open")) == 32
    except KeyFileError:
        pass
