"""`python3 run.py COMMAND`: finds the command, loads its module alone, turns its end into an exit status.

A command is one module of this package with `add_arguments(parser)` and `run(args) -> int`; its docstring is
its help. It is imported only when called: the start stays quick, and a command whose libraries are broken
takes no other command with it.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import Final, TextIO

from cli.errors import EXIT_TROUBLE, EXIT_USAGE, CommandError
from config.mistakes import CALL, ConfigError

VERSION: Final = "0.1.0"

COMMANDS: Final[dict[str, str]] = {
    "demo": "see it work: a crowd, relays and a pad on a page, all on this machine",
    "bot": "read Twitch chat and send what it asks for (at home)",
    "receiver": "play what the bot sends on a virtual gamepad (beside the game)",
    "relay": "pass sealed messages between a bot and a receiver (on any rented machine)",
    "pair": "make a bot and a receiver known to each other, with a short code",
    "paths": "show how the two ends are connected, or bring them together by phone",
    "login": "let the bot read and write as your Twitch account, with a code",
    "keys": "make a key, or show the address and public key of one",
    "check": "look configuration files over without starting anything",
    "parse": "show what one line of chat would press",
    "bench": "measure speed and size here, beside what each figure is compared with",
    "test": "run every check of the project: format, lint, types, tests",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns its exit status: 0 fine, 2 wrong usage or configuration, 1 anything else."""
    fill_closed_descriptors()
    survive_any_console()
    words = list(sys.argv[1:] if arguments is None else arguments)
    name = words[0] if words else "--help"
    try:
        status = answer(name, words)
        sys.stdout.flush()  # a full disk is told now, not after everything
        return status
    except BrokenPipeError:  # whoever read our output has left
        hush(sys.stdout)
    except OSError as error:
        hush(sys.stdout)
        place = f"{error.filename}: " if error.filename else ""
        last_word(f"crowdpad {name}: {place}{error.strerror or error}")
    except KeyboardInterrupt:
        pass
    return EXIT_TROUBLE


def answer(name: str, words: Sequence[str]) -> int:
    """What was asked for, with the errors that have an exit status of their own."""
    if name in ("-h", "--help", "help"):
        print(overview())
        return 0 if words else EXIT_USAGE
    if name in ("-V", "--version", "version"):
        print(f"crowdpad {VERSION}")
        return 0
    if name not in COMMANDS:
        print(f"crowdpad: {unknown(name)}", file=sys.stderr)
        return EXIT_USAGE
    try:
        return run_command(name, words[1:])
    except CommandError as error:
        print(f"crowdpad {name}: {error}", file=sys.stderr)
        return error.status
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    except ModuleNotFoundError as error:
        print(f"crowdpad {name}: {missing(error.name)}", file=sys.stderr)
        return EXIT_TROUBLE


def run_command(name: str, words: Sequence[str]) -> int:
    """Import the command, let it read its arguments, run it."""
    module = importlib.import_module(f"cli.{name}")
    parser = argparse.ArgumentParser(
        prog=f"{CALL} {name}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module.add_arguments(parser)
    try:
        args, rest = parser.parse_known_args(getattr(module, "arrange", list)(words))
        if rest and not hasattr(args, "passed_on"):
            parser.error(f"unrecognized arguments: {' '.join(rest)}")
    except SystemExit as end:  # argparse has printed the help (0) or the mistake (2)
        return end.code if isinstance(end.code, int) else EXIT_USAGE
    args.passed_on = rest
    status: int = module.run(args)
    return status


def overview() -> str:
    """What is printed when nobody says what to do."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {text}" for name, text in COMMANDS.items()]
    return "\n".join(
        [
            "crowdpad lets a Twitch chat hold the controller of a game on another machine.",
            "",
            f"usage: {CALL} COMMAND ...",
            "",
            *lines,
            "",
            f"`{CALL} COMMAND --help` says more. Start with: demo",
        ]
    )


def unknown(name: str) -> str:
    """The sentence for a command that is none, with the nearest one that is."""
    near = difflib.get_close_matches(name, COMMANDS, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(COMMANDS)}"
    return f"there is no command {name!r:.40}; {hint}"


def missing(module: str | None) -> str:
    """The sentence for a library that is not there: most likely this is not the Python of `.venv`."""
    return f"{module} is not installed in this Python; `{CALL}` brings everything that is needed"


def fill_closed_descriptors() -> None:
    """Somebody started us with `>&-`: the next file or socket would take that number, and be printed into."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
        if getattr(sys, name) is None:  # that is how Python says that it was closed
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def survive_any_console() -> None:
    """A viewer's name may hold what a Windows console or a C locale cannot show: a question mark then."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def hush(stream: TextIO) -> None:
    """Nothing can be written there: the interpreter's own last flush must not complain about it."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError):
        pass  # no real file behind it: nothing will be flushed


def last_word(text: str) -> None:
    """On stderr, if that can be written to; otherwise the exit status has to say it."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        hush(sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
