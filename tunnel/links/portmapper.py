"""Keeps ports open on the router before us, by whatever protocol it speaks: PCP, NAT-PMP or UPnP-IGD.

PCP and NAT-PMP are one socket that asks the default gateway. UPnP needs a library that blocks: it gets a
thread, a second later, if nothing is open by then. All of it is optional to the program: no gateway, no
library, no answer are ordinary.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar, cast

from tunnel.links import upnp
from tunnel.links.upnp import UpnpError, UpnpRouter
from tunnel.nat import gateway
from tunnel.nat.portmap import LIFETIME_S, Mapped, PortMapper, Want
from tunnel.nat.portmap_message import GATEWAY_PORT
from tunnel.nat.stun import Address
from tunnel.wallclock import WallClock

_log = logging.getLogger(__name__)
T = TypeVar("T")

# A laptop moves to another network without telling: looking costs one small file.
_LOOK_AGAIN_S: Final = 30.0
_UPNP_AFTER_S: Final = 1.0
_UPNP_AGAIN_S: Final = 600.0
_UPNP_GOODBYE_S: Final = 0.5  # Ctrl-C ends any command within a second
_A_PUBLIC_ADDRESS: Final = bytes([192, 0, 2, 1])  # any that is not on our own network


class Network(NamedTuple):
    """Where the router is, and which address of ours it sees."""

    gateway: Address
    own: str


def network() -> Network | None:
    """The default gateway and our address towards it; None if there is none, or we cannot tell."""
    host = _default_gateway()
    if host is None:
        return None
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((host, GATEWAY_PORT))  # chooses a source address; sends nothing
            return Network((host, GATEWAY_PORT), str(probe.getsockname()[0]))
    except OSError:
        return None


class RouterPorts:
    """Our ports on the router. `run` until cancelled; what is open then is closed.

    on_change  called with all that is open, whenever that changes
    find       where the router is; asked now and then
    """

    def __init__(
        self,
        wants: Iterable[Want],
        clock: WallClock,
        on_change: Callable[[Mapping[Want, Mapped]], None],
        *,
        find: Callable[[], Network | None] = network,
        miniupnpc: Any | None = None,
    ) -> None:
        self._wants = tuple(wants)
        self._clock = clock
        self._on_change = on_change
        self._find = find
        self._miniupnpc = miniupnpc if miniupnpc is not None else upnp.library()
        self._by_gateway: Mapping[Want, Mapped] = {}
        self._by_upnp: dict[Want, Mapped] = {}
        self._told: Mapping[Want, Mapped] = {}
        self.mapper: PortMapper | None = None

    async def run(self) -> None:
        """Never returns by itself."""
        tasks = [asyncio.create_task(self._ask_gateways())]
        if self._miniupnpc is not None:
            tasks.append(asyncio.create_task(self._ask_upnp(self._miniupnpc)))
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    def _tell(self) -> None:
        """A port that the gateway gave comes before the same one by UPnP."""
        opened = {**self._by_upnp, **self._by_gateway}
        if {want: mapped.outer for want, mapped in opened.items()} != {
            want: mapped.outer for want, mapped in self._told.items()
        }:
            self._told = opened
            self._on_change(opened)

    # PCP and NAT-PMP.

    async def _ask_gateways(self) -> None:
        while True:
            here = self._find()
            if here is None:
                await asyncio.sleep(_LOOK_AGAIN_S)
                continue
            try:
                moved = await self._ask_gateway(here)
            except OSError as error:
                _log.debug("The router %s cannot be asked: %s", here.gateway[0], error)
                moved = False
            if not moved:
                await asyncio.sleep(_LOOK_AGAIN_S)

    async def _ask_gateway(self, here: Network) -> bool:
        """Keeps our ports open there until the network is another one (True) or the socket breaks."""
        mapper = self.mapper = PortMapper(here.gateway, here.own, self._wants, os.urandom)
        loop = asyncio.get_running_loop()
        _, asking = await loop.create_datagram_endpoint(
            lambda: _Asking(mapper, self._clock), local_addr=(here.own, 0)
        )
        look_at = loop.time() + _LOOK_AGAIN_S
        mapper.start(self._clock.now())
        try:
            while not asking.lost:
                for datagram in mapper.take_due(self._clock.now()):
                    asking.send(datagram)
                self._by_gateway = mapper.mappings
                self._tell()
                await asking.wait(mapper.next_timeout())
                mapper.handle_timeout(self._clock.now())
                if loop.time() >= look_at:
                    look_at = loop.time() + _LOOK_AGAIN_S
                    if self._find() != here:
                        return True
            return False
        finally:
            for datagram in mapper.release():
                asking.send(datagram)
            asking.close()
            self._by_gateway = {}
            self._tell()

    # UPnP.

    async def _ask_upnp(self, miniupnpc: Any) -> None:
        await asyncio.sleep(_UPNP_AFTER_S)
        router: UpnpRouter | None = None
        try:
            while True:
                wait_s = _UPNP_AGAIN_S
                if not self._by_gateway:
                    try:
                        if router is None:
                            router = await in_thread(lambda: _found(miniupnpc))
                        await self._map_by(router)
                        wait_s = LIFETIME_S / 2
                    except UpnpError as error:
                        _log.debug("UPnP: %s", error)
                        router, self._by_upnp = None, {}
                self._tell()
                await asyncio.sleep(wait_s)
        finally:
            if router is not None and self._by_upnp:
                await self._unmap_by(router)

    async def _map_by(self, router: UpnpRouter) -> None:
        for want in self._wants:
            outer = await in_thread(lambda want=want: router.map(want))  # type: ignore[misc]  # no type for a lambda's default
            self._by_upnp[want] = Mapped(outer, "UPnP", self._clock.now() + LIFETIME_S * 1000.0)

    async def _unmap_by(self, router: UpnpRouter) -> None:
        held, self._by_upnp = self._by_upnp, {}

        def unmap() -> None:
            for want, mapped in held.items():
                router.unmap(want, mapped.outer[1])

        self._tell()
        try:
            await asyncio.wait_for(in_thread(unmap), _UPNP_GOODBYE_S)
        except (UpnpError, TimeoutError) as error:
            _log.debug("UPnP: a port may stay open for twenty minutes: %s", error)


def _found(miniupnpc: Any) -> UpnpRouter:
    router = UpnpRouter(miniupnpc)
    router.find()
    return router


async def in_thread(work: Callable[[], T]) -> T:
    """What `work` returns or raises, from a thread that no ending program waits for."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(result: T | None, error: Exception | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(cast(T, result))

    def body() -> None:
        result, failure = None, None
        try:
            result = work()
        except Exception as error:  # noqa: BLE001  handed on to whoever waits
            failure = error
        try:
            loop.call_soon_threadsafe(tell, result, failure)
        except RuntimeError:
            pass  # the loop has ended meanwhile; nobody waits

    threading.Thread(target=body, name="upnp", daemon=True).start()
    return await done


class _Asking(asyncio.DatagramProtocol):
    """The socket that asks the gateway. Wakes its owner when something came."""

    def __init__(self, mapper: PortMapper, clock: WallClock) -> None:
        self.lost = False
        self._mapper = mapper
        self._clock = clock
        self._came = asyncio.Event()
        self._transport: asyncio.DatagramTransport | None = None

    def send(self, datagram: bytes) -> None:
        if self._transport is not None and not self.lost:
            self._transport.sendto(datagram, self._mapper.gateway)

    def close(self) -> None:
        self.lost = True
        if self._transport is not None:
            self._transport.close()

    async def wait(self, deadline_ms: float | None) -> None:
        """Until something came, or the deadline, or half a minute."""
        wait_s = _LOOK_AGAIN_S
        if deadline_ms is not None:
            wait_s = min(wait_s, max(0.0, (deadline_ms - self._clock.now()) / 1000))
        try:
            await asyncio.wait_for(self._came.wait(), wait_s)
        except TimeoutError:
            pass
        self._came.clear()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # The loop's own class does not derive from the one it implements.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[Any, ...] | None) -> None:
        if addr:
            self._mapper.receive(data, (str(addr[0]), int(addr[1])), self._clock.now())
            self._came.set()

    def error_received(self, exc: Exception) -> None:
        """The gateway has nobody at that port: as good as silence, but for Windows, where reading may end."""
        self._mapper.counters["socket_errors"] += 1
        if sys.platform == "win32" and self._transport is not None:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self._came.set()


def _default_gateway() -> str | None:
    if sys.platform == "linux":
        try:
            return gateway.from_linux(Path("/proc/net/route").read_text(encoding="ascii"))
        except (OSError, UnicodeDecodeError):
            return None
    if sys.platform == "win32":
        row = ctypes.create_string_buffer(64)
        destination = int.from_bytes(_A_PUBLIC_ADDRESS, sys.byteorder)
        failed = ctypes.windll.iphlpapi.GetBestRoute(destination, 0, row)
        return None if failed else gateway.from_windows(row.raw)
    return None
