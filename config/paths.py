"""Which paths carry: what the streamer forbids, wants first, and what a path may cost in an hour."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field

from config.addresses import WebSocketUrl, no_repeats
from config.base import Misfit, Model
from config.kinds import Kind, Setting

KINDS: Final = ("relays", "direct", "direct udp", "direct tcp")
_DIRECT: Final = ("direct udp", "direct tcp")  # those that `direct` stands for

_URL: Final = WebSocketUrl()
_SIZE: Final = re.compile(r"([1-9][0-9]{0,11}|[0-9]{1,11}\.[0-9]{1,3}) ?(kB|MB|GB)", re.IGNORECASE)
_NONE: Final = re.compile(r"0+(\.0+)? ?(kB|MB|GB)?", re.IGNORECASE)
_BYTES: Final = {"kb": 10**3, "mb": 10**6, "gb": 10**9}
# Heartbeats alone take 1.2 MB an hour on a relay while nobody plays, and four times that while somebody does.
_SMALLEST: Final = 2 * 10**6
_LARGEST: Final = 1_000 * 10**9
_MOST: Final = 16  # ten relays, and every kind


@dataclass(frozen=True)
class PathName(Kind):
    """A kind of path, or one relay by its address."""

    @property
    def wanted(self) -> str:
        return f"one of {', '.join(KINDS)}, or a relay's address as it stands in `relays`"

    def read(self, value: object, setting: Setting | None) -> str:
        if isinstance(value, str) and "://" in value:
            return _URL.read(value, setting)
        if not isinstance(value, str) or value not in KINDS:
            raise self.refused()
        return str(value)

    def json_schema(self) -> dict[str, Any]:
        url = _URL.json_schema()["pattern"].strip("^$")
        return {"type": "string", "pattern": f"^({'|'.join(KINDS)}|{url})$"}


@dataclass(frozen=True)
class Size(Kind):
    """A number of bytes with its unit: nobody has to guess what a bare number means."""

    low: int
    high: int

    @property
    def wanted(self) -> str:
        return f"a size from {size_text(self.low)} to {size_text(self.high)}, such as 50 MB"

    def read(self, value: object, setting: Setting | None) -> int:
        if _NONE.fullmatch(str(value)):
            raise self.refused("what is never to be used stands under `forbid`")
        if isinstance(value, str):
            match = _SIZE.fullmatch(value.strip())
            if match is None:
                number = re.fullmatch("[0-9.]+", value.strip())
                raise self.refused(f"with its unit: {value.strip()} MB?" if number else "")
            value = round(float(match[1]) * _BYTES[match[2].lower()])
        if type(value) is not int or not self.low <= value <= self.high:
            raise self.refused()
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[0-9]{1,12}([.][0-9]{1,3})? ?([kK]|[mM]|[gG])[bB]$"}


def size_text(size: int) -> str:
    """`50 MB`, as `Size` reads it."""
    for unit, weight in (("GB", 10**9), ("MB", 10**6)):
        if size >= weight:
            return f"{size / weight:g} {unit}"
    return f"{size / 10**3:g} kB"


Names = Annotated[tuple[Annotated[str, PathName()], ...], Field(max_length=_MOST), AfterValidator(no_repeats)]


class PathsConfig(Model):
    """What the streamer wants of the paths. Each end keeps to its own file, so say the same in both."""

    forbid: Names = Field(default=(), description="Paths that are never opened: kinds, or relays' addresses.")
    pin: Names = Field(
        default=(),
        description="Paths that carry alone while one of them works; while none does, all carry as usual.",
    )
    caps: Annotated[
        dict[Annotated[str, PathName()], Annotated[int, Size(_SMALLEST, _LARGEST)]], Field(max_length=_MOST)
    ] = Field(
        default={},
        description="What a relay, or all paths of a kind together, may cost in an hour: `relays: 50 MB`.",
    )

    def misfits(self) -> Iterator[Misfit]:
        """What is forbidden and wanted at once."""
        for place, name in enumerate(self.pin):
            if self._forbids(name):
                yield Misfit(("pin", place), f"{name} is under `forbid` too; leave it out of one of the two")

    def misfits_among(self, relays: Sequence[str], *, direct: bool) -> Iterator[Misfit]:
        """What does not fit the rest of the file, by paths from there. `direct`: they are looked for."""
        for key, names in (("forbid", self.forbid), ("pin", self.pin), ("caps", tuple(self.caps))):
            for place, name in enumerate(names):
                if name not in KINDS and name not in relays:
                    at = name if key == "caps" else place
                    yield Misfit(
                        ("paths", key, at), f"{name} is none of `relays`; wanted it as it stands there"
                    )
        ways = [*relays, *(_DIRECT if direct else ())]
        if self.forbid and all(self._forbids(way) for way in ways):
            rest = "" if direct else " (`direct` is not enabled)"
            text = f"nothing is left that could carry{rest}; wanted at least one path that is not forbidden"
            yield Misfit(("paths", "forbid"), text)

    def _forbids(self, name: str) -> bool:
        """Whether this relay, or all of this kind, is forbidden."""
        if name in self.forbid:
            return True
        if name == "direct":
            return all(way in self.forbid for way in _DIRECT)
        return ("direct" if name in _DIRECT else "relays") in self.forbid
