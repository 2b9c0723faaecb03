"""See it work: the whole way from a chat line to a gamepad, on this machine, with no account and no driver.

  python3 run.py demo                        and cut relays on the page that opens
  python3 run.py demo --seconds 20 --cut 1@5 --cut 2@10
  python3 run.py demo --mode democracy       chat votes; or turns, teams, step
  python3 run.py demo --channel NAME         real Twitch chat instead of the simulated crowd

Ctrl-C ends it with a summary: what was typed, what was played, and how fast.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import os
import re
import sys
import threading
import webbrowser
from dataclasses import dataclass
from typing import Final, get_args

from bench.world.pipeline import Pipeline, World
from bench.world.schedule import Cut, ScheduleError, parse_cut
from bench.world.summary import Summary
from bot.chat.error import SourceError
from cli import programs
from cli.errors import EXIT_USAGE, CommandError
from cli.running import run_until_stopped
from config.play import ModeName
from tunnel.relay.server import RelayError

# The same page each time, so that an overlay is set up once; if the port is taken, any free one.
PAGE: Final = "127.0.0.1:8787"
MODES: Final[tuple[ModeName, ...]] = get_args(ModeName)


@dataclass
class Run:
    """What one demo came to; filled as it goes, so that Ctrl-C loses nothing."""

    summary: Summary | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How long, what breaks, and who types."""
    add = parser.add_argument
    add("--seconds", type=Number("--seconds", 1, 86_400), metavar="N", help="end after so many seconds")
    add("--cut", action="append", default=[], metavar="K@S", help="cut relay K at second S; may be repeated")
    add("--channel", type=channel, metavar="NAME", help="play the real Twitch chat of this channel")
    add("--mode", type=mode, default="anarchy", metavar="NAME",
        help=f"who decides what is played: {', '.join(MODES)} (default anarchy)")  # fmt: skip
    add("--no-browser", action="store_true", help="do not open the page in a browser")
    add("--json", action="store_true", help="print the summary alone, as one JSON object")
    add("--relays", type=Whole("--relays", 1, 10), default=5, metavar="N", help="1 to 10 (default 5)")
    add("--viewers", type=Whole("--viewers", 1, 500), default=60, metavar="N", help="how many (default 60)")
    add("--rate", type=Number("--rate", 0.1, 500), default=12.0, metavar="N",
        help="lines a second, all viewers together (default 12)")  # fmt: skip
    add("--seed", type=Whole("--seed", 0, 2**31), default=1, metavar="N", help="another seed, another crowd")
    add("--weather", action="store_true", help="made-up delay, jitter and loss before every relay")


def run(args: argparse.Namespace) -> int:
    """0 however it is ended; CommandError if it cannot begin."""
    try:
        cuts = [parse_cut(text, args.relays) for text in args.cut]
    except ScheduleError as error:
        raise CommandError(str(error), EXIT_USAGE) from error
    programs.start_logging("warning")
    logging.getLogger("bench.world").setLevel(logging.INFO)
    # Both ends complain of each relay that is cut, and try it again: here that is the show, and on the page.
    logging.getLogger("tunnel.keeper").setLevel(logging.ERROR)
    world = World(
        relays=args.relays,
        viewers=args.viewers,
        rate=args.rate,
        seed=args.seed,
        channel=args.channel,
        weather=args.weather,
        page=PAGE,
        mode=args.mode,
    )
    outcome = Run()
    try:
        run_until_stopped(_play(world, args.seconds, cuts, outcome, browser=not args.no_browser))
    except (SourceError, RelayError) as error:
        raise CommandError(str(error)) from error
    if outcome.summary is not None:
        print(json.dumps(outcome.summary.as_json()) if args.json else outcome.summary.as_text(), flush=True)
    return 0


async def _play(world: World, seconds: float | None, cuts: list[Cut], run: Run, *, browser: bool) -> None:
    pipeline = Pipeline(world)
    try:
        async with pipeline:
            assert pipeline.page is not None, "a demo has a page"
            programs.ready(f"The pad is on {pipeline.page.address}  (Ctrl-C ends it)")
            if browser:
                open_browser(pipeline.page.address)
            try:
                await pipeline.live(seconds, cuts)
            finally:
                run.summary = pipeline.summary()
    except OSError as error:
        raise CommandError(f"the demo cannot run on this machine: {error}") from error


class Number:
    """Reads an option's number, or says in one line what it should have been."""

    kind = "a number"

    def __init__(self, option: str, lowest: float, highest: float) -> None:
        self._option, self._lowest, self._highest = option, lowest, highest

    def __call__(self, text: str) -> float:
        try:
            value = self.read(text)
        except ValueError:
            value = math.nan
        if not self._lowest <= value <= self._highest:  # nor is nan
            wanted = f"{self.kind} from {self._lowest:.10g} to {self._highest:.10g}"
            raise CommandError(f"{self._option} wants {wanted}, not {text!r:.40}", EXIT_USAGE)
        return value

    @staticmethod
    def read(text: str) -> float:
        return float(text)


class Whole(Number):
    """The same without fractions."""

    kind = "a whole number"

    @staticmethod
    def read(text: str) -> int:
        return int(text)


def channel(text: str) -> str:
    """A Twitch channel's login name, as people write it."""
    name = text.removeprefix("#").lower()
    if not re.fullmatch(r"[a-z0-9_]{1,25}", name):
        raise CommandError(f"--channel wants up to 25 of a-z 0-9 _, not {text!r:.40}", EXIT_USAGE)
    return name


def mode(text: str) -> ModeName:
    """One of the modes."""
    for name in MODES:
        if text.lower() == name:
            return name
    raise CommandError(f"--mode wants one of {', '.join(MODES)}, not {text!r:.40}", EXIT_USAGE)


def open_browser(address: str) -> threading.Thread | None:
    """In a thread, since some browsers keep the caller waiting. Whoever has none reads the address above."""
    windowed = (
        sys.platform in ("win32", "darwin") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    if not windowed:
        return None  # what is left are browsers for text, which would take this terminal

    def show() -> None:
        try:
            webbrowser.open(address)
        except (webbrowser.Error, OSError) as error:
            logging.getLogger(__name__).info("no browser: %s", error)

    thread = threading.Thread(target=show, name="browser", daemon=True)
    thread.start()
    return thread
