"""What the page means, and what a streamer can do: one item for each thing that can be done. Pure."""

from __future__ import annotations

from typing import Final

from cli.diary.layout import listed
from cli.diary.network import behind_two_routers, has_ipv6
from cli.diary.page import LinkEntry, Page, PathEntry
from config.mistakes import CALL

_UDP: Final = "direct udp"


def advice(page: Page, config: str, *, on_the_phone: bool = False) -> list[str]:
    """At least one item. `config` is the file's name.

    on_the_phone  whether the person is about to bring the ends together by hand already
    """
    told = _about_caps(page, config)
    if told and all(path.used_up_until for path in page.paths):
        return told
    told += _about_the_other_end(page, config)
    up = [path.name for path in page.paths if path.kind != "relay" and path.state == "up"]
    udp = next((link for link in page.links if link.name == _UDP), None)
    if not page.settings.enabled:
        told.append(
            f"Direct paths are off. To have them looked for, write `direct: {{enabled: true}}` into {config} "
            f"and into the {page.other}'s file, and start both again."
        )
    elif up and page.connected:
        works = "A direct path works" if len(up) == 1 else "Direct paths work"
        told.append(f"{works} ({listed(up)}), so nothing has to be done.")
    else:
        told += _about_servers(page, config)
        is_of_use = not (on_the_phone or page.connected or page.settings.no_direct)
        if is_of_use and not any(_is_up_or_spent(path) for path in page.paths) and not _answers(page):
            told.append(
                "Two people on the phone can bring the ends together. How, this says: "
                f"`{CALL} paths offer --config {config}`"
            )
        spent = {path.kind for path in page.paths if path.used_up_until}
        if udp is not None and udp.name not in spent and (page.connected or udp.tried):
            told += _about_udp(page, udp, config)
    return [*told, *_about_relays(page)] or ["Nothing is in the way yet. Look again in a minute."]


def _about_caps(page: Page, config: str) -> list[str]:
    """What may carry nothing more in this hour, if that is in the way of inputs or of a direct path."""
    spent = [path for path in page.paths if path.used_up_until]
    if not spent:
        return []
    names, until = listed([path.name for path in spent]), spent[0].used_up_until
    told = f"The cap on {names} is used up until {until}"
    if len(spent) == len(page.paths):
        told += ", and nothing else may carry"
    elif not any(path.state == "up" for path in page.paths):
        told += ", and nothing else works"
    return [
        f"{told}. Raise it under `paths: caps` in {config} and in the {page.other}'s file and start both "
        "again, or wait."
    ]


def _is_up_or_spent(path: PathEntry) -> bool:
    """A phone call is of no use to it."""
    return path.state == "up" or path.used_up_until is not None


def _about_the_other_end(page: Page, config: str) -> list[str]:
    if page.connected:
        return []
    if _answers(page):
        return [
            f"The {page.other} answers, but has not got this {page.program}'s offer yet: "
            f"`{CALL} paths offer --config {config}`, and type the text there."
        ]
    told = f"The {page.other} is not heard: is it running?"
    if any(path.kind == "relay" for path in page.paths):
        told += " Both files must name the same relays and each other's key; `pair` sees to that."
    return [told]


def _answers(page: Page) -> bool:
    """Whether the other end answers us while nothing can be said to it: then it lacks our letter."""
    if any(path.kind == "relay" and path.state == "up" for path in page.paths):
        return False
    tried = (each.state in ("answers", "in use") for link in page.links for each in link.tried)
    return any(tried) or any(path.state == "up" for path in page.paths)


def _about_relays(page: Page) -> list[str]:
    """Whether inputs arrive meanwhile."""
    relays = [path for path in page.paths if path.kind == "relay"]
    if not relays:
        return []
    if any(path.used_up_until for path in relays):
        return []
    if all(path.state in ("waiting", "refused") for path in relays):
        return ["No relay can be reached: look at this machine's own network, and at the reasons above."]
    searches = [path for path in page.paths if path.kind != "relay"]
    if page.connected and searches and not any(path.state == "up" for path in searches):
        return ["Meanwhile the relays carry everything: nothing is lost, it only takes the detour."]
    return []


def _about_servers(page: Page, config: str) -> list[str]:
    """Without anybody who says how the internet sees us there is little to offer."""
    asked = [network for network in page.networks if network.servers]
    name_one = f"name a server that tells it: `stun` under `direct` in {config}"
    if page.networks and not asked:
        return [f"Nobody tells how the internet sees this machine: {name_one}."]
    if asked and not any(network.udp for network in asked):
        told = (
            "Nobody tells how the internet sees this machine. Allow UDP to the outside in this machine's and "
            "the router's firewall"
        )
        return [f"{told}." if page.settings.servers else f"{told}, or {name_one}."]
    return []


def _about_udp(page: Page, link: LinkEntry, config: str) -> list[str]:
    told = []
    here, there = link.symmetric
    if link.deaf[1]:
        told.append(f"Over there UDP seems to be blocked: allow it in the {page.other}'s firewall.")
    if not _share_a_version(link):
        told.append(
            "One end has only IPv6, the other only IPv4: switch on what is missing, in the router or at the "
            "provider."
        )
    if here or there:
        told += _about_changing_ports(page, link, config)
    elif link.tried and all(each.state == "silent" for each in link.tried) and not any(link.deaf):
        told.append(
            "Everything was tried, and nothing came through in either direction: a firewall is in the way. "
            "Let Python receive UDP on both machines; a router may have a firewall of its own."
        )
    elif not link.tried:
        told.append(
            f"The {page.other} has not answered the search: switch direct paths on there too, "
            "`direct: {enabled: true}` in its file."
        )
    return told


def _about_changing_ports(page: Page, link: LinkEntry, config: str) -> list[str]:
    """Somebody's router gives every destination another port."""
    here, there = link.symmetric
    whose = "both routers" if here and there else "your router" if here else f"the {page.other}'s router"
    shows = "show" if here and there else "shows"
    told = [f"In the way: {whose} {shows} everybody a different port. What may help, the surest first:"]
    if not all(has_ipv6(link)):
        told.append("IPv6 at both ends: no router translates it, and often it only has to be switched on.")
    told.append(_open_port(page, link, config) if here else _open_port_there(page))
    if not page.settings.birthday:
        told.append(
            "Guessing ports: `birthday: true` under `direct`, in both files. It takes a thousand packets "
            "within ten seconds, and a provider may take that for a scan."
        )
    return told


def _open_port_there(page: Page) -> str:
    return (
        f"An open port at the {page.other}: UPnP, NAT-PMP or PCP switched on in its router, and "
        "`port_mapping: true` under `direct` in its file."
    )


def _open_port(page: Page, link: LinkEntry, config: str) -> str:
    if behind_two_routers(page):
        return (
            "An address of your own on the internet: ask the provider (they call it a public IPv4 address). "
            "As long as the provider translates too, a port that your router opens does not help."
        )
    if not page.settings.port_mapping:
        return f"An open port: `port_mapping: true` under `direct` in {config} has the router asked for one."
    if any(kind == "mapped" for kind, _ in link.own):
        return "Your router has opened a port, and yet nothing came in through it: look at its firewall."
    return (
        "An open port: your router was asked for one and gave none. Switch on UPnP, NAT-PMP or PCP in its "
        "settings."
    )


def _share_a_version(link: LinkEntry) -> bool:
    if not link.own or not link.tried:
        return True  # one of them is not known
    own = {":" in host for _, (host, _) in link.own}
    return not own.isdisjoint(":" in each.address[0] for each in link.tried)
