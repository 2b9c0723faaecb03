"""Ports of a router that speaks UPnP-IGD, through the miniupnpc library if it is installed. Blocking.

The library is an optional extra (`direct`). It asks the network by multicast, fetches XML from whatever
answers and parses it in C: none of that is ours to trust, and nothing but an address to try comes out of it.
"""

from __future__ import annotations

import importlib
import logging
from typing import Any, Final

from tunnel.nat.portmap import LIFETIME_S, Want
from tunnel.nat.stun import Address, address

_log = logging.getLogger(__name__)

DISCOVER_MS: Final = 2_000  # how long routers may take to answer the multicast; the library's own default
_DESCRIPTION: Final = "crowdpad"
_TRIES: Final = 3  # outer ports to try if others hold ours


class UpnpError(Exception):
    """No router, or it did not do it. One sentence."""


def library() -> Any | None:
    """miniupnpc, or None where it is not installed."""
    try:
        return importlib.import_module("miniupnpc")
    except ImportError:
        return None


class UpnpRouter:
    """One router. `find` first; all methods block for seconds, so call them in one thread of their own."""

    def __init__(self, miniupnpc: Any) -> None:
        self._upnp = miniupnpc.UPnP()
        self._upnp.discoverdelay = DISCOVER_MS

    def find(self) -> None:
        """Raises UpnpError if there is no router."""
        try:
            if not self._upnp.discover():
                raise UpnpError("no router answers over UPnP")
            self._upnp.selectigd()
        except Exception as error:  # the library raises Exception itself
            raise _as_upnp_error(error) from error

    def map(self, want: Want) -> Address:
        """Opens a port to ours, or renews it, and says where others reach us. Raises UpnpError."""
        try:
            outer_host = self._upnp.externalipaddress()
            for outer_port in range(want.port, min(want.port + _TRIES, 0x10000)):
                if self._is_free(outer_port, want):
                    self._add(outer_port, want)
                    return address(outer_host, outer_port)
        except Exception as error:
            raise _as_upnp_error(error) from error
        raise UpnpError("others have the router's ports that we would like")

    def unmap(self, want: Want, outer_port: int) -> None:
        """Closes it again, if it is ours. Raises UpnpError."""
        try:
            if self._is_free(outer_port, want):
                self._upnp.deleteportmapping(outer_port, want.transport.name)
        except Exception as error:
            raise _as_upnp_error(error) from error

    def _is_free(self, outer_port: int, want: Want) -> bool:
        """Whether nobody has this port, or we have it: another machine's mapping is never touched."""
        holder = self._upnp.getspecificportmapping(outer_port, want.transport.name)
        return holder is None or (holder[0], holder[1]) == (self._upnp.lanaddr, want.port)

    def _add(self, outer_port: int, want: Want) -> None:
        """For twenty minutes; for good on a router that knows nothing else (UPnP error 725)."""
        told = (outer_port, want.transport.name, self._upnp.lanaddr, want.port, _DESCRIPTION, "")
        try:
            self._upnp.addportmapping(*told, LIFETIME_S)
        except Exception as error:  # noqa: BLE001  the library raises Exception itself
            _log.debug("The router does not map for a time (%s); asking for good.", error)
            self._upnp.addportmapping(*told, 0)


def _as_upnp_error(error: Exception) -> UpnpError:
    return error if isinstance(error, UpnpError) else UpnpError(f"the router says over UPnP: {error}")
