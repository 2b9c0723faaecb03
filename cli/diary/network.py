"""What the networks of both ends do and what was tried, with the terms of the RFCs in brackets. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Final

from cli.diary.layout import bullet, count, listed, paragraph, place, table
from cli.diary.page import LinkEntry, NetworkEntry, Page
from tunnel.nat.behaviour import FilteringKind, MappingKind

_TRANSPORTS: Final = {"direct udp": "UDP", "direct tcp": "TCP"}
# Addresses tried are many where a machine has many networks; the best stand in front.
_TRIED_SHOWN: Final = 12

# RFC 1918, 6598 (between a provider and its customers), 3927, 1122; 4193, 4291.
_PRIVATE: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8"),
        *("fc00::/7", "fe80::/10", "::1/128"),
    )
)

_MAPPING: Final = {
    MappingKind.UNKNOWN: (
        "Whether the router shows everybody the same port is not known: that takes two servers that answer "
        "[mapping unknown]."
    ),
    MappingKind.ENDPOINT_INDEPENDENT: (
        "The router shows everybody the same port, which is what a direct path needs "
        "[endpoint-independent mapping]."
    ),
}
_A_PORT_EACH: Final = (
    'The router shows everybody a different port, which makes a direct path hard [{} mapping, "symmetric"].'
)
_FILTERING: Final = {
    FilteringKind.UNKNOWN: (
        "Whom the router lets in is not known: only a server with two addresses can tell [filtering unknown]."
    ),
    FilteringKind.ENDPOINT_INDEPENDENT: (
        "Through a port in use the router lets in everybody [endpoint-independent filtering]."
    ),
    FilteringKind.ADDRESS_DEPENDENT: (
        "The router lets in only machines that this one has sent to, from any of their ports "
        "[address-dependent filtering]."
    ),
    FilteringKind.ADDRESS_AND_PORT_DEPENDENT: (
        "The router lets in only answers, from exactly where this machine has sent to "
        "[address-and-port-dependent filtering]."
    ),
}
_KINDS: Final = {
    "own": "its own address",
    "seen": "as the internet sees it",
    "mapped": "opened by its router",
    "met": "where it tried from",
}
_OWN_KINDS: Final = {
    "own": "this machine's own address",
    "seen": "as the internet sees it",
    "mapped": "opened by the router",
}


def network_in_words(page: Page, config: str, width: int) -> list[str]:
    """The network before this machine, for each version of IP."""
    if not page.networks:
        return paragraph("What this machine's network does is being found out: ten seconds.", width)
    told: list[str] = []
    for ip in (4, 6):
        network = next((network for network in page.networks if network.ip == ip), None)
        head = f"The network of this machine, IPv{ip}"
        told.append(head if network is not None else f"{head}: there is none.")
        for sentence in [] if network is None else _sentences(network, page, config):
            told += bullet(sentence, width)
    return told


def search_in_words(page: Page, link: LinkEntry, width: int) -> list[str]:
    """One kind of direct path: what the other end says of its network, what was offered, what was tried."""
    transport = _TRANSPORTS.get(link.name, link.name)
    told = [f"The direct path over {transport}"]
    told += bullet(_of_the_other(page, link, transport), width)
    if link.own:
        told.append(f"  - What the {page.other} is told to try here:")
        told += _rows([(place(address), _OWN_KINDS.get(kind, kind)) for kind, address in link.own], width)
    if not link.tried:
        return [*told, f"  - No address of the {page.other} has come yet, so none was tried."]
    told.append(f"  - What was tried at the {page.other}:")
    tried = [
        (place(each.address), _KINDS.get(each.kind, each.kind), _outcome(each.state, each.asked))
        for each in link.tried[:_TRIED_SHOWN]
    ]
    told += _rows(tried, width)
    left_out = len(link.tried) - _TRIED_SHOWN
    return [*told, f"      and {count(left_out, 'more address', 'more addresses')}"] if left_out > 0 else told


def is_private(host: str) -> bool:
    """Whether the address means something only within a home's, a company's or a provider's network."""
    ip = ipaddress.ip_address(host)
    return any(ip in network for network in _PRIVATE if network.version == ip.version)


def behind_two_routers(page: Page) -> bool:
    """Whether the address that our router has to the outside is itself translated: carrier-grade NAT."""
    seen = {host for network in page.networks if network.ip == 4 for host, _ in network.seen}
    mapped = {host for link in page.links for kind, (host, _) in link.own if kind == "mapped"}
    return bool(seen and mapped) and seen.isdisjoint(mapped)


def has_ipv6(link: LinkEntry) -> tuple[bool, bool]:
    """Whether there is an IPv6 address: here, and there."""
    return (
        any(":" in host for _, (host, _) in link.own),
        any(":" in each.address[0] for each in link.tried),
    )


def _rows(rows: Sequence[tuple[str, ...]], width: int) -> list[str]:
    """A table below an item; where it is too wide, each address has a line to itself."""
    lines = [f"      {line}" for line in table(rows)]
    if max(map(len, lines)) <= width:
        return lines
    return [line for address, *rest in rows for line in (f"      {address}", f"        {', '.join(rest)}")]


def _sentences(network: NetworkEntry, page: Page, config: str) -> list[str]:
    servers = count(network.servers, "server")
    if not network.servers:
        return [f"Nobody can be asked what it does: {config} names no server that speaks IPv{network.ip}."]
    if not network.udp:
        return [
            f"No answer over UDP from {servers} asked. Either this network blocks UDP, or those are relays "
            "that answer no such questions (behind a web server they do not)."
        ]
    seen = list(dict.fromkeys(host for host, _ in network.seen))
    if network.nat is False:
        return _without_router(network, seen)
    told = [
        f"A router stands before it and translates [NAT]: here it is {listed(network.hosts)}, the internet "
        f"sees {listed(seen)}."
    ]
    told.append(_MAPPING.get(network.mapping) or _A_PORT_EACH.format(network.mapping.value))
    if network.keeps_port:
        told.append("The port that it shows is the one that this machine uses [port preservation].")
    told.append(_FILTERING[network.filtering])
    if network.ip == 4 and behind_two_routers(page):
        told.append(
            "The router's own address is not the one the internet sees: the provider translates once more "
            "[carrier-grade NAT]. A port that the router opens does not reach the internet."
        )
    if network.hairpins is not None:
        told.append(
            "Two machines behind it "
            + ("reach" if network.hairpins else "do not reach")
            + " each other by the address the internet sees [hairpinning]."
        )
    return told


def _without_router(network: NetworkEntry, seen: Sequence[str]) -> list[str]:
    if all(is_private(host) for host in seen):
        return [
            f"The servers that answer are in the same network and see {listed(seen)}: what happens on the "
            "way to the internet they cannot tell."
        ]
    told = [f"It has an address of its own on the internet, {listed(seen)} [no NAT]."]
    if network.filtering is FilteringKind.ENDPOINT_INDEPENDENT:
        told.append("Everybody can reach it [endpoint-independent filtering].")
    elif network.filtering is not FilteringKind.UNKNOWN:
        told.append(f"A firewall lets in only answers [{network.filtering.value} filtering].")
    else:
        told.append(
            "Whether a firewall stands before it is not known: only a server with two addresses can tell "
            "[filtering unknown]."
        )
    return told


def _of_the_other(page: Page, link: LinkEntry, transport: str) -> str:
    """What it said of its own network."""
    symmetric, deaf = link.symmetric[1], link.deaf[1]
    if symmetric is None and deaf is None:
        if link.tried:
            return (
                f"The {page.other} cannot tell yet what its router does with ports: no server outside its "
                "own network answers it."
            )
        return f"The {page.other} has told nothing of its network yet."
    if deaf:
        return (
            f"The {page.other} says that no server answers it over {transport}: its network may block that."
        )
    if symmetric:
        return f'The {page.other} says that its router shows everybody a different port ["symmetric"].'
    if symmetric is None:
        return f"The {page.other} says that a server answers it, but not what its router does with ports."
    return f"The {page.other} says that everybody sees it at the same port [endpoint-independent mapping]."


def _outcome(state: str, asked: int) -> str:
    times = "once" if asked == 1 else f"{asked} times"
    if state == "in use":
        return "in use"
    if state == "answers":
        return "answers, and is kept for later"
    if state == "waiting" or not asked:
        return "not tried yet"
    return f"tried {times}, no answer" if state == "silent" else f"tried {times}, no answer yet"
