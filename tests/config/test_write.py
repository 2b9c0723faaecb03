"""Completing a configuration without touching what else it says."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.load import load
from config.mistakes import ConfigError
from config.model import BotConfig, ReceiverConfig
from config.write import PEER_KEYS, Draft, Program, completed, draft, store

PEER = "03" + "a" * 64
OLD = "02" + "1" * 64
RELAYS = ("wss://a.example", "wss://b.example")

BY_HAND = f"""# my bot
identity: bot.key   # the old one
relays:
  # at home
  - ws://old.example  # slow
  - wss://a.example   # good

  # - wss://another.example
receiver: {OLD} # the cloud
chat: {{source: terminal}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the key files that configurations name."""
    (tmp_path / "keys").mkdir()
    for name in ("bot.key", "keys/bot.key", "keys/receiver.key"):
        (tmp_path / name).write_text("00" * 32)
        (tmp_path / name).chmod(0o600)
    return tmp_path


def complete(folder: Path, text: str, relays: tuple[str, ...] = RELAYS) -> str:
    """The text of a bot's file, completed."""
    path = folder / "bot.yaml"
    path.write_bytes(text.encode())
    return completed(draft(path, BotConfig), BotConfig, PEER, relays)[0]


@pytest.mark.parametrize(("model", "name"), [(BotConfig, "bot.yaml"), (ReceiverConfig, "receiver.yaml")])
def test_where_there_is_no_file_the_example_is_completed(folder: Path, model: Program, name: str) -> None:
    path = folder / name
    text, _ = completed(draft(path, model), model, PEER, RELAYS)
    assert store(path, text) is None
    config = load(path, model)
    assert getattr(config, PEER_KEYS[model]) == PEER
    assert set(config.relays) == set(RELAYS)
    example = (Path("config/examples") / name).read_text(encoding="utf-8").splitlines()
    # All of it but the two values, a relay of nobody, and the remark that the key is nobody's.
    assert len(set(example) - set(text.splitlines())) == 3
    assert "belongs to nobody" not in text


def test_a_file_of_somebody_s_own_keeps_its_comments_order_and_habits(folder: Path) -> None:
    assert complete(folder, BY_HAND) == (
        f"""# my bot
identity: bot.key   # the old one
relays:
  # at home
  - wss://a.example   # good
  - wss://b.example

  # - wss://another.example
receiver: {PEER} # the cloud
chat: {{source: terminal}}
"""
    )


def test_what_is_right_already_is_not_touched(folder: Path) -> None:
    text = BY_HAND.replace(OLD, PEER)
    assert complete(folder, text, ("wss://a.example", "ws://old.example")) == text


@pytest.mark.parametrize(
    "relays",
    [
        "relays: [ws://old.example]",
        "relays: [wss://b.example, wss://a.example]",
        "relays:",
        "relays: # none yet",
        "relays:\n- ws://old.example",
        "relays:\n- 'wss://a.example'\n- \"wss://b.example\"",
        "relays:\n    -   wss://b.example",
        "",
    ],
)
@pytest.mark.parametrize(
    "peer", [f"receiver: {OLD}", f"receiver: '{OLD}'", "receiver:", "receiver: # soon", ""]
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_however_it_is_written_it_says_the_right_thing_afterwards(
    folder: Path, relays: str, peer: str, end: str
) -> None:
    lines = [line for line in ["identity: bot.key", *relays.split("\n"), peer, "chat: {channel: me}"] if line]
    for text in (end.join(lines), end.join(lines) + end, "\ufeff" + end.join(lines) + end):
        done = complete(folder, text)
        (folder / "bot.yaml").write_bytes(done.encode())
        config = load(folder / "bot.yaml", BotConfig)
        assert config.receiver == PEER
        assert set(config.relays) == set(RELAYS)
        assert done.startswith("\ufeff") is text.startswith("\ufeff")
        assert ("\r\n" in done) is ("\r\n" in text)
        assert not re.search("(?<!\r)\n", done) or end == "\n"


def test_a_whole_file_in_braces_is_completed_if_it_has_the_keys(folder: Path) -> None:
    text = f"{{identity: bot.key, receiver: {OLD}, relays: [ws://x], chat: {{channel: me}}}}\n"
    assert complete(folder, text) == text.replace(OLD, PEER).replace("[ws://x]", f"[{', '.join(RELAYS)}]")
    with pytest.raises(ConfigError, match=f"put in yourself: `receiver: {PEER}`, `relays: "):
        complete(folder, "{identity: bot.key, chat: {channel: me}}\n")


@pytest.mark.parametrize("edit", ["_with_value", "_with_relays"])
def test_an_edit_that_missed_its_place_is_noticed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, edit: str
) -> None:
    monkeypatch.setattr(f"config.write.{edit}", lambda text, *where: text)
    with pytest.raises(ConfigError, match="cannot be edited here"):
        complete(folder, BY_HAND)


def test_addresses_that_yaml_would_misread_stand_in_quotes(folder: Path) -> None:
    relays = ("wss://a.example/x,y", "wss://[::1]:80/#")[:1]
    assert '- "wss://a.example/x,y"' in complete(folder, BY_HAND, relays)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("identity: bot.key\nchat: {channel: me}\nqueu: 3\n", 'did you mean "queue"'),
        ("identity: none.key\nchat: {channel: me}\n", "none.key does not exist"),
        ("chat: {channel: me}\n", "identity: missing"),
        ("relays: &a [ws://x]\n", "anchors"),
        ("just text\n", "the file is one text"),
        ("", "the file is empty"),
        ("identity: bot.key\nidentity: bot.key\n", "given twice"),
    ],
)
def test_a_file_with_other_mistakes_is_refused_with_all_of_them(folder: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        complete(folder, text)


def test_relays_that_are_there_already_are_known(folder: Path) -> None:
    path = folder / "bot.yaml"
    path.write_text(BY_HAND)
    assert draft(path, BotConfig) == Draft(path, BY_HAND, ("ws://old.example", "wss://a.example"), True)
    path.write_text("relays: 3\n")
    assert draft(path, BotConfig).relays == ()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(["#", ":", "-", " ", "\n", "x", "'", "{", "[", "receiver", "relays", "]"]),
        max_size=25,
    )
)
def test_any_file_is_completed_rightly_or_refused(folder: Path, pieces: list[str]) -> None:
    for text in ("".join(pieces), f"identity: bot.key\nchat: {{channel: me}}\n{''.join(pieces)}"):
        try:
            done = complete(folder, text)
        except ConfigError:
            continue
        (folder / "bot.yaml").write_text(done, encoding="utf-8")
        config = load(folder / "bot.yaml", BotConfig)
        assert (config.receiver, set(config.relays)) == (PEER, set(RELAYS))


# Storing.


def test_the_old_file_is_kept_only_if_it_said_something_else_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "bot.yaml"
    assert store(path, "one\n") is None
    assert store(path, "one\n") is None
    assert [file.name for file in tmp_path.iterdir()] == ["bot.yaml"]
    first, second = store(path, "two\n"), store(path, "three\r\n")
    assert first is not None
    assert second is not None
    assert (first.read_text(), second.read_text()) == ("one\n", "two\n")
    assert path.read_bytes() == b"three\r\n"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["bot.yaml", "bot.yaml.bak", "bot.yaml.bak2"]


def test_a_new_file_makes_its_folder(tmp_path: Path) -> None:
    store(tmp_path / "deep" / "bot.yaml", "one\n")
    assert (tmp_path / "deep" / "bot.yaml").read_text() == "one\n"


@pytest.mark.skipif(os.name != "posix", reason="Windows has neither these modes nor links without rights")
def test_modes_and_links_stay_as_they_are(tmp_path: Path) -> None:
    real = tmp_path / "real.yaml"
    real.write_text("one\n")
    real.chmod(0o600)
    link = tmp_path / "bot.yaml"
    link.symlink_to(real)
    store(link, "two\n")
    assert link.is_symlink()
    assert real.read_text() == "two\n"
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


def test_a_file_that_cannot_be_written_stays_whole(tmp_path: Path) -> None:
    path = tmp_path / "bot.yaml"
    path.write_text("one\n")
    (tmp_path / "bot.yaml.new").mkdir()  # in the way of the new one
    with pytest.raises(OSError, match=r"bot\.yaml\.new"):
        store(path, "two\n")
    assert path.read_text() == "one\n"
