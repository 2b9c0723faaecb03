"""The laws of the house, read from the code itself. Each message says what is wrong and why it matters.

A checker takes a tree of source files and returns sentences; an empty list is a pass. The second half of this
file feeds each of them a small tree that breaks its law, because a checker that never fails checks nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent

# Who may import whom. Down only: `cli -> bench -> web -> bot, injector -> tunnel, config`.
BELOW: Final[dict[str, frozenset[str]]] = {
    "config": frozenset(),
    "tunnel": frozenset(),
    "bot": frozenset({"tunnel", "config"}),
    "injector": frozenset({"tunnel", "config"}),
    "web": frozenset({"bot", "injector", "tunnel", "config"}),
    "bench": frozenset({"web", "bot", "injector", "tunnel", "config"}),
    "cli": frozenset({"bench", "web", "bot", "injector", "tunnel", "config"}),
}

# What a core may not import: everything that waits, reads a clock, rolls dice or touches the world.
WORLD: Final = (
    frozenset(
        {"asyncio", "concurrent", "multiprocessing", "queue", "select", "selectors", "threading", "time"}
    )
    | frozenset({"signal", "socket", "socketserver", "ssl", "subprocess", "random", "secrets"})
    | frozenset({"sqlite3", "websockets", "aiohttp", "vgamepad", "libevdev"})
)
CLOCK_CALLS: Final = frozenset({"datetime.now", "datetime.utcnow", "datetime.today", "date.today"})

# The shells: what is not a core. A pattern stands for a folder in which every file is one.
SHELLS: Final = (
    "cli/*",
    "bench/*",
    "web/server.py",
    "bot/app.py",
    "bot/chat/ear.py",
    "bot/chat/eventsub_conversation.py",
    "bot/chat/eventsub_source.py",
    "bot/chat/eventsub_voice.py",
    "bot/chat/helix.py",
    "bot/chat/helix_door.py",
    "bot/chat/irc_source.py",
    "bot/chat/log.py",
    "bot/chat/mailbox.py",
    "bot/chat/network.py",
    "bot/chat/terminal.py",
    "bot/storage/migrate.py",
    "bot/store.py",
    "bot/storage/file.py",
    "bot/storage/writer.py",
    "injector/app.py",
    "injector/devices/*",
    "injector/gateway/connection.py",
    "injector/gateway/gateway.py",
    "injector/gateway/host.py",
    "injector/iid/teller.py",
    "tunnel/endpoint.py",
    "tunnel/keeper.py",
    "tunnel/links/*",
    "tunnel/pairing/shell.py",
    "tunnel/relay/connection.py",
    "tunnel/relay/host.py",
    "tunnel/relay/server.py",
    "tunnel/relay/stun_server.py",
    "tunnel/relay/tls.py",
    "tunnel/rendezvous/board.py",
    "tunnel/rendezvous/errands.py",
    "tunnel/rendezvous/folder.py",
    "tunnel/rendezvous/web.py",
    "tunnel/rendezvous/dht.py",
    "tunnel/rendezvous/dht_node.py",
    "tunnel/wallclock.py",
)

# One home for each library that we may want to replace.
HOMES: Final = {"coincurve": "tunnel/identity.py", "twitchio": "bot/chat/twitch_library.py"}

# Modules without a test file of their own. This list only ever gets shorter.
UNTESTED: Final[frozenset[str]] = frozenset()

# What still fits in a head: a file of 400 lines, a function that needs one turn of the wheel.
LONGEST_FILE: Final = 400
LONGEST_FUNCTION: Final = 60


@dataclass(frozen=True)
class Module:
    """One source file: its path below the root with forward slashes, its text, its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def package(self) -> str:
        return self.path.split("/")[0]


def modules(root: Path) -> list[Module]:
    """Every source file of the packages, in order."""
    found = []
    for package in BELOW:
        for file in sorted((root / package).rglob("*.py")):
            text = file.read_text(encoding="utf-8")
            found.append(Module(file.relative_to(root).as_posix(), text, ast.parse(text)))
    return found


def is_shell(path: str) -> bool:
    return any(fnmatch(path, pattern) for pattern in SHELLS)


def imports(module: Module) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything a file imports, inside functions too."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")


def climbing_imports(root: Path) -> list[str]:
    """Imports that do not go down."""
    found = []
    for module in modules(root):
        for line, name in imports(module):
            target = name.split(".")[0]
            allowed = target not in BELOW or target == module.package or target in BELOW[module.package]
            if name.startswith(".") or not allowed:
                found.append(
                    f"{module.path}:{line} imports {name}. Imports go down only, by full name "
                    "(cli -> bench -> web -> bot, injector -> tunnel, config), so that each layer can be "
                    "understood, tested and replaced without those above it or beside it."
                )
    return found


def cores_that_touch_the_world(root: Path) -> list[str]:
    """Sockets, clocks, threads and dice outside the shells."""
    found = []
    for module in modules(root):
        if is_shell(module.path):
            continue
        touched = [(line, f"imports {name}") for line, name in imports(module) if name.split(".")[0] in WORLD]
        touched += [(line, f"calls {name}()") for line, name in calls(module) if name in CLOCK_CALLS]
        found += [
            f"{module.path}:{line} {what}. A core does no I/O and owns no clock: `now` goes in, "
            "deadlines come out, so that two minutes are a microsecond in a test and every fault can be "
            "played back. "
            "Move it to a shell, or list the file under SHELLS if it is one."
            for line, what in touched
        ]
    return found


def calls(module: Module) -> Iterator[tuple[int, str]]:
    """Line and the last two names of each call: `datetime.now`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
            yield node.lineno, f"{name}.{node.func.attr}"


def libraries_away_from_home(root: Path) -> list[str]:
    """Libraries imported outside the one file that may."""
    return [
        f"{module.path}:{line} imports {name}. Only {HOMES[name.split('.')[0]]} does, so that another "
        "library can take its place there alone."
        for module in modules(root)
        for line, name in imports(module)
        if HOMES.get(name.split(".")[0], module.path) != module.path
    ]


def stale_lists(root: Path) -> list[str]:
    """Entries of the lists above that no longer stand for anything."""
    paths = [module.path for module in modules(root)]
    found = [
        f"SHELLS names {pattern}, which is no longer there: take it off the list."
        for pattern in SHELLS
        if not any(fnmatch(path, pattern) for path in paths)
    ]
    found += [
        f"SHELLS names {module.path}, which touches nothing a core may not: take it off, and it stays one."
        for module in modules(root)
        if module.path in SHELLS and not any(name.split(".")[0] in WORLD for _, name in imports(module))
    ]
    found += [f"UNTESTED names {path}, which is no longer there." for path in sorted(UNTESTED - set(paths))]
    return found


def modules_without_tests(root: Path) -> list[str]:
    """Each source file has its test file, found by name. Vocabulary has nothing to test, nor has a list."""
    found = []
    for module in modules(root):
        path = Path(module.path)
        if path.name == "__init__.py" or not does_something(module):
            continue
        test = Path("tests") / path.parent / f"test_{path.stem.strip('_')}.py"
        tested = (root / test).exists()
        if not tested and module.path not in UNTESTED:
            found.append(
                f"{module.path} has no {test.as_posix()}: who changes it should know where its test is."
            )
        if tested and module.path in UNTESTED:
            found.append(f"{module.path} has its test now: take it off UNTESTED, which only gets shorter.")
    return found


def does_something(module: Module) -> bool:
    """Whether any function has a body; types, constants and protocols have none."""
    return any(
        not (
            isinstance(step, ast.Pass)
            or (isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant))
        )
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for step in node.body
    )


def what_grew_too_long(root: Path) -> list[str]:
    """Files and functions that no longer fit in a head."""
    found = []
    for module in modules(root):
        lines = module.text.count("\n")
        if lines > LONGEST_FILE:
            found.append(
                f"{module.path} has {lines} lines; past {LONGEST_FILE} it holds two ideas. Part them."
            )
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    found.append(
                        f"{module.path}:{node.lineno} {node.name} has {length} lines; past "
                        f"{LONGEST_FUNCTION} nobody sees both its ends at once. Give its parts names."
                    )
    return found


LAWS: Final = (
    climbing_imports,
    cores_that_touch_the_world,
    libraries_away_from_home,
    stale_lists,
    modules_without_tests,
    what_grew_too_long,
)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_house_keeps_its_laws(law: Callable[[Path], list[str]]) -> None:
    found = law(ROOT)
    if found:
        pytest.fail("\n".join(found), pytrace=False)


# Each checker catches what it is there for.


def tree(root: Path, **files: str) -> Path:
    """A house of these files; `bot_chat_line` is bot/chat/line.py."""
    for name, text in files.items():
        file = root / (name.replace("_", "/") + ".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return root


def add_test(root: Path, path: str) -> None:
    file = root / "tests" / path
    file.parent.mkdir(parents=True)
    file.touch()


A_FUNCTION: Final = "def go() -> int:\n    return 1\n"


def test_an_import_upwards_is_caught(tmp_path: Path) -> None:
    found = climbing_imports(tree(tmp_path, tunnel_frame="import bot.app\n", bot_app="import tunnel.frame\n"))
    assert len(found) == 1
    assert found[0].startswith("tunnel/frame.py:1 imports bot.app. ")


@pytest.mark.parametrize("line", ["from injector.pad import Pad", "from .text import normalise"])
def test_an_import_sideways_is_caught(tmp_path: Path, line: str) -> None:
    assert climbing_imports(tree(tmp_path, bot_grammar=line))


def test_tunnel_may_not_know_what_the_integers_mean(tmp_path: Path) -> None:
    assert climbing_imports(tree(tmp_path, tunnel_session="from config.codes import Control"))


def test_an_import_hidden_in_a_function_is_caught(tmp_path: Path) -> None:
    hidden = "def late() -> None:\n    import time\n"
    found = cores_that_touch_the_world(tree(tmp_path, tunnel_session=hidden))
    assert found
    assert found[0].startswith("tunnel/session.py:2 imports time. A core does no I/O")


@pytest.mark.parametrize("name", ["asyncio", "socket", "random", "threading", "websockets.asyncio.client"])
def test_a_core_that_touches_the_world_is_caught(tmp_path: Path, name: str) -> None:
    assert cores_that_touch_the_world(tree(tmp_path, bot_grammar=f"import {name}"))
    assert not cores_that_touch_the_world(tree(tmp_path / "shell", bot_app=f"import {name}"))


@pytest.mark.parametrize("call", ["datetime.now()", "datetime.datetime.now(tz)", "date.today()"])
def test_a_core_that_reads_the_calendar_is_caught(tmp_path: Path, call: str) -> None:
    assert cores_that_touch_the_world(tree(tmp_path, bot_crowd=f"when = {call}"))


def test_a_second_home_for_a_library_is_caught(tmp_path: Path) -> None:
    assert libraries_away_from_home(tree(tmp_path, tunnel_noise="import coincurve"))
    assert not libraries_away_from_home(tree(tmp_path / "home", tunnel_identity="import coincurve"))


def test_a_module_without_its_test_is_caught(tmp_path: Path) -> None:
    house = tree(tmp_path, bot_text=A_FUNCTION, bot_line="WIDTH = 1\n")
    assert modules_without_tests(house) == [
        "bot/text.py has no tests/bot/test_text.py: who changes it should know where its test is."
    ]
    add_test(house, "bot/test_text.py")
    assert not modules_without_tests(house)


def test_a_vocabulary_needs_no_test_of_its_own(tmp_path: Path) -> None:
    protocol = 'class Device:\n    def close(self) -> None:\n        """Let go."""\n    def open(self): ...\n'
    assert not modules_without_tests(tree(tmp_path, injector_device=protocol))


def test_an_exemption_that_is_no_longer_needed_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.UNTESTED", frozenset({"bot/text.py"}))
    house = tree(tmp_path, bot_text=A_FUNCTION)
    assert not modules_without_tests(house)
    add_test(house, "bot/test_text.py")
    assert "only gets shorter" in modules_without_tests(house)[0]
    (tmp_path / "bot/text.py").unlink()
    assert "UNTESTED names bot/text.py, which is no longer there." in stale_lists(house)


def test_a_shell_that_is_gone_or_has_become_a_core_is_caught(tmp_path: Path) -> None:
    found = stale_lists(tree(tmp_path, bot_app="", cli_main=""))
    assert "SHELLS names tunnel/endpoint.py, which is no longer there: take it off the list." in found
    assert any(sentence.startswith("SHELLS names bot/app.py, which touches nothing") for sentence in found)
    assert not any("cli" in sentence for sentence in found)


def test_what_grew_too_long_is_caught(tmp_path: Path) -> None:
    long_function = "def go() -> None:\n" + "    pass\n" * LONGEST_FUNCTION
    found = what_grew_too_long(tree(tmp_path, bot_text=long_function, bot_line="\n" * (LONGEST_FILE + 1)))
    assert [sentence.split(" has ")[0] for sentence in found] == ["bot/line.py", "bot/text.py:1 go"]
