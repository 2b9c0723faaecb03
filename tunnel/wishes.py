"""What a configuration wants of the tunnel, as the endpoint's own options.

Bot and receiver want the same kinds of things. The tunnel knows their configurations by shape alone, because
it imports nothing from beside or above it: config/direct.py, config/paths.py and config/rendezvous.py have
these names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol, TypedDict

from tunnel.identity import Identity, PublicKey
from tunnel.links.direct import DirectOptions
from tunnel.policy import PathPolicy
from tunnel.rendezvous.board import Board
from tunnel.rendezvous.folder import by_hand
from tunnel.rendezvous.keys import MeetingKeys
from tunnel.rendezvous.places import DhtOptions, FolderOptions, PlaceOptions, WebOptions, make_places
from tunnel.wallclock import WallClock

_PLACES: Final[Mapping[str, Callable[..., PlaceOptions]]] = {
    "dht": DhtOptions,
    "folder": FolderOptions,
    "web": WebOptions,
}


class PlaceSettings(Protocol):
    """A meeting place. `options` are the fields of its kind's options in tunnel/rendezvous/places.py."""

    @property
    def kind(self) -> str: ...
    def options(self) -> Mapping[str, Any]: ...


class DirectSettings(Protocol):
    """How direct paths are looked for; see DirectOptions."""

    @property
    def enabled(self) -> bool: ...
    @property
    def servers(self) -> tuple[tuple[str, int], ...]: ...
    @property
    def port_range(self) -> tuple[int, int] | None: ...
    @property
    def port_mapping(self) -> bool: ...
    @property
    def birthday(self) -> bool: ...
    @property
    def rendezvous(self) -> Sequence[PlaceSettings]: ...


class PathSettings(Protocol):
    """Which path carries what; see PathPolicy."""

    @property
    def forbid(self) -> Sequence[str]: ...
    @property
    def pin(self) -> Sequence[str]: ...
    @property
    def caps(self) -> Mapping[str, int]: ...


class Settings(Protocol):
    """The part of a configuration that is about the tunnel."""

    @property
    def relays(self) -> Sequence[str]: ...
    @property
    def direct(self) -> DirectSettings: ...
    @property
    def paths(self) -> PathSettings: ...


class EndpointOptions(TypedDict):
    """What Endpoint takes by these names."""

    relays: Sequence[str]
    direct: DirectOptions | None
    meeting: Callable[[Callable[[int, bytes], None]], Board] | None
    policy: PathPolicy


def endpoint_options(
    settings: Settings, identity: Identity, peer: PublicKey, clock: WallClock, letters: Path | None
) -> EndpointOptions:
    """`letters` is the folder from and to which people carry letters; None: nobody does."""
    direct, paths = settings.direct, settings.paths
    return EndpointOptions(
        relays=settings.relays,
        direct=_direct(direct) if direct.enabled else None,
        meeting=_meeting(direct, identity, peer, clock, letters) if direct.enabled else None,
        policy=PathPolicy(forbid=paths.forbid, pin=paths.pin, caps=paths.caps),
    )


def _direct(direct: DirectSettings) -> DirectOptions:
    return DirectOptions(
        stun=direct.servers, ports=direct.port_range, router=direct.port_mapping, birthday=direct.birthday
    )


def _meeting(
    direct: DirectSettings, identity: Identity, peer: PublicKey, clock: WallClock, letters: Path | None
) -> Callable[[Callable[[int, bytes], None]], Board] | None:
    """The board of all places, once it is known where signals go. Without any place there is no board."""
    options = [_PLACES[place.kind](**place.options()) for place in direct.rendezvous]
    if not options and letters is None:
        return None
    keys = MeetingKeys(identity, peer)
    carried = [] if letters is None else [by_hand(letters, clock)]
    return lambda on_signal: Board(keys, make_places(options, keys, clock), clock, on_signal, by_hand=carried)
