"""Which channel seals, and which ones still open: the keys of a session over its renewals.

next (responder only)   answered, but the initiator has not used it yet: opens, never seals
current                 seals and opens
previous                opens what was under way when current took its place; gone after ten seconds
"""

from __future__ import annotations

from typing import Final

from tunnel.channel import REJECT_AFTER_MS, Channel
from tunnel.envelope import DatagramError, Header
from tunnel.handshake import Established, Responder

# Datagrams of the old channel can still be under way on a slow path; ten seconds is far beyond stale.
_PREVIOUS_MS: Final = 10_000.0


class Keyring:
    """The channels of one session. `now` in milliseconds."""

    def __init__(self, responder: Responder | None) -> None:
        """`responder` confirms channels on first use; the initiator's end has none."""
        self._responder = responder
        self._current: Channel | None = None
        self._previous: Channel | None = None
        self._previous_until = float("-inf")
        self._epoch: int | None = None

    @property
    def current(self) -> Channel | None:
        """The channel that seals; None before the first handshake and after its keys have expired."""
        return self._current

    def install(self, established: Established, now: float) -> None:
        """A handshake is done: its channel seals from now on.

        With another run of the peer the old channel closes at once: what it carried belongs to ids that mean
        something else now.
        """
        if self._previous is not None:
            self._previous.wipe()
        self._previous, self._previous_until = self._current, now + _PREVIOUS_MS
        self._current = established.channel
        if established.epoch != self._epoch:
            self._epoch = established.epoch
            self._previous_until = now
            self.expire(now)

    def open(
        self, header: Header, datagram: bytes, now: float
    ) -> tuple[Channel, bytes, bool, Established | None]:
        """The channel, the content, whether it is the first copy, and the handshake this confirms, if any.

        Raises DatagramError for an index nobody knows and for whatever does not authenticate.
        """
        for channel in (self._current, self._previous):
            if channel is not None and channel.local_index == header.session:
                if channel.expired(now):
                    raise DatagramError("expired")
                content, first = channel.open(header, datagram)
                return channel, content, first, None
        established = self._responder.pending(header.session) if self._responder else None
        if established is None or self._responder is None:
            raise DatagramError("unknown session")
        if established.channel.expired(now):
            raise DatagramError("expired")
        content, first = established.channel.open(header, datagram)
        self._responder.confirm(header.session)
        self.install(established, now)
        return established.channel, content, first, established

    def expire(self, now: float) -> None:
        """Forgets the keys whose time is over."""
        if self._responder is not None:
            self._responder.expire(now)
        if self._previous is not None and now >= self._previous_until:
            self._previous.wipe()
            self._previous = None
        if self._current is not None and self._current.expired(now):
            self._current.wipe()
            self._current = None

    def drop(self) -> None:
        """Forgets all keys at once: the peer is not to be believed."""
        for channel in (self._current, self._previous):
            if channel is not None:
                channel.wipe()
        self._current = self._previous = None

    def next_expiry(self) -> float:
        """When to call `expire`; infinity if there is nothing to forget."""
        moments = [float("inf") if self._responder is None else self._responder.next_expiry()]
        if self._previous is not None:
            moments.append(self._previous_until)
        if self._current is not None:
            moments.append(self._current.born + REJECT_AFTER_MS)
        return min(moments)
