"""Two ends that know each other's keys, and offers such as their direct links make."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import pytest

from tunnel.identity import Identity
from tunnel.nat.candidates import Candidate, Kind
from tunnel.nat.checks import Credentials
from tunnel.nat.offer import NEVER, Edition, Offer
from tunnel.rendezvous.keys import MeetingKeys
from tunnel.room import DAY_MS

BOT, CLOUD, OTHER = (Identity(bytes(31) + bytes((n,))) for n in (1, 2, 3))
NOW: Final = float(20_000 * DAY_MS + DAY_MS // 2)
UDP: Final = 128
TCP: Final = 129


@dataclass(frozen=True)
class Ends:
    """Both sides' keys, and a stranger's who knows one of the two."""

    bot: MeetingKeys
    cloud: MeetingKeys
    stranger: MeetingKeys


@pytest.fixture
def ends() -> Ends:
    return Ends(
        MeetingKeys(BOT, CLOUD.public), MeetingKeys(CLOUD, BOT.public), MeetingKeys(OTHER, CLOUD.public)
    )


def candidate(kind: Kind, host: str, port: int) -> Candidate:
    return Candidate(kind, (str(ipaddress.ip_address(host)), port))


HOME: Final = (
    candidate(Kind.HOST, "192.168.1.23", 47_000),
    candidate(Kind.REFLEXIVE, "203.0.113.77", 50_000),
)


@pytest.fixture
def offer() -> Callable[..., Offer]:
    """offer(number): one of many, each with its own password, begun eight seconds before noon."""

    def make(number: int = 1, candidates: tuple[Candidate, ...] = HOME, **changes: object) -> Offer:
        fields: dict[str, object] = {
            "edition": Edition(int(NOW) - 8_000, 2),
            "heard": NEVER,
            "credentials": Credentials(bytes((number,)) * 4, bytes((number + 100,)) * 16),
            "candidates": candidates,
            "asks": True,
            **changes,
        }
        return Offer(**fields)  # type: ignore[arg-type]  # as the fields of Offer, or the test fails

    return make
