"""`crowdpad demo`, as a person or a tool runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import webbrowser
from typing import get_args

import pytest

from cli import demo
from cli.__main__ import main
from cli.errors import CommandError
from config.play import ModeName

KEYS = {"mode", "commands", "played", "late", "lost", "doubled", "latency_ms", "paths", "seconds"}


def test_the_json_summary_is_all_there_is_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "demo",
        "--seconds",
        "2",
        "--cut",
        "1@1",
        "--relays",
        "2",
        "--viewers",
        "10",
        "--no-browser",
        "--json",
    ]
    assert main(words) == 0
    out, err = capsys.readouterr()
    summary = json.loads(out)
    assert summary.keys() == KEYS
    assert summary["commands"] == summary["played"] + summary["late"] > 0
    assert (summary["lost"], summary["doubled"]) == (0, 0)
    assert [path["state"] for path in summary["paths"]] == ["cut", "up"]
    assert "http://127.0.0.1:" in err


def test_people_get_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--seconds", "1", "--relays", "1", "--viewers", "5", "--no-browser"]) == 0
    assert "played" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["--cut", "9@1"],
        ["--cut", "x"],
        ["--seconds", "0"],
        ["--seconds", "soon"],
        ["--relays", "11"],
        ["--viewers", "1.5"],
        ["--rate", "nan"],
        ["--channel", "not a channel"],
        ["--mode", "monarchy"],
    ],
)
def test_a_wrong_value_is_answered_in_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--no-browser", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("crowdpad demo: ")
    assert len(err.splitlines()) == 1


def test_a_channel_is_taken_as_people_write_it() -> None:
    assert demo.channel("#SomeBody") == "somebody"
    with pytest.raises(CommandError):
        demo.channel("")


@pytest.mark.parametrize("mode", get_args(ModeName))
def test_each_mode_can_be_shown(mode: ModeName, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["demo", "--seconds", "1", "--relays", "1", "--viewers", "5", "--no-browser", "--json"]
    assert main([*words, "--mode", mode.upper()]) == 0
    assert json.loads(capsys.readouterr().out)["mode"] == mode


def test_a_browser_that_fails_does_not_fail_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def broken(address: str) -> bool:
        asked.append(address)
        raise OSError("no browser today")

    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "open", broken)
    thread = demo.open_browser("http://127.0.0.1:1/")
    assert thread is not None
    thread.join()
    assert asked == ["http://127.0.0.1:1/"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for another process")
def test_ctrl_c_ends_it_with_the_summary_and_without_a_murmur() -> None:
    words = [sys.executable, "-X", "dev", "-W", "error", "-m", "cli", "demo", "--no-browser", "--json"]
    process = subprocess.Popen(
        [*words, "--relays", "2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        while "http://" not in (line := process.stderr.readline()):
            assert line, "it ended before it began"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, err
    assert json.loads(out).keys() >= KEYS
    assert "Traceback" not in err
    # asyncio's debug mode tells of every slow turn and names its task; a slow machine is no fault.
    told = [line for line in err.lower().splitlines() if " took " not in line]
    assert not any("pending" in line for line in told), err
