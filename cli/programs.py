"""What bot, receiver and relay have in common: their arguments, their key, what they say and when."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cli.errors import CommandError
from cli.keys import read_passphrase
from config.load import mistake_at
from config.model import BotConfig, ReceiverConfig
from tunnel.identity import Identity, IdentityError, PublicKey

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


def identity(file: Path, config: BotConfig | ReceiverConfig) -> Identity:
    """The key that the configuration in `file` names.

    Raises ConfigError if it does not open, or if the other end's public key can be nobody's or is our own.
    """
    key, peer = ("receiver", config.receiver) if isinstance(config, BotConfig) else ("bot", config.bot)
    try:
        public = PublicKey.parse(peer)
    except IdentityError as error:
        raise mistake_at(file, key, f"{error}; is a digit of the public key mistyped?") from error
    own = _open(file, config)
    if own.public == public:
        raise mistake_at(file, key, f"this is our own public key; wanted the one of the {key}")
    return own


def _open(file: Path, config: BotConfig | ReceiverConfig) -> Identity:
    passphrase = None
    if config.identity_passphrase_file is not None:
        try:
            passphrase = read_passphrase(config.identity_passphrase_file)
        except CommandError as error:
            raise mistake_at(file, "identity_passphrase_file", str(error)) from error
    try:
        return Identity.load(config.identity, passphrase)
    except IdentityError as error:
        raise mistake_at(file, "identity", str(error)) from error


def over(relays: Sequence[str]) -> str:
    """`over 3 relays`."""
    if not relays:
        return "over direct paths alone"
    return f"over {len(relays)} relay{'s' if len(relays) > 1 else ''}"


def ready(text: str) -> None:
    """One line, whatever the log level: from now on it works."""
    print(text, file=sys.stderr, flush=True)
