"""Runs a program until somebody wants it to end: Ctrl-C, SIGTERM, or on Windows Ctrl-Break.

The signal cancels the program, which lets go of what it holds: pads neutral, everybody told, sockets closed.
It has a second for that. Then the process ends, whatever still hangs.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Coroutine
from types import FrameType
from typing import Any, Final

from cli.errors import EXIT_TROUBLE

# Ctrl-C ends any command within a second; some of that is the interpreter's own.
GRACE_S: Final = 0.9

SIGNALS: Final = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)
)


def run_until_stopped(program: Coroutine[Any, Any, None]) -> None:
    """Returns when the program has ended, by itself or because it was told to. Raises what it raises."""
    watchdog = threading.Timer(GRACE_S, give_up)
    watchdog.daemon = True
    before = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        asyncio.run(_stoppable(program, watchdog))
    finally:
        watchdog.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


async def _stoppable(program: Coroutine[Any, Any, None], watchdog: threading.Timer) -> None:
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(program, name="program")
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        """Not loop.add_signal_handler, which Windows lacks. The watchdog also covers a loop that is stuck."""
        nonlocal stopping
        if not stopping:
            stopping = True
            watchdog.start()
        loop.call_soon_threadsafe(task.cancel)

    for number in SIGNALS:
        signal.signal(number, stop)
    try:
        await task
    except asyncio.CancelledError:
        if not stopping:
            raise


def give_up() -> None:
    """Somebody waits for the prompt, and something does not let go."""
    print("crowdpad: something did not end within a second and was cut off", file=sys.stderr, flush=True)
    os._exit(EXIT_TROUBLE)
