"""Why a relay ends a connection: one table of WebSocket close codes, for both ends and for the docs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple


class Refusal(NamedTuple):
    """One reason.

    code    the WebSocket close code, in the range RFC 6455 section 7.4.2 leaves to applications
    reason  its name in counters and metrics
    text    one sentence for the person whose bot or receiver was refused
    final   trying again will not help until somebody changes something
    """

    code: int
    reason: str
    text: str
    final: bool = False


BAD_LOGIN: Final = Refusal(4001, "bad_login", "The relay does not accept this login.", final=True)
NONSENSE: Final = Refusal(
    4002, "nonsense", "The relay was sent something it does not understand.", final=True
)
NOT_LISTED: Final = Refusal(4003, "not_listed", "This address is not on the relay's list.", final=True)
TOO_SLOW: Final = Refusal(4008, "too_slow", "The login took too long.")
REPLACED: Final = Refusal(4010, "replaced", "The same key logged in again and took this place.")
FULL: Final = Refusal(4013, "full", "The relay is full.")
OVER_RATE: Final = Refusal(4029, "over_rate", "More was sent than the relay allows.")

REFUSALS: Final[Mapping[int, Refusal]] = MappingProxyType(
    {
        refusal.code: refusal
        for refusal in (BAD_LOGIN, NONSENSE, NOT_LISTED, TOO_SLOW, REPLACED, FULL, OVER_RATE)
    }
)
