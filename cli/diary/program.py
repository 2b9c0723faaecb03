"""The running program as the command `paths` sees it: through the folder beside its configuration."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cli.diary.folder import LONGEST_MS, SHOWN, STATUS, Folder, system_ms
from cli.diary.layout import listed, span
from cli.diary.page import Page, PageError, PathEntry, read_page
from cli.diary.words import is_alive
from cli.errors import EXIT_USAGE, CommandError
from config.load import sniff
from config.mistakes import CALL
from config.model import BotConfig, ReceiverConfig
from tunnel.rendezvous.folder import OWN_LETTER, PEER_LETTER
from tunnel.rendezvous.place import MAX_LETTER

_POLL_S: Final = 0.25
# On Windows a file that is just being replaced cannot be opened.
_TRIES: Final = 5
# File systems round times down, some to two seconds.
_ROUNDED_MS: Final = 2_000.0


class Program:
    """That of one configuration file. Each method may raise CommandError, or OSError."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._folder = Folder(file)

    def status(self) -> bytes:
        """The file with its last word, as it is."""
        for tries_left in reversed(range(_TRIES)):
            try:
                data = self._folder.read(STATUS)
                break
            except PermissionError:
                if not tries_left:
                    raise
                time.sleep(_POLL_S)
        if data is None:
            raise CommandError(self._never_ran())
        return data

    def page(self) -> Page:
        """Its last word, whenever that was."""
        try:
            return read_page(self.status())
        except PageError as error:
            place = self._folder.path / STATUS
            raise CommandError(f"{place} cannot be read: {error}. Start the program again.") from error

    def running(self) -> Page:
        """Its last word, if that was a moment ago and it looks for direct paths."""
        page, now_ms = self.page(), system_ms()
        if not is_alive(page, now_ms):
            ago = span(now_ms - page.written_ms)
            said = f"ended {ago} ago" if page.ended else f"was last heard of {ago} ago"
            raise CommandError(f"the {page.program} {said}. {self._start(page.program)}, and try again")
        if not page.settings.enabled:
            raise CommandError(
                "direct paths are off, so an offer would be of no use. Write `direct: {enabled: true}` "
                f"into {self.file} and into the {page.other}'s file, and start both again"
            )
        if page.settings.no_direct:
            names = listed(page.settings.no_direct)
            raise CommandError(f"`forbid` in {self.file} names {names}, so an offer would be of no use")
        return page

    def own_letter(self) -> bytes | None:
        """What the program that runs now offers; what an earlier one left behind is nobody's offer."""
        written_ms = self._folder.written_ms(OWN_LETTER)
        if written_ms is None or written_ms < self.page().started_ms - _ROUNDED_MS:
            return None
        letter = self._folder.read(OWN_LETTER)
        return letter if letter is not None and len(letter) <= MAX_LETTER else None

    def hand_over(self, letter: bytes) -> None:
        """The other end's letter."""
        self._folder.write(PEER_LETTER, letter)

    def look_hard(self) -> float:
        """People are waiting from now on. Returns until when, by the system's clock."""
        until_ms = system_ms() + LONGEST_MS
        self._folder.ask_to_look_hard(until_ms)
        return until_ms

    def note_shown(self, page: Page) -> None:
        """Somebody has been shown this run's letter."""
        self._folder.write(SHOWN, _run(page))

    def was_shown(self, page: Page) -> bool:
        """Whether somebody has."""
        return self._folder.read(SHOWN) == _run(page)

    def wait(self, patience_ms: float, met: Callable[[], bool]) -> bool:
        """Until this is so, or patience is over. Returns whether it is so."""
        deadline = time.monotonic() + patience_ms / 1000
        while not met():
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_S)
        return True

    def _never_ran(self) -> str:
        """Raises ConfigError if the file is none of ours."""
        kind = sniff(self.file)
        if kind is BotConfig:
            name = "bot"
        elif kind is ReceiverConfig:
            name = "receiver"
        else:
            raise CommandError(
                f"only a bot and a receiver have paths, and {self.file} is neither's", EXIT_USAGE
            )
        return f"no {name} has run with {self.file} yet, so there is nothing to tell. {self._start(name)}"

    def _start(self, name: str) -> str:
        return f"Start it: {CALL} {name} --config {self.file}"


def direct_path(page: Page) -> PathEntry | None:
    """One that works, if any does.

    Where only one end has the other's letter, that end's path is up, and still nothing can be said over it.
    """
    if not page.connected:
        return None
    return next((path for path in page.paths if path.kind != "relay" and path.state == "up"), None)


def _run(page: Page) -> bytes:
    """Tells one run of a program from another."""
    return f"{page.pid} {page.started_ms:.0f}\n".encode()
