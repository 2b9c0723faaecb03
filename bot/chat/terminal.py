"""Type and play: each line typed into the terminal is a line of chat."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections import Counter
from collections.abc import AsyncGenerator
from typing import Protocol, TextIO

from bot.chat.limits import NO_LIMITS, SendingLimits
from bot.chat.line import ChatEvent, ChatLine, SourceState
from bot.chat.lines import LineSplitter
from bot.chat.sayable import sayable
from config.levels import Level
from tunnel.wallclock import WallClock

# Pieces of input that may wait for the loop; the thread then waits too, and so does whoever pipes lines in.
MAX_PIECES = 16
PIECE_BYTES = 4096
# Twitch lets nobody write more than 500 characters.
MAX_LINE_BYTES = 4096


class RawInput(Protocol):
    """A raw binary stream: `read` waits for something and returns what there is, nothing at the end."""

    def read(self, size: int, /) -> bytes | None:
        """At most `size` bytes."""


class TerminalSource:
    """Reads standard input until it ends; whoever types is the broadcaster.

    A thread reads, because the event loop cannot wait for a console on Windows. It is a daemon on a raw
    stream: nobody waits for it at the end, and it holds no lock of Python's that the exit would need.
    """

    def __init__(
        self,
        name: str = "you",
        clock: WallClock | None = None,
        stream: RawInput | None = None,
        screen: TextIO | None = None,
    ) -> None:
        self.counters: Counter[str] = Counter()
        self._name = name
        self._clock = clock or WallClock()
        self._stream = stream
        self._screen = screen
        self._splitter = LineSplitter(MAX_LINE_BYTES)
        self._count = 0

    @property
    def can_say(self) -> bool:
        """Somebody sits in front of it."""
        return True

    @property
    def limits(self) -> SendingLimits:
        """Nobody else is disturbed."""
        return NO_LIMITS

    def say(self, text: str, reply_to: str = "") -> None:
        """Prints one line, beside the log: standard output may be somebody's data."""
        screen = self._screen or sys.stderr
        try:
            screen.write(f"> {sayable(text)}\n")
            screen.flush()
        except (AttributeError, OSError, ValueError):  # a program without a console has none, or a closed one
            self.counters["unsaid"] += 1
        else:
            self.counters["said"] += 1

    async def events(self) -> AsyncGenerator[list[ChatEvent], None]:
        """Batches of lines typed since the last one; ends with the input."""
        pieces: asyncio.Queue[bytes] = asyncio.Queue()
        slots = threading.Semaphore(MAX_PIECES)
        loop = asyncio.get_running_loop()

        def read() -> None:
            stream = self._stream or _standard_input()
            piece = b"."
            while piece:
                slots.acquire()
                piece = b"" if stream is None else _read_piece(stream)
                try:
                    loop.call_soon_threadsafe(pieces.put_nowait, piece)
                except RuntimeError:  # the loop has closed: nobody listens any more
                    return

        threading.Thread(target=read, name="terminal", daemon=True).start()
        yield [SourceState(True, "Type a command and press Enter.")]
        while piece := await pieces.get():
            slots.release()
            if lines := self._lines(self._splitter.feed(piece)):
                yield lines
        ending = SourceState(False, "The terminal's input has ended.", ended=True)
        yield [*self._lines(self._splitter.flush()), ending]

    def _lines(self, texts: list[str]) -> list[ChatEvent]:
        now = self._clock.now()
        self.counters["line_too_long"] = self._splitter.dropped
        lines: list[ChatEvent] = []
        for text in texts:
            if not text.strip():
                continue
            self._count += 1
            lines.append(
                ChatLine(
                    id=f"terminal-{self._count}",
                    user=self._name,
                    name=self._name,
                    level=Level.BROADCASTER,
                    text=text,
                    sent_ms=int(now),
                    arrived_ms=now,
                    room="terminal",
                )
            )
        return lines


def _standard_input() -> RawInput | None:
    """Unbuffered: Python's buffered input keeps a lock while it waits, and cannot exit without it.

    None if there is no input: a program without a console has none, and anybody may close it.
    """
    if sys.stdin is None:
        return None
    try:
        return open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)
    except (OSError, ValueError):
        return None


def _read_piece(stream: RawInput) -> bytes:
    try:
        return stream.read(PIECE_BYTES) or b""
    except (
        OSError,
        ValueError,
    ):  # the terminal went away, or somebody closed the stream: the end
        return b""
