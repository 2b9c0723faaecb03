"""Why there is no direct path over TCP, in a streamer's words. Pure."""

from __future__ import annotations

from tunnel.nat.candidates import is_ipv6
from tunnel.nat.offer import Offer


def explain(own: Offer, remote: Offer | None) -> str:
    """One sentence about a search that found nothing, from what both ends know of themselves."""
    if not own.candidates:
        return "This machine has no network address that another one could reach."
    if remote is None:
        return "The other end has not answered: perhaps direct paths are off there."
    if not _versions(own) & _versions(remote):
        return "One end has only IPv6 and the other only IPv4, so they cannot talk directly."
    if own.symmetric or remote.symmetric:
        where = _where(own.symmetric, remote.symmetric)
        return (
            f"The router {where} uses another port for every address it talks to, "
            "and the other end's network lets in no connection it did not make."
        )
    if own.deaf or remote.deaf:
        where = _where(own.deaf, remote.deaf)
        return f"No server says over TCP how it sees us {where}, and neither end lets in strangers."
    return "Neither network lets in a connection that it did not make: a firewall or router is in the way."


def _where(here: bool, there: bool) -> str:
    if here and there:
        return "at both ends"
    return "at this end" if here else "at the other end"


def _versions(offer: Offer) -> set[bool]:
    return {is_ipv6(candidate.address) for candidate in offer.candidates}
