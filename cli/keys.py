"""Make a key, or show the public side of one.

  python3 run.py keys new keys/bot.key      makes a key only you can read
  python3 run.py keys show keys/bot.key     prints its address and its public key

The file is the secret: whoever has it can speak as you. The address and the public key are for everybody.
With --passphrase-file the key is stored encrypted, in the format Ethereum wallets use.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from cli.errors import CommandError
from tunnel.identity import Identity, IdentityError, PublicKey


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """new or show, a file, and how to print."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="new|show")
    for action, text in (("new", "make a key in a new file"), ("show", "show the public side of a key file")):
        one = actions.add_parser(action, help=text, description=text, allow_abbrev=False)
        one.add_argument("file", type=Path, metavar="FILE", help="the key file")
        one.add_argument("--json", action="store_true", help="print one JSON object")
        one.add_argument(
            "--passphrase-file",
            type=Path,
            metavar="FILE",
            help="a file whose first line is the passphrase of the key file",
        )


def run(args: argparse.Namespace) -> int:
    """0, or CommandError."""
    try:
        passphrase = None if args.passphrase_file is None else read_passphrase(args.passphrase_file)
        if args.action == "new":
            identity = Identity.create()
            identity.save(args.file, passphrase)
        else:
            identity = Identity.load(args.file, passphrase)
    except IdentityError as error:
        raise CommandError(str(error)) from error
    print(as_json(identity.public) if args.json else as_text(identity.public, args.file))
    return 0


def read_passphrase(path: Path) -> str:
    """The first line of a file. Raises CommandError."""
    try:
        with path.open(encoding="utf-8") as file:
            passphrase = file.readline(4096).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise CommandError(f"{path} cannot be read: {reason}") from error
    if not passphrase:
        raise CommandError(f"the first line of {path} is empty; it should be the passphrase")
    return passphrase


def as_json(public: PublicKey) -> str:
    return json.dumps({"address": public.address, "public_key": public.hex}, separators=(",", ":"))


def as_text(public: PublicKey, file: Path) -> str:
    """For people: what each of the three is for."""
    return "\n".join(
        [
            f"key file    {file}",
            "            keep it to yourself; its own program's config names it as `identity`",
            f"address     {public.address}",
            "            goes into a relay's config, under `allow`",
            f"public key  {public.hex}",
            "            goes into the other side's config: a bot's key as `bot` in the receiver's,",
            "            a receiver's key as `receiver` in the bot's",
        ]
    )
