"""The launcher, in a house of its own: locks that name nothing, and a crowdpad that says what it was told."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest

RUN: Final = Path(__file__).resolve().parent.parent / "run.py"
ECHO: Final = """
import json, sys
def main(arguments):
    print(json.dumps({"arguments": arguments, "inside": sys.prefix != sys.base_prefix}))
    return 7
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    shutil.copy(RUN, tmp_path / "run.py")
    for lock in ("requirements-build.lock", "requirements.lock", "requirements-dev.lock"):
        (tmp_path / lock).touch()
    (tmp_path / "cli").mkdir()
    (tmp_path / "cli/__init__.py").touch()
    (tmp_path / "cli/__main__.py").write_text(ECHO, encoding="utf-8")
    return tmp_path


class Launcher:
    """run.py of a house with the commands it would run recorded instead of run."""

    def __init__(self, house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.module = load(house)
        self.ran: list[Sequence[str]] = []
        self.environments: list[Mapping[str, str]] = []
        self.handed_over: list[str] = []
        self.on_run: Callable[[Sequence[str]], tuple[int, str]] = lambda command: (0, "")
        monkeypatch.setattr(self.module, "run_quietly", self._run)
        monkeypatch.setattr(self.module, "hand_over", self._hand_over)

    def call(self, *arguments: str) -> int:
        status: int = self.module.main(arguments)
        return status

    @property
    def installed(self) -> list[str]:
        return [Path(command[-1]).name for command in self.ran if "pip" in command]

    def _hand_over(self, arguments: Sequence[str]) -> int:
        self.handed_over = list(arguments)
        return 0

    def _run(
        self, command: Sequence[str], environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        self.ran.append(command)
        self.environments.append(environment)
        status, said = self.on_run(command)
        if "venv" in command and status == 0:
            python: Path = self.module.VENV_PYTHON
            python.parent.mkdir(parents=True, exist_ok=True)
            python.touch()
        return subprocess.CompletedProcess(command, status, stdout=said)


def load(house: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("launcher", house / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def launcher(house: Path, monkeypatch: pytest.MonkeyPatch) -> Launcher:
    return Launcher(house, monkeypatch)


def start(house: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(house / "run.py"), *arguments]
    return subprocess.run(command, cwd="/", capture_output=True, text=True, check=False, timeout=300)


def test_the_first_call_makes_the_environment_and_the_second_only_uses_it(house: Path) -> None:
    first = start(house, "bot", "--config", "a b")
    assert first.returncode == 7, first.stderr
    assert json.loads(first.stdout) == {"arguments": ["bot", "--config", "a b"], "inside": True}
    assert first.stderr.count("\n") == 1
    second = start(house, "demo")
    assert json.loads(second.stdout) == {"arguments": ["demo"], "inside": True}
    assert (second.returncode, second.stderr) == (7, "")


def test_python_3_6_can_read_the_file_and_is_told_it_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    source = RUN.read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 6))
    monkeypatch.setattr(sys, "version_info", (3, 6, 15, "final", 0))
    with pytest.raises(SystemExit, match=r"crowdpad needs Python 3\.11 or later; this is 3\.6\."):
        exec(compile(source, "run.py", "exec"), {"__name__": "__main__"})


def test_the_launcher_needs_nothing_but_the_standard_library() -> None:
    names = {
        (node.module or "").split(".")[0]
        if isinstance(node, ast.ImportFrom)
        else node.names[0].name.split(".")[0]
        for node in ast.walk(ast.parse(RUN.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert names - {"cli"} <= sys.stdlib_module_names


@pytest.mark.parametrize("lock", ["requirements-build.lock", "requirements.lock", "requirements-dev.lock"])
def test_a_lock_names_versions_and_hashes_and_no_place_to_get_them_from(lock: str) -> None:
    text = RUN.with_name(lock).read_text(encoding="utf-8")
    content = [line for line in text.replace("\\\n", " ").splitlines() if not line.lstrip().startswith("#")]
    for line in content:
        assert re.fullmatch(r"[a-z0-9-]+==[^ ]+( ;[^@:/]+)?( +--hash=sha256:[0-9a-f]{64})+ *", line), line


def test_the_locks_name_all_that_the_project_asks_for() -> None:
    project = tomllib.loads(RUN.with_name("pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    assert "crowdpad[dht]" in extras["dev"]
    asked = {
        "requirements.lock": project["dependencies"],
        "requirements-dht.lock": project["dependencies"] + extras["dht"],
        "requirements-dev.lock": project["dependencies"] + extras["dht"] + extras["dev"],
    }
    for lock, requirements in asked.items():
        locked = re.findall(r"^([a-z0-9-]+)==", RUN.with_name(lock).read_text(encoding="utf-8"), re.MULTILINE)
        names = {re.split(r"[^A-Za-z0-9-]", requirement)[0].lower() for requirement in requirements}
        assert names - {"crowdpad"} <= set(locked)


def test_packages_are_installed_with_their_hashes_and_what_builds_them_first(launcher: Launcher) -> None:
    assert launcher.call("demo") == 0
    assert launcher.installed == ["requirements-build.lock", "requirements.lock"]
    assert all("--require-hashes" in command for command in launcher.ran[1:])
    assert all("--no-build-isolation" in command for command in launcher.ran[1:])
    assert launcher.environments[1]["VGAMEPAD_SKIP_VIGEMBUS_INSTALL"] == "true"


def test_later_calls_run_nothing(launcher: Launcher, capsys: pytest.CaptureFixture[str]) -> None:
    launcher.call("demo")
    launcher.ran.clear()
    capsys.readouterr()
    launcher.call("demo", "--seconds", "5")
    assert launcher.ran == []
    assert launcher.handed_over == ["demo", "--seconds", "5"]
    assert capsys.readouterr().err == ""


def test_the_tools_come_with_test_alone_and_are_announced(
    launcher: Launcher, capsys: pytest.CaptureFixture[str]
) -> None:
    launcher.call("demo")
    capsys.readouterr()
    launcher.call("test")
    assert launcher.installed[2:] == ["requirements-dev.lock"]
    assert "installing requirements-dev.lock" in capsys.readouterr().err
    launcher.ran.clear()
    launcher.call("test")
    launcher.call("demo")
    assert launcher.ran == []


def test_a_changed_lock_is_installed_anew(house: Path, launcher: Launcher) -> None:
    launcher.call("demo")
    (house / "requirements.lock").write_text("# something else\n", encoding="utf-8")
    launcher.ran.clear()
    launcher.call("demo")
    assert "--clear" in launcher.ran[0]


@pytest.mark.parametrize("step", ["venv", "requirements-build.lock", "requirements.lock"])
def test_an_interrupted_installation_is_begun_again(launcher: Launcher, step: str) -> None:
    def interrupt(command: Sequence[str]) -> tuple[int, str]:
        if any(Path(word).name == step for word in command):
            raise KeyboardInterrupt
        return 0, ""

    launcher.on_run = interrupt
    assert launcher.call("demo") == 1
    launcher.on_run = lambda command: (0, "")
    launcher.ran.clear()
    assert launcher.call("demo") == 0
    assert "--clear" in launcher.ran[0]
    assert launcher.installed == ["requirements-build.lock", "requirements.lock"]


def test_interrupted_tools_spoil_the_whole(launcher: Launcher) -> None:
    launcher.call("demo")

    def interrupt(command: Sequence[str]) -> tuple[int, str]:
        raise KeyboardInterrupt

    launcher.on_run = interrupt
    assert launcher.call("test") == 1
    launcher.on_run = lambda command: (0, "")
    launcher.ran.clear()
    launcher.call("demo")
    assert "--clear" in launcher.ran[0]


def test_an_environment_without_its_python_is_made_anew(launcher: Launcher) -> None:
    launcher.call("demo")
    launcher.module.VENV_PYTHON.unlink()
    launcher.ran.clear()
    launcher.call("demo")
    assert "--clear" in launcher.ran[0]


def fails_at_pip(said: str) -> Callable[[Sequence[str]], tuple[int, str]]:
    return lambda command: (1, said) if "pip" in command else (0, "")


def test_without_a_network_there_is_one_clear_line(
    launcher: Launcher, capsys: pytest.CaptureFixture[str]
) -> None:
    launcher.on_run = fails_at_pip("NewConnectionError(...): [Errno -3] Temporary failure in name resolution")
    assert launcher.call("demo") == 1
    assert capsys.readouterr().err.splitlines()[1:] == [
        "crowdpad: cannot reach the Python package index; call again once this machine is online."
    ]
    assert launcher.handed_over == []


def test_what_pip_said_is_shown_when_it_fails(launcher: Launcher, capsys: pytest.CaptureFixture[str]) -> None:
    launcher.on_run = fails_at_pip("noise\n" * 100 + "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES")
    assert launcher.call("demo") == 1
    said = capsys.readouterr().err.splitlines()
    assert said[-1] == "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES"
    assert len(said) < 20


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_python_without_venv_names_the_package_to_install(
    launcher: Launcher, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], module: str
) -> None:
    find: Any = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == module else find(name))
    assert launcher.call("demo") == 1
    assert capsys.readouterr().err.endswith("sudo apt install python3-venv\n")
    assert launcher.ran == []


def test_a_folder_that_cannot_be_written_is_named(
    launcher: Launcher, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(launcher.module, "GUARD", launcher.module.ROOT / "not there" / ".venv.lock")
    assert launcher.call("demo") == 1
    assert f"cannot write in {launcher.module.ROOT} (" in capsys.readouterr().err


def test_a_second_first_call_waits_for_the_first(
    launcher: Launcher, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with launcher.module.GUARD.open("a") as other:
        assert launcher.module.try_lock(other)

        def meanwhile(seconds: float) -> None:
            """The other call finishes while we wait."""
            launcher.module.VENV_PYTHON.parent.mkdir(parents=True)
            launcher.module.VENV_PYTHON.touch()
            launcher.module.stamp(launcher.module.BASE_LOCKS)
            other.close()

        monkeypatch.setattr(launcher.module.time, "sleep", meanwhile)
        assert launcher.call("demo") == 0
    assert "another call is making .venv" in capsys.readouterr().err
    assert launcher.ran == []
