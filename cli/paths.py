"""Show how the two ends are connected, live and in words, and bring them together by phone.

  python3 run.py paths --config bot.yaml            how the paths stand, what was tried, what to do
  python3 run.py paths --config bot.yaml --watch    the same, again every two seconds
  python3 run.py paths offer --config bot.yaml      a short text for the person at the other end
  python3 run.py paths answer TEXT --config receiver.yaml

The bot or receiver has to run; this asks the one whose configuration is named. Without --config it is
bot.yaml or receiver.yaml, whichever is here. docs/paths.md says more.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cli.diary.folder import system_ms
from cli.diary.phone import answer, offer, typed
from cli.diary.program import Program
from cli.diary.words import is_alive, page_in_words
from cli.errors import EXIT_TROUBLE, EXIT_USAGE, CommandError

EVERY_S: Final = 2.0
# Wider lines are hard to read; narrower ones tear the tables.
_NARROWEST, _WIDEST = 72, 99
_ACTIONS: Final = ("offer", "answer")
# No offer has a dot in it that letters follow, so this is the picture's name, whatever its ending.
_IS_FILE: Final = re.compile(r".+\.[A-Za-z]{2,5}")
_HERE: Final = ("bot.yaml", "receiver.yaml")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and how."""
    parser.add_argument(
        "words", nargs="*", metavar="offer | answer TEXT", help="nothing: show; a TEXT of - is stdin"
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="the running program's configuration")
    parser.add_argument("--watch", action="store_true", help="show it again every two seconds, until Ctrl-C")
    parser.add_argument("--json", action="store_true", help="print what the program has written down")
    parser.add_argument(
        "--qr",
        nargs="?",
        const="",
        metavar="FILE",
        help="a QR code too: here, or in a .png or .svg file",
    )
    parser.add_argument("--wait", action="store_true", help="after the offer: until a direct path works")


def arrange(words: Sequence[str]) -> Sequence[str]:
    """TEXT may be many words, some with a dash in front; argparse wants its options apart from them."""
    options: list[str] = []
    said: list[str] = []
    left = list(words)
    while left:
        word = left.pop(0)
        if word == "--":
            said += left
            break
        if word != "-h" and not word.startswith("--"):
            said.append(word)
            continue
        if word == "--qr" and left and _IS_FILE.fullmatch(left[0]):
            word = f"--qr={left.pop(0)}"
        options.append(word)
        if word == "--config":
            options += left[:1]
            del left[:1]
    return [*options, "--", *said] if said else options


def run(args: argparse.Namespace) -> int:
    """0 if the program runs, or a direct path works that was waited for. CommandError or ConfigError."""
    action, *rest = args.words or [""]
    _check(args, action, rest)
    program = Program(_config(args.config))
    if action == "offer":
        return offer(program, _width(), qr=args.qr, wait=args.wait)
    if action == "answer":
        return answer(program, typed(rest), _width(), qr=args.qr)
    if args.json:
        print(program.status().decode("utf-8", "replace"))
        return 0 if is_alive(program.page(), system_ms()) else EXIT_TROUBLE
    return watch(program) if args.watch else show(program)


def show(program: Program) -> int:
    """Once."""
    page, now_ms = program.page(), system_ms()
    print(page_in_words(page, str(program.file), now_ms, _width()))
    return 0 if is_alive(page, now_ms) else EXIT_TROUBLE


def watch(program: Program) -> int:
    """Until Ctrl-C. Where there is a terminal each picture takes the place of the one before."""
    on_terminal = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    if on_terminal and sys.platform == "win32":
        os.system("")  # an old console takes escape sequences only after a program was run in it
    try:
        while True:
            text = _picture(program)
            print(f"\x1b[H\x1b[2J{_fitting(text)}" if on_terminal else f"{text}\n", flush=True)
            time.sleep(EVERY_S)
    except KeyboardInterrupt:
        return 0


def _picture(program: Program) -> str:
    """What is told most briefly first: what does not fit the window is cut off."""
    try:
        return page_in_words(program.page(), str(program.file), system_ms(), _width(), details_last=True)
    except CommandError as error:
        return str(error)  # it may be started yet


def _fitting(text: str) -> str:
    lines = text.splitlines()
    room = shutil.get_terminal_size().lines - 1
    if len(lines) <= room:
        return text
    return "\n".join([*lines[: room - 1], f"... and {len(lines) - room + 1} more lines in a taller window"])


def _width() -> int:
    """Of what is printed on."""
    return min(max(shutil.get_terminal_size((80, 24)).columns, _NARROWEST), _WIDEST)


def _config(named: Path | None) -> Path:
    """The file that was named, or the only one here. Raises CommandError."""
    if named is not None:
        if not named.is_file():
            raise CommandError(f"there is no file {named}", EXIT_USAGE)
        return named
    here = [Path(name) for name in _HERE if Path(name).is_file()]
    if len(here) == 1:
        return here[0]
    which = "both bot.yaml and receiver.yaml are" if here else "neither bot.yaml nor receiver.yaml is"
    raise CommandError(f"{which} here: say which with --config FILE", EXIT_USAGE)


def _check(args: argparse.Namespace, action: str, rest: list[str]) -> None:
    """What does not go together. Raises CommandError."""
    if action and action not in _ACTIONS:
        hint = "there are `paths`, `paths offer` and `paths answer TEXT`"
        raise CommandError(f"there is no `paths {action:.40}`; {hint}", EXIT_USAGE)
    if action == "offer" and rest:
        raise CommandError("`paths offer` takes no text; the other one's goes to `paths answer`", EXIT_USAGE)
    if action == "answer" and not rest:
        text = "`paths answer TEXT` takes what `paths offer` shows on the other machine"
        raise CommandError(f"the text is missing: {text}", EXIT_USAGE)
    if action and (args.watch or args.json):
        raise CommandError(f"--watch and --json do not go with `paths {action}`", EXIT_USAGE)
    if args.wait and action != "offer":
        raise CommandError("--wait goes with `paths offer`", EXIT_USAGE)
    if args.qr is not None and not action:
        raise CommandError("--qr goes with `paths offer` and `paths answer`", EXIT_USAGE)
