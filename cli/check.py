"""Look configuration files over without starting anything.

  python3 run.py check bot.yaml receiver.yaml

Says of each file whose configuration it is and that it is fine, or every mistake in it: file, line, key, what
stood there and what may stand there.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from cli import programs
from cli.errors import EXIT_USAGE
from config.load import load, sniff
from config.mistakes import ConfigError
from config.model import BotConfig, ReceiverConfig


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The files."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a configuration file")
    parser.add_argument("--json", action="store_true", help="print one JSON object for each file")


def run(args: argparse.Namespace) -> int:
    """0 if all files are fine, else 2."""
    return max([check(file, args.json) for file in args.files])


def check(file: Path, as_json: bool) -> int:
    """One file's verdict, printed."""
    try:
        model = sniff(file)
        config = load(file, model)
        if isinstance(config, BotConfig | ReceiverConfig):
            programs.identity(file, config)
    except ConfigError as error:
        if as_json:
            print(json.dumps({"file": str(file), "ok": False, "mistakes": str(error).splitlines()}))
        else:
            print(error, file=sys.stderr)
        return EXIT_USAGE
    kind = model.__name__.removesuffix("Config").lower()
    print(
        json.dumps({"file": str(file), "ok": True, "kind": kind}) if as_json else f"{file}: a {kind}'s, fine"
    )
    return 0
