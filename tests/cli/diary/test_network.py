"""What is said of networks: one sentence for each thing that can be found out."""

from __future__ import annotations

from typing import Any

import pytest

from cli.diary.network import (
    behind_two_routers,
    has_ipv6,
    is_private,
    network_in_words,
    search_in_words,
)
from cli.diary.page import MOST_TRIED
from tunnel.nat.behaviour import FilteringKind, MappingKind


def said(pages: Any, **network: Any) -> str:
    page = pages.page(networks=(pages.network(**network),))
    return " ".join(" ".join(network_in_words(page, "bot.yaml", 80)).split())


@pytest.mark.parametrize("kind", MappingKind)
def test_every_kind_of_mapping_has_its_sentence_and_its_term(pages: Any, kind: MappingKind) -> None:
    assert f"{kind.value} mapping".replace("unknown mapping", "mapping unknown") in said(pages, mapping=kind)


@pytest.mark.parametrize("nat", [True, False])
@pytest.mark.parametrize("kind", FilteringKind)
def test_every_kind_of_filtering_too_with_a_router_and_without(
    pages: Any, kind: FilteringKind, nat: bool
) -> None:
    term = f"{kind.value} filtering".replace("unknown filtering", "filtering unknown")
    assert f"[{term}]" in said(pages, filtering=kind, nat=nat)


@pytest.mark.parametrize("host", ["10.1.2.3", "172.31.0.1", "192.168.1.1", "100.64.0.1", "fd00::1", "::1"])
def test_home_addresses_are_told_from_those_of_the_internet(host: str) -> None:
    assert is_private(host)


@pytest.mark.parametrize("host", ["198.51.100.7", "172.32.0.1", "100.128.0.1", "2001:db8::1"])
def test_and_those_of_the_internet_from_home_addresses(host: str) -> None:
    assert not is_private(host)


def test_a_server_in_the_same_home_proves_no_public_address(pages: Any) -> None:
    told = said(pages, nat=False, seen=(("192.168.1.20", 1),))
    assert "in the same network" in told
    assert "no NAT" not in told


def test_a_router_whose_own_address_nobody_sees_is_behind_the_provider_s(pages: Any) -> None:
    own = (("mapped", ("100.64.3.4", 47_000)), ("seen", ("198.51.100.7", 47_000)))
    page = pages.page(networks=(pages.network(),), links=(pages.link(own=own),))
    assert behind_two_routers(page)
    assert "[carrier-grade NAT]" in " ".join(network_in_words(page, "bot.yaml", 500))
    link = pages.link(own=(("mapped", ("198.51.100.7", 47_000)),))
    assert not behind_two_routers(page.model_copy(update={"links": (link,)}))
    assert not behind_two_routers(pages.page())


def test_the_version_of_ip_that_is_missing_is_named(pages: Any) -> None:
    assert said(pages).endswith("IPv6: there is none.")
    v6 = said(pages, ip=6, hosts=("2001:db8::20",), nat=False, seen=(("2001:db8::20", 1),))
    assert v6.startswith(
        "The network of this machine, IPv4: there is none. The network of this machine, IPv6 -"
    )


@pytest.mark.parametrize(
    ("symmetric", "deaf", "piece"),
    [
        (None, None, "has told nothing"),
        (None, False, "a server answers it, but not what its router does"),
        (False, False, "everybody sees it at the same port"),
        (True, False, "a different port"),
        (None, True, "no server answers it over UDP"),
    ],
)
def test_what_the_other_end_says_of_its_network(
    pages: Any, symmetric: bool | None, deaf: bool | None, piece: str
) -> None:
    link = pages.link(symmetric=(None, symmetric), deaf=(None, deaf))
    assert piece in " ".join(search_in_words(pages.page(), link, 500))


@pytest.mark.parametrize(
    ("state", "asked", "outcome"),
    [
        ("waiting", 0, "not tried yet"),
        ("asked", 1, "tried once, no answer yet"),
        ("silent", 18, "tried 18 times, no answer"),
        ("answers", 3, "answers, and is kept for later"),
        ("in use", 3, "in use"),
    ],
)
def test_what_came_of_an_address(pages: Any, state: str, asked: int, outcome: str) -> None:
    link = pages.link(("seen", "203.0.113.9", state, asked))
    assert search_in_words(pages.page(), link, 80)[-1].endswith(f"as the internet sees it  {outcome}")


def test_of_very_many_addresses_the_best_are_shown(pages: Any) -> None:
    link = pages.link(*[("met", f"203.0.113.{n}", "silent", 6) for n in range(MOST_TRIED)])
    told = search_in_words(pages.page(), link, 80)
    assert len(told) < 25
    assert told[-1] == f"      and {MOST_TRIED - 12} more addresses"


def test_who_has_ipv6_is_known_from_the_addresses(pages: Any) -> None:
    link = pages.link(("own", "2001:db8::9", "silent", 1))
    assert has_ipv6(link) == (False, True)
