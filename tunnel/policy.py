"""What the streamer wants of the paths: which are never used, which come first, what they may cost. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Kind = Literal["relay", "direct udp", "direct tcp"]

_NAMES: Final[Mapping[Kind, tuple[str, ...]]] = {
    "relay": ("relays",),
    "direct udp": ("direct udp", "direct"),
    "direct tcp": ("direct tcp", "direct"),
}


@dataclass(frozen=True, slots=True)
class PathPolicy:
    """Paths are named by kind (`relays`, `direct`, `direct udp`, `direct tcp`) or as a relay's URL.

    forbid  never opened at all
    pin     carry alone while one of them works (tunnel.path.entitled)
    caps    bytes an hour, for all paths of that name together and both directions (tunnel.meter)
    """

    forbid: Collection[str] = ()
    pin: Collection[str] = ()
    caps: Mapping[str, int] = field(default_factory=dict)

    def forbids(self, kind: Kind, url: str) -> bool:
        """Whether this path is not to be opened."""
        return not set(names(kind, url)).isdisjoint(self.forbid)

    def pins(self, kind: Kind, url: str) -> bool:
        """Whether this path comes before those that are not pinned."""
        return not set(names(kind, url)).isdisjoint(self.pin)


def names(kind: Kind, url: str) -> tuple[str, ...]:
    """What a path may be called: by its URL if it is a relay, and by its kind."""
    return (url, *_NAMES[kind]) if kind == "relay" else _NAMES[kind]
