"""What the three programs share, and the three of them together as three terminals would run them."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
from collections.abc import Callable
from typing import Any

import pytest

from cli import programs
from cli.errors import EXIT_USAGE
from config.load import load
from config.mistakes import ConfigError
from config.model import BotConfig

needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals to other processes")


def test_logs_go_to_stderr_and_stdout_belongs_to_data(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # pytest's own
    for name in ("", "websockets", "asyncio"):
        monkeypatch.setattr(logging.getLogger(name), "level", logging.getLogger(name).level)
    programs.start_logging("info")
    logging.getLogger("tunnel").info("connected")
    logging.getLogger("tunnel").debug("a byte came")
    logging.getLogger("websockets.server").error("opening handshake failed")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.endswith(" INFO connected\n")
    assert said.err.count("\n") == 1


def test_a_configuration_file_is_required() -> None:
    parser = argparse.ArgumentParser()
    programs.add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args([])


def test_the_key_of_the_configuration_is_opened(folder: Any) -> None:
    file = folder.bot_config(8765)
    assert programs.identity(file, load(file, BotConfig)).public == folder.bot.public


def test_a_key_that_is_none_is_a_mistake_in_the_configuration(folder: Any) -> None:
    file = folder.bot_config(8765)
    config = load(file, BotConfig)
    config.identity.write_text("not a key\n", encoding="ascii")
    with pytest.raises(ConfigError, match=r"bot\.yaml:2:11: identity: .* is no key file"):
        programs.identity(file, config)


def test_a_passphrase_that_cannot_be_read_is_a_mistake_in_the_configuration(folder: Any) -> None:
    folder.write("passphrase", "").chmod(0o600)
    file = folder.bot_config(8765, "identity_passphrase_file: passphrase\n")
    with pytest.raises(ConfigError, match=r"bot\.yaml:5:27: identity_passphrase_file: the first line"):
        programs.identity(file, load(file, BotConfig))


@pytest.mark.parametrize("command", [["check"], ["bot", "--config"], ["receiver", "--config"]])
@pytest.mark.parametrize("whose", ["nobody's", "our own"])
def test_a_peer_s_key_that_cannot_be_is_a_mistake_at_its_line(
    crowdpad: Callable[..., Any], folder: Any, command: list[str], whose: str
) -> None:
    of_bot = command[0] != "receiver"
    file = (folder.bot_config if of_bot else folder.receiver_config)(8765)
    peer, own = folder.receiver.public.hex, folder.bot.public.hex
    peer, own = (peer, own) if of_bot else (own, peer)
    off_the_curve = "02" + "f" * 64
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(peer, own if whose == "our own" else off_the_curve), encoding="utf-8")
    said = crowdpad(*command, file)
    place = f"{file}:3:11: receiver: " if of_bot else f"{file}:3:6: bot: "
    assert (said.status, said.out) == (EXIT_USAGE, "")
    assert said.err.startswith(place)
    assert said.err.count("\n") == 1


def test_relays_are_counted_in_words() -> None:
    assert programs.over(["ws://a"]) == "over 1 relay"
    assert programs.over(["ws://a", "ws://b"]) == "over 2 relays"
    assert programs.over([]) == "over direct paths alone"


@needs_signals
def test_what_is_typed_at_the_bot_comes_out_at_the_receiver(folder: Any, start: Callable[..., Any]) -> None:
    relay = start("relay", "--config", folder.relay_config())
    port = int(relay.wait_for("listens on 127.0.0.1:").rpartition(":")[2])
    receiver = start("receiver", "--config", folder.receiver_config(port))
    receiver.wait_for("plays on")
    bot = start("bot", "--config", folder.bot_config(port))
    bot.wait_for("Inputs flow")
    bot.type("a100ms")
    pressed, released = (json.loads(receiver.wait_for('"control"')) for _ in range(2))
    assert (pressed["pad"], pressed["control"], pressed["value"]) == (1, "A", 1)
    assert (released["pad"], released["control"], released["value"]) == (1, "A", 0)
    assert (bot.end(signal.SIGINT), receiver.end(signal.SIGTERM), relay.end(signal.SIGINT)) == (0, 0, 0)
    assert not any("Traceback" in line for program in (bot, receiver, relay) for line in program.said)


@needs_signals
def test_a_receiver_that_is_ended_lets_go_of_what_it_held(folder: Any, start: Callable[..., Any]) -> None:
    relay = start("relay", "--config", folder.relay_config())
    port = int(relay.wait_for("listens on 127.0.0.1:").rpartition(":")[2])
    receiver = start("receiver", "--config", folder.receiver_config(port))
    bot = start("bot", "--config", folder.bot_config(port))
    bot.wait_for("Inputs flow")
    bot.type("b5s")
    receiver.wait_for('"control": "B", "value": 1')
    receiver.process.send_signal(signal.SIGTERM)
    receiver.wait_for('"control": "B", "value": 0')
    assert receiver.end() == 0
