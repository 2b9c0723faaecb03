"""From what a configuration names to meeting places. The one list of their kinds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tunnel.rendezvous.folder import FolderPlace, HoleNames
from tunnel.rendezvous.place import Holes, Place
from tunnel.rendezvous.web import WebOptions as WebOptions
from tunnel.rendezvous.web import WebPlace
from tunnel.wallclock import WallClock


@dataclass(frozen=True, slots=True)
class DhtOptions:
    """The BitTorrent DHT. `bootstrap`: hosts and ports of nodes to begin with; empty: the usual ones."""

    bootstrap: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class FolderOptions:
    """A folder that both machines see."""

    path: Path


PlaceOptions = DhtOptions | FolderOptions | WebOptions


def make_places(
    options: Sequence[PlaceOptions], holes: Holes, clock: WallClock, *, tls_ca: Path | None = None
) -> list[Place]:
    """A place for each. `tls_ca`: see WebPlace."""
    return [_make(each, holes, clock, tls_ca) for each in options]


def _make(options: PlaceOptions, holes: Holes, clock: WallClock, tls_ca: Path | None) -> Place:
    match options:
        case DhtOptions(bootstrap):
            # Only here: it brings a library of 8 MB that few have.
            from tunnel.rendezvous.dht import DhtPlace

            return DhtPlace(holes, clock, bootstrap=bootstrap) if bootstrap else DhtPlace(holes, clock)
        case FolderOptions(path):
            return FolderPlace(path, HoleNames(holes), clock)
        case WebOptions():
            return WebPlace(options, holes, clock, tls_ca=tls_ca)
