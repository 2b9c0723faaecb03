"""Where the device `iid` sends what it plays: programs on this machine, and servers to log in to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import AfterValidator, Field

from config.addresses import HostPort, is_loopback, no_repeats, split_host_port
from config.base import Misfit, Model
from config.files import KeyFile
from config.kinds import Flag, Kind, Setting
from config.mistakes import CALL

_LOGIN: Final = re.compile("(apint|singletunnel)://(.*)")
_HERE: Final = HostPort(loopback=True)
_ANYWHERE: Final = HostPort()


class LoginPlace(NamedTuple):
    """A server to log in to. `secure`: it is another machine, so only TLS will do."""

    dialect: Literal["apint", "singletunnel"]
    host: str
    port: int
    secure: bool


@dataclass(frozen=True)
class IidTarget(Kind):
    """HOST:PORT of this machine for UDP; apint://HOST:PORT or singletunnel://HOST:PORT for a server.

    There is no way to write an unprotected server on another machine: TLS follows from where it is.
    """

    @property
    def wanted(self) -> str:
        return (
            "a host of this machine and a port, such as 127.0.0.1:3615, or a server to log in to: "
            "apint://HOST:PORT or singletunnel://HOST:PORT"
        )

    def read(self, value: object, setting: Setting | None) -> str:
        if not isinstance(value, str):
            raise self.refused()
        login = _LOGIN.fullmatch(value)
        if login is None:
            return _HERE.read(value, setting)
        return f"{login[1]}://{_ANYWHERE.read(login[2], setting)}"

    def json_schema(self) -> dict[str, Any]:
        here = _HERE.json_schema()["pattern"].strip("^$")
        return {"type": "string", "pattern": f"^({here}|(apint|singletunnel)://[^ ]+:[0-9]{{1,5}})$"}


def login_place(target: str) -> LoginPlace | None:
    """The server in a target that `IidTarget` let through; None for UDP."""
    login = _LOGIN.fullmatch(target)
    if login is None:
        return None
    host, port = split_host_port(login[2])
    return LoginPlace("apint" if login[1] == "apint" else "singletunnel", host, port, not is_loopback(host))


class IidOptions(Model):
    """Programs that take IID integers: over UDP on this machine, or from a server that we log in to."""

    # Nothing protects raw IID, so over UDP it never leaves the machine. Eight are more than there are.
    targets: Annotated[
        tuple[Annotated[str, IidTarget()], ...],
        Field(min_length=1, max_length=8),
        AfterValidator(no_repeats),
    ] = Field(
        default=("127.0.0.1:3615",),
        description="UDP addresses on this machine; apint://HOST:PORT and singletunnel://HOST:PORT log in.",
    )
    identity: KeyFile | None = Field(
        default=None,
        description=f"The key file to log in with, made by `{CALL} keys new FILE`; for nothing else.",
    )
    allow_remote: Annotated[bool, Flag()] = Field(
        default=False,
        description="true: servers may be other machines. The way there is TLS; the server reads and can "
        "alter everything.",
    )

    def misfits(self) -> Iterator[Misfit]:
        """A server without a key to log in with, or elsewhere without having been allowed."""
        for at, target in enumerate(self.targets):
            place = login_place(target)
            if place is None:
                continue
            if self.identity is None:
                text = f"logging in to {target} takes a key: name its file as `identity`"
                yield Misfit(("targets", at), text)
            if place.secure and not self.allow_remote:
                text = f"{target} is another machine; wanted one of this machine, or `allow_remote: true`"
                yield Misfit(("targets", at), text)
