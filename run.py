"""Start crowdpad from a fresh clone: `python3 run.py X` is `crowdpad X`.

The first call makes `.venv` beside this file and installs exactly what the lock files name, each hash
checked; `test` adds the tools of `requirements-dev.lock`. It says so before it does so. Later calls find the
stamp that only a finished installation leaves, and hand over at once. Anything unfinished is made anew.

Standard library only. The whole file must parse on Python 3.6, or an old Python could not be told that it is
old: no walrus, no match, no star in an index.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - the one file that an older Python is asked to run
    sys.exit("crowdpad needs Python 3.11 or later; this is {}.{}.".format(*sys.version_info))

import contextlib
import hashlib
import importlib.util
import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
STAMP = VENV / "crowdpad.stamp"
GUARD = ROOT / ".venv.lock"

# In this order: vgamepad comes as source and is built with what the first one names, not the day's newest.
BASE_LOCKS = ("requirements-build.lock", "requirements.lock")
TEST_LOCKS = ("requirements-dev.lock",)

# `-X crowdpad` marks the second start, under the environment's own Python. Unlike a variable it stays in the
# one process; unlike a comparison of paths it cannot go wrong and start itself for ever.
HANDED_OVER = "crowdpad"

# A first installation over a slow line takes minutes; another call's that takes longer than this hangs.
PATIENCE_S = 900.0

OFFLINE = re.compile(
    r"NewConnectionError|NameResolutionError|name resolution|getaddrinfo failed|Network is unreachable"
    r"|ConnectTimeoutError|ReadTimeoutError|ProxyError|Connection refused"
)


class SetupError(Exception):
    """Why there is no environment: one sentence for a person."""


def main(arguments: Sequence[str]) -> int:
    """Make sure of the environment, then be crowdpad. Returns its exit status."""
    if HANDED_OVER in sys._xoptions:
        from cli.__main__ import main as crowdpad

        return crowdpad(list(arguments))
    wanted = BASE_LOCKS + (TEST_LOCKS if list(arguments[:1]) == ["test"] else ())
    try:
        if not is_ready(wanted):
            prepare(wanted)
    except (SetupError, OSError) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("interrupted; the next call installs from the beginning.")
        return 1
    return hand_over(arguments)


def is_ready(locks: Sequence[str]) -> bool:
    """Whether a finished installation of exactly these locks is there."""
    try:
        stamped = STAMP.read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    return VENV_PYTHON.exists() and all(mark(lock) in stamped for lock in locks)


def prepare(wanted: Sequence[str]) -> None:
    """Install what is missing. Raises SetupError or OSError."""
    check_python()
    with only_one_at_a_time():
        if not is_ready(BASE_LOCKS):
            say("first use here: making .venv, installing requirements.lock into it (once, about a minute).")
            STAMP.unlink(missing_ok=True)
            make_venv()
            install(BASE_LOCKS)
            stamp(BASE_LOCKS)
        if not is_ready(wanted):
            say("`test` needs pytest, ruff, mypy, ...: installing requirements-dev.lock into .venv (once).")
            STAMP.unlink()
            install(TEST_LOCKS)
            stamp(wanted)


def hand_over(arguments: Sequence[str]) -> int:
    """Become crowdpad, under the environment's own Python."""
    command = [str(VENV_PYTHON), "-X", HANDED_OVER, str(ROOT / "run.py"), *arguments]
    if sys.platform != "win32":
        os.execv(command[0], command)
    child = subprocess.Popen(command)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            pass  # Windows gives Ctrl-C to the child as well: it ends by itself, and its status is the answer


def check_python() -> None:
    """Whether this Python can make environments at all."""
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            raise SetupError(
                f"this Python lacks {module}; on Debian and Ubuntu: sudo apt install python3-venv"
            )


def make_venv() -> None:
    """An empty environment, in the place of whatever stood there."""
    done = run_quietly([sys.executable, "-m", "venv", "--clear", str(VENV)], os.environ)
    if done.returncode:
        raise SetupError(f"Python could not make {VENV}:\n{last_lines(done.stdout)}")


def install(locks: Sequence[str]) -> None:
    """Exactly what the locks name, one after another, each file's hash checked."""
    environment = {
        **os.environ,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "PIP_USER": "0",  # `user = true` in somebody's pip settings does not go together with an environment
        "VGAMEPAD_SKIP_VIGEMBUS_INSTALL": "true",  # building it pops up a driver set-up on Windows otherwise
    }
    pip = [str(VENV_PYTHON), "-m", "pip", "install", "--require-hashes", "--no-build-isolation"]
    for lock in locks:
        done = run_quietly([*pip, "-r", str(ROOT / lock)], environment)
        if done.returncode == 0:
            continue
        if OFFLINE.search(done.stdout):
            raise SetupError("cannot reach the Python package index; call again once this machine is online.")
        raise SetupError(f"pip could not install {lock}:\n{last_lines(done.stdout)}")


def run_quietly(command: Sequence[str], environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run to the end; what it says, on either stream, is in `stdout`."""
    return subprocess.run(
        command,
        check=False,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )


def mark(lock: str) -> str:
    """The lock's line in the stamp: another content, Python or place makes another line."""
    basis = f"{sys.implementation.cache_tag} {VENV}\n".encode() + (ROOT / lock).read_bytes()
    return f"{lock} {hashlib.sha256(basis).hexdigest()}"


def stamp(locks: Sequence[str]) -> None:
    """Leave word that these are installed, to the end."""
    STAMP.write_text("\n".join(map(mark, locks)) + "\n", encoding="utf-8")


@contextlib.contextmanager
def only_one_at_a_time() -> Iterator[None]:
    """Holds the guard file, so that two first calls do not build into the same folder."""
    try:
        guard = GUARD.open("a", encoding="utf-8")
    except OSError as error:
        raise SetupError(f"cannot write in {ROOT} ({error.strerror}), and .venv belongs there.") from error
    with guard:
        if not try_lock(guard):
            say("another call is making .venv; waiting for it.")
            deadline = time.monotonic() + PATIENCE_S
            while not try_lock(guard):
                if time.monotonic() > deadline:
                    raise SetupError("that other call comes to no end; end it, then call again.")
                time.sleep(0.2)
        yield


def try_lock(guard: TextIO) -> bool:
    """Whether the guard is ours now. The system frees it when its holder ends, however that ends."""
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(guard.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
    else:
        import fcntl

        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def last_lines(text: str) -> str:
    """The end of a long report, where the error is."""
    return "\n".join(text.strip().splitlines()[-15:])


def say(text: str) -> None:
    """One line to the person, never into the output of the command."""
    print(f"crowdpad: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
