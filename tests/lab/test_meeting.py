"""Two ends that have no relay find each other by letters: in the DHT, in a folder, carried by people."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from bench.lab.grid import home
from bench.lab.machines import LabError, why_not
from bench.lab.pair import Pair
from bench.lab.remote import UDP
from bench.lab.rules import Kind
from bench.lab.world import World, world
from tests.lab.conftest import Note, side_by_side
from tunnel.rendezvous.folder import OWN_LETTER, PEER_LETTER

REASON = why_not()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))

# A node of libtorrent takes another id when it hears that it has a public address. Those that know the old
# one go on telling of it, and where all nodes share an address a search asks them again without end. So here
# they have a private one, which the homes reach all the same.
_DHT_NETWORK: Final = "10.0.0."
DHT: Final = "10.0.0.10", 6881  # the first host there
_NODES: Final = 16
# A DHT promises nothing. Programs try for ever; a test tries with other keys, so other nodes.
_ATTEMPTS: Final = 3
_READY_S: Final = 60.0
# An end looks into the DHT every half a minute, and once for nothing if the other one starts with it.
_PATIENCE_S: Final = 120.0


async def nobody() -> None:
    """Nobody has to carry anything."""


async def meet(
    lab: World, servers: list[tuple[str, int]], carry: Callable[[], Awaitable[None]] = nobody, **how: Any
) -> str:
    """Behind two NATs, with nobody but STUN servers to ask. Returns what is worth noting."""
    homes = home(lab, Kind.PORT_RESTRICTED), home(lab, Kind.PORT_RESTRICTED)
    async with Pair(*homes, [], direct={"stun": servers}, **how) as pair:
        await carry()
        await pair.direct_is_up(UDP, _PATIENCE_S)
        await pair.inputs_flow()
        await pair.nothing_was_lost_or_doubled()
        return pair.times()


async def hand_over(one: Path, other: Path) -> None:
    """What `paths offer` and `paths answer` do: first one end's letter to the other, then that one's back."""
    for writer, reader in ((one, other), (other, one)):
        letter = writer / OWN_LETTER
        async with asyncio.timeout(_READY_S):
            while not letter.exists():  # noqa: ASYNC110  it is another program's
                await asyncio.sleep(0.1)
        await asyncio.sleep(2)  # people are slow, and the letter has all addresses by then
        reader.mkdir(exist_ok=True)
        (reader / PEER_LETTER).write_bytes(letter.read_bytes())


def test_letters_in_a_folder_or_carried_by_people_bring_two_ends_together(tmp_path: Path, note: Note) -> None:
    async def main() -> None:
        async with world(tmp_path) as lab:
            servers = [(await lab.relay(lab.ipv4)).place for _ in range(2)]
            alice, bob = tmp_path / "alice", tmp_path / "bob"
            in_folder = {"folder": str(tmp_path / "shared")}
            carry = partial(hand_over, alice, bob)
            tries = [
                ("no relay, a folder", partial(meet, lab, servers, meeting=in_folder)),
                ("no relay, by hand", partial(meet, lab, servers, carry, letters=(alice, bob))),
            ]
            await side_by_side(tries, note)

    asyncio.run(asyncio.wait_for(main(), 300))


@pytest.mark.skipif(importlib.util.find_spec("libtorrent") is None, reason="libtorrent is not installed")
def test_two_ends_find_each_other_in_a_dht_of_several_nodes(tmp_path: Path, note: Note) -> None:
    async def main() -> None:
        async with world(tmp_path) as lab:
            host, port = DHT
            net = await lab.host(lab.network(_DHT_NETWORK)).start(
                sys.executable, "-m", "bench.world.dht_net", host, str(port), str(_NODES)
            )
            assert net.stdout is not None
            async with asyncio.timeout(_READY_S):
                assert await net.stdout.readline() == f"ready {host} {port}\n".encode()
            servers = [(await lab.relay(lab.ipv4)).place for _ in range(2)]
            go = partial(again_and_again, partial(meet, lab, servers, meeting={"dht": [DHT]}))
            await side_by_side([("no relay, DHT", go)], note)

    asyncio.run(asyncio.wait_for(main(), 480))


async def again_and_again(go: Callable[[], Awaitable[str]]) -> str:
    """What it returns when it succeeds, and how often it did not before."""
    for attempt in range(_ATTEMPTS - 1):
        try:
            return await go() + (f", attempt {attempt + 1}" if attempt else "")
        except LabError:
            continue
    return await go() + f", attempt {_ATTEMPTS}"
