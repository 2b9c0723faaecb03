"""What it costs to know many viewers: how long a bot needs to have them in hand, and what it weighs then.

Each start is a process of its own, as a bot's is: it imports the bot, opens its store and loads what is in
it. Beside it stands the same with an empty store.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from bench.figures import Figure
from bench.rss import resident_mib
from bot.changes import PersonSeen
from bot.store import Store
from bot.viewers.people import People

_ROOT: Final = Path(__file__).resolve().parent.parent
_DEADLINE_S: Final = 60.0
_NOW_MS: Final = 1_800_000_000_000.0
_DAY_MS: Final = 86_400_000
# One slow start says more about what else the machine did: the quickest of so many is the program's own.
_STARTS: Final = 3


def measure(people: int) -> list[Figure]:
    """RuntimeError where the system does not tell how much memory a process has, or a start fails."""
    with tempfile.TemporaryDirectory() as folder:
        empty, full = Path(folder) / "empty.db", Path(folder) / "full.db"
        Store.open(empty).close()
        fill(full, people)
        without, known = _quickest(empty), _quickest(full)
    if known["people"] != people:
        raise RuntimeError(f"{known['people']} people were loaded, not {people}")
    against = "with an empty store"
    return [
        Figure(f"start with {people:,} people known", known["start_s"], "s", without["start_s"], against, 1),
        Figure("  of that, to load them", known["load_s"], "s", without["load_s"], against),
        Figure("  memory then", known["mib"], "MiB", without["mib"], against, 150),
    ]


def fill(path: Path, people: int) -> None:
    """A store of so many viewers as Twitch has them: ids of nine digits, names of a dozen letters."""
    store = Store.open(path)
    store.write(
        [
            PersonSeen(
                str(100_000_000 + n * 7_919), f"viewer_{n:06}", f"Viewer_{n:06}", n % 5_000, n % 4_000,
                _NOW_MS - 90 * _DAY_MS, _NOW_MS - n % 90 * _DAY_MS,
            )
            for n in range(people)
        ]
    )  # fmt: skip
    store.close()


def _quickest(path: Path) -> dict[str, Any]:
    return min((_start(path) for _ in range(_STARTS)), key=lambda start: float(start["start_s"]))


def _start(path: Path) -> dict[str, Any]:
    begin = time.perf_counter()
    command = [sys.executable, "-m", "bench.people", str(path)]
    with subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        start_s = time.perf_counter() - begin
        try:
            about, _ = process.communicate(b"\n", _DEADLINE_S)
        finally:
            process.kill()
    if process.returncode or not ready:
        raise RuntimeError("the program that knows many people ended early")
    return {**json.loads(about), "start_s": start_s}


def _bot(path: Path) -> None:
    """The measured process: says when it is ready, and after that how it got there."""
    import bot.app  # noqa: F401  # all that a bot imports is a part of its start, and of its weight

    begin = time.perf_counter()
    store = Store.open(path)
    memory = store.load(_NOW_MS)
    people = People()
    people.load(memory.people, memory.wishes, is_all=memory.is_all)
    del memory
    load_s = time.perf_counter() - begin
    print("ready", flush=True)
    sys.stdin.readline()
    mib = resident_mib()
    if mib is None:
        raise RuntimeError("resident memory is read from /proc, which this system lacks")
    print(json.dumps({"people": len(people), "load_s": load_s, "mib": mib}), flush=True)
    store.close()


if __name__ == "__main__":
    _bot(Path(sys.argv[1]))
