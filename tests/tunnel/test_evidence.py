"""A signature that does not hold is found out before anything leaves again."""

from __future__ import annotations

import pytest

from bench.world.simnet import CALM, World
from tunnel.channel import Channel
from tunnel.envelope import parse_header
from tunnel.events import Connected, PeerSilent
from tunnel.evidence import Evidence
from tunnel.frame import Frame
from tunnel.identity import Identity
from tunnel.liveness import Phase

KEYS = (bytes(32), bytes([1]) * 32)


def signed(signer: Identity, content: bytes) -> tuple[Channel, bytes, bytes]:
    near = Channel(KEYS, b"transcript", local_index=1, peer_index=2, born=0.0)
    far = Channel((KEYS[1], KEYS[0]), b"transcript", local_index=2, peer_index=1, born=0.0)
    datagram = near.seal_signed(content, signer)
    opened, _ = far.open(parse_header(datagram), datagram)
    return far, datagram, opened


def test_the_content_comes_back_without_its_signature() -> None:
    bot = Identity.create()
    evidence = Evidence(bot.public)
    assert evidence.keep(*signed(bot, b"inputs")) == b"inputs"
    assert evidence.holds()


def test_one_false_signature_among_true_ones_is_found() -> None:
    bot, stranger = Identity.create(), Identity.create()
    evidence = Evidence(bot.public)
    evidence.keep(*signed(bot, b"one"))
    evidence.keep(*signed(stranger, b"two"))
    evidence.keep(*signed(bot, b"three"))
    assert not evidence.holds()
    assert evidence.holds(), "each is judged once"


def test_a_content_too_short_for_a_signature_does_not_hold() -> None:
    evidence = Evidence(Identity.create().public)
    channel, datagram, _ = signed(Identity.create(), b"")
    evidence.keep(channel, datagram, b"short")
    assert not evidence.holds()


def test_whoever_signs_falsely_is_let_go_of_unanswered(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World([CALM], 1)
    world.run(400)
    monkeypatch.setattr(world.sender, "_identity", Identity.create())
    world.act(
        lambda now: world.sender.submit((Frame(1, 1300, int(now)), Frame(1, 2300, int(now) + 200)), now)
    )
    world.run(200)
    assert PeerSilent() in world.receiver_events
    assert world.receiver.phase is Phase.DOWN
    assert world.receiver.counters["dropped: signature"] == 1
    assert world.sender.in_flight == 1


def test_a_peer_that_signs_truly_again_is_taken_back() -> None:
    world = World([CALM], 1)
    world.run(400)
    truth = world.sender._identity
    world.sender._identity = Identity.create()
    world.act(lambda now: world.sender.submit((Frame(1, 1300, int(now)),), now))
    world.run(100)
    world.sender._identity = truth
    world.run(6_000)
    assert world.receiver.phase is Phase.LIVE
    assert sum(isinstance(event, Connected) for event in world.receiver_events) == 2
