from __future__ import annotations

from typing import TYPE_CHECKING

from tunnel import envelope
from tunnel.identity import Identity
from tunnel.links.link import MAX_DATAGRAM, Link, LinkError
from tunnel.links.relay import RelayLink
from tunnel.wallclock import WallClock


def test_every_link_carries_the_longest_datagram() -> None:
    assert MAX_DATAGRAM == envelope.MAX_DATAGRAM


def test_an_error_says_whether_to_come_back() -> None:
    assert not LinkError("broken").refused
    assert LinkError("not you", refused=True).refused


def test_an_error_says_what_came_for_nothing() -> None:
    assert LinkError("broken").unheard == 0
    assert LinkError("broken", unheard=7).unheard == 7


def test_a_relay_is_a_link() -> None:
    link: Link = RelayLink("ws://relay.example", Identity.create(), lambda relay, day: bytes(16), WallClock())
    link.close()
    if not TYPE_CHECKING:
        assert link.counters == {}
