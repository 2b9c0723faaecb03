"""The command `paths`: its arguments, its exit status, and the picture that it draws again."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from cli import paths
from cli.diary.folder import STATUS, system_ms
from cli.errors import EXIT_TROUBLE, EXIT_USAGE

Crowdpad = Callable[..., Any]


def test_it_shows_what_the_running_program_wrote(crowdpad: Crowdpad, home: Any) -> None:
    home.tells()
    said = crowdpad("paths", "--config", home.config)
    assert (said.status, said.err) == (0, "")
    assert said.out.startswith("The bot has been running for 60 s, and it hears the receiver.\n")


def test_a_program_that_is_gone_is_trouble(crowdpad: Crowdpad, home: Any) -> None:
    home.tells(written_ms=system_ms() - 12_000)
    said = crowdpad("paths", "--config", home.config)
    assert said.status == EXIT_TROUBLE
    assert said.out.startswith("The bot was last heard of 12 s ago: it is gone or hangs.")


def test_machines_get_the_file(crowdpad: Crowdpad, home: Any) -> None:
    home.tells()
    said = crowdpad("paths", "--json", "--config", home.config)
    assert json.loads(said.out) == json.loads(home.place.read(STATUS))
    assert said.status == 0


def test_machines_get_the_file_of_a_program_that_is_gone_too_and_its_exit_status(
    crowdpad: Crowdpad, home: Any
) -> None:
    for last in ({"ended": True}, {"written_ms": system_ms() - 12_000}):
        home.tells(**last)
        said = crowdpad("paths", "--json", "--config", home.config)
        assert json.loads(said.out) == json.loads(home.place.read(STATUS))
        assert said.status == EXIT_TROUBLE


def test_without_a_file_it_is_the_one_that_is_here(
    crowdpad: Crowdpad, home: Any, folder: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.chdir(home.config.parent)
    home.tells()
    assert crowdpad("paths").status == 0
    folder.receiver_config(8765)
    said = crowdpad("paths")
    assert said.status == EXIT_USAGE
    assert "both bot.yaml and receiver.yaml are here: say which with --config FILE" in said.err
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert "neither bot.yaml nor receiver.yaml is here" in crowdpad("paths").err


@pytest.mark.parametrize(
    ("words", "piece"),
    [
        (["stat"], "there is no `paths stat`; there are"),
        (["offer", "1GC4T"], "the other one's goes to `paths answer`"),
        (["answer"], "the text is missing"),
        (["offer", "--watch"], "--watch and --json do not go with `paths offer`"),
        (["--wait"], "--wait goes with `paths offer`"),
        (["answer", "A", "--wait"], "--wait goes with `paths offer`"),
        (["--qr"], "--qr goes with"),
        (["--config", "nowhere.yaml"], "there is no file nowhere.yaml"),
    ],
)
def test_what_makes_no_sense_is_wrong_usage(crowdpad: Crowdpad, words: list[str], piece: str) -> None:
    said = crowdpad("paths", *words)
    assert (said.status, said.out) == (EXIT_USAGE, "")
    assert piece in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("answer AB -CD --config x.yaml EF", "--config x.yaml -- answer AB -CD EF"),
        ("--qr offer --config x.yaml", "--qr --config x.yaml -- offer"),
        ("offer --qr a.PNG --wait", "--qr=a.PNG --wait -- offer"),
        ("offer --qr offer.jpg", "--qr=offer.jpg -- offer"),
        ("answer --qr 1GC4T-0RZ8P", "--qr -- answer 1GC4T-0RZ8P"),
        ("answer -- --AB", "-- answer --AB"),
        ("answer -", "-- answer -"),
        ("--watch", "--watch"),
        ("--config", "--config"),
    ],
)
def test_options_and_text_are_told_apart(typed: str, meant: str) -> None:
    assert paths.arrange(typed.split()) == meant.split()


class Screen:
    """A terminal of some lines, and a person who watches some pictures and then presses Ctrl-C."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, pictures: int, lines: int, is_terminal: bool) -> None:
        self._left = pictures
        monkeypatch.setattr(time, "sleep", self._sleep)
        monkeypatch.setattr(shutil, "get_terminal_size", lambda *_: _Size(80, lines))
        monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal)
        monkeypatch.setenv("TERM", "xterm")

    def _sleep(self, seconds: float) -> None:
        self._left -= 1
        if not self._left:
            raise KeyboardInterrupt


class _Size(tuple[int, int]):
    def __new__(cls, columns: int, lines: int) -> _Size:
        return super().__new__(cls, (columns, lines))

    @property
    def columns(self) -> int:
        return self[0]

    @property
    def lines(self) -> int:
        return self[1]


def test_watching_draws_until_ctrl_c(crowdpad: Crowdpad, home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    home.tells()
    Screen(monkeypatch, pictures=3, lines=24, is_terminal=False)
    said = crowdpad("paths", "--watch", "--config", home.config)
    assert said.status == 0
    assert said.out.count("The bot has been running") == 3
    assert "\x1b" not in said.out


def test_on_a_terminal_each_picture_takes_the_place_of_the_last_and_fits(
    crowdpad: Crowdpad, home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.tells()
    Screen(monkeypatch, pictures=2, lines=10, is_terminal=True)
    pictures = crowdpad("paths", "--watch", "--config", home.config).out.split("\x1b[H\x1b[2J")[1:]
    assert len(pictures) == 2
    assert all(len(picture.splitlines()) < 10 for picture in pictures)
    assert "more lines in a taller window" in pictures[0]


def test_what_to_do_comes_before_details_in_a_window(
    crowdpad: Crowdpad, home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.tells()
    Screen(monkeypatch, pictures=1, lines=200, is_terminal=True)
    said = crowdpad("paths", "--watch", "--config", home.config).out
    assert said.index("What it means") < said.index("network does is being found out")


def test_watching_goes_on_while_the_program_is_not_there_yet(
    crowdpad: Crowdpad, folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    Screen(monkeypatch, pictures=2, lines=24, is_terminal=False)
    said = crowdpad("paths", "--watch", "--config", folder.bot_config(1))
    assert said.status == 0
    assert said.out.count("no bot has run with ") == 2
