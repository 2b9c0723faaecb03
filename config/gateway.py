"""Where programs that speak only IID may come in, and what each of them may do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from config.addresses import EthereumAddress, HostPort, is_loopback, same_port, split_host_port
from config.base import Misfit, Model
from config.codes import Control
from config.files import TlsFiles
from config.kinds import ControlName, Flag, Whole


class GatewayClient(Model):
    """One program that may come in, known by the Ethereum address it signs with."""

    address: Annotated[str, EthereumAddress()] = Field(description="The address of the key it logs in with.")
    index: Annotated[int, Whole(0, 4)] = Field(
        default=0, description="The pad it plays, whatever its records say; 0: they say it themselves."
    )
    plays: Annotated[bool, Flag()] = Field(default=True, description="Whether what it sends is played.")
    hears: Annotated[bool, Flag()] = Field(default=True, description="Whether it is told what is played.")


def _one_each(clients: tuple[GatewayClient, ...]) -> tuple[GatewayClient, ...]:
    addresses = [client.address for client in clients]
    for address in addresses:
        if addresses.count(address) > 1:
            raise PydanticCustomError("repeated", "the same address twice: {entry}", {"entry": address})
    return clients


class GatewayOptions(Model):
    """A door for programs that speak only IID: they log in with a signature, as APInt or SingleTunnel ask."""

    apint: Annotated[str, HostPort(listening=True)] | None = Field(
        default=None, description="HOST:PORT for clients of APInt (4615 is theirs); without it there is none."
    )
    singletunnel: Annotated[str, HostPort(listening=True)] | None = Field(
        default=None,
        description="HOST:PORT for clients of SingleTunnel (8765 is theirs); without it there is none.",
    )
    # Each may hold every control of every pad: 16 times 88 presses leave the bot most of 4,096.
    clients: Annotated[
        tuple[GatewayClient, ...],
        Field(max_length=16),
        AfterValidator(_one_each),
    ] = Field(default=(), description="Who may come in; nobody else does.")
    deny: Annotated[tuple[Annotated[Control, ControlName()], ...], Field(max_length=len(Control))] = Field(
        default=(Control.START, Control.BACK, Control.GUIDE),
        description="Controls that these programs never move, besides the receiver's own `deny`.",
    )
    longest_hold_ms: Annotated[int, Whole(100, 60_000)] = Field(
        default=10_000,
        description="A press whose release does not come is let go after this long, in milliseconds.",
    )
    tls: TlsFiles | None = Field(
        default=None, description="Certificate files; a door that other machines can reach needs them."
    )

    def misfits(self) -> Iterator[Misfit]:
        """A door that is open to the network without TLS, that nobody may use, or that is there twice."""
        for name in ("apint", "singletunnel"):
            listen = getattr(self, name)
            if listen is None:
                continue
            if self.tls is None and not is_loopback(split_host_port(listen)[0]):
                text = "other machines can reach this; wanted 127.0.0.1, or `tls` as well"
                yield Misfit((name,), text)
            if not self.clients:
                yield Misfit((name,), "nobody may come in; name them under `clients`", ("clients",))
        if self.apint and self.singletunnel and same_port(self.apint, self.singletunnel):
            yield Misfit(("singletunnel",), "the same port as `apint`; wanted another")
