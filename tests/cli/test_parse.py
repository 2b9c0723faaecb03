from __future__ import annotations

import argparse
import json

import pytest

from cli import parse
from cli.__main__ import main
from cli.errors import EXIT_USAGE


def run(*argv: str) -> int:
    parser = argparse.ArgumentParser()
    parse.add_arguments(parser)
    return parse.run(parser.parse_args(argv))


def test_a_valid_line_is_printed_as_its_sequence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--controller", "xbox", "--json", "a500ms b+right") == 0
    assert capsys.readouterr().out == (
        '{"ok":true,"sequence":['
        '{"at_ms":0,"pad":1,"control":"A","value":1},'
        '{"at_ms":500,"pad":1,"control":"A","value":0},'
        '{"at_ms":500,"pad":1,"control":"B","value":1},'
        '{"at_ms":500,"pad":1,"control":"RIGHT","value":1},'
        '{"at_ms":700,"pad":1,"control":"B","value":0},'
        '{"at_ms":700,"pad":1,"control":"RIGHT","value":0}]}\n'
    )


def test_a_mistake_is_printed_with_its_character(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json", "a500q") == 1
    assert json.loads(capsys.readouterr().out) == {
        "ok": False,
        "at": 5,
        "error": 'unknown unit "q"; use ms or s',
    }


def test_talk_is_called_chat(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json", "hello", "a") == 1
    assert json.loads(capsys.readouterr().out) == {"ok": False, "chat": True}


def test_values_between_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json", "ldown70%") == 0
    values = [step["value"] for step in json.loads(capsys.readouterr().out)["sequence"]]
    assert values == [-0.7, 0]


def test_without_json_a_table_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("A", "lup70%") == 0
    assert capsys.readouterr().out.splitlines() == [
        "    when     control  value",
        "       0 ms  A           1",
        "     200 ms  A           0",
        "     200 ms  LY        0.7",
        "     400 ms  LY          0",
    ]


def test_without_json_the_mistake_is_pointed_at(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("a b500é") == 1
    assert capsys.readouterr().out.splitlines() == [
        "a b500?",
        '      ^ character 7: unknown unit "?"; use ms or s',
    ]


def test_without_json_talk_is_said_to_be_talk(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("hello") == 1
    assert "ordinary talk" in capsys.readouterr().out


def test_an_unknown_controller_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parse", "--controller", "n65", "a"]) == EXIT_USAGE
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("crowdpad parse: ")
    assert "n64, nes" in printed.err


@pytest.mark.parametrize("words", [["-a"], ["-a", "b"], ["--json", "-a"], ["--controller", "nes", "-a"]])
def test_a_line_may_begin_with_a_dash(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parse", *words]) == 1
    assert capsys.readouterr().err == ""


def test_options_may_stand_behind_the_line_and_misspelt_ones_are_wrong_usage() -> None:
    assert main(["parse", "a", "--json"]) == 0
    assert main(["parse", "--jsno", "a"]) == EXIT_USAGE
