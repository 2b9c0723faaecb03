"""Direct paths between the two ends, beside the relays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from config.addresses import HostPort, no_repeats, split_host_port
from config.base import Misfit, Model
from config.kinds import Flag, Text
from config.rendezvous import Meetings

_HIGHEST_PORT = 65_535


class DirectConfig(Model):
    """Whether and how the two ends look for a direct path. Relays carry the inputs meanwhile, and after."""

    enabled: Annotated[bool, Flag()] = Field(
        default=False, description="Whether to look for direct paths; the other end has to look too."
    )
    # Two that answer are enough to tell a NAT's kind; the rest is for those that are down.
    stun: Annotated[
        tuple[Annotated[str, HostPort()], ...], Field(max_length=8), AfterValidator(no_repeats)
    ] = Field(default=(), description="STUN servers to ask besides the relays, each HOST:PORT.")
    port_mapping: Annotated[bool, Flag()] = Field(
        default=True, description="Whether the router is asked to keep our port open (UPnP, NAT-PMP, PCP)."
    )
    ports: Annotated[str, Text("[1-9][0-9]{0,4}-[1-9][0-9]{0,4}", "two ports such as 47000-47010")] | None = (
        Field(
            default=None, description="The local UDP ports to use, LOWEST-HIGHEST; without it any free one."
        )
    )
    rendezvous: Meetings = Field(
        default=(),
        description="Where the two ends also find each other, without any relay; the same in both.",
    )
    birthday: Annotated[bool, Flag()] = Field(
        default=False,
        description="Whether ports are guessed where a router gives every destination another one: a "
        "thousand packets in ten seconds, which may look like a scan.",
    )

    @property
    def servers(self) -> tuple[tuple[str, int], ...]:
        """`stun` as hosts and ports."""
        return tuple(split_host_port(server) for server in self.stun)

    @property
    def port_range(self) -> tuple[int, int] | None:
        """The lowest and the highest of `ports`."""
        if self.ports is None:
            return None
        low, _, high = self.ports.partition("-")
        return int(low), int(high)

    def misfits(self) -> Iterator[Misfit]:
        """Ports that are none, or the wrong way round."""
        if self.port_range is not None:
            low, high = self.port_range
            if not low <= high <= _HIGHEST_PORT:
                yield Misfit(
                    ("ports",), f"{self.ports}: ports go from 1 to {_HIGHEST_PORT}, the lower one first"
                )
