"""Play what the bot sends, on a virtual gamepad. This is the program that runs beside the game.

  python3 run.py receiver --config receiver.yaml

Instead of the gamepad it can move a pad on a page (device: screen), print each change (device: events) or
feed programs that speak IID (device: iid). Such programs may also log in here, to play and listen
(gateway). However it ends, every button is let go.
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cli import programs, status
from cli.diary.diary import diary_of
from cli.diary.folder import Folder
from cli.errors import EXIT_USAGE, CommandError
from cli.running import run_until_stopped
from config.load import load
from config.model import ReceiverConfig
from injector.app import Receiver
from injector.devices import open_device
from injector.devices.device import Device, DeviceError
from injector.gateway.gateway import Gateway, GatewayError
from injector.observer import Observers
from tunnel.identity import Identity, IdentityError
from tunnel.wallclock import WallClock
from web.feed import Feed
from web.screen import Screen
from web.server import PageServer

# Programs at the gateway. Left out: what they asked for and may not have, or what was no input at all.
_GUESTS: Final = {
    "programs let in": ("admitted",),
    "programs turned away": ("turned_away", "refused", "too_slow"),
    "programs cut off": ("too_much", "flooded", "stalled"),
    "their inputs left out": (
        "denied",
        "no_such_pad",
        "unknown_value",
        "delayed_too_long",
        "delayed_too_many",
    ),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """As for all three programs."""
    programs.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """0 when it was told to end, or its reader has left; CommandError if it cannot begin."""
    config = load(args.config, ReceiverConfig)
    programs.start_logging(args.log_level)
    try:
        run_until_stopped(play(args.config, config, programs.identity(args.config, config)))
    except IdentityError as error:
        raise CommandError(str(error), EXIT_USAGE) from error
    except (DeviceError, GatewayError, PageError) as error:
        raise CommandError(str(error)) from error
    return 0


async def play(file: Path, config: ReceiverConfig, identity: Identity) -> None:
    """One receiver and, for the device that is looked at, its page. `file` is where its configuration stands.

    Until cancelled.
    """
    clock = WallClock()
    feed = Feed("What the receiver plays.", config.pads)
    where = f"the device `{config.device}`"

    @functools.cache
    def say_once() -> None:
        programs.ready(f"receiver {identity.public.address} plays on {where}, {programs.over(config.relays)}")

    def device() -> Device:
        opened = open_device(config, clock)
        say_once()
        return opened

    gateway = Gateway(config, clock)
    observer = Observers(gateway, *([Screen(feed)] if config.device == "screen" else []))
    receiver = Receiver(
        config,
        identity=identity,
        device_factory=device,
        clock=clock,
        observer=observer,
        letters=Folder(file).path,
    )
    count = functools.partial(counts, receiver, gateway)
    page = None
    if config.device == "screen":
        page = PageServer(config.screen.listen, lambda: feed.snapshot(counters=count()))
        await listen(page, config.screen.listen)
        where = page.address
    try:
        await gateway.start(receiver.guests)
        for dialect, port in gateway.ports.items():
            programs.ready(f"gateway for {dialect.value} clients listens on port {port}")
        told = status.beside(receiver.run(), receiver.endpoint.paths, count, clock)
        await diary_of(file, config, identity, receiver.endpoint, clock).beside(told)
    finally:
        await gateway.stop()
        if page is not None:
            await page.stop()


def counts(receiver: Receiver, gateway: Gateway) -> Mapping[str, int]:
    """What a streamer wants to know of it each minute; of programs at the gateway, once one has come."""
    stats = receiver.stats()
    return {
        "played": stats.played,
        "late": stats.stale,
        "refused": stats.refused,
        **guests(gateway.host.counters),
    }


def guests(counters: Mapping[str, int]) -> Mapping[str, int]:
    """What the gateway counts by reason, in the few numbers that a person acts on."""
    sums = {name: sum(counters.get(reason, 0) for reason in reasons) for name, reasons in _GUESTS.items()}
    return {name: count for name, count in sums.items() if count}


class PageError(Exception):
    """The page cannot be served: one sentence for a person."""


async def listen(page: PageServer, where: str) -> None:
    """Serve the page. Raises PageError."""
    try:
        await page.start()
    except OSError as error:
        raise PageError(f"the page cannot listen on {where}: {error.strerror or error}") from error
