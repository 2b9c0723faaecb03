"""A recorded chat, played again: the shell around `bot.chat.log_format`, which documents the format."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path

from bot.chat.error import SourceError
from bot.chat.irc_room import IrcRoom
from bot.chat.line import ChatEvent, SourceState
from bot.chat.lines import LineSplitter
from bot.chat.log_format import Entry, LogError, read_entry
from bot.chat.pace import Pace
from tunnel.wallclock import WallClock

# Read in pieces: a recording may be larger than the memory.
BLOCK_BYTES = 1 << 16
# At full speed everybody else gets a turn after this many lines, about two milliseconds of work.
LONGEST_BATCH = 256


class LogSource:
    """Plays a file once, at `speed` times its own time, and ends. Speed 0 is as fast as the bot takes it.

    Bans, deletions and repeated ids work as in a live chat; every channel in the file counts.
    """

    def __init__(self, file: Path, speed: float = 1.0, clock: WallClock | None = None) -> None:
        if not file.is_file():
            raise SourceError(f"There is no recorded chat {file}.")
        if not (math.isfinite(speed) and speed >= 0):
            raise SourceError(f"A recorded chat cannot be played at {speed} times its speed.")
        self._file = file
        self._speed = speed
        self._clock = clock or WallClock()
        self._room = IrcRoom(None, shared_chat=True)

    @property
    def counters(self) -> Counter[str]:
        """What was dropped, and why."""
        return self._room.counters

    async def events(self) -> AsyncGenerator[list[ChatEvent], None]:
        """Batches of lines that are due together."""
        name = self._file.name
        pace_text = f"at {self._speed:g} times its speed" if self._speed else "as fast as possible"
        yield [SourceState(True, f"Playing the recorded chat {name} {pace_text}.")]
        ending = SourceState(False, f"The recorded chat {name} has ended.", ended=True)
        try:
            async with contextlib.aclosing(self._played()) as batches:
                async for batch in batches:
                    yield batch
        except OSError as error:
            reason = error.strerror or error
            ending = SourceState(False, f"The recorded chat {name} cannot be read any further: {reason}.")
        yield [ending]

    async def _played(self) -> AsyncGenerator[list[ChatEvent], None]:
        clock, room, pace = self._clock, self._room, Pace(self._speed)
        start_ms = clock.now()
        batch: list[ChatEvent] = []
        async with contextlib.aclosing(self._blocks()) as blocks:
            async for entries in blocks:
                for entry in entries:
                    due_ms = pace.due_ms(entry.at_ms) if self._speed else -math.inf
                    if start_ms + due_ms > clock.now() or len(batch) >= LONGEST_BATCH:
                        if batch:
                            given_ms = clock.now()
                            yield batch
                            batch = []
                            # Whoever listens may hold us up (no receiver): then the recording stood still.
                            start_ms += clock.now() - given_ms
                        await asyncio.sleep(max(0.0, start_ms + due_ms - clock.now()) / 1000)
                    batch += room.events(entry.message, clock.now())
        if batch:
            yield batch

    async def _blocks(self) -> AsyncGenerator[list[Entry], None]:
        """The entries of the file, a block of it at a time, read off the loop: a disk may sleep."""
        splitter = LineSplitter()
        file = await asyncio.to_thread(self._file.open, "rb")
        try:
            while block := await asyncio.to_thread(file.read, BLOCK_BYTES):
                yield self._entries(splitter.feed(block))
            yield self._entries(splitter.flush())
        finally:
            file.close()
            if splitter.dropped:
                self.counters["line_too_long"] += splitter.dropped

    def _entries(self, lines: list[str]) -> list[Entry]:
        entries = []
        for line in lines:
            try:
                entry = read_entry(line)
            except LogError:
                self.counters["line_malformed"] += 1
                continue
            if entry is not None:
                entries.append(entry)
        return entries
