"""Where the two ends leave each other letters, to find each other without any relay: one model per kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from config.addresses import HostPort, WebSocketUrl, is_loopback, no_repeats, split_host_port
from config.base import Misfit, Model
from config.kinds import FileName, Flag, Kind, Setting, Text

HOLE: Final = "{hole}"

_MAX_URL: Final = 500
_ADDRESS: Final = WebSocketUrl()  # knows what a host and a port are
_SECRET: Final = re.compile("[?&](auth|[a-z_-]*(token|key|secret|password))=", re.IGNORECASE)


@dataclass(frozen=True)
class FolderName(FileName):
    """A folder, which is made where there is none."""

    def _check(self, path: Path) -> None:
        try:
            is_other = path.exists() and not path.is_dir()
        except (OSError, ValueError) as error:
            raise _folder_error(f"{path} cannot be looked at: {error}") from error
        if is_other:
            raise _folder_error(f"{path} is no folder")


@dataclass(frozen=True)
class HoleUrl(Kind):
    """Where a letter lies in a web store: http:// or https://, and `{hole}` once behind the host."""

    @property
    def wanted(self) -> str:
        return "a web address with {hole} in it, such as https://store.example.org/crowdpad/{hole}"

    def read(self, value: object, setting: Setting | None) -> str:
        if not isinstance(value, str) or len(value) > _MAX_URL or not re.fullmatch("[!-~]+", value):
            raise self.refused()
        scheme, _, rest = value.partition("://")
        if scheme.lower() not in ("http", "https"):
            raise self.refused("it begins with http:// or https://")
        host = re.split("[/?#]", rest, maxsplit=1)[0]
        if "@" in host:
            raise self.refused("without a name or password inside; headers_file is for those")
        try:
            _ADDRESS.read(f"ws://{host}", None)
        except PydanticCustomError as error:
            raise self.refused("the host or the port is none; ports go from 1 to 65535") from error
        behind = rest[len(host) :]
        if behind.count(HOLE) != 1 or re.search("[{}#]", behind.replace(HOLE, "")):
            raise self.refused("{hole} stands there once, behind the host; no other braces, no #")
        if _SECRET.search(behind):
            raise self.refused("secrets do not stand in this file; headers_file is for those")
        return str(value)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^[hH][tT][tT][pP][sS]?://[^/]+/.*\{hole\}.*$"}


class DhtMeeting(Model):
    """The BitTorrent DHT: nobody's server, and everybody may look on; letters are sealed."""

    model_config = ConfigDict(json_schema_extra={"required": ["kind"]})

    kind: Literal["dht"] = Field(default="dht", description="Letters lie in the BitTorrent DHT.")
    bootstrap: Annotated[
        tuple[Annotated[str, HostPort()], ...], Field(max_length=16), AfterValidator(no_repeats)
    ] = Field(default=(), description="Nodes to begin with, each HOST:PORT; without them the usual ones.")

    @property
    def nodes(self) -> tuple[tuple[str, int], ...]:
        """`bootstrap` as hosts and ports."""
        return tuple(split_host_port(node) for node in self.bootstrap)

    def options(self) -> dict[str, Any]:
        """As the tunnel names them (tunnel/rendezvous/places.py)."""
        return {"bootstrap": self.nodes}


class FolderMeeting(Model):
    """A folder that both machines see: synchronised, mounted, or carried."""

    model_config = ConfigDict(json_schema_extra={"required": ["kind", "path"]})

    kind: Literal["folder"] = Field(default="folder", description="Letters lie in a folder.")
    path: Annotated[Path, FolderName("a folder that both machines see")] = Field(
        description="The folder; made where there is none."
    )

    def options(self) -> dict[str, Any]:
        """As the tunnel names them."""
        return {"path": self.path}


class WebMeeting(Model):
    """A web store: whatever takes `PUT` at an address and gives it back at `GET`."""

    # `json` itself is the name of something else in pydantic's models.
    model_config = ConfigDict(validate_by_name=True, json_schema_extra={"required": ["kind", "url"]})

    kind: Literal["web"] = Field(default="web", description="Letters lie in a web store.")
    url: Annotated[str, HoleUrl()] = Field(
        description="Where a letter lies, with {hole} for its 32 digits, which nobody can guess."
    )
    as_json: Annotated[bool, Flag()] = Field(
        default=False,
        alias="json",
        description="Whether a letter is a JSON string there, as for Firebase's Realtime Database.",
    )
    headers_file: Annotated[Path, FileName("a file that holds headers", private=True)] | None = Field(
        default=None,
        description="A file with lines such as `Authorization: Bearer ...`, sent with every request.",
    )
    headers_env: (
        Annotated[str, Text("[A-Za-z_][A-Za-z0-9_]{0,99}", "an environment variable's name")] | None
    ) = Field(default=None, description="An environment variable that holds such lines.")

    def misfits(self) -> Iterator[Misfit]:
        """A secret that everybody on the way could read."""
        parts = urlsplit(self.url)
        has_secrets = self.headers_file is not None or self.headers_env is not None
        if has_secrets and parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            yield Misfit(("url",), "headers over http:// can be read on the way; wanted https://")

    def options(self) -> dict[str, Any]:
        """As the tunnel names them."""
        return {
            "url": self.url,
            "as_json": self.as_json,
            "headers_file": self.headers_file,
            "headers_env": self.headers_env,
        }


Meeting = Annotated[DhtMeeting | FolderMeeting | WebMeeting, Field(discriminator="kind")]


def _each_once(meetings: tuple[Meeting, ...]) -> tuple[Meeting, ...]:
    for at, meeting in enumerate(meetings):
        if meeting in meetings[:at]:
            raise PydanticCustomError("repeated", "the same {kind} twice", {"kind": meeting.kind})
    return meetings


# As many as somebody may have accounts for; all of them are looked at side by side.
Meetings = Annotated[tuple[Meeting, ...], Field(max_length=8), AfterValidator(_each_once)]


def _folder_error(text: str) -> PydanticCustomError:
    return PydanticCustomError("file", "{text}", {"text": text})
