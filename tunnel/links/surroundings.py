"""Watches this machine's addresses, and looks up the names of the servers to ask as seldom as will do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Never

from tunnel.links.places import named_hosts, resolve, routed_hosts
from tunnel.links.stun_servers import Places, StunServers
from tunnel.nat.stun import Address

OnSeen = Callable[[Sequence[str], Sequence[Address]], None]

# How often own addresses are looked at: no system-independent way tells of changes. Two system calls each.
_LOOK_S: Final = 10.0
# How often names are looked up while no path is found: as seldom as the latest searches come
# (tunnel/nat/search.py). While a path is up, or nothing changes, name servers hear nothing of us.
_LOOK_UP_S: Final = 300.0


async def watch(
    fixed: Sequence[str],
    servers: StunServers,
    on_seen: OnSeen,
    *,
    is_searching: Callable[[], bool],
) -> Never:
    """Tells our addresses and those of the servers: once the servers are looked up, and when either changes.

    fixed         own addresses to use instead of what the system says; none: the system's
    servers       whom to ask, and the news of them
    is_searching  whether the names may be needed soon
    """
    loop = asyncio.get_running_loop()
    routed: Sequence[str] | None = None
    places: Places | None = None
    found: Sequence[Address] = ()
    looked_up = float("-inf")
    while True:
        now, before, asked = loop.time(), routed, places
        routed, places = fixed or routed_hosts(), servers.places
        is_new = routed != before or places != asked
        if routed != before and before is not None:
            on_seen(routed, found)  # at once: name servers may have gone with the old network
        if is_new or (is_searching() and now - looked_up >= _LOOK_UP_S):
            looked_up = now
            async with asyncio.TaskGroup() as group:
                naming = None if fixed else group.create_task(named_hosts(), name="own name")
                found = await resolve(places)
                if is_new:
                    on_seen(routed, found)  # without our name's addresses: few have one that helps
            hosts = routed if naming is None else tuple(dict.fromkeys((*routed, *naming.result())))
            on_seen(hosts, found)
        await servers.wait(_LOOK_S)
