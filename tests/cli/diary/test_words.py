"""What `paths` says, whole, in each situation of a streamer: the texts are in the folder `said`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from cli.diary.page import PlaceEntry, Settings
from cli.diary.words import FRESH_MS, is_alive, minutes_in_words, page_in_words, program_in_words
from tunnel.nat.behaviour import FilteringKind, MappingKind

SAID: Final = Path(__file__).parent / "said"
WIDTH: Final = 80

SILENT: Final = (("own", "192.168.0.4", "silent", 18), ("seen", "203.0.113.9", "silent", 18))
NOTHING: Final = {"own": (), "symmetric": (None, None), "deaf": (None, None)}
FIREWALL: Final = "Nothing came through in either direction: a firewall at one of the ends is in the way."
OTHER_PORTS: Final = (
    "The router at this end uses another port for every address it talks to, and the other router lets in "
    "nobody it did not call."
)
SPENT: Final = "its hour is used up until 21:00"
BLOCKED: Final = "No server answers over UDP at this end: that network seems to block UDP."


def a_direct_path_works(p: Any) -> Any:
    tried = (("seen", "203.0.113.9", "in use", 3), ("own", "10.0.0.4", "silent", 18))
    alone = {"share": 0.6, "why": "the only one that was up"}
    return p.page(
        links=(p.link(*tried, address=("203.0.113.9", 47_001)),),
        networks=(p.network(filtering=FilteringKind.ADDRESS_AND_PORT_DEPENDENT, hairpins=True),),
        minutes=(
            p.minute(9, None),
            *[p.minute(ago, "ams1", **alone) for ago in (8, 7, 6)],
            *[p.minute(ago) for ago in (5, 4, 3, 2, 1, 0)],
        ),
    )


def a_firewall_is_in_the_way(p: Any) -> Any:
    paths = (p.relay(verdict="the only one that is up"), p.searching(FIREWALL))
    return p.page(paths=paths, links=(p.link(*SILENT),), networks=(p.network(),))


def the_own_router_changes_ports(p: Any) -> Any:
    return p.page(
        paths=(p.relay(), p.searching(OTHER_PORTS)),
        links=(p.link(*SILENT, symmetric=(True, False)),),
        networks=(p.network(mapping=MappingKind.DEPENDENT, keeps_port=False, hairpins=False),),
    )


def udp_is_blocked_here(p: Any) -> Any:
    deaf = p.network(udp=False, nat=None, mapping=MappingKind.UNKNOWN, keeps_port=None, seen=())
    link = p.link(
        *SILENT, own=(("own", ("192.168.1.20", 47_000)),), symmetric=(None, False), deaf=(True, False)
    )
    return p.page(paths=(p.relay(), p.searching(BLOCKED)), links=(link,), networks=(deaf,))


def direct_paths_are_off(p: Any) -> Any:
    down = p.relay(
        "fra1", state="waiting", carrying=False, why="fra1.example.org: the connection was refused."
    )
    settings = Settings(pin=("wss://ams1.example.org",))
    return p.page(settings=settings, paths=(p.relay(cap=50_000_000), down))


def the_other_end_is_not_there(p: Any) -> Any:
    paths = (p.relay(verdict="not heard yet, tried all the same"), p.searching("", state="connecting"))
    return p.page(connected=False, paths=paths, links=(p.link(**NOTHING),), networks=(p.network(),))


def two_people_are_on_the_phone(p: Any) -> Any:
    nobody = p.network(servers=0, udp=False, nat=None, mapping=MappingKind.UNKNOWN, seen=())
    places = (
        PlaceEntry(name="by hand", state="working", why=None, posted=1, read=0, last_ms=None),
        PlaceEntry(
            name="folder /mnt/shared", state="working", why=None, posted=1, read=1, last_ms=p.now - 20_000
        ),
        PlaceEntry(
            name="the BitTorrent DHT",
            state="waiting",
            why="The library libtorrent is missing.",
            posted=0,
            read=0,
            last_ms=None,
        ),
    )
    return p.page(
        connected=False,
        look_hard_until_ms=p.now + 480_000,
        paths=(p.searching(),),
        links=(p.link(**{**NOTHING, "own": (("own", ("192.168.1.20", 47_000)),)}),),
        networks=(nobody,),
        places=places,
    )


def the_receiver_has_ipv6_and_no_router(p: Any) -> Any:
    own = ("2001:db8::20", 47_000)
    v6 = p.network(ip=6, hosts=("2001:db8::20",), servers=2, nat=False, keeps_port=True, seen=(own,))
    link = p.link(
        ("own", "2001:db8:1::9", "in use", 1),
        own=(("own", own),),
        address=("2001:db8:1::9", 47_001),
    )
    spare = p.relay(carrying=False, verdict="spare: 3 others are faster")
    direct = p.direct(address=("2001:db8:1::9", 47_001))
    return p.page(program="receiver", paths=(spare, direct), links=(link,), networks=(v6,))


def the_other_router_changes_ports_and_addresses_are_long(p: Any) -> Any:
    host = "2001:db8:1111:2222:3333:4444:5555:6666"
    tried = (*SILENT, ("own", host, "asked", 1), ("met", "203.0.113.9", "waiting", 0))
    tcp = p.link(name="direct tcp", own=(), symmetric=(None, None), deaf=(None, None))
    return p.page(
        paths=(p.relay(), p.searching(OTHER_PORTS.replace("this end", "the other end"))),
        links=(p.link(*tried, symmetric=(False, True)), tcp),
        networks=(p.network(),),
    )


def a_cap_is_used_up(p: Any) -> Any:
    spent = {"state": "waiting", "carrying": False, "verdict": SPENT, "why": f"{SPENT.capitalize()}."}
    relay = p.relay(**spent, bytes=50_000_100, cap=50_000_000)
    direct = p.direct(**spent, address=None, bytes=50_000_300, cap=50_000_000)
    return p.page(connected=False, paths=(relay, direct), links=(p.link(),), networks=(p.network(),))


def the_program_is_gone(p: Any) -> Any:
    return p.page(written_ms=p.now - 120_000)


SITUATIONS: Final[tuple[Callable[[Any], Any], ...]] = (
    a_direct_path_works,
    a_firewall_is_in_the_way,
    the_own_router_changes_ports,
    udp_is_blocked_here,
    direct_paths_are_off,
    the_other_end_is_not_there,
    two_people_are_on_the_phone,
    the_receiver_has_ipv6_and_no_router,
    the_other_router_changes_ports_and_addresses_are_long,
    a_cap_is_used_up,
    the_program_is_gone,
)


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.__name__)
def test_each_situation_is_said_as_it_is_written_down(pages: Any, situation: Callable[[Any], Any]) -> None:
    page = situation(pages)
    said = page_in_words(page, f"{page.program}.yaml", pages.now, WIDTH) + "\n"
    assert said == (SAID / f"{situation.__name__}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.__name__)
@pytest.mark.parametrize("width", [80, 99])
def test_no_line_is_wider_than_the_terminal(pages: Any, situation: Callable[[Any], Any], width: int) -> None:
    said = page_in_words(situation(pages), "bot.yaml", pages.now, width)
    assert all(len(line) <= width for line in said.splitlines())


def test_every_text_belongs_to_a_situation() -> None:
    assert {file.stem for file in SAID.iterdir()} == {situation.__name__ for situation in SITUATIONS}


def test_a_program_is_alive_while_it_writes(pages: Any) -> None:
    page = pages.page()
    assert is_alive(page, page.written_ms + FRESH_MS)
    assert not is_alive(page, page.written_ms + FRESH_MS + 1)
    assert not is_alive(page.model_copy(update={"ended": True}), page.written_ms)


def test_one_that_has_ended_is_not_taken_for_one_that_hangs(pages: Any) -> None:
    said = program_in_words(pages.page(ended=True, written_ms=pages.now - 7_200_000), "bot.yaml", pages.now)
    assert said.startswith("The bot does not run: it ended 2 h ago.")
    assert said.endswith("Start it: python3 run.py bot --config bot.yaml")


def test_a_word_from_the_future_is_not_believed(pages: Any) -> None:
    said = program_in_words(pages.page(written_ms=pages.now + 60_000), "bot.yaml", pages.now)
    assert "60 s in the future: this machine's clock was changed" in said


def test_people_who_have_found_each_other_wait_no_more(pages: Any) -> None:
    waiting = pages.page(look_hard_until_ms=pages.now + 60_000, connected=False)
    assert "Because of an offer it looks without a rest for 60 s more." in program_in_words(
        waiting, "bot.yaml", pages.now
    )
    found = waiting.model_copy(update={"connected": True})
    assert "without a rest" not in program_in_words(found, "bot.yaml", pages.now)


def test_an_hour_without_inputs_is_no_gap(pages: Any) -> None:
    assert minutes_in_words(pages.page(minutes=(pages.minute(0, None),)), pages.now, WIDTH) == [
        "No inputs have come lately, so no path has won a minute."
    ]
    assert minutes_in_words(pages.page(), pages.now, WIDTH) == []
