"""What a session waits for, and how long things may take: all in milliseconds, in one place."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

# How far ahead a date is taken seriously: the longest hold is a minute. A date at the end of 64 bits must not
# keep a link lively for ever.
FURTHEST_MS: Final = 70_000.0


@dataclass(frozen=True, slots=True)
class Timing:
    """Defaults for a home line of 20 to 200 ms round trip. Both ends should agree on `stale_after`.

    heartbeat       on each path while inputs flow or are held; four of them fit into a silence
    idle_heartbeat  on each path otherwise: 60 bytes a second keep the figures and NAT mappings alive
    silence_after   with inputs under way, this long without a word makes the pads neutral
    idle_silence    the same when nothing is under way: three idle heartbeats
    stale_after     an input this late is dropped whole: the player saw another picture when it was typed
    inquire_every   how often the fate of an input that is too old to send again is asked for
    give_up_after   an input nobody answered for until then is reported lost
    offer_first     the first wait for an answer to a handshake; grows by half each time
    offer_longest   and no further than this: the whole tunnel waits for it
    """

    heartbeat: float = 250.0
    idle_heartbeat: float = 1_000.0
    silence_after: float = 1_000.0
    idle_silence: float = 3_000.0
    stale_after: float = 1_500.0
    inquire_every: float = 500.0
    give_up_after: float = 10_000.0
    offer_first: float = 500.0
    offer_longest: float = 3_000.0


class Timer(enum.Enum):
    """Every deadline a session has, and what it is for."""

    OFFER = "sender: offer a handshake, for the first time, again, or to renew the keys"
    SILENCE = "the peer has not been heard for too long"
    KEYS = "keys are too old to be kept"
    ORDERS = "an input is overdue for its answer, too old, or given up"
    HEARTBEAT = "the next path is due for its heartbeat"
