from __future__ import annotations

import argparse
import json
from pathlib import Path

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


def test_with_several_pads_the_table_says_which(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--pads", "2", "a+&2b") == 0
    assert capsys.readouterr().out.splitlines() == [
        "    when     pad  control  value",
        "       0 ms    1  A           1",
        "       0 ms    2  B           1",
        "     200 ms    1  A           0",
        "     200 ms    2  B           0",
    ]


def test_a_line_is_explained_in_plain_english(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--explain", "_b right2s -b a") == 0
    assert capsys.readouterr().out == "Hold B. Press RIGHT for 2 seconds. Let go of B. Press A.\n"
    assert run("--explain", "a500q") == 1
    assert "character 5" in capsys.readouterr().out


def test_json_can_have_the_explanation_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--explain", "--json", "a") == 0
    assert json.loads(capsys.readouterr().out)["explained"] == "Press A."


def test_a_macro_can_be_given_and_called(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run("--macro", "mash(b, n)=[<b>34ms #34ms]*<n>", "--macro", "go=#mash(A,2)", "--explain", "#go") == 0
    )
    assert capsys.readouterr().out == "Twice (press A for 34 ms; wait 34 ms).\n"


@pytest.mark.parametrize(
    ("macro", "why"),
    [
        ("go=lol", 'unknown input "lol"'),
        ("go", "write a name"),
        ("go(b=<b>", "write a name"),
        ("1=a", "a macro's name"),
    ],
)
def test_a_macro_that_can_be_no_input_is_wrong_usage(
    macro: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["parse", "--macro", macro, "a"]) == EXIT_USAGE
    assert why in capsys.readouterr().err


def test_in_first_word_mode_the_rest_is_talk(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--first-word", "a lol") == 0
    assert run("a lol") == 1


def test_a_game_brings_its_own_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "mine.yaml"
    page.write_text("title: Mine\nwords: {jump: a}\nmacros: {hop: jump*2}\n", encoding="utf-8")
    assert main(["parse", "--game", str(page), "--explain", "jump #hop"]) == 0
    assert capsys.readouterr().out == "Press JUMP 3 times.\n"
    assert main(["parse", "--game", "platformer", "a"]) == 0


def test_an_unknown_game_and_a_wrong_page_are_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["parse", "--game", "platfrmer", "a"]) == EXIT_USAGE
    assert "did you mean platformer?" in capsys.readouterr().err
    page = tmp_path / "mine.yaml"
    page.write_text("title: Mine\nmacros: {hop: lol}\n", encoding="utf-8")
    assert main(["parse", "--game", str(page), "a"]) == EXIT_USAGE
    assert "unknown input" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["-a"], 1),
        (["-a", "b"], 0),
        (["--json", "-a"], 1),
        (["--controller", "nes", "-a"], 1),
        (["--pads", "2", "-&2a"], 1),
    ],
)
def test_a_line_may_begin_with_a_dash(
    words: list[str], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["parse", *words]) == status
    assert capsys.readouterr().err == ""


def test_a_line_may_have_dashes_in_it_without_quotes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parse", "_b", "right2s", "-b", "a", "--explain", "--pads", "2"]) == 0
    assert capsys.readouterr().out == "Hold B. Press RIGHT for 2 seconds. Let go of B. Press A.\n"
    assert main(["parse", "--json", "--", "-b", "--json"]) == 1


def test_options_may_stand_behind_the_line_and_misspelt_ones_are_wrong_usage() -> None:
    assert main(["parse", "a", "--json"]) == 0
    assert main(["parse", "--jsno", "a"]) == EXIT_USAGE
