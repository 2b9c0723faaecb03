"""What the other end's link has said, and when that is void; kept from run to run of ours. Pure."""

from __future__ import annotations

from tunnel.nat.offer import Offer


class Heard:
    """early  whether letters come before the session has the other end; notes do not

    peer_here  whether the other end may be looked for
    signal     its latest words, for the run that begins now
    """

    def __init__(self, *, early: bool) -> None:
        self.peer_here = early
        self.signal: bytes | None = None
        self._early = early
        self._offered: Offer | None = None

    def came(self, body: bytes) -> None:
        """It says this."""
        self.signal = body

    def peer_came(self, *, fresh: bool) -> None:
        """The session has the other end: another run of its program, if `fresh`."""
        self.peer_here = True
        if fresh and not self._early:
            self.signal = None

    def closed(self) -> None:
        """Our run was ended from here: what the other end offered, it offered to that run."""
        self.signal = None

    def lost(self, offered: Offer, *, anew: bool) -> None:
        """Our run has lost its path. What was offered to it is no news for the next, unless that ended it.

        offered  by us
        anew     because the other end began anew: then we did not, and go on with our offer
        """
        if anew:
            self._offered = offered
        else:
            self.signal = None

    def take_offered(self) -> Offer | None:
        """What our next run goes on with, if only the other end began anew."""
        offered, self._offered = self._offered, None
        return offered
