"""Watches this machine's addresses, and looks up the names of the servers to ask as seldom as will do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Never

from tunnel.links.places import named_hosts, resolve, routed_hosts
from tunnel.nat.stun import Address

OnSeen = Callable[[Sequence[str], Sequence[Address]], None]

# How often own addresses are looked at: no system-independent way tells of changes. Two system calls each.
_LOOK_S: Final = 10.0
# How often names are looked up while no path is found: as seldom as the latest searches come
# (tunnel/nat/search.py). While a path is up, or nothing changes, name servers hear nothing of us.
_LOOK_UP_S: Final = 300.0


async def watch(
    fixed: Sequence[str],
    places: Sequence[tuple[str, int]],
    on_seen: OnSeen,
    *,
    is_searching: Callable[[], bool],
) -> Never:
    """Tells our addresses and those of the servers: once the servers are looked up, and when either changes.

    fixed         own addresses to use instead of what the system says; none: the system's
    places        the servers, by name and port
    is_searching  whether the names may be needed soon
    """
    loop = asyncio.get_running_loop()
    routed: Sequence[str] | None = None
    servers: Sequence[Address] = ()
    looked_up = float("-inf")
    while True:
        now, before = loop.time(), routed
        routed = fixed or routed_hosts()
        is_new = routed != before
        if is_new and before is not None:
            on_seen(routed, servers)  # at once: name servers may have gone with the old network
        if is_new or (is_searching() and now - looked_up >= _LOOK_UP_S):
            looked_up = now
            async with asyncio.TaskGroup() as group:
                naming = None if fixed else group.create_task(named_hosts(), name="own name")
                servers = await resolve(places)
                if is_new:
                    on_seen(routed, servers)  # without our name's addresses: few have one that helps
            hosts = routed if naming is None else tuple(dict.fromkeys((*routed, *naming.result())))
            on_seen(hosts, servers)
        await asyncio.sleep(_LOOK_S)
