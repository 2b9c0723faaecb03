"""Look configurations and pages over without starting anything.

  python3 run.py check bot.yaml receiver.yaml mygame.yaml

Says of each file what it is and that it is fine, or every mistake in it: file, line, key, what stood there,
and what may stand there. Knows the configurations of the three programs, games' pages and controllers' pages.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from bot.game.lines import check_mode, checked
from cli import programs
from cli.diary.layout import listed
from cli.errors import EXIT_USAGE
from config.controller_page import ControllerPage
from config.controllers import ControllerError, read_controller
from config.game_page import GamePage
from config.games import bare_game, load_game
from config.load import AnyPage, load, mistake_at, sniff
from config.mistakes import ConfigError, Mistake
from config.model import BotConfig, ReceiverConfig, RelayConfig
from config.pages import file_bytes
from config.paths import size_text
from tunnel.relay.settings import TlsFiles
from tunnel.relay.tls import TlsError, server_context
from tunnel.rendezvous.dht import MISSING
from tunnel.rendezvous.dht_node import library

# A page is checked with as many pads as there can be: how many the bot has, its own file says.
_MOST_PADS: Final = 4
_KINDS: Final[dict[type[AnyPage], str]] = {
    BotConfig: "a bot's",
    ReceiverConfig: "a receiver's",
    RelayConfig: "a relay's",
    GamePage: "a game's",
    ControllerPage: "a controller's",
}
_NOT_ENABLED: Final = "`direct` is not enabled"
_MEETINGS: Final = {"dht": "in the BitTorrent DHT", "folder": "in a folder", "web": "in a web store"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The files."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a configuration or a page")
    parser.add_argument(
        "--controller",
        default="xbox",
        metavar="NAME",
        help="what a game is played with whose page does not say (default xbox)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object for each file")


def run(args: argparse.Namespace) -> int:
    """0 if all files are fine, else 2."""
    return max([check(file, args.controller, args.json) for file in args.files])


def check(file: Path, controller: str, as_json: bool) -> int:
    """One file's verdict, printed."""
    try:
        kind = sniff(file)
        meaning = _look_over(file, kind, controller)
    except ConfigError as error:
        if as_json:
            print(json.dumps({"file": str(file), "ok": False, "mistakes": str(error).splitlines()}))
        else:
            print(error, file=sys.stderr)
        return EXIT_USAGE
    said = _KINDS[kind]
    if as_json:
        print(json.dumps({"file": str(file), "ok": True, "kind": said.removeprefix("a ").removesuffix("'s")}))
    else:
        print(f"{file}: {said}, fine")
        for sentence in meaning:
            print(f"    {sentence}")
    return 0


def paths_in_words(config: BotConfig | ReceiverConfig) -> list[str]:
    """What it says about paths, where that is not what everybody has."""
    direct, paths = config.direct, config.paths
    said = []
    if direct.enabled:
        servers = f", and asks {listed(direct.stun)} how the internet sees it" if direct.stun else ""
        said.append(f"Looks for direct paths{servers}.")
    if direct.enabled and direct.birthday:
        said.append("Guesses ports where a router shows everybody a different one.")
    meets = direct.enabled and direct.rendezvous
    if meets:
        places = [_MEETINGS[place.kind] for place in direct.rendezvous]
        said.append(f"Meets the other end without a relay too: {listed(list(dict.fromkeys(places)))}.")
    if meets and any(place.kind == "dht" for place in direct.rendezvous) and library() is None:
        said.append(MISSING)
    if paths.forbid:
        said.append(f"Never uses {listed(paths.forbid)}.")
    pinned = [name for name in paths.pin if _why_idle(config, name) is None]
    if pinned:
        said.append(f"Uses {listed(pinned)} alone while one of them works.")
    said += [
        f"Spends at most {size_text(cap)} an hour on {name}."
        for name, cap in paths.caps.items()
        if _why_idle(config, name) is None
    ]
    return said + _without_effect(config)


def _without_effect(config: BotConfig | ReceiverConfig) -> list[str]:
    """What stands in the file and changes nothing."""
    direct, paths = config.direct, config.paths
    idle: list[tuple[str, str | None]] = []
    if not direct.enabled:
        wishes = {"rendezvous": direct.rendezvous, "birthday": direct.birthday}
        idle += [(f"`{key}` under `direct`", _NOT_ENABLED) for key, wish in wishes.items() if wish]
    for key, names in (("pin", paths.pin), ("caps", tuple(paths.caps))):
        idle += [(f"`{key}` of {name}", _why_idle(config, name)) for name in names]
    return [f"{what} has no effect: {why}." for what, why in idle if why is not None]


def _why_idle(config: BotConfig | ReceiverConfig, name: str) -> str | None:
    """Why there is no path of this name; None if there may be one."""
    if name.startswith("direct"):
        return None if config.direct.enabled else _NOT_ENABLED
    return "`relays` is empty" if name == "relays" and not config.relays else None


def _look_over(file: Path, kind: type[AnyPage], controller: str) -> list[str]:
    """What it means, as far as that is worth a sentence. Raises ConfigError with all that is wrong."""
    if kind is ControllerPage:
        read_controller(file.stem, file_bytes(file), file)
    elif kind is GamePage:
        _check_game(file, controller)
    else:
        config = load(file, kind)
        _check_program(file, config)
        if isinstance(config, BotConfig | ReceiverConfig):
            return paths_in_words(config)
    return []


def _check_game(file: Path, controller: str) -> None:
    try:
        checked(load_game(file, controller), _MOST_PADS)
    except ControllerError as error:
        raise ConfigError(file, [Mistake(0, 0, "", str(error))]) from error


def _check_program(file: Path, config: object) -> None:
    if isinstance(config, RelayConfig) and config.tls is not None:
        try:
            server_context(TlsFiles(config.tls.cert, config.tls.key))
        except TlsError as error:
            raise mistake_at(file, "tls", str(error)) from error
    if isinstance(config, BotConfig | ReceiverConfig):
        programs.identity(file, config)
    if isinstance(config, BotConfig):
        _check_play(file, config)


def _check_play(file: Path, config: BotConfig) -> None:
    """That the bot's game can be played, with its controller and in its mode."""
    try:
        if config.game is None:
            game = bare_game(config.controller)
        else:
            game = checked(load_game(config.game, config.controller), config.pads)
    except ControllerError as error:
        raise mistake_at(file, "controller", str(error)) from error
    problem = check_mode(config.modes.start, game)
    if problem:
        raise mistake_at(file, "modes.start", problem)
