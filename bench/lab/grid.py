"""Every kind of network against every other: homes to try it from, and what is expected of each pair. Pure.

What is expected is what the literature says (RFC 4787, 5128, 5382), for the routers of rules.py: over TCP
they keep ports, and let in only what was called, as most routers do, whatever they do with UDP.
"""

from __future__ import annotations

import itertools
from typing import Final

from bench.lab.machines import Machine
from bench.lab.remote import TCP, UDP
from bench.lab.rules import Kind
from bench.lab.world import World

NONE: Final = "no NAT"
CARRIER: Final = "carrier-grade"  # a port-restricted home router below a port-restricted one of the carrier
NETWORKS: Final = (
    NONE, Kind.FULL_CONE, Kind.ADDRESS_RESTRICTED, Kind.PORT_RESTRICTED, Kind.SYMMETRIC, CARRIER, Kind.NO_UDP,
)  # fmt: skip
PAIRS: Final = tuple(itertools.combinations_with_replacement(NETWORKS, 2))


def winner(one: str, other: str) -> str | None:
    """The kind of direct path that joins them; None: relays carry."""
    ends = {one, other}
    if Kind.NO_UDP in ends:
        return None if Kind.SYMMETRIC in ends else TCP
    # A symmetric router's port is news to the other end, so that one must let in any port of its address.
    strict = {Kind.PORT_RESTRICTED, CARRIER, Kind.SYMMETRIC}
    guessing = (one == Kind.SYMMETRIC and other in strict) or (other == Kind.SYMMETRIC and one in strict)
    return None if guessing else UDP


def home(lab: World, what: str) -> Machine:
    """A machine behind that."""
    if what == NONE:
        return lab.host(lab.ipv4)
    if what == CARRIER:
        return lab.host(lab.router(Kind.PORT_RESTRICTED, lab.carrier(Kind.PORT_RESTRICTED).inside).inside)
    return lab.host(lab.router(Kind(what)).inside)
