"""Finding a command, and the exit status of every way it can end."""

from __future__ import annotations

import argparse
import errno
import importlib
import io
import os
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from cli.__main__ import COMMANDS, VERSION, main
from cli.errors import EXIT_TROUBLE, EXIT_USAGE, CommandError
from config.mistakes import CALL, ConfigError, Mistake

Crowdpad = Callable[..., Any]


def pretend(monkeypatch: pytest.MonkeyPatch, run: Callable[[argparse.Namespace], int]) -> None:
    """The command `parse` does this instead."""
    module = ModuleType("cli.parse", "What it does.")
    module.add_arguments = lambda parser: None  # type: ignore[attr-defined]  # a made-up module
    module.run = run  # type: ignore[attr-defined]  # the same
    monkeypatch.setitem(sys.modules, "cli.parse", module)


def test_nothing_said_shows_all_commands_and_is_wrong_usage(crowdpad: Crowdpad) -> None:
    said = crowdpad()
    assert said.status == EXIT_USAGE
    assert all(f"\n  {name} " in said.out for name in COMMANDS)


@pytest.mark.parametrize("word", ["--help", "-h", "help"])
def test_asking_for_help_is_fine(crowdpad: Crowdpad, word: str) -> None:
    assert crowdpad(word).status == 0


def test_the_version_is_the_package_s(crowdpad: Crowdpad) -> None:
    assert crowdpad("--version").out == f"crowdpad {VERSION}\n"
    with open("pyproject.toml", encoding="utf-8") as file:
        assert f'\nversion = "{VERSION}"\n' in file.read()


@pytest.mark.parametrize(("typed", "meant"), [("kyes", "keys"), ("recever", "receiver"), ("demos", "demo")])
def test_an_unknown_command_names_the_nearest_one(crowdpad: Crowdpad, typed: str, meant: str) -> None:
    said = crowdpad(typed)
    assert said.status == EXIT_USAGE
    assert said.err == f"crowdpad: there is no command '{typed}'; did you mean {meant}?\n"


def test_a_command_like_no_other_gets_the_list(crowdpad: Crowdpad) -> None:
    assert "there are: demo, bot, receiver" in crowdpad("xyzzy").err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help(crowdpad: Crowdpad, name: str) -> None:
    said = crowdpad(name, "--help")
    assert said.status == 0
    assert said.out.startswith(f"usage: {CALL} {name}")
    assert importlib.import_module(f"cli.{name}").__doc__


def test_an_unknown_option_is_wrong_usage(crowdpad: Crowdpad) -> None:
    said = crowdpad("check", "--jsno", "a.yaml")
    assert said.status == EXIT_USAGE
    assert "unrecognized arguments: --jsno" in said.err


def test_a_command_error_is_one_sentence_and_its_status(
    crowdpad: Crowdpad, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(args: argparse.Namespace) -> int:
        raise CommandError("the port is taken")

    pretend(monkeypatch, run)
    assert crowdpad("parse") == (EXIT_TROUBLE, "", "crowdpad parse: the port is taken\n")


def test_mistakes_in_a_configuration_are_printed_as_they_are(
    crowdpad: Crowdpad, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(args: argparse.Namespace) -> int:
        raise ConfigError(args_file, [Mistake(3, 1, "relays", "wanted a list")])

    args_file: Any = "bot.yaml"
    pretend(monkeypatch, run)
    assert crowdpad("parse") == (EXIT_USAGE, "", "bot.yaml:3:1: relays: wanted a list\n")


@pytest.mark.parametrize("end", [KeyboardInterrupt(), BrokenPipeError()])
def test_ctrl_c_and_a_reader_that_left_end_without_a_traceback(
    crowdpad: Crowdpad, monkeypatch: pytest.MonkeyPatch, end: BaseException
) -> None:
    def run(args: argparse.Namespace) -> int:
        raise end

    monkeypatch.setattr("cli.__main__.hush", lambda stream: None)
    pretend(monkeypatch, run)
    assert crowdpad("parse") == (EXIT_TROUBLE, "", "")


def test_what_the_system_refuses_is_one_sentence(crowdpad: Crowdpad, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(args: argparse.Namespace) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("cli.__main__.hush", lambda stream: None)
    pretend(monkeypatch, run)
    assert crowdpad("parse") == (EXIT_TROUBLE, "", "crowdpad parse: No space left on device\n")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("words", [["parse", "a"], ["--help"], ["--version"]])
def test_a_full_disk_behind_stdout_or_stderr_is_no_traceback(words: list[str]) -> None:
    call = [sys.executable, "-m", "cli", *words]
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run(call, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
        mute = subprocess.run(call, stdout=full, stderr=full, check=False, timeout=60)
    assert (done.returncode, mute.returncode) == (EXIT_TROUBLE, EXIT_TROUBLE)
    assert done.stderr == f"crowdpad {words[0]}: No space left on device\n"


@pytest.mark.skipif(sys.platform == "win32", reason="closes descriptors as a POSIX shell does")
def test_descriptors_that_were_closed_are_no_trouble() -> None:
    call = f'"{sys.executable}" -m cli'
    assert (
        subprocess.run(["sh", "-c", f"{call} parse a <&- >&- 2>&-"], check=False, timeout=60).returncode == 0
    )
    loud = subprocess.run(
        ["sh", "-c", f"{call} xyzzy <&- >&-"], stderr=subprocess.PIPE, text=True, check=False, timeout=60
    )
    assert (loud.returncode, loud.stderr.count("\n")) == (EXIT_USAGE, 1)


def test_a_library_that_is_missing_is_named_with_the_remedy(
    crowdpad: Crowdpad, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(args: argparse.Namespace) -> int:
        raise ModuleNotFoundError("No module named 'websockets'", name="websockets")

    pretend(monkeypatch, run)
    said = crowdpad("parse")
    assert said.status == EXIT_TROUBLE
    assert said.err.startswith("crowdpad parse: websockets is not installed in this Python; `python3 run.py`")


def test_one_broken_command_does_not_break_the_others(
    crowdpad: Crowdpad, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cli.demo", None)  # importing it raises
    assert main(["demo"]) == EXIT_TROUBLE
    assert crowdpad("parse", "a").status == 0


def test_a_name_the_console_cannot_show_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.BytesIO()
    console = io.TextIOWrapper(shown, encoding="ascii")
    monkeypatch.setattr(sys, "stdout", console)
    assert main(["--version"]) == 0
    console.write("Zoë")
    console.flush()
    assert shown.getvalue().endswith(b"Zo?")
