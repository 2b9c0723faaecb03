"""A process of its own for each program that is measured, and the wire by which it is asked.

Each actor takes plain values and one end of a pipe. It says what it is ready with once it can work, and
answers questions until it is told to stop.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Final

from bench.rss import resident_mib
from tunnel.wallclock import WallClock

_POLL_S: Final = 0.05
_EPOCH_MS: Final = 1_700_000_000_000.0  # dates on the wire count from 1970
START_S: Final = 60.0
_STOP_S: Final = 60.0


class SharedClock(WallClock):
    """The same moment in every process: the system's monotonic clock, which all of them read alike."""

    def now(self) -> float:
        return time.perf_counter() * 1000 + _EPOCH_MS


class Actor:
    """A process that runs `function`. It may be asked from any thread."""

    def __init__(self, function: Callable[..., None], *arguments: object) -> None:
        context = multiprocessing.get_context("spawn")  # the same on every system, and shares nothing
        self._pipe, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(target=function, args=(theirs, *arguments), daemon=True)
        self._process.start()
        theirs.close()
        self._lock = threading.Lock()  # one question at a time

    def ready(self) -> Any:
        """Waits until it can work. RuntimeError if it does not come up in a minute."""
        return self._take(START_S)

    def stop(self) -> Any:
        """Ends it and returns what it measured."""
        result = self._say("stop")
        self._process.join(_STOP_S)
        return result

    def ask(self) -> Any:
        """What it has measured so far."""
        return self._say("ask")

    def read_notes(self) -> Any:
        """All it has noted down: much, so ask once."""
        return self._say("notes")

    def weigh(self) -> float | None:
        """Its resident memory in MiB, after it has thrown its rubbish away."""
        weight: float | None = self._say("weigh")
        return weight

    def kill(self) -> None:
        """Ends it at once, as a power cut would."""
        self._process.kill()
        self._process.join(_STOP_S)

    def _say(self, command: str) -> Any:
        with self._lock:
            try:
                self._pipe.send(command)
            except OSError:
                pass  # it has ended; said below
            return self._take(_STOP_S)

    def _take(self, deadline: float) -> Any:
        try:
            if self._pipe.poll(deadline):
                return self._pipe.recv()
        except (EOFError, OSError):
            pass  # it ended without a word; said below
        raise RuntimeError(f"the process {self._process.name} says nothing")


async def answer(pipe: Connection, work: asyncio.Task[Any], answers: Mapping[str, Callable[[], Any]]) -> None:
    """Answers the pipe until told to stop, or until the work ends by itself.

    answers  to `ask`, and to whatever else may be asked; its weight every process knows by itself
    """
    known = {"weigh": resident_mib, **answers}
    while not work.done():
        while pipe.poll():
            command = pipe.recv()
            pipe.send(known["ask" if command == "stop" else command]())
            if command == "stop":
                work.cancel()
                await asyncio.wait({work})
                return
        await asyncio.sleep(_POLL_S)
    work.result()


async def until(condition: Callable[[], bool], work: asyncio.Task[Any]) -> None:
    """Waits for it. RuntimeError if that takes a minute; what `work` raises if it ends before."""
    for _ in range(int(START_S / _POLL_S)):
        if work.done():
            work.result()
        if condition():
            return
        await asyncio.sleep(_POLL_S)
    raise RuntimeError("the tunnel does not come up")
