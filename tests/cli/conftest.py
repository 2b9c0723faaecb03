"""Helpers for the commands: calling one as a person would, and a folder with keys and configurations."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

import pytest

from cli.__main__ import main
from cli.diary import folder as paths_folder
from cli.diary.page import LinkEntry, MinuteEntry, NetworkEntry, Page, PathEntry, Settings, TriedEntry
from tunnel.identity import Identity
from tunnel.nat.behaviour import FilteringKind, MappingKind
from tunnel.nat.candidates import Candidate, Kind
from tunnel.nat.checks import Credentials
from tunnel.nat.offer import NEVER, Edition, Offer
from tunnel.rendezvous.folder import OWN_LETTER
from tunnel.rendezvous.keys import MeetingKeys
from tunnel.rendezvous.letter import Signal, seal_brief, to_text

ROOT: Final = Path(__file__).resolve().parents[2]
PATIENCE_S: Final = 60.0  # a hang is a failure, a slow machine is none


class Said(NamedTuple):
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str


Crowdpad = Callable[..., Said]


@pytest.fixture
def crowdpad(capsys: pytest.CaptureFixture[str]) -> Crowdpad:
    """Calls one command in this process."""

    def call(*arguments: str | Path) -> Said:
        status = main([str(argument) for argument in arguments])
        return Said(status, *capsys.readouterr())

    return call


class Program:
    """A command in a process of its own, read line by line with a deadline."""

    def __init__(self, *arguments: str | Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cli", *map(str, arguments)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self.said: list[str] = []
        self._lines: queue.Queue[str] = queue.Queue()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def wait_for(self, piece: str) -> str:
        """The next line, of either stream, that holds `piece`."""
        while True:
            try:
                line = self._lines.get(timeout=PATIENCE_S)
            except queue.Empty:
                raise AssertionError(f"nobody said {piece!r}; said was:\n{''.join(self.said)}") from None
            self.said.append(line)
            if piece in line:
                return line

    def type(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def end(self, number: int | None = None) -> int:
        """Its exit status, after the signal if one is given."""
        if number is not None:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    def clear_away(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE_S)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def _read(self, stream: IO[str]) -> None:
        try:
            for line in stream:
                self._lines.put(line)
        except ValueError:
            pass  # closed under our hands: the test is over


@pytest.fixture
def start() -> Iterator[Callable[..., Program]]:
    """Starts commands as processes, and ends them with the test."""
    programs: list[Program] = []

    def one(*arguments: str | Path) -> Program:
        programs.append(Program(*arguments))
        return programs[-1]

    yield one
    for program in programs:
        program.clear_away()


class Folder:
    """Keys and configurations of one bot, one receiver and a relay, as the walk-through makes them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bot, self.receiver = Identity.create(), Identity.create()
        self.bot.save(path / "bot.key")
        self.receiver.save(path / "receiver.key")

    def write(self, name: str, text: str) -> Path:
        file = self.path / name
        file.write_text(text, encoding="utf-8")
        return file

    def relay_config(self, listen: str = "127.0.0.1:0") -> Path:
        allow = f"[{self.bot.public.address}, {self.receiver.public.address}]"
        return self.write("relay.yaml", f'listen: "{listen}"\nname: ams1\nallow: {allow}\n')

    def bot_config(self, port: int, extra: str = "") -> Path:
        text = f"relays: [ws://127.0.0.1:{port}]\nidentity: bot.key\nreceiver: {self.receiver.public.hex}\n"
        return self.write("bot.yaml", f"{text}chat: {{source: terminal}}\n{extra}")

    def receiver_config(self, port: int, extra: str = "device: events\n") -> Path:
        text = f"relays: [ws://127.0.0.1:{port}]\nidentity: receiver.key\nbot: {self.bot.public.hex}\n"
        return self.write("receiver.yaml", text + extra)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


NOW: Final = 1_800_000_000_000.0
_MINUTE: Final = 60_000.0


class Pages:
    """Pages of a diary as situations make them; the bot's, at home, unless something else is said."""

    now = NOW

    def relay(self, name: str = "ams1", **said: Any) -> PathEntry:
        plain: dict[str, Any] = {
            "name": name, "kind": "relay", "state": "up", "delay_ms": 31.0, "jitter_ms": 2.0, "loss": 0.01,
            "carrying": True, "address": None, "bytes": 1_240_000, "cap": None,
            "verdict": "second fastest, 31 ms", "why": None,
        }  # fmt: skip
        return PathEntry(**{**plain, **said})

    def direct(self, **said: Any) -> PathEntry:
        """One that works."""
        plain = {
            "name": "direct udp", "kind": "direct udp", "delay_ms": 12.4, "loss": 0.0, "bytes": 640_000,
            "address": ("203.0.113.9", 47_001), "verdict": "fastest, 12 ms",
        }  # fmt: skip
        return self.relay(**{**plain, **said})

    def searching(self, why: str = "The other end has not answered.", **said: Any) -> PathEntry:
        """One that does not."""
        plain = {"state": "waiting", "carrying": False, "delay_ms": None, "address": None, "bytes": 0}
        return self.direct(**{**plain, "why": why, "verdict": why, **said})

    def link(self, *tried: tuple[str, str, str, int], **said: Any) -> LinkEntry:
        """`tried`: kind, host, state, how often."""
        plain: dict[str, Any] = {
            "name": "direct udp", "address": None,
            "own": (("own", ("192.168.1.20", 47_000)), ("seen", ("198.51.100.7", 47_000))),
            "tried": tuple(
                TriedEntry(kind=kind, address=(host, 47_001), state=state, asked=asked)
                for kind, host, state, asked in tried
            ),
            "symmetric": (False, False), "deaf": (False, False),
        }  # fmt: skip
        return LinkEntry(**{**plain, **said})

    def network(self, **said: Any) -> NetworkEntry:
        """A home's usual router."""
        plain: dict[str, Any] = {
            "ip": 4, "hosts": ("192.168.1.20",), "servers": 3, "udp": True, "nat": True,
            "mapping": MappingKind.ENDPOINT_INDEPENDENT, "filtering": FilteringKind.UNKNOWN,
            "hairpins": None, "keeps_port": True, "seen": (("198.51.100.7", 47_000),),
        }  # fmt: skip
        return NetworkEntry(**{**plain, **said})

    def minute(self, ago: int, winner: str | None = "direct udp", **said: Any) -> MinuteEntry:
        plain: dict[str, Any] = {
            "start_ms": NOW - ago * _MINUTE - 1, "inputs": 100 if winner else 0, "winner": winner,
            "share": 0.9, "why": "fastest: 12 ms, ams1 31 ms",
        }  # fmt: skip
        return MinuteEntry(**{**plain, **said})

    def page(self, **said: Any) -> Page:
        plain: dict[str, Any] = {
            "program": "bot", "pid": 4242, "address": "0xb07", "peer": "0x4ece", "connected": True,
            "started_ms": NOW - 3_600_000, "written_ms": NOW - 1_000,
            "settings": Settings(enabled=True, port_mapping=True),
            "paths": (self.relay(), self.direct()),
        }  # fmt: skip
        return Page(**{**plain, **said})


@pytest.fixture
def pages() -> Pages:
    return Pages()


class Home:
    """A bot that seems to run: its configuration, and what it would write into the folder beside it."""

    def __init__(self, folder: Folder, pages: Pages) -> None:
        self.config = folder.bot_config(8765, "direct: {enabled: true}\n")
        self.place = paths_folder.Folder(self.config)
        self.place.make()
        self._pages = pages
        self._there = MeetingKeys(folder.receiver, folder.bot.public)
        self._here = MeetingKeys(folder.bot, folder.receiver.public)

    def tells(self, **said: Any) -> None:
        """The diary's next page, of this moment unless something else is said."""
        now_ms = paths_folder.system_ms()
        fresh = {"written_ms": now_ms, "started_ms": now_ms - 60_000, "paths": (self._pages.searching(),)}
        page = self._pages.page(**{**fresh, **said})
        self.place.write(paths_folder.STATUS, page.model_dump_json().encode())

    def offers(self) -> str:
        """Its own letter lies there. Returns it as text."""
        letter = seal_brief([_SIGNAL], self._here, paths_folder.system_ms())
        self.place.write(OWN_LETTER, letter)
        return to_text(letter)

    def letter_of_the_receiver(self, age_ms: float = 0) -> bytes:
        return seal_brief([_SIGNAL], self._there, paths_folder.system_ms() - age_ms)


_SIGNAL: Final = Signal(
    128,
    Offer(
        edition=Edition(1_700_000_000_000, 1),
        heard=NEVER,
        credentials=Credentials(b"frag", b"p" * 16),
        candidates=(Candidate(Kind.REFLEXIVE, ("203.0.113.9", 47_001)),),
    ).pack(),
)


@pytest.fixture
def home(folder: Folder, pages: Pages) -> Home:
    return Home(folder, pages)
