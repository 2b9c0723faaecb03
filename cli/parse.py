"""Show what a chat line would do: as a table, in plain English, or as JSON.

  python3 run.py parse "a500ms b+right"
  python3 run.py parse --explain "_b right2s -b a"
  python3 run.py parse --macro "mash(b,n)=[<b>34ms #34ms]*<n>" "#mash(a,20)"

Exit status 0 for a valid input, 1 for anything else.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

from bot.game.lines import checked, language_of
from bot.grammar import Language, Macro, Parsed, Refused, Step, Talk, check_macro, explain, parse
from bot.text import normalise
from cli.errors import EXIT_USAGE, CommandError
from config.controllers import ControllerError, controller_names
from config.games import GameError, bare_game, load_game

_PADS: Final = range(1, 5)
_TAKE_A_VALUE: Final = ("--controller", "--game", "--pads", "--macro")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    known = ", ".join(controller_names())
    parser.add_argument("--controller", default="xbox", metavar="NAME", help=f"one of {known} (default xbox)")
    parser.add_argument("--game", metavar="NAME_OR_FILE", help="a game, by name or by its page's .yaml file")
    parser.add_argument("--pads", type=int, choices=_PADS, default=1, help="how many there are (default 1)")
    parser.add_argument(
        "--macro",
        action="append",
        default=[],
        metavar="NAME(B,N)=BODY",
        help="a macro that the line may call; may be given more than once",
    )
    parser.add_argument("--first-word", action="store_true", help="read the first word only, as a bot may")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--explain", action="store_true", help="say it in plain English")
    parser.add_argument("text", nargs="+", metavar="TEXT", help="the chat line")


def arrange(words: Sequence[str]) -> Sequence[str]:
    """Chat may have a `-b` in it, which argparse takes for an option unless it stands behind a `--`."""
    options: list[str] = []
    line: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            line.extend(rest)
        elif word == "-h" or word.startswith("--"):
            options.append(word)
            options.extend(islice(rest, 1 if word in _TAKE_A_VALUE else 0))
        else:
            line.append(word)
    return [*options, "--", *line] if line else options


def run(args: argparse.Namespace) -> int:
    """0 for a valid line, 1 for one that is refused or talk.

    Raises CommandError for an option that makes no sense, ConfigError for a game's page that does not.
    """
    language = _language(args)
    line = normalise(" ".join(args.text))
    result = parse(line, language)
    if args.json:
        print(json.dumps(_as_json(result, args.explain), separators=(",", ":")))
    elif args.explain and isinstance(result, Parsed):
        print(explain(result))
    else:
        print(_as_table(result, line))
    return 0 if isinstance(result, Parsed) else 1


def _language(args: argparse.Namespace) -> Language:
    """What the options say the line is read with."""
    try:
        game = (
            load_game(_name_or_path(args.game), args.controller) if args.game else bare_game(args.controller)
        )
    except (ControllerError, GameError) as error:
        raise CommandError(str(error), EXIT_USAGE) from error
    language = replace(language_of(checked(game, args.pads), args.pads), first_word=args.first_word)
    for text in args.macro:
        macro = _macro(text)
        problem = check_macro(macro, language)
        if problem is not None:
            raise CommandError(f"the macro {text}: {problem}", EXIT_USAGE)
        language = replace(language, macros={**language.macros, macro.name: macro})
    return language


def _name_or_path(text: str) -> str | Path:
    return Path(text) if text.endswith((".yaml", ".yml")) else text


def _macro(text: str) -> Macro:
    """The macro that `mash(b,n)=[<b>34ms #34ms]*<n>` defines."""
    head, equals, body = text.partition("=")
    name, bracket, inside = head.strip().partition("(")
    if not equals or bool(bracket) != inside.endswith(")"):
        raise CommandError(
            f"the macro {text}: write a name, parameters if it has any, = and a body", EXIT_USAGE
        )
    parameters = [parameter.strip() for parameter in inside.removesuffix(")").split(",")] if bracket else []
    return Macro(name.strip(), tuple(parameters), normalise(body))


def _as_json(result: Parsed | Refused | Talk, explained: bool) -> dict[str, Any]:
    match result:
        case Parsed(steps):
            told = {"explained": explain(result)} if explained else {}
            return {"ok": True, "sequence": [_step(step) for step in steps], **told}
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
            return "\n".join(_rows(steps, with_pads=result.pads != {1}))
        case Refused(at, error):
            return f"{_plain(line)}\n{' ' * (at - 1)}^ character {at}: {_plain(error)}"
        case Talk():
            return "This is ordinary talk: nothing is pressed."


def _rows(steps: Sequence[Step], with_pads: bool) -> list[str]:
    """The table, with a column for the pad where it is not always the first."""
    rows = [f"    when     {'pad  ' if with_pads else ''}control  value"]
    for step in steps:
        pad = f"{step.pad:>3}  " if with_pads else ""
        rows.append(f"{step.at_ms:>8} ms  {pad}{step.control:<6} {step.value:>6g}")
    return rows


def _plain(text: str) -> str:
    """One ASCII character for each: any console can show it, and the mark below stays in its column."""
    return text.encode("ascii", "replace").decode()
