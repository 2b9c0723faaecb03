from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from config.chats import IrcChat, LogChat
from config.controller_page import ControllerPage
from config.game_page import GamePage
from config.load import load, mistake_at, sniff
from config.mistakes import ConfigError
from config.model import BotConfig, ReceiverConfig, RelayConfig

EXAMPLES = Path(__file__).parents[2] / "config" / "examples"
MODELS: dict[str, type[BaseModel]] = {"bot": BotConfig, "receiver": ReceiverConfig, "relay": RelayConfig}

FileOf = Callable[[Any], Path]
Said = Callable[[Any, type[BaseModel]], list[str]]
Lines = dict[str, str]
posix = pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")


def failure(path: Path, model: type[BaseModel]) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load(path, model)
    return caught.value


def test_all_mistakes_of_a_file_are_reported_together_by_line(said: Said) -> None:
    answers = said(
        "identity: bot.key\n"
        "receiver: 0x1234\n"
        "relays: [ws://a:99999]\n"
        "queue: 0\n"
        "queue: 2\n"
        "chat:\n"
        "  chanel: no\n"
        "  token: abc\n",
        BotConfig,
    )
    assert [":".join(answer.split(":")[:3]) for answer in answers] == [
        "2:11: receiver",
        "3:10: relays[0]",
        "4:8: queue",
        "5:1: queue",
        "7:3: chat.chanel",
        "8:3: chat.token",
    ]


def test_a_key_given_twice_is_refused_though_all_else_is_right(said: Said, relay_lines: Lines) -> None:
    text = "".join(f"{key}: {value}\n" for key, value in relay_lines.items())
    assert said(text, RelayConfig) == []
    assert said(text + "name: other\n", RelayConfig) == ["4:1: name: given twice; line 2 has it already"]


def test_every_mistake_is_one_line_that_begins_with_its_place(file_of: FileOf) -> None:
    path = file_of("identity: 'a\n\n  b'\nrelays: {'x\n\n y': 1}\n")
    error = failure(path, BotConfig)
    assert len(str(error).split("\n")) == len(error.mistakes)
    assert all(line.startswith(f"{path}:") for line in str(error).split("\n"))


def test_text_that_yaml_would_turn_into_something_else_stays_text(file_of: FileOf, bot_lines: Lines) -> None:
    path = file_of({**bot_lines, "receiver": "02" + "1" * 64, "chat": "{channel: no, nick: 0123}"})
    config = load(path, BotConfig, check_files=False)
    assert config.receiver == "02" + "1" * 64
    assert isinstance(config.chat, IrcChat)
    assert (config.chat.channel, config.chat.nick) == ("no", "0123")


@pytest.mark.parametrize(
    "key", ["0x02" + "1" * 64, "02" + "0" * 64, '"02' + "1" * 64 + '"', "03" + "e5" * 32]
)
def test_a_public_key_may_look_like_a_number(file_of: FileOf, bot_lines: Lines, key: str) -> None:
    config = load(file_of({**bot_lines, "receiver": key}), BotConfig, check_files=False)
    assert config.receiver == key.strip('"').removeprefix("0x")


def test_relative_files_start_from_the_folder_of_the_configuration(
    file_of: FileOf, bot_lines: Lines, tmp_path: Path
) -> None:
    lines = {**bot_lines, "identity": "keys/bot.key", "chat": "{source: log, file: chat.log}"}
    config = load(file_of(lines), BotConfig, check_files=False)
    assert config.identity == tmp_path / "keys" / "bot.key"
    assert config.chat == LogChat(file=tmp_path / "chat.log")


def test_a_key_file_that_is_missing_is_a_mistake_at_its_line(file_of: FileOf, bot_lines: Lines) -> None:
    path = file_of(bot_lines)
    key = path.parent / "bot.key"
    assert str(failure(path, BotConfig)) == (
        f"{path}:1:11: identity: {key} does not exist; `python3 run.py keys new {key}` makes it"
    )


def test_what_only_a_program_can_tell_is_a_mistake_at_its_value(file_of: FileOf, bot_lines: Lines) -> None:
    path = file_of(bot_lines)
    assert str(mistake_at(path, "receiver", "no point")) == f"{path}:2:11: receiver: no point"
    path.write_text("- now a list\n", encoding="utf-8")
    assert isinstance(mistake_at(path, "receiver", "no point"), ConfigError)


@posix
def test_a_key_file_that_others_can_read_is_a_mistake_beside_the_others(
    file_of: FileOf, bot_lines: Lines
) -> None:
    path = file_of({**bot_lines, "queue": "0"})
    key = path.parent / "bot.key"
    key.write_text("x")
    key.chmod(0o644)
    first, second = str(failure(path, BotConfig)).splitlines()
    assert first == f"{path}:1:11: identity: {key} can be read by others; chmod 600 {key}"
    assert second.startswith(f"{path}:5:8: queue: ")


@posix
@pytest.mark.parametrize("name", ["token_file", "identity_passphrase_file", "tls"])
def test_every_file_that_holds_a_secret_is_looked_at(
    file_of: FileOf, bot_lines: Lines, relay_lines: Lines, name: str
) -> None:
    model: type[BaseModel] = BotConfig
    lines = {**bot_lines, "identity_passphrase_file": "secret"}
    if name == "token_file":
        lines = {**bot_lines, "chat": "{channel: a, nick: b, token_file: secret}"}
    elif name == "tls":
        model, lines = RelayConfig, {**relay_lines, "tls": "{cert: secret, key: secret}"}
    path = file_of(lines)
    for file, mode in (("bot.key", 0o600), ("secret", 0o640)):
        (path.parent / file).write_text("x")
        (path.parent / file).chmod(mode)
    (mistake,) = failure(path, model).mistakes
    assert "secret can be read by others; chmod 600" in mistake.text
    (path.parent / "secret").chmod(0o600)
    load(path, model)


def test_a_token_without_its_account_is_a_mistake_at_its_line(said: Said, bot_lines: Lines) -> None:
    lines = {**bot_lines, "chat": "{channel: a, token_file: token}"}
    assert said(lines, BotConfig) == [
        "4:32: chat.token_file: a token needs `nick` too: the account it belongs to"
    ]
    assert said({**lines, "chat": "{channel: a, nick: b, token_file: token}"}, BotConfig) == []


def test_files_are_left_alone_when_nobody_asks(file_of: FileOf, bot_lines: Lines) -> None:
    load(file_of(bot_lines), BotConfig, check_files=False)


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    missing = tmp_path / "none.yaml"
    assert str(failure(missing, BotConfig)) == f"{missing}: there is no such file"
    assert str(failure(tmp_path, BotConfig)).startswith(f"{tmp_path}: cannot be read: ")
    assert "Errno" not in str(failure(tmp_path, BotConfig))
    assert "cannot be read" in str(failure(Path("a\0b"), BotConfig))


def test_a_file_past_the_size_is_one_sentence(file_of: FileOf) -> None:
    path = file_of(b"#" * 300_000)
    assert str(failure(path, BotConfig)) == f"{path}: larger than 256 KiB"


@pytest.mark.parametrize("name", MODELS)
def test_each_kind_of_file_is_told_from_the_others(name: str) -> None:
    assert sniff(EXAMPLES / f"{name}.yaml") is MODELS[name]


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("chat: {}\n", BotConfig),
        ("receiver: x\npads: 1\n", BotConfig),
        ("bot: x\n", ReceiverConfig),
        ("device: events\nrelays: []\n", ReceiverConfig),
        ("listen: x\n", RelayConfig),
        ("bot: x\nbot: y\n", ReceiverConfig),
    ],
)
def test_a_file_that_is_wrong_is_still_somebody_s(file_of: FileOf, text: str, model: type[BaseModel]) -> None:
    assert sniff(file_of(text)) is model


@pytest.mark.parametrize("text", ["a: 1\n", "pads: 1\n", "bot: x\nreceiver: y\n", "", "- a\n", "a: [\n"])
def test_a_file_that_is_nobody_s_is_said_so(file_of: FileOf, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        sniff(file_of(text))
    assert caught.value.mistakes


@pytest.mark.parametrize("name", MODELS)
def test_the_examples_load_as_they_are(name: str) -> None:
    load(EXAMPLES / f"{name}.yaml", MODELS[name], check_files=False)


def test_copies_of_the_examples_are_complete_once_the_keys_beside_them_exist(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    for name in ("bot", "receiver"):
        key = tmp_path / "keys" / f"{name}.key"
        key.write_text("x")
        key.chmod(0o600)
    for name, model in MODELS.items():
        copy = tmp_path / f"{name}.yaml"
        copy.write_bytes((EXAMPLES / f"{name}.yaml").read_bytes())
        load(copy, model)


junk = st.recursive(
    st.sampled_from(
        ["", "no", "1", "0x1", "~", "a", "ws://a", '"5"', "127.0.0.1:0", "irc", ".inf", "02" + "1" * 64]
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(items) + "]"),
        st.dictionaries(
            st.sampled_from(["source", "channel", "token", "cert", "targets", "x"]), inner, max_size=3
        ).map(lambda group: "{" + ", ".join(f"{key}: {value}" for key, value in group.items()) + "}"),
    ),
    max_leaves=6,
)
KEYS = sorted({key for model in MODELS.values() for key in model.model_fields} | {"zzz", "private_key"})


def loads_or_explains(path: Path, model: type[BaseModel]) -> bool:
    """Anything but a ConfigError with mistakes in it escapes."""
    try:
        load(path, model)
    except ConfigError as error:
        return len(error.mistakes) > 0
    return True


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(KEYS), junk), max_size=6), st.sampled_from(list(MODELS.values())))
def test_any_value_under_any_key_loads_or_is_a_config_error(
    file_of: FileOf, pairs: list[tuple[str, str]], model: type[BaseModel]
) -> None:
    path = file_of("".join(f"{key}: {value}\n" for key, value in pairs))
    assert loads_or_explains(path, model)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.sampled_from(list(MODELS.values())))
def test_any_bytes_load_or_are_a_config_error(file_of: FileOf, data: bytes, model: type[BaseModel]) -> None:
    assert loads_or_explains(file_of(data), model)


def test_what_does_not_fit_together_is_said_where_it_is_written(said: Said, bot_lines: Lines) -> None:
    assert said({**bot_lines, "modes": "{start: teams}"}, BotConfig) == [
        "5:16: modes.start: 2 teams need a pad each, but `pads` is 1"
    ]
    assert said({**bot_lines, "modes": "{democracy: {window_s: 3}}"}, BotConfig) == [
        "5:31: modes.democracy.window_s: the shortest (5 s) is longer than window_s (3 s)"
    ]


def test_a_key_within_a_group_is_named_by_what_leads_to_it(file_of: FileOf) -> None:
    path = file_of("tls: {cert: a, key: b}\n")
    assert str(mistake_at(path, "tls.key", "no")) == f"{path}:1:21: tls.key: no"
    assert str(mistake_at(path, "tls.kei", "no")) == f"{path}:1:1: tls.kei: no"


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("title: x\n", GamePage),
        ("title: x\ninputs: {}\n", ControllerPage),
        ("inputs: {}\n", ControllerPage),
        ("title: x\ncontroller: gb\nforbidden: []\nlimits: {}\n", GamePage),
        ("macros: {}\n", GamePage),
        ("controller: gb\nmodes: {}\n", BotConfig),
    ],
)
def test_pages_are_told_from_configurations(file_of: FileOf, text: str, model: type[BaseModel]) -> None:
    assert sniff(file_of(text)) is model


def test_the_store_starts_from_the_folder_of_the_configuration_too(
    file_of: FileOf, bot_lines: Lines, tmp_path: Path
) -> None:
    config = load(file_of(bot_lines), BotConfig, check_files=False)
    assert config.store == tmp_path / "crowdpad.sqlite"
