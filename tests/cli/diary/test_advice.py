"""What a streamer is told to do, and what not, in each situation."""

from __future__ import annotations

from typing import Any

import pytest

from cli.diary.advice import advice
from cli.diary.page import Settings
from tunnel.nat.behaviour import MappingKind

SILENT = (("seen", "203.0.113.9", "silent", 18),)


def told(page: Any) -> str:
    return "\n".join(advice(page, "bot.yaml"))


def searching(pages: Any, *links: Any, **said: Any) -> Any:
    """A page on which no direct path works."""
    plain = {"paths": (pages.relay(), pages.searching()), "networks": (pages.network(),), "links": links}
    return pages.page(**{**plain, **said})


def test_where_a_direct_path_works_nothing_has_to_be_done(pages: Any) -> None:
    assert advice(pages.page(), "bot.yaml") == [
        "A direct path works (direct udp), so nothing has to be done."
    ]


def test_a_path_to_somebody_who_is_silent_is_no_success(pages: Any) -> None:
    assert "nothing has to be done" not in told(pages.page(connected=False))


def test_there_is_always_something_to_say(pages: Any) -> None:
    assert advice(searching(pages, connected=True, paths=()), "bot.yaml")


def test_whoever_has_them_off_is_told_how_to_switch_them_on(pages: Any) -> None:
    page = pages.page(settings=Settings(), paths=(pages.relay(),))
    assert "`direct: {enabled: true}` into bot.yaml and into the receiver's file" in told(page)


def test_a_port_is_asked_of_the_router_before_one_is_opened_by_hand(pages: Any) -> None:
    link = pages.link(*SILENT, symmetric=(True, False))
    off = searching(pages, link, settings=Settings(enabled=True))
    assert "`port_mapping: true` under `direct` in bot.yaml" in told(off)
    assert "was asked for one and gave none" in told(searching(pages, link))


def test_a_port_that_the_router_opened_in_vain_is_not_asked_for_again(pages: Any) -> None:
    own = (("mapped", ("198.51.100.7", 47_000)),)
    link = pages.link(*SILENT, own=own, symmetric=(True, False))
    assert "has opened a port, and yet nothing came in" in told(searching(pages, link))
    behind = pages.link(*SILENT, own=(("mapped", ("100.64.1.1", 47_000)),), symmetric=(True, False))
    assert "public IPv4 address" in told(searching(pages, behind))


@pytest.mark.parametrize(
    ("symmetric", "whose"),
    [
        ((True, None), "your router shows"),
        ((False, True), "the receiver's router shows"),
        ((True, True), "both routers show"),
    ],
)
def test_the_router_in_the_way_is_named(pages: Any, symmetric: Any, whose: str) -> None:
    assert f"{whose} everybody a different port" in told(
        searching(pages, pages.link(*SILENT, symmetric=symmetric))
    )


def test_guessing_is_proposed_only_to_whoever_does_not_guess_already(pages: Any) -> None:
    link = pages.link(*SILENT, symmetric=(True, True))
    assert "`birthday: true`" in told(searching(pages, link))
    guessing = Settings(enabled=True, port_mapping=True, birthday=True)
    assert "birthday" not in told(searching(pages, link, settings=guessing))


def test_ipv6_is_proposed_only_where_one_end_lacks_it(pages: Any) -> None:
    own = (("own", ("2001:db8::20", 1)),)
    both = pages.link(("own", "2001:db8::9", "silent", 1), own=own, symmetric=(True, True))
    assert "IPv6" not in told(searching(pages, both))
    assert "IPv6 at both ends" in told(searching(pages, pages.link(*SILENT, symmetric=(True, True))))


def test_ends_without_a_version_of_ip_in_common_are_told(pages: Any) -> None:
    link = pages.link(("own", "2001:db8::9", "waiting", 0))
    assert "only IPv6, the other only IPv4" in told(searching(pages, link))


def test_silence_with_nothing_else_in_the_way_is_a_firewall(pages: Any) -> None:
    assert "a firewall is in the way" in told(searching(pages, pages.link(*SILENT)))
    blocked = pages.link(*SILENT, deaf=(False, True))
    assert "UDP seems to be blocked" in told(searching(pages, blocked))
    assert "a firewall is in the way" not in told(searching(pages, blocked))


def test_an_end_that_offers_nothing_has_them_off_perhaps(pages: Any) -> None:
    assert "switch direct paths on there too" in told(searching(pages, pages.link()))


def test_without_a_server_one_has_to_be_named(pages: Any) -> None:
    nobody = pages.network(servers=0, udp=False, mapping=MappingKind.UNKNOWN)
    assert "`stun` under `direct` in bot.yaml" in told(searching(pages, networks=(nobody,)))
    deaf = pages.network(udp=False, mapping=MappingKind.UNKNOWN)
    assert "Allow UDP to the outside" in told(searching(pages, networks=(deaf,)))
    named = Settings(enabled=True, servers=2)
    assert "`stun`" not in told(searching(pages, networks=(deaf,), settings=named))


def test_relays_are_said_to_carry_only_if_they_do(pages: Any) -> None:
    assert "Meanwhile the relays carry everything" in told(searching(pages, pages.link(*SILENT)))
    down = (pages.relay(state="waiting", carrying=False), pages.searching())
    page = searching(pages, connected=False, paths=down)
    assert "relays carry" not in told(page)
    assert "No relay can be reached" in told(page)


def test_in_the_middle_of_a_phone_call_the_missing_half_is_named(pages: Any) -> None:
    missing = "The receiver answers, but has not got this bot's offer yet: "
    link = pages.link(("seen", "203.0.113.9", "answers", 3))
    answers = searching(pages, link, connected=False, paths=(pages.searching(),))
    for page in (answers, pages.page(connected=False, paths=(pages.direct(),))):
        for on_the_phone in (True, False):
            said = advice(page, "bot.yaml", on_the_phone=on_the_phone)
            assert said[0].startswith(missing)
            assert said[0].endswith(
                "`python3 run.py paths offer --config bot.yaml`, and type the text there."
            )
            assert "is it running" not in "\n".join(said)
            assert "Two people" not in "\n".join(said)
    over_relays = searching(pages, link, connected=False)
    assert missing not in told(over_relays)


def test_where_direct_paths_are_forbidden_nobody_is_sent_to_the_phone(pages: Any) -> None:
    forbidden = Settings(enabled=True, forbid=("direct",))
    down = pages.relay(state="waiting", carrying=False)
    assert "paths offer" not in told(searching(pages, connected=False, paths=(down,), settings=forbidden))


SPENT = {"state": "waiting", "carrying": False, "verdict": "its hour is used up until 21:00"}


def test_where_caps_are_used_up_nothing_else_is_worth_saying(pages: Any) -> None:
    page = searching(pages, connected=False, paths=(pages.relay(**SPENT), pages.direct(**SPENT)))
    assert advice(page, "bot.yaml") == [
        "The cap on ams1 and direct udp is used up until 21:00, and nothing else may carry. Raise it under "
        "`paths: caps` in bot.yaml and in the receiver's file and start both again, or wait."
    ]


def test_a_cap_that_is_used_up_is_no_router_s_fault(pages: Any) -> None:
    page = searching(pages, pages.link(*SILENT), paths=(pages.relay(), pages.direct(**SPENT)))
    assert "The cap on direct udp is used up until 21:00. Raise it" in told(page)
    assert "firewall" not in told(page)
    down = searching(pages, connected=False, paths=(pages.relay(**SPENT), pages.searching()))
    assert "used up until 21:00, and nothing else works. Raise it" in told(down)
    assert "paths offer" not in told(down)
    assert "No relay can be reached" not in told(down)


def test_with_no_path_at_all_two_people_on_the_phone_are_the_way(pages: Any) -> None:
    page = searching(pages, connected=False, paths=(pages.searching(),))
    assert "paths offer --config bot.yaml" in told(page)
    assert "same relays" not in told(page)
    assert "paths offer" not in told(searching(pages, connected=False))
