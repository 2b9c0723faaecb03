"""The diary's page: what is written is read, whatever else stands in the file."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.diary.folder import MOST_BYTES
from cli.diary.page import (
    MOST_CHARACTERS,
    MOST_MINUTES,
    MOST_OWN,
    MOST_PATHS,
    MOST_PLACES,
    MOST_TRIED,
    MinuteEntry,
    Page,
    PageError,
    link_entry,
    minute_entry,
    network_entry,
    path_entry,
    place_entry,
    read_page,
)
from tunnel.lane import PathReport, used_up
from tunnel.links.direct import Story, Tried
from tunnel.minutes import Minute
from tunnel.nat.behaviour import Behaviour, FilteringKind, MappingKind
from tunnel.rendezvous.desk import PlaceReport

REPORT = PathReport("ams1", "wss://ams1.example", "up", 31.0, 2.0, 0.01, 100, 90, 30, True)
HERE = ("192.0.2.7", 4711)
STORY = Story(
    HERE, (("own", HERE),), (Tried("seen", HERE, "asked", 3),), symmetric=(True, None), deaf=(False, None)
)
NAT = Behaviour(
    udp=True,
    nat=True,
    mapping=MappingKind.ENDPOINT_INDEPENDENT,
    filtering=FilteringKind.ADDRESS_DEPENDENT,
    hairpins=False,
    keeps_port=True,
    seen=(HERE,),
)
PLACE = place_entry(PlaceReport("folder", "waiting", "It is gone.", 1, 0, None), 0)
LONG = "x" * 10_000
PAGE = Page(
    program="bot",
    pid=1,
    address="0x1",
    peer="0x2",
    connected=True,
    started_ms=1,
    written_ms=2,
    paths=(path_entry(REPORT),),
    links=(link_entry("direct udp", STORY),),
    networks=(network_entry(4, ["192.0.2.7"], 2, NAT),),
    minutes=(MinuteEntry(start_ms=1, inputs=3, winner="ams1", share=0.5, why="fastest"),),
    places=(PLACE,),
)


def test_what_was_written_is_read() -> None:
    assert read_page(PAGE.model_dump_json().encode()) == PAGE


def test_what_a_place_brought_is_told_by_the_system_s_clock_too() -> None:
    assert place_entry(PlaceReport("folder", "working", None, 3, 1, 1_000.0), 500.0).last_ms == 1_500.0


def test_a_minute_is_told_by_the_system_s_clock() -> None:
    minute = Minute(60_000.0, 12, "ams1", 0.75, "fastest: 12 ms, fra1 30 ms")
    assert minute_entry(minute, 5_000.0).start_ms == 65_000.0


def test_a_later_program_may_say_more() -> None:
    said = json.loads(PAGE.model_dump_json())
    said["mood"] = "fine"
    said["paths"][0]["colour"] = "blue"
    assert read_page(json.dumps(said).encode()) == PAGE


def test_another_version_is_told_from_damage() -> None:
    said = json.loads(PAGE.model_dump_json()) | {"version": 2}
    with pytest.raises(PageError, match="another version"):
        read_page(json.dumps(said).encode())
    with pytest.raises(PageError, match="damaged"):
        read_page(PAGE.model_dump_json().encode()[:-2])
    with pytest.raises(PageError, match="too large"):
        read_page(b" " * (MOST_BYTES + 1))


def test_what_a_relay_calls_itself_steers_no_terminal() -> None:
    named = path_entry(replace(REPORT, name="ams1\x1b[2J\r\n\u202e", verdict="\x07"))
    assert (named.name, named.verdict) == ("ams1?[2J???", "?")


@given(st.binary(max_size=200))
@settings(max_examples=50)
def test_any_bytes_are_a_page_or_an_error(data: bytes) -> None:
    try:
        read_page(data)
    except PageError:
        pass


def test_everything_at_its_bound_fits() -> None:
    story = replace(
        STORY,
        own=(("own", HERE),) * 99,
        tried=(Tried("seen", ("2001:db8:1111:2222:3333:4444:5555:6666", 65_535), "in use", 999),) * 999,
    )
    cut = LONG[:MOST_CHARACTERS]
    page = PAGE.model_copy(
        update={
            "paths": (path_entry(replace(REPORT, name=LONG, why=LONG, verdict=LONG)),) * MOST_PATHS,
            "links": tuple(link_entry(name, story) for name in ("direct udp", "direct tcp")),
            "networks": (network_entry(6, [LONG] * 99, 9, replace(NAT, seen=(HERE,) * 99)),) * 2,
            "minutes": (MinuteEntry(start_ms=1, inputs=3, winner=LONG, share=1, why=LONG),) * MOST_MINUTES,
            "places": (PLACE.model_copy(update={"name": cut, "why": cut}),) * MOST_PLACES,
        }
    )
    data = page.model_dump_json(indent=1).encode()
    assert len(data) < MOST_BYTES
    read = read_page(data)
    assert len(read.links[0].tried) == MOST_TRIED
    assert len(read.links[0].own) == MOST_OWN
    assert len(read.paths[0].why or "") == MOST_CHARACTERS


def test_a_path_whose_hour_is_used_up_is_known_by_its_verdict(pages: Any) -> None:
    said = used_up(0)
    assert pages.relay(state="waiting", verdict=said).used_up_until == said.split()[-1]
    assert pages.relay(verdict=said).used_up_until is None
    assert pages.searching().used_up_until is None
