"""Make a bot and a receiver known to each other, with a short code that one person tells the other.

  python3 run.py pair --relay wss://relay.example.org                         shows a code, and waits
  python3 run.py pair 412-crossword-orbit --relay wss://relay.example.org     on the other machine

Afterwards each machine has a key of its own, the other one's public key, and the same relays, written into
bot.yaml here and receiver.yaml there. A file that is there already keeps all else it says, comments too; a
copy of what it said before stays beside it. The machine that shows the code is the bot, unless --as or its
files say otherwise. The code is good for one try, within ten minutes. Do not show it on stream.
docs/pairing.md says more.
"""

from __future__ import annotations

import argparse
import functools
from pathlib import Path
from typing import Final, NamedTuple

from pydantic_core import PydanticCustomError

from cli import programs
from cli.errors import EXIT_TROUBLE, EXIT_USAGE, CommandError
from cli.running import run_until_stopped
from config import write
from config.addresses import WebSocketUrl
from config.mistakes import CALL, ConfigError
from config.model import BotConfig, ReceiverConfig
from tunnel.identity import Identity, IdentityError, random_bytes
from tunnel.links.relay import RelayLink
from tunnel.pairing.code import SECRET_BITS, Code, CodeError, Role, room_name
from tunnel.pairing.exchange import GUEST_PATIENCE_MS, HOST_PATIENCE_MS, Exchange
from tunnel.pairing.introduction import MOST_RELAYS, IntroductionError
from tunnel.pairing.outcome import Paired
from tunnel.pairing.pake import Side
from tunnel.pairing.shell import Meeting, PairingError
from tunnel.wallclock import WallClock

_MODELS: Final[dict[Role, write.Program]] = {Role.BOT: BotConfig, Role.RECEIVER: ReceiverConfig}


class Place(NamedTuple):
    """This machine's side: what it is, its key, its file as it will be completed, and the relays it knows."""

    role: Role
    identity: Identity
    draft: write.Draft
    relays: tuple[str, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The code if it is known, relays, and which machine this is."""
    parser.add_argument("code", nargs="*", metavar="CODE", help="what the other machine shows")
    parser.add_argument(
        "--relay",
        action="append",
        default=[],
        metavar="URL",
        help="a relay to meet at, and to use later; as often as there are relays",
    )
    parser.add_argument("--as", dest="role", choices=list(Role), help="which of the two this machine is")
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="the file to make or complete (bot.yaml, receiver.yaml)"
    )
    parser.add_argument("--wait", type=float, metavar="SECONDS", help=argparse.SUPPRESS)  # for tests


def run(args: argparse.Namespace) -> int:
    """0 once both know each other, 1 if that was stopped; CommandError or ConfigError if it cannot be."""
    programs.start_logging("warning")
    typed = read_code(" ".join(args.code)) if args.code else None
    role = choose_role(args.role, typed)
    place = prepare(role, args.config or Path(f"{role}.yaml"), args.relay)
    side = Side.HOST if typed is None else Side.GUEST
    code = typed or Code.create(role, random_bytes)
    summary: list[str] = []
    try:
        run_until_stopped(meet(side, code, place, args.wait, summary))
    except (PairingError, IdentityError) as error:
        raise CommandError(str(error)) from error
    except IntroductionError as error:
        raise CommandError(str(error), EXIT_USAGE) from error
    print("\n".join(summary or ["\nStopped. Nobody was paired."]))
    return 0 if summary else EXIT_TROUBLE


def read_code(text: str) -> Code:
    """What was typed. Raises CommandError."""
    try:
        return Code.parse(text)
    except CodeError as error:
        raise CommandError(str(error), EXIT_USAGE) from error


def choose_role(asked: str | None, typed: Code | None) -> Role:
    """Who this machine is: the code says so, or the person, or the files around, or it is the bot."""
    if typed is None:
        if asked is not None:
            return Role(asked)
        only_receiver = Path("receiver.yaml").exists() and not Path("bot.yaml").exists()
        return Role.RECEIVER if only_receiver else Role.BOT
    role = typed.shown_by.other
    if asked is not None and role is not Role(asked):
        raise CommandError(f"this code is shown by a {asked}; here it pairs a {role}", EXIT_USAGE)
    return role


def prepare(role: Role, path: Path, named: list[str]) -> Place:
    """Whatever can be wrong on this machine is found here, before a code is used up.

    Raises CommandError or ConfigError.
    """
    model = _MODELS[role]
    draft = write.draft(path, model)
    relays = tuple(dict.fromkeys((*draft.relays, *map(_check_url, named))))
    if not relays:
        raise CommandError("name a relay where the two can meet: --relay wss://...", EXIT_USAGE)
    if len(relays) > MOST_RELAYS:
        raise CommandError(f"at most {MOST_RELAYS} relays, those in {path} included", EXIT_USAGE)
    key = path.parent / "keys" / f"{role}.key"  # where our example says it is
    made = None if draft.exists else _own_key(key, path)
    # Somebody's public key stands in for the one to come: the file must load with it.
    stand_in = Identity.create().public.hex
    _, config = write.completed(draft, model, stand_in, relays)
    return Place(role, made or programs.identity(path, config), draft, relays)


async def meet(side: Side, code: Code, place: Place, wait_s: float | None, summary: list[str]) -> None:
    """Until it is done. `summary` then has what to tell. Raises PairingError."""
    clock = WallClock()
    identity = place.identity
    patience_ms = (
        (HOST_PATIENCE_MS if side is Side.HOST else GUEST_PATIENCE_MS) if wait_s is None else wait_s * 1000
    )
    exchange = Exchange(
        side, code, identity, place.relays, clock.now(), random=random_bytes, patience_ms=patience_ms
    )
    rooms = functools.partial(room_name, code.plate)
    links = [RelayLink(url, identity, rooms, clock) for url in place.relays]

    def ready() -> None:
        if side is Side.HOST:
            print(invitation(code, place, patience_ms), flush=True)
        else:
            print(f"Asking for the {place.role.other}. Ctrl-C ends it.", flush=True)

    await Meeting(exchange, links, identity.public.address, clock).run(
        ready, lambda paired: summary.extend(keep(place, paired))
    )


def keep(place: Place, paired: Paired) -> list[str]:
    """Writes it down. What to tell, line by line. Raises PairingError."""
    path, model = place.draft.path, _MODELS[place.role]
    try:
        relays = [_check_url(url) for url in paired.relays]
        draft = write.draft(path, model)  # once more: somebody may have worked on it while we waited
        kept = write.store(path, write.completed(draft, model, paired.key.hex, relays)[0])
    except (OSError, ConfigError, CommandError) as error:
        by_hand = f"`{write.PEER_KEYS[model]}: {paired.key.hex}`"
        raise PairingError(f"{path} cannot be completed. Put in yourself: {by_hand}. {error}") from error
    lines = [
        f"Paired with the {paired.role} {paired.key.address}.",
        f"{path} has its key and {_count(relays)}.",
    ]
    if kept is not None:
        lines.append(f"What {path} said before is in {kept.name}.")
    if place.role is Role.BOT and not place.draft.exists:
        lines.append(f"Put the name of your channel into {path}, under `chat`.")
    lines.append(f"Then: {CALL} {place.role} --config {path}")
    return lines


def invitation(code: Code, place: Place, patience_ms: float) -> str:
    """What to do now."""
    relays = " ".join(f"--relay {url}" for url in place.relays)
    return "\n".join(
        [
            f"This machine is the {place.role}, {place.identity.public.address}.",
            f"Tell the person at the {place.role.other} this code, and nobody else:",
            "",
            f"    {code}",
            "",
            f"There:  {CALL} pair {code} {relays}",
            f"Its words are {SECRET_BITS} secret bits, good for one try: one chance in {2**SECRET_BITS:,} "
            "for whoever guesses.",
            f"Waiting for at most {max(1, round(patience_ms / 60_000))} minutes. Ctrl-C ends it.",
        ]
    )


def _own_key(key: Path, config: Path) -> Identity:
    """The key where our example looks for it; a new one if there is none."""
    try:
        if key.exists():
            return Identity.load(key)
        identity = Identity.create()
        identity.save(key)
    except IdentityError as error:
        raise CommandError(f"{error} (or write {config} yourself, and name your key in it)") from error
    print(f"Made a key: {key}. Keep it to yourself.", flush=True)
    return identity


def _check_url(text: str) -> str:
    """A relay's address as configurations take it. Raises CommandError."""
    try:
        return WebSocketUrl().read(text, None)
    except PydanticCustomError as error:
        raise CommandError(f"--relay: {error.message()}", EXIT_USAGE) from error


def _count(relays: list[str]) -> str:
    return "1 relay" if len(relays) == 1 else f"{len(relays)} relays"
