"""`crowdpad bench`: the figures, measured here and now, beside what each is compared with."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable
from typing import Final

from bench import failover, latency, parsing, relay_memory, simulated, throughput, wire
from bench.figures import Figure, table

HELP: Final = "measure the figures this project promises, on this machine"

_Chapter = Callable[[bool], list[Figure]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See cli.__main__."""
    parser.add_argument("--only", choices=CHAPTERS, action="append", help="measure this chapter alone")
    parser.add_argument("--quick", action="store_true", help="a few seconds each: wider noise")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line of stdout")


def run(args: argparse.Namespace) -> int:
    """Prints each chapter as it is measured. A figure that misses its promise does not change the exit
    status.
    """
    figures: list[Figure] = []
    for name in args.only or CHAPTERS:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        chapter = CHAPTERS[name](args.quick)
        figures += chapter
        if not args.json:
            print(f"\n{name}\n{table(chapter)}", flush=True)
    if args.json:
        print(json.dumps({"figures": [figure.as_json() for figure in figures]}))
    return 0


def _relay_memory(quick: bool) -> list[Figure]:
    members = 200 if quick else 1_000
    measured = relay_memory.measure(members)
    name, empty = f"a relay with {members:,} idle members", measured["empty_mib"]
    return [Figure(name, measured["full_mib"], "MiB", empty, "an empty relay", 100)]


CHAPTERS: Final[dict[str, _Chapter]] = {
    "wire": lambda quick: wire.measure(),
    "parsing": lambda quick: parsing.measure(20_000 if quick else 200_000),
    "latency": lambda quick: asyncio.run(latency.measure(500 if quick else 5_000)),
    "throughput": lambda quick: asyncio.run(throughput.measure(2 if quick else 10, 0 if quick else 1)),
    "failover": lambda quick: asyncio.run(failover.measure()),
    "simulated network": lambda quick: simulated.measure(5_000 if quick else 100_000),
    "relay memory": _relay_memory,
}
