"""What bot, receiver and relay have in common: their arguments, their key, what they say and when."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cli.errors import EXIT_USAGE, CommandError
from cli.keys import read_passphrase
from config.model import BotConfig, ReceiverConfig
from tunnel.identity import Identity, IdentityError

_LEVELS: Final = ("debug", "info", "warning", "error")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A configuration file, and how much to say."""
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="its configuration, YAML")
    parser.add_argument(
        "--log-level", choices=_LEVELS, default="info", help="how much to say on stderr (info if not given)"
    )


def start_logging(level: str) -> None:
    """Everything that is said goes to stderr, each line with the time of day: stdout belongs to data."""
    logging.basicConfig(
        stream=sys.stderr,
        level=level.upper(),
        format="%(asctime)s %(levelname)s %(message)s",
        datefmt="%H:%M:%S",
    )
    # The library's own word on each broken handshake is for its authors; ours counts them.
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    logging.getLogger("asyncio").setLevel(logging.WARNING)


def identity(config: BotConfig | ReceiverConfig) -> Identity:
    """The key the configuration names. A key that does not open is a mistake in the configuration."""
    try:
        passphrase = None
        if config.identity_passphrase_file is not None:
            passphrase = read_passphrase(config.identity_passphrase_file)
        return Identity.load(config.identity, passphrase)
    except (IdentityError, CommandError) as error:
        raise CommandError(str(error), EXIT_USAGE) from error


def over(relays: Sequence[str]) -> str:
    """`over 3 relays`."""
    return f"over {len(relays)} relay{'s' if len(relays) > 1 else ''}"


def ready(text: str) -> None:
    """One line, whatever the log level: from now on it works."""
    print(text, file=sys.stderr, flush=True)
