"""What direct links say leaves as a note and as a letter, and reaches the link of its kind by either way."""

from __future__ import annotations

from collections import Counter
from typing import Any, cast

import pytest

from tunnel.identity import Identity
from tunnel.introductions import TCP_SIGNAL, UDP_SIGNAL, Introductions
from tunnel.links.direct import DirectOptions
from tunnel.links.relay import RelayLink
from tunnel.links.udp import DirectUdpLink
from tunnel.policy import Kind
from tunnel.rendezvous.board import Board
from tunnel.wallclock import WallClock

BOTH: tuple[Kind, ...] = ("direct udp", "direct tcp")


class Told:
    """Stands for the session and for the board, and keeps what they are told."""

    def __init__(self) -> None:
        self.notes: list[tuple[int, bytes]] = []
        self.letters: list[tuple[int, bytes]] = []
        self.connected: list[bool] = []
        self.counters = Counter(stale=2)

    def put(self, kind: int, body: bytes) -> None:
        self.letters.append((kind, body))

    def set_connected(self, connected: bool) -> None:
        self.connected.append(connected)

    def reports(self) -> list[str]:
        return ["a place"]


def introductions(told: Told, kinds: tuple[Kind, ...] = BOTH) -> Introductions:
    return Introductions(
        DirectOptions(),
        kinds=kinds,
        controlling=True,
        relays=(),
        send_note=lambda kind, body: told.notes.append((kind, body)),
        delay_ms=lambda: 50.0,
        clock=WallClock(),
    )


def test_there_is_a_link_for_each_kind_that_is_wanted() -> None:
    assert list(introductions(Told()).links) == ["direct udp", "direct tcp"]
    assert list(introductions(Told(), ("direct tcp",)).links) == ["direct tcp"]
    assert list(introductions(Told()).stories()) == ["direct udp", "direct tcp"]


def test_what_a_link_says_leaves_by_both_ways_under_its_own_kind() -> None:
    told = Told()
    both = introductions(told)
    both.meet_at(cast(Board, told))
    both.links["direct udp"]._send_signal(b"udp")  # type: ignore[attr-defined]
    both.links["direct tcp"]._send_signal(b"tcp")  # type: ignore[attr-defined]
    assert told.notes == told.letters == [(UDP_SIGNAL, b"udp"), (TCP_SIGNAL, b"tcp")]


def test_without_a_meeting_place_there_are_notes_alone() -> None:
    told = Told()
    alone = introductions(told)
    alone.links["direct udp"]._send_signal(b"udp")  # type: ignore[attr-defined]
    alone.peer_is_here(True)
    assert told.notes == [(UDP_SIGNAL, b"udp")]
    assert alone.places() == []
    assert alone.counters() == {}


def test_a_signal_reaches_the_link_of_its_kind_and_any_other_kind_reaches_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    came: list[Any] = []
    monkeypatch.setattr(DirectUdpLink, "signal_came", lambda self, body: came.append(body))
    both = introductions(Told())
    both.signal_came(UDP_SIGNAL, b"for udp")
    both.signal_came(TCP_SIGNAL, b"for tcp")
    both.signal_came(200, b"for whom?")
    assert came == [b"for udp"]


def test_places_are_told_whether_anybody_waits_for_a_letter() -> None:
    told = Told()
    both = introductions(told)
    both.meet_at(cast(Board, told))
    both.peer_came(fresh=True)
    both.peer_is_here(False)
    assert told.connected == [True, False]
    assert [str(place) for place in both.places()] == ["a place"]
    assert both.counters() == {"stale": 2}


def test_a_relay_says_where_it_answers_over_either_transport() -> None:
    both = Introductions(
        DirectOptions(stun=(("stun.example.org", 3_478),)),
        kinds=BOTH,
        controlling=True,
        relays=["wss://relay.example.org"],
        send_note=lambda kind, body: None,
        delay_ms=lambda: 50.0,
        clock=WallClock(),
    )
    named = ("stun.example.org", 3_478)
    assert list(both._udp.places) == [("relay.example.org", 443), named]
    assert list(both._tcp.places) == [named]
    relay = RelayLink("wss://relay.example.org", Identity.create(), lambda name, day: bytes(16), WallClock())
    relay.stun_places = (("relay.example.org", 8_765),)
    relay.stun_tcp_places = (("relay.example.org", 8_766),)
    both.relay_says(relay)
    assert list(both._udp.places) == [("relay.example.org", 8_765), named]
    assert list(both._tcp.places) == [("relay.example.org", 8_766), named]
