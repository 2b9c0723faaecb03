"""Pairing as two people do it: real processes, a real relay, and then a press that arrives."""

from __future__ import annotations

import json
import re
import signal
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.errors import EXIT_TROUBLE, EXIT_USAGE
from config.load import load
from config.model import BotConfig, ReceiverConfig
from tunnel.identity import Identity

Crowdpad = Callable[..., Any]
Start = Callable[..., Any]
NOWHERE = "ws://127.0.0.1:9"
CODE = "412-crossword-orbit"

needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal to another process")


@pytest.fixture
def relay(start: Start, tmp_path: Path) -> str:
    """The address of a relay that lets anybody in."""
    config = tmp_path / "relay.yaml"
    config.write_text("listen: 127.0.0.1:0\nname: ams1\nopen: true\n")
    return address(start("relay", "--config", config))


def address(relay: Any) -> str:
    found = re.search(r"127\.0\.0\.1[:,a-z ]+(\d+)", relay.wait_for("listens on"))
    assert found is not None
    return f"ws://127.0.0.1:{found[1]}"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def cloud(tmp_path: Path) -> Path:
    (tmp_path / "cloud").mkdir()
    return tmp_path / "cloud"


def shown_code(host: Any) -> str:
    return str(host.wait_for("There:").split(" pair ")[1].split()[0])


@needs_signals
def test_two_machines_pair_pass_the_check_start_and_play(
    crowdpad: Crowdpad, start: Start, relay: str, home: Path, cloud: Path
) -> None:
    host = start("pair", "--relay", relay, "--config", home / "bot.yaml")
    code = shown_code(host)
    guest = start("pair", *code.split("-"), "--relay", relay, "--config", cloud / "receiver.yaml")
    assert guest.end() == host.end() == 0
    bot, receiver = home / "bot.yaml", cloud / "receiver.yaml"
    for folder, name in ((home, "bot"), (cloud, "receiver")):
        key = folder / "keys" / f"{name}.key"
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    said = crowdpad("check", bot, receiver)
    assert said.status == 0, said.err

    # As a person would: chat from the terminal, and a device that can be read.
    bot.write_text(
        re.sub("(?ms)^chat:.*?^controller:", "chat: {source: terminal}\ncontroller:", bot.read_text())
    )
    receiver.write_text(receiver.read_text().replace("device: screen", "device: events"))
    play = start("receiver", "--config", receiver)
    chat = start("bot", "--config", bot)
    chat.wait_for("Inputs flow")
    chat.type("a")
    assert json.loads(play.wait_for('"control"'))["control"] == "A"
    assert chat.end(signal.SIGINT) == play.end(signal.SIGINT) == 0


@needs_signals
def test_files_that_are_there_are_completed_and_their_relays_are_enough(
    start: Start, relay: str, home: Path, cloud: Path
) -> None:
    own = Identity.create()
    own.save(cloud / "mine.key")
    mine = cloud / "receiver.yaml"
    text = f"# mine\nidentity: mine.key\nbot: {'02' + '1' * 64} # old\nrelays: [{relay}]\ndevice: events\n"
    mine.write_text(text)
    host = start("pair", "--as", "receiver", "--config", mine)
    code = shown_code(host)
    text += "pads: 2 # changed while the code was waiting\n"
    mine.write_text(text)
    guest = start("pair", code, "--relay", relay, "--config", home / "bot.yaml")
    assert guest.end() == host.end() == 0
    host.wait_for("What")
    assert (cloud / "receiver.yaml.bak").read_text() == text
    bot = load(home / "bot.yaml", BotConfig)
    assert bot.receiver == own.public.hex
    peer = Identity.load(home / "keys" / "bot.key").public.hex
    assert mine.read_text() == text.replace("02" + "1" * 64, peer)
    assert load(mine, ReceiverConfig).relays == bot.relays == (relay,)


@needs_signals
def test_a_wrong_word_is_one_sentence_on_both_machines_and_nothing_is_written(
    start: Start, relay: str, home: Path, cloud: Path
) -> None:
    host = start("pair", "--relay", relay, "--config", home / "bot.yaml")
    plate, first, second = shown_code(host).split("-")
    other = "zebra" if second != "zebra" else "zenith"
    guest = start("pair", plate, first, other, "--relay", relay, "--config", cloud / "receiver.yaml")
    assert guest.end() == host.end() == EXIT_TROUBLE
    for machine in (host, guest):
        assert "crowdpad pair: The code was wrong on one side" in machine.wait_for("used up")
    assert not (home / "bot.yaml").exists()
    assert not (cloud / "receiver.yaml").exists()


@needs_signals
def test_ctrl_c_ends_it_and_a_key_that_was_made_is_used_the_next_time(
    start: Start, relay: str, home: Path
) -> None:
    keys = []
    for _ in range(2):
        host = start("pair", "--relay", relay, "--config", home / "bot.yaml")
        keys.append(host.wait_for("This machine is the bot"))
        host.wait_for("Ctrl-C")
        assert host.end(signal.SIGINT) == EXIT_TROUBLE
        host.wait_for("Stopped. Nobody was paired.")
    assert keys[0] == keys[1]
    assert not (home / "bot.yaml").exists()


def test_no_secret_is_printed(start: Start, relay: str, home: Path) -> None:
    host = start("pair", "--relay", relay, "--config", home / "bot.yaml")
    host.wait_for("Ctrl-C")
    assert (home / "keys" / "bot.key").read_text().strip() not in "".join(host.said)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["412-crossword"], "a code is a number and two words, such as 412-crossword-orbit"),
        (["412-crossword-orbitt"], 'no code has the word "orbitt"; did you mean "orbit"?'),
        ([CODE], "name a relay where the two can meet"),
        ([CODE, "--as", "bot"], "this code is shown by a bot; here it pairs a receiver"),
        ([CODE, "--relay", "https://x"], "--relay: wanted a WebSocket address"),
        ([], "name a relay where the two can meet"),
        ([arg for n in range(11) for arg in ("--relay", f"wss://{n}.example")], "at most 10 relays"),
    ],
)
def test_what_cannot_work_is_one_sentence_before_anybody_is_asked(
    crowdpad: Crowdpad, home: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str
) -> None:
    monkeypatch.chdir(home)
    answer = crowdpad("pair", *words)
    assert answer.status == EXIT_USAGE
    assert answer.err.startswith("crowdpad pair: ")
    assert said in answer.err
    assert len(answer.err.splitlines()) == 1
    assert list(home.iterdir()) == [], "nothing is made before it can be of use"


def test_no_relay_is_one_sentence(crowdpad: Crowdpad, home: Path) -> None:
    said = crowdpad("pair", CODE, "--relay", NOWHERE, "--config", home / "receiver.yaml")
    assert said.status == EXIT_TROUBLE
    assert (
        said.err.splitlines()[-1] == f"crowdpad pair: Cannot reach the relay {NOWHERE}: connection refused."
    )
    assert not (home / "receiver.yaml").exists()


def test_a_relay_that_refuses_says_what_to_do(
    crowdpad: Crowdpad, start: Start, folder: Any, home: Path
) -> None:
    url = address(start("relay", "--config", folder.relay_config()))
    said = crowdpad("pair", "--relay", url, "--config", home / "bot.yaml")
    assert said.status == EXIT_TROUBLE
    assert "is not on the relay's list" in said.err
    assert "`open: true`" in said.err
    assert "There:" not in said.out, "no code is shown that nobody can use"


def test_nobody_types_the_code_and_nobody_shows_it(crowdpad: Crowdpad, relay: str, home: Path) -> None:
    said = crowdpad("pair", "--relay", relay, "--config", home / "bot.yaml", "--wait", "0.3")
    assert (said.status, said.err) == (EXIT_TROUBLE, "crowdpad pair: Nobody typed the code in time.\n")
    said = crowdpad("pair", CODE, "--relay", relay, "--config", home / "receiver.yaml", "--wait", "0.3")
    assert said.status == EXIT_TROUBLE
    assert said.err.startswith("crowdpad pair: Nobody answers to this code.")


def test_a_file_with_mistakes_is_refused_before_a_code_is_used_up(crowdpad: Crowdpad, folder: Any) -> None:
    file = folder.bot_config(8765, "queu: 3\n")
    said = crowdpad("pair", "--config", file)
    assert said.status == EXIT_USAGE
    assert 'unknown key; did you mean "queue"?' in said.err


def test_a_key_file_that_others_can_read_is_refused(crowdpad: Crowdpad, home: Path) -> None:
    Identity.create().save(home / "keys" / "bot.key")
    (home / "keys" / "bot.key").chmod(0o644)
    said = crowdpad("pair", "--relay", NOWHERE, "--config", home / "bot.yaml")
    assert said.status == EXIT_TROUBLE
    assert "can be read by others" in said.err


def test_the_files_around_say_which_machine_this_is(
    crowdpad: Crowdpad, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    crowdpad("pair", "--relay", NOWHERE)
    assert (home / "keys" / "bot.key").exists()
    Identity.create().save(home / "receiver.key")
    text = f"identity: receiver.key\nbot: {Identity.create().public.hex}\nrelays: [{NOWHERE}]\n"
    (home / "receiver.yaml").write_text(text)
    (home / "keys" / "bot.key").unlink()
    assert crowdpad("pair").status == EXIT_TROUBLE
    assert not (home / "keys" / "bot.key").exists()
