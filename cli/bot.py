"""Read Twitch chat and send what it asks for to the receiver. This is the program that runs at home.

  python3 run.py bot --config bot.yaml

Needs no account: without a token it reads chat as an anonymous viewer. Ctrl-C ends it, and the receiver lets
go of every button.
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Mapping

from bot.app import Bot
from bot.chat import open_source
from bot.chat.error import SourceError
from bot.storage.file import StoreError
from bot.store import Store
from cli import programs, status
from cli.diary.diary import diary_of
from cli.diary.folder import Folder
from cli.errors import EXIT_USAGE, CommandError
from cli.running import run_until_stopped
from config.controllers import ControllerError
from config.games import GameError
from config.load import load
from config.model import BotConfig
from tunnel.identity import IdentityError
from tunnel.wallclock import WallClock


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """As for all three programs."""
    programs.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """0 when it was told to end, or its recording has been played; CommandError if it cannot begin."""
    config = load(args.config, BotConfig)
    programs.start_logging(args.log_level)
    identity, clock = programs.identity(args.config, config), WallClock()
    try:
        source = open_source(config.chat, clock)
        store = Store.open(config.store)  # the bot's from here on, and closed by it
        letters = Folder(args.config).path
        bot = Bot(config, identity=identity, source=source, clock=clock, store=store, letters=letters)
        # All that was loaded stays: looking through 100,000 people again would stop the game for 0.2 s.
        gc.collect()
        gc.freeze()
        programs.ready(f"bot {identity.public.address} plays {bot.playing}, {programs.over(config.relays)}")
        told = status.beside(bot.run(), bot.endpoint.paths, lambda: counts(bot), clock)
        run_until_stopped(diary_of(args.config, config, identity, bot.endpoint, clock).beside(told))
    except (SourceError, StoreError, ControllerError, GameError, IdentityError) as error:
        raise CommandError(str(error), EXIT_USAGE) from error
    return 0


def counts(bot: Bot) -> Mapping[str, int]:
    """What a streamer wants to know of it each minute; what is rare, only once it has happened."""
    stats = bot.stats()
    rare = {
        "shed": stats.shed,
        "limited": stats.limited,
        "mistyped": stats.refused,
        "passed over": stats.passed_over,
        "cancelled": stats.cancelled,
        "declined": stats.declined,
    }
    return {
        "commands": stats.commands,
        "played": stats.applied,
        "late": stats.late + stats.stale,
        "lost": stats.lost,
        **{name: count for name, count in rare.items() if count},
    }
