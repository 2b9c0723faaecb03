"""Pass sealed messages between a bot and a receiver. A relay can read none of them and forge none.

  python3 run.py relay --config relay.yaml

Needs one open port and nothing else. Ctrl-C ends it; bot and receiver carry on over their other relays.
"""

from __future__ import annotations

import argparse
import asyncio

from cli import programs
from cli.errors import CommandError
from cli.running import run_until_stopped
from config.addresses import split_host_port
from config.load import load
from config.model import RelayConfig
from tunnel.relay.server import RelayError, RelayServer
from tunnel.relay.settings import RelayLimits, RelaySettings, TlsFiles
from tunnel.wallclock import WallClock


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """As for all three programs."""
    programs.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """0 when it was told to end; CommandError if it could not begin."""
    config = load(args.config, RelayConfig)
    programs.start_logging(args.log_level)
    try:
        run_until_stopped(serve(settings(config)))
    except RelayError as error:
        raise CommandError(str(error)) from error
    return 0


async def serve(told: RelaySettings) -> None:
    """One relay, until cancelled."""
    server = RelayServer(told, WallClock())
    await server.start()
    host = f"[{told.host}]" if ":" in told.host else told.host
    programs.ready(f"relay {told.name} listens on {host}:{server.port}")
    try:
        await asyncio.Event().wait()
    finally:
        await server.stop()


def settings(config: RelayConfig) -> RelaySettings:
    """What the configuration says, in the relay's own terms (milliseconds, host and port apart)."""
    host, port = split_host_port(config.listen)
    limits = config.limits
    return RelaySettings(
        name=config.name,
        host=host,
        port=port,
        allow=None if config.open else frozenset(config.allow),
        tls=None if config.tls is None else TlsFiles(config.tls.cert, config.tls.key),
        metrics=None if config.metrics_listen is None else split_host_port(config.metrics_listen),
        stun=config.stun,
        stun_at=None if config.stun_at is None else split_host_port(config.stun_at),
        stun_alternate=None if config.stun_alternate is None else split_host_port(config.stun_alternate),
        limits=RelayLimits(
            connections=limits.members + limits.waiting,
            waiting=limits.waiting,
            waiting_per_address=limits.waiting_per_address,
            rooms=limits.rooms,
            members_per_room=limits.members_per_room,
            login_ms=limits.login_seconds * 1000,
            messages_per_second=limits.messages_per_second,
            messages_burst=limits.burst,
            bytes_per_second=limits.bytes_per_second,
            bytes_burst=2 * limits.bytes_per_second,  # two seconds' worth: one resend of everything
            parked_messages=limits.queue,
        ),
    )
