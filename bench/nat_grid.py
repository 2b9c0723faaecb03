"""Every kind of network against every other, many times: how often two ends join, and how soon.

Simulated (bench.world.natpair), with 1 % of all packets lost and 2 % of all notes. What can succeed is said
by the literature, see there; what cannot has to fail cleanly and say why. Guessing ports
(tunnel/nat/birthday.py) is a table of its own, because it is off unless both ends ask for it.
"""

from __future__ import annotations

import itertools
import sys
from dataclasses import dataclass
from typing import Final

from bench.figures import Figure, percentile
from bench.world.natnet import START_MS
from bench.world.natpair import NatPair, Network, can_succeed, seeds
from tunnel.nat.events import Rested

# A search is three rounds of three seconds. What did not succeed by then rests, and the start has failed.
_GIVE_UP_MS: Final = 9_500.0
# Guessing begins after one round of three seconds and takes fifteen.
_GUESS_MS: Final = 20_000.0
# Who controls is `one`: each kind of end does it once.
GUESSED: Final = ((Network.SYMMETRIC, Network.PORT), (Network.CARRIER, Network.SYMMETRIC))
# Tailscale's "How NAT traversal works": 256 sockets and 1,024 probes.
_PUBLISHED: Final = 0.98
# The worst of two cells with few starts in a quick run: nine of ten are within the dice's reach of 98 %.
_GUESS_LIMIT: Final = 0.9


@dataclass(frozen=True, slots=True)
class Cell:
    """What became of all starts between two kinds of network. Times in milliseconds from the first start."""

    one: Network
    other: Network
    starts: int
    times_ms: tuple[float, ...]  # of those that joined: the first datagram in the slower direction
    explained: int  # of those that did not: both ends said why

    @property
    def expected(self) -> bool:
        """Whether they can be joined."""
        return can_succeed(self.one, self.other)

    @property
    def as_expected(self) -> bool:
        """Every start joined where it can; where it cannot none did, and each said why."""
        if self.expected:
            return len(self.times_ms) == self.starts
        return not self.times_ms and self.explained == self.starts


def run(starts: int) -> list[Cell]:
    """The whole grid, `starts` times each."""
    return [_cell(one, other, starts) for one, other in itertools.product(Network, Network)]


def measure(starts: int) -> list[Figure]:
    """The grid as a few figures. The whole table goes to stderr, beside the progress."""
    cells = run(starts)
    print(table(cells), file=sys.stderr)
    able = [cell for cell in cells if cell.expected]
    joined = [len(cell.times_ms) / cell.starts for cell in able]
    medians = [percentile(cell.times_ms, 0.5) if cell.times_ms else float("inf") for cell in able]
    slowest = [max(cell.times_ms, default=float("inf")) for cell in able]
    unable = [cell for cell in cells if not cell.expected]
    published = "libp2p's DCUtR in the wild, all kinds mixed"
    return [
        Figure(f"of {starts} starts joined, worst of {len(able)} cells where it can be", min(joined), "share",
               0.70, published, 1, at_least=True),
        Figure("first direct datagram after, median of the worst cell", max(medians), "ms", limit=1_000),
        Figure("  the slowest start of all", max(slowest), "ms"),
        Figure(f"cells of {len(unable)} where it cannot be that did not fail cleanly",
               sum(not cell.as_expected for cell in unable), "", limit=0),
        *_guessing(starts),
    ]  # fmt: skip


def guess(starts: int) -> list[Cell]:
    """The cells in which guessing ports may help, with both ends agreeing to it."""
    return [_cell(one, other, starts, guesses=True) for one, other in GUESSED]


def _guessing(starts: int) -> list[Figure]:
    figures = []
    for cell in guess(starts):
        name = f"guessing ports, {cell.one} x {cell.other}"
        median = percentile(cell.times_ms, 0.5) if cell.times_ms else float("inf")
        figures += [
            Figure(f"{name}: of {starts} starts joined", len(cell.times_ms) / starts, "share", _PUBLISHED,
                   "published for 1,024 probes", _GUESS_LIMIT, at_least=True),
            Figure("  first direct datagram after, median", median, "ms"),
        ]  # fmt: skip
    figures.append(Figure("guessing ports, symmetric x symmetric: bytes spent on it",
                          _spent_on_guessing(Network.SYMMETRIC, Network.SYMMETRIC), "", limit=0))  # fmt: skip
    return figures


def _spent_on_guessing(one: Network, other: Network) -> float:
    """What both ends send more because they agree to guess."""
    spent = []
    for guesses in (False, True):
        pair = NatPair(one, other, 1, guesses=guesses)
        pair.start()
        pair.run(_GUESS_MS)
        spent.append(pair.net.bytes_sent)
    return spent[1] - spent[0]


def table(cells: list[Cell]) -> str:
    """The grid: joined starts and median milliseconds, or why not; `!` marks what was not expected."""
    width = max(map(len, Network)) + 2
    lines = ["".join(name.ljust(width) for name in ("", *Network)).rstrip()]
    for one in Network:
        row = [one.ljust(width)]
        row += [_text(cell).ljust(width) for cell in cells if cell.one is one]
        lines.append("".join(row).rstrip())
    return "\n".join(lines)


def _text(cell: Cell) -> str:
    mark = "" if cell.as_expected else " !"
    if not cell.times_ms:
        return f"relayed{mark}"
    return f"{len(cell.times_ms)}/{cell.starts} {percentile(cell.times_ms, 0.5):.0f} ms{mark}"


def _cell(one: Network, other: Network, starts: int, *, guesses: bool = False) -> Cell:
    times, explained = [], 0
    for seed in seeds(starts):
        pair = NatPair(one, other, seed, guesses=guesses)
        pair.start()
        pair.run(_GUESS_MS if guesses else _GIVE_UP_MS, until_joined=True)
        if pair.joined:
            times.append(pair.net.now - START_MS)
        else:
            explained += all(
                any(isinstance(event, Rested) for event in machine.said) for machine in (pair.one, pair.other)
            )
    return Cell(one, other, starts, tuple(times), explained)
