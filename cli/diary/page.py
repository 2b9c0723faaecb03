"""What a running program writes down about its paths: status.json, as the command `paths` reads it.

Moments are milliseconds of the system's clock since 1970; only `delay_ms` and `jitter_ms` are durations.
Every list has a bound. A reader ignores what it does not know; another meaning is another version.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from cli.diary.folder import MOST_BYTES
from tunnel.lane import PathReport
from tunnel.links.direct import Story
from tunnel.minutes import Minute
from tunnel.nat.behaviour import Behaviour, FilteringKind, MappingKind
from tunnel.nat.stun import Address
from tunnel.rendezvous.desk import PlaceReport

MOST_PATHS: Final = 24  # ten relays and the direct ways
MOST_TRIED: Final = 64  # as many as a link keeps
MOST_OWN: Final = 16
MOST_MINUTES: Final = 60
MOST_PLACES: Final = 16
MOST_CHARACTERS: Final = 300

_DIRECT: Final = ("direct udp", "direct tcp")
_USED_UP: Final = "its hour is used up until "  # as tunnel.lane.used_up says it


def _one_line(text: object) -> object:
    """Relays name themselves and give reasons: whatever those hold, no terminal is steered by it."""
    if not isinstance(text, str):
        return text
    return "".join(each if each.isprintable() else "?" for each in text[:MOST_CHARACTERS])


Text = Annotated[str, BeforeValidator(_one_line)]


class PageError(Exception):
    """This is no status that we can read. The text is a sentence."""


class Entry(BaseModel):
    """One thing on the page."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="null")


class PathEntry(Entry):
    """One path; see PathReport in tunnel/lane.py. `bytes` and `cap` are of the running hour."""

    name: Text
    kind: Literal["relay", "direct udp", "direct tcp"]
    state: Text
    delay_ms: float | None
    jitter_ms: float
    loss: float
    carrying: bool
    address: Address | None
    bytes: int
    cap: int | None
    verdict: Text
    why: Text | None

    @property
    def used_up_until(self) -> str | None:
        """The time of day from which it may carry again, if what it may cost in this hour is spent."""
        is_spent = self.state != "up" and self.verdict.startswith(_USED_UP)
        return self.verdict.removeprefix(_USED_UP) if is_spent else None


class TriedEntry(Entry):
    """An address of the other end; see tunnel/links/direct.py."""

    kind: Text
    address: Address
    state: Text
    asked: int


class LinkEntry(Entry):
    """What a direct link knows; see Story in tunnel/links/direct.py. Of two, ours stands first."""

    name: Text
    address: Address | None
    own: tuple[tuple[Text, Address], ...]
    tried: tuple[TriedEntry, ...]
    symmetric: tuple[bool | None, bool | None]
    deaf: tuple[bool | None, bool | None]


class NetworkEntry(Entry):
    """What servers showed of the network before us, for one version of IP; see tunnel/nat/behaviour.py.

    hosts    our own addresses of that version
    servers  how many were asked
    """

    ip: Literal[4, 6]
    hosts: tuple[Text, ...]
    servers: int
    udp: bool
    nat: bool | None
    mapping: MappingKind
    filtering: FilteringKind
    hairpins: bool | None
    keeps_port: bool | None
    seen: tuple[Address, ...]


class MinuteEntry(Entry):
    """One minute; see tunnel/minutes.py. `winner` is the path most inputs came on first, if any came."""

    start_ms: float
    inputs: int
    winner: Text | None
    share: float
    why: Text


class PlaceEntry(Entry):
    """One meeting place; see tunnel/rendezvous/desk.py. `last_ms` is when the other end's last word came."""

    name: Text
    state: Text
    why: Text | None
    posted: int
    read: int
    last_ms: float | None


class Settings(Entry):
    """What the configuration says about paths; `servers` are the STUN servers that it names."""

    enabled: bool = False
    port_mapping: bool = False
    birthday: bool = False
    servers: int = 0
    forbid: tuple[Text, ...] = ()
    pin: tuple[Text, ...] = ()

    @property
    def no_direct(self) -> tuple[str, ...]:
        """What in `forbid` rules out direct paths of every kind; nothing if one is left."""
        if "direct" in self.forbid:
            return ("direct",)
        return _DIRECT if set(_DIRECT) <= set(self.forbid) else ()


class Page(Entry):
    """All of it.

    address, peer  of this end, and of the other
    connected      whether the other end was heard lately
    ended          the program put this down as its last word
    """

    version: Literal[1] = 1
    program: Literal["bot", "receiver"]
    pid: int
    address: Text
    peer: Text
    connected: bool
    started_ms: float
    written_ms: float
    ended: bool = False
    look_hard_until_ms: float | None = None
    settings: Settings = Settings()
    paths: tuple[PathEntry, ...] = ()
    links: tuple[LinkEntry, ...] = ()
    networks: tuple[NetworkEntry, ...] = ()
    minutes: tuple[MinuteEntry, ...] = ()
    places: tuple[PlaceEntry, ...] = ()

    @property
    def other(self) -> str:
        """What the other end is."""
        return "receiver" if self.program == "bot" else "bot"


def read_page(data: bytes) -> Page:
    """The page in a file. Raises PageError."""
    if len(data) > MOST_BYTES:
        raise PageError("it is far too large")
    try:
        return Page.model_validate_json(data)
    except ValidationError as error:
        if any(problem["loc"] == ("version",) for problem in error.errors()):
            raise PageError("another version of crowdpad wrote it") from error
        raise PageError("it is damaged") from error


def path_entry(report: PathReport) -> PathEntry:
    """How one path stands."""
    return PathEntry(
        name=report.name,
        kind=report.kind,
        state=report.state,
        delay_ms=report.delay_ms,
        jitter_ms=report.jitter_ms,
        loss=report.loss,
        carrying=report.carrying,
        address=report.address,
        bytes=report.bytes,
        cap=report.cap,
        verdict=report.verdict,
        why=report.why,
    )


def minute_entry(minute: Minute, ahead_ms: float) -> MinuteEntry:
    """One minute. `ahead_ms` is how far the system's clock is ahead of the program's."""
    return MinuteEntry(
        start_ms=minute.start_ms + ahead_ms,
        inputs=minute.inputs,
        winner=minute.winner,
        share=minute.share,
        why=minute.why,
    )


def place_entry(report: PlaceReport, ahead_ms: float) -> PlaceEntry:
    """One meeting place. `ahead_ms` as for a minute."""
    return PlaceEntry(
        name=report.name,
        state=report.state,
        why=report.why,
        posted=report.posted,
        read=report.read,
        last_ms=None if report.last_ms is None else report.last_ms + ahead_ms,
    )


def link_entry(name: str, story: Story) -> LinkEntry:
    """One direct link's story."""
    return LinkEntry(
        name=name,
        address=story.address,
        own=story.own[:MOST_OWN],
        tried=tuple(
            TriedEntry(kind=each.kind, address=each.address, state=each.state, asked=each.asked)
            for each in story.tried[:MOST_TRIED]
        ),
        symmetric=story.symmetric,
        deaf=story.deaf,
    )


def network_entry(ip: Literal[4, 6], hosts: list[str], servers: int, found: Behaviour) -> NetworkEntry:
    """What a survey found."""
    return NetworkEntry(
        ip=ip,
        hosts=tuple(hosts[:MOST_OWN]),
        servers=servers,
        udp=found.udp,
        nat=found.nat,
        mapping=found.mapping,
        filtering=found.filtering,
        hairpins=found.hairpins,
        keeps_port=found.keeps_port,
        seen=found.seen[:MOST_OWN],
    )
