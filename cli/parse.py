"""Show what a chat line would do, as a table or as JSON.

  python3 run.py parse "a500ms b+right"

Exit status 0 for a valid input, 1 for anything else.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import Any

from bot.grammar import Language, Parsed, Refused, Step, Talk, parse
from bot.text import normalise
from cli.errors import EXIT_USAGE, CommandError
from config.controllers import ControllerError, controller_names, load_controller


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    known = ", ".join(controller_names())
    parser.add_argument("--controller", default="xbox", metavar="NAME", help=f"one of {known} (default xbox)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("text", nargs="+", metavar="TEXT", help="the chat line")


def arrange(words: Sequence[str]) -> Sequence[str]:
    """Chat may begin with a `-`, which argparse takes for an option unless `--` stands before it."""
    at = 0
    while at < len(words) and words[at].startswith("--"):
        if words[at] == "--":
            return words
        at += 2 if words[at] == "--controller" else 1
    if at < len(words) and words[at].startswith("-") and words[at] != "-h":
        return [*words[:at], "--", *words[at:]]
    return words


def run(args: argparse.Namespace) -> int:
    """0 for a valid line, 1 for one that is refused or talk; CommandError for an unknown controller."""
    try:
        controller = load_controller(args.controller)
    except ControllerError as error:
        raise CommandError(str(error), EXIT_USAGE) from error
    line = normalise(" ".join(args.text))
    result = parse(line, Language(controller))
    if args.json:
        print(json.dumps(_as_json(result), separators=(",", ":")))
    else:
        print(_as_table(result, line))
    return 0 if isinstance(result, Parsed) else 1


def _as_json(result: Parsed | Refused | Talk) -> dict[str, Any]:
    match result:
        case Parsed(steps):
            return {"ok": True, "sequence": [_step(step) for step in steps]}
        case Refused(at, error):
            return {"ok": False, "at": at, "error": error}
        case Talk():
            return {"ok": False, "chat": True}


def _step(step: Step) -> dict[str, Any]:
    value = int(step.value) if step.value == int(step.value) else step.value
    return {"at_ms": step.at_ms, "pad": step.pad, "control": step.control.value, "value": value}


def _as_table(result: Parsed | Refused | Talk, line: str) -> str:
    match result:
        case Parsed(steps):
            rows = [f"{step.at_ms:>8} ms  {step.control:<6} {step.value:>6g}" for step in steps]
            return "\n".join(["    when     control  value", *rows])
        case Refused(at, error):
            return f"{_plain(line)}\n{' ' * (at - 1)}^ character {at}: {_plain(error)}"
        case Talk():
            return "This is ordinary talk: nothing is pressed."


def _plain(text: str) -> str:
    """One ASCII character for each: any console can show it, and the mark below stays in its column."""
    return text.encode("ascii", "replace").decode()
