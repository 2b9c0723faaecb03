"""Which keys seal and which still open, over renewals, restarts and time."""

from __future__ import annotations

import pytest

from tunnel.channel import REJECT_AFTER_MS, Channel
from tunnel.envelope import DatagramError, Header, Type, parse_header
from tunnel.handshake import Established, Initiator, Responder
from tunnel.identity import Identity, random_bytes
from tunnel.keyring import Keyring

BOT, CLOUD = Identity.create(), Identity.create()
EPOCH, OTHER_EPOCH = 1, 2
NOW = 1_700_000_000_000.0


class Peers:
    """The receiver's keyring under test, and the channels the sender's end holds."""

    def __init__(self) -> None:
        self.responder = Responder(CLOUD, BOT.public, 77, random_bytes)
        self.ring = Keyring(self.responder)
        self._initiators = {epoch: self._initiator(epoch) for epoch in (EPOCH, OTHER_EPOCH)}

    def answer(self, now: float, epoch: int = EPOCH) -> Channel:
        """A handshake up to the WELCOME; the channel is the sender's."""
        initiator = self._initiators[epoch]
        hello = initiator.offer(now)
        welcome = self.responder.hello(parse_header(hello), hello, 0, now)
        return initiator.welcome(parse_header(welcome), welcome, 0, now).channel

    def use(self, channel: Channel, now: float) -> Established | None:
        """The sender uses its channel; what that confirms at the receiver."""
        datagram = channel.seal(Type.NOTES, b"use")
        opened, content, first, established = self.ring.open(parse_header(datagram), datagram, now)
        assert (content, first) == (b"use", True)
        assert opened.peer_index == channel.local_index
        return established

    @staticmethod
    def _initiator(epoch: int) -> Initiator:
        return Initiator(BOT, CLOUD.public, epoch, random_bytes)


def index(channel: Channel | None) -> int | None:
    return None if channel is None else channel.local_index


def test_a_channel_seals_only_after_its_initiator_has_used_it() -> None:
    peers = Peers()
    channel = peers.answer(NOW)
    assert peers.ring.current is None
    established = peers.use(channel, NOW + 1)
    assert established is not None
    assert established.epoch == EPOCH
    assert index(peers.ring.current) == channel.peer_index
    assert peers.use(channel, NOW + 2) is None


def test_the_previous_channel_opens_what_was_under_way_for_ten_seconds() -> None:
    peers = Peers()
    old = peers.answer(NOW)
    peers.use(old, NOW)
    new = peers.answer(NOW + 120_000)
    peers.use(old, NOW + 120_000)  # not replaced before the new one is used
    peers.use(new, NOW + 120_100)
    assert index(peers.ring.current) == new.peer_index
    peers.ring.expire(NOW + 130_099)
    peers.use(old, NOW + 130_099)
    peers.ring.expire(NOW + 130_100)
    with pytest.raises(DatagramError, match="unknown session"):
        peers.use(old, NOW + 130_100)
    peers.use(new, NOW + 130_100)


def test_two_renewals_in_a_row_leave_one_previous_channel() -> None:
    peers = Peers()
    channels = []
    for n in range(3):
        channels.append(peers.answer(NOW + n))
        peers.use(channels[-1], NOW + n)
    with pytest.raises(DatagramError, match="unknown session"):
        peers.use(channels[0], NOW + 4)
    peers.use(channels[1], NOW + 4)
    peers.use(channels[2], NOW + 4)


def test_another_run_of_the_peer_closes_the_old_channel_at_once() -> None:
    peers = Peers()
    old = peers.answer(NOW)
    peers.use(old, NOW)
    new = peers.answer(NOW + 1, OTHER_EPOCH)
    peers.use(new, NOW + 1)
    with pytest.raises(DatagramError, match="unknown session"):
        peers.use(old, NOW + 1)


def test_keys_expire_after_three_minutes_even_if_nobody_renewed_them() -> None:
    peers = Peers()
    channel = peers.answer(NOW)
    peers.use(channel, NOW)
    assert peers.ring.next_expiry() == NOW + REJECT_AFTER_MS
    peers.ring.expire(NOW + REJECT_AFTER_MS - 1)
    assert peers.ring.current is not None
    with pytest.raises(DatagramError, match="expired"):
        peers.use(channel, NOW + REJECT_AFTER_MS)  # even before anybody called `expire`
    peers.ring.expire(NOW + REJECT_AFTER_MS)
    assert peers.ring.current is None
    assert peers.ring.next_expiry() == float("inf")


def test_expired_keys_are_let_go_of() -> None:
    peers = Peers()
    peers.use(peers.answer(NOW), NOW)
    current = peers.ring.current
    assert current is not None
    peers.ring.expire(NOW + REJECT_AFTER_MS)
    with pytest.raises(RuntimeError, match="wiped"):
        current.seal(Type.NOTES, b"")


def test_what_replaces_a_channel_lets_go_of_the_one_before() -> None:
    peers = Peers()
    peers.use(peers.answer(NOW), NOW)
    first = peers.ring.current
    for n in (1, 2):
        peers.use(peers.answer(NOW + n), NOW + n)
    assert first is not None
    with pytest.raises(RuntimeError, match="wiped"):
        first.seal(Type.NOTES, b"")


def test_the_next_expiry_is_the_previous_channels_and_then_the_currents() -> None:
    peers = Peers()
    assert peers.ring.next_expiry() == float("inf")
    peers.use(peers.answer(NOW), NOW)
    peers.use(peers.answer(NOW + 1_000), NOW + 1_000)
    assert peers.ring.next_expiry() == NOW + 11_000
    peers.ring.expire(NOW + 11_000)
    assert peers.ring.next_expiry() == NOW + 1_000 + REJECT_AFTER_MS


def test_a_forged_datagram_confirms_nothing() -> None:
    peers = Peers()
    channel = peers.answer(NOW)
    forged = Header(Type.NOTES, channel.peer_index, 0).pack() + bytes(60)
    with pytest.raises(DatagramError, match="forged"):
        peers.ring.open(parse_header(forged), forged, NOW)
    assert peers.ring.current is None
    assert peers.use(channel, NOW) is not None


def test_an_index_nobody_knows_is_dropped_on_either_end() -> None:
    datagram = Header(Type.NOTES, 12345, 0).pack() + bytes(60)
    for ring in (Peers().ring, Keyring(None)):
        with pytest.raises(DatagramError, match="unknown session"):
            ring.open(parse_header(datagram), datagram, NOW)


def test_the_initiators_end_needs_no_confirmation() -> None:
    peers, ring = Peers(), Keyring(None)
    channel = peers.answer(NOW)
    ring.install(Established(channel, 77, 1, NOW, NOW), NOW)
    assert ring.current is channel
    assert ring.next_expiry() == NOW + REJECT_AFTER_MS
