"""The wording, through `load`: what a person reads for each way to be wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from config.model import BotConfig, ReceiverConfig, RelayConfig

Said = Callable[[Any, type[BaseModel]], list[str]]
Lines = dict[str, str]


def only(answers: list[str]) -> str:
    (answer,) = answers
    return answer


def test_an_unknown_key_is_answered_with_the_nearest_known_one(said: Said, bot_lines: Lines) -> None:
    text = "\n".join(f"{key}: {value}" for key, value in bot_lines.items() if key != "chat")
    text += "\n# about chat\nchat:\n  chanel: foo\n"
    assert said(text, BotConfig) == ['6:3: chat.chanel: unknown key; did you mean "channel"?']


def test_an_unknown_key_near_none_is_answered_with_all_that_are_known(said: Said, relay_lines: Lines) -> None:
    answer = only(said({**relay_lines, "zzz": "1"}, RelayConfig))
    assert answer.startswith("4:1: zzz: unknown key; known here: listen, name, allow, open")


def test_a_key_in_the_wrong_group_is_told_where_it_belongs(said: Said, bot_lines: Lines) -> None:
    assert only(said({**bot_lines, "shared_chat": "true"}, BotConfig)).endswith('it belongs under "chat"')


def test_case_and_hyphens_do_not_hide_the_nearest_key(said: Said, receiver_lines: Lines) -> None:
    answer = only(said({**receiver_lines, "Stale-After-ms": "1"}, ReceiverConfig))
    assert answer.endswith('did you mean "stale_after_ms"?')


@pytest.mark.parametrize(
    ("key", "part"),
    [
        ("token", "token_file"), ("oauth", "token_file"), ("oauth_token", "CROWDPAD_TWITCH_TOKEN"),
        ("password", "identity_passphrase_file"), ("passphrase", "identity_passphrase_file"),
        ("identity_passphrase", "identity_passphrase_file"), ("private_key", "identity"),
        ("privateKey", "identity"), ("client-secret", "a file that holds it"),
    ],
)  # fmt: skip
def test_a_secret_is_answered_with_where_it_belongs_and_not_repeated(
    said: Said, bot_lines: Lines, key: str, part: str
) -> None:
    answer = only(said({**bot_lines, key: "hunter2"}, BotConfig))
    assert "secrets do not stand in this file" in answer
    assert part in answer
    assert "hunter2" not in answer


def test_a_misspelt_name_of_a_secret_s_file_is_only_misspelt(said: Said, bot_lines: Lines) -> None:
    answer = only(said({**bot_lines, "chat": "{channel: a, token_fil: x}"}, BotConfig))
    assert answer.endswith('did you mean "token_file"?')


@pytest.mark.parametrize("key", ["identity", "receiver"])
def test_a_private_key_in_the_wrong_place_is_never_repeated(said: Said, bot_lines: Lines, key: str) -> None:
    answer = only(said({**bot_lines, key: "ab" * 32}, BotConfig))
    assert "abab" not in answer


def test_a_password_inside_an_address_is_never_repeated(said: Said, bot_lines: Lines) -> None:
    answer = only(said({**bot_lines, "relays": '["wss://me:hunter2@relay"]'}, BotConfig))
    assert "hunter2" not in answer
    assert "without a name or password inside" in answer


def test_a_missing_key_is_answered_with_what_it_is_for(said: Said, bot_lines: Lines) -> None:
    del bot_lines["receiver"]
    answer = only(said(bot_lines, BotConfig))
    assert answer.startswith("1:1: receiver: missing. The receiver's public key")


def test_a_missing_key_of_a_group_is_reported_at_the_group(said: Said, bot_lines: Lines) -> None:
    answer = only(said({**bot_lines, "chat": "{source: log}"}, BotConfig))
    assert answer == "4:1: chat.file: missing. The recording."


@pytest.mark.parametrize(
    ("key", "value", "answer"),
    [
        ("queue", "many", '5:8: queue: found "many"; wanted a whole number from 1 to 1000000'),
        ("queue", "0", '5:8: queue: found "0"; wanted a whole number from 1 to 1000000'),
        ("queue", "yes", '5:8: queue: found "yes"; wanted a whole number from 1 to 1000000'),
        ("queue", "[1]", "5:8: queue: found a list; wanted a whole number from 1 to 1000000"),
        ("queue", "{a: 1}", "5:8: queue: found a group of keys; wanted a whole number from 1 to 1000000"),
        ("queue", "", "5:7: queue: found nothing; wanted a whole number from 1 to 1000000"),
        ("labels", "maybe", '5:9: labels: found "maybe"; wanted true or false'),
        ("limits", "{global_per_second: .nan}",
         '5:29: limits.global_per_second: found ".nan"; wanted a number from 0 to 1e+06'),
        ("limits", "", "5:8: limits: found nothing; wanted a group of keys: per_user_per_second, "
         "per_user_burst, global_per_second, global_burst"),
        ("limits", "3", '5:9: limits: found "3"; wanted a group of keys: per_user_per_second, '
         "per_user_burst, global_per_second, global_burst"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_answered_with_what_stood_there_and_what_may(
    said: Said, bot_lines: Lines, key: str, value: str, answer: str
) -> None:
    text = "".join(f"{name}: {it}\n" for name, it in bot_lines.items()) + f"{key}: {value}".rstrip() + "\n"
    assert said(text, BotConfig) == [answer]


@pytest.mark.parametrize("value", ["8080", "127.0.0.1", "127.0.0.1:70000", "127.0.0.1:abc", "12:30:40"])
def test_a_port_that_is_none_is_answered_with_an_example(said: Said, relay_lines: Lines, value: str) -> None:
    answer = only(said({**relay_lines, "listen": value}, RelayConfig))
    assert answer.startswith(
        f'1:9: listen: found "{value}"; wanted a host and a port, such as 127.0.0.1:8765'
    )


def test_a_channel_that_yaml_took_for_a_comment_is_answered_with_quotes(said: Said, bot_lines: Lines) -> None:
    text = "".join(f"{name}: {it}\n" for name, it in bot_lines.items() if name != "chat")
    answer = only(said(text + "chat:\n  channel: #somebody\n", BotConfig))
    assert answer.startswith("5:11: chat.channel: found nothing; wanted a channel's name")
    assert answer.endswith("put text that begins with # or is ~ or null in quotes")


def test_a_bracket_that_yaml_took_for_a_list_is_answered_with_quotes(said: Said, relay_lines: Lines) -> None:
    answer = only(said({**relay_lines, "listen": "[somewhere]"}, RelayConfig))
    assert answer.endswith("put text that begins with a bracket in quotes")


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        ("ws://a", 'found "ws://a"; wanted a list: one entry per line, each after a dash'),
        ("", "found nothing; wanted a list: one entry per line, each after a dash"),
        ("[]", "no relay, so nothing reaches the other end; name one, or set direct.enabled to true"),
        ("[" + ",".join(f"ws://r{n}" for n in range(11)) + "]", "found 11 entries; wanted at most 10"),
        ("[ws://a, ws://a]", "the same entry twice: ws://a"),
    ],
)
def test_a_wrong_list_says_what_is_wrong_with_it(
    said: Said, bot_lines: Lines, value: str, answer: str
) -> None:
    assert only(said({**bot_lines, "relays": value}, BotConfig)).endswith(f"relays: {answer}")


def test_entries_of_a_list_are_reported_each_in_its_place(said: Said, bot_lines: Lines) -> None:
    answers = said({**bot_lines, "relays": "[ws://a:0, ws://b, http://c]"}, BotConfig)
    assert [answer.split(":")[:3] for answer in answers] == [
        ["3", "10", " relays[0]"],
        ["3", "28", " relays[2]"],
    ]


WEB_KEYS = "kind, url, json, headers_file, headers_env"


@pytest.mark.parametrize(
    ("entry", "answer"),
    [
        ("{kind: dth}", '[0].kind: found "dth"; wanted one of dht, folder, web'),
        ("{path: x}", "[0]: `kind` is missing; wanted one of dht, folder, web"),
        ("dht", '[0]: found "dht"; wanted a group of keys: kind, bootstrap, path, url, json, headers_file, '
         "headers_env"),
        ("{kind: web, url: 'https://a/{hole}', jsn: true}", '[0].jsn: unknown key; did you mean "json"?'),
        ("{kind: web, url: 'https://a/{hole}', json: 3}", '[0].json: found "3"; wanted true or false'),
        ("{kind: web, url: 'https://a/{hole}', zzz: 3}", f"[0].zzz: unknown key; known here: {WEB_KEYS}"),
        ("{kind: folder}", "[0].path: missing. The folder; made where there is none."),
        ("{kind: dht}, {kind: dht}", ": the same dht twice"),
    ],
)  # fmt: skip
def test_an_entry_of_a_list_of_kinds_is_explained_as_what_stands_there(
    said: Said, bot_lines: Lines, entry: str, answer: str
) -> None:
    direct = f"{{enabled: true, rendezvous: [{entry}]}}"
    place, _, told = only(said({**bot_lines, "direct": direct}, BotConfig)).partition(": ")
    assert told == f"direct.rendezvous{answer}"
    line, column = map(int, place.split(":"))
    assert line == 5
    assert column > len("direct: {enabled: true, rendezvous: ")


def test_a_source_that_is_none_is_answered_with_those_there_are(said: Said, bot_lines: Lines) -> None:
    answer = only(said({**bot_lines, "chat": "{source: irq, channel: a}"}, BotConfig))
    assert answer == '4:16: chat.source: found "irq"; wanted one of irc, eventsub, twitch, log, terminal'


@pytest.mark.parametrize("value", ["{source: [irc]}", "{source: {a: b}}", "{source: }", "[]", "", "x"])
def test_any_shape_in_place_of_a_chat_source_is_one_sentence(
    said: Said, bot_lines: Lines, value: str
) -> None:
    assert "wanted" in only(said({**bot_lines, "chat": value}, BotConfig))


def test_both_ways_into_a_relay_are_reported_at_the_second(said: Said, relay_lines: Lines) -> None:
    answer = only(said({**relay_lines, "allow": f'["0x{"a" * 40}"]'}, RelayConfig))
    assert answer == "3:1: open: both `allow` and `open: true`; wanted one of them"


def test_a_file_of_nothing_but_unknown_keys_is_answered_in_bounds(said: Said) -> None:
    text = "".join(f"listem{n}: x\n" for n in range(4000))
    assert len(said(text, RelayConfig)) <= 51
