"""`bench`: the figures, measured here and now, beside what each is compared with."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable
from typing import Final

from bench import (
    direct_udp,
    failover,
    killed,
    laboratory,
    language,
    latency,
    modes,
    nat_grid,
    parsing,
    people,
    relay_memory,
    simulated,
    throughput,
    winner,
    wire,
)
from bench.figures import Figure, table
from cli.errors import EXIT_TROUBLE

HELP: Final = "measure the figures this project promises, on this machine"

_Chapter = Callable[[bool], list[Figure]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See cli.__main__."""
    parser.add_argument("--only", choices=CHAPTERS, action="append", help="measure this chapter alone")
    parser.add_argument("--quick", action="store_true", help="a few seconds each: wider noise")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line of stdout")


def run(args: argparse.Namespace) -> int:
    """Prints each chapter as it is measured. A figure that misses its promise does not change the exit
    status; a chapter that could not be measured does.
    """
    figures: list[Figure] = []
    unmeasured: dict[str, str] = {}
    for name in args.only or CHAPTERS:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        try:
            chapter = CHAPTERS[name](args.quick)
        except (RuntimeError, OSError) as error:
            # A program that died, or a system that lacks something: the other chapters still count.
            unmeasured[name] = str(error) or type(error).__name__
            print(f"crowdpad bench: {name} could not be measured: {unmeasured[name]}", file=sys.stderr)
            continue
        figures += chapter
        if not args.json:
            print(f"\n{name}\n{table(chapter)}", flush=True)
    if args.json:
        print(json.dumps({"figures": [figure.as_json() for figure in figures], "unmeasured": unmeasured}))
    return EXIT_TROUBLE if unmeasured else 0


def _relay_memory(quick: bool) -> list[Figure]:
    members = 200 if quick else 1_000
    measured = relay_memory.measure(members)
    name, empty = f"a relay with {members:,} idle members", measured["empty_mib"]
    return [Figure(name, measured["full_mib"], "MiB", empty, "an empty relay", 100)]


CHAPTERS: Final[dict[str, _Chapter]] = {
    "wire": lambda quick: wire.measure(),
    "parsing": lambda quick: parsing.measure(20_000 if quick else 200_000),
    "language": lambda quick: language.measure(20_000 if quick else 200_000),
    "people": lambda quick: people.measure(10_000 if quick else 100_000),
    "latency": lambda quick: asyncio.run(latency.measure(500 if quick else 5_000)),
    "throughput": lambda quick: asyncio.run(throughput.measure(2 if quick else 10, 0 if quick else 1)),
    "modes": lambda quick: asyncio.run(modes.measure(5, 2) if quick else modes.measure(60, 10)),
    "failover": lambda quick: asyncio.run(failover.measure()),
    "simulated network": lambda quick: simulated.measure(5_000 if quick else 100_000),
    "winning path": lambda quick: winner.measure(20 if quick else 500),
    "winning path, real": lambda quick: asyncio.run(killed.measure(1 if quick else 5)),
    "direct udp": lambda quick: asyncio.run(direct_udp.measure(500 if quick else 5_000)),
    "direct paths": lambda quick: nat_grid.measure(20 if quick else 500),
    "laboratory": lambda quick: asyncio.run(
        laboratory.measure(1, 0) if quick else laboratory.measure(5, 105)
    ),
    "relay memory": _relay_memory,
}
