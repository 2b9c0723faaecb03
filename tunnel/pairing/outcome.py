"""How a pairing ends."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from tunnel.identity import PublicKey
from tunnel.pairing.code import Role


class Failure(enum.Enum):
    """Why nobody was paired. The text is for the person in front of this machine."""

    NOBODY_CAME = "Nobody typed the code in time."
    NOBODY_ANSWERED = (
        "Nobody answers to this code. Does the other machine still show it, on the same relay, and is the "
        "number right?"
    )
    WRONG = (
        "The code was wrong on one side: somebody mistyped it, or somebody else tried to guess it. It is "
        "used up, nobody was paired, and a new one is needed."
    )
    SILENT = (
        "Somebody began with this code and did not finish. If that was not the other machine, somebody else "
        "tried to guess it. It is used up, nobody was paired, and a new one is needed."
    )
    UNFINISHED = (
        "The other machine proved that it knows the code, but never said that it is done. Nothing was "
        "written here. The code is used up, and a new one is needed."
    )
    NONSENSE = (
        "The other machine knows the code, but what it says of itself is not understood here. Are both "
        "crowdpads of the same version?"
    )
    OURSELVES = "Both machines use the same key file. Each needs a key of its own."


@dataclass(frozen=True, slots=True)
class Paired:
    """Who is at the other end, and the relays that both will use: the host's, then more of the guest's."""

    role: Role
    key: PublicKey
    relays: tuple[str, ...]
