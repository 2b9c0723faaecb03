"""What people are told of a search over TCP."""

from __future__ import annotations

import random

from tunnel.links.direct import Tried
from tunnel.links.tcp import story as tcp_story
from tunnel.nat.candidates import Candidate, Kind
from tunnel.nat.checks import Credentials
from tunnel.nat.offer import NEVER, Edition, Offer
from tunnel.nat.stun import Address
from tunnel.nat.tcp.agent import TcpAgent
from tunnel.nat.tcp.targets import Outcome

OWN: Address = ("192.168.1.10", 4_700)
SEEN: Address = ("203.0.113.2", 4_700)
THEIRS: Address = ("192.168.2.10", 4_700)


def agent(*candidates: Candidate) -> TcpAgent:
    one = TcpAgent(controlling=False, random=random.Random(1).randbytes, now=1_000, delay_ms=lambda: 0.0)
    one.set_hosts([OWN], 1_000)
    one.start(1_000)
    if candidates:
        offer = Offer(Edition(1, 1), NEVER, Credentials(b"abcd", bytes(16)), candidates, symmetric=True)
        one.signal_came(offer.pack(), 1_000)
    return one


def test_at_first_it_knows_its_own_addresses() -> None:
    story = tcp_story.tell(agent(), None)
    assert story.own == (("own", OWN),)
    assert story.tried == ()
    assert story.address is None
    assert story.symmetric == (None, None)


def test_what_became_of_each_address() -> None:
    one = agent(Candidate(Kind.HOST, THEIRS), Candidate(Kind.REFLEXIVE, SEEN))
    assert one.dials() == [SEEN]
    assert tcp_story.tell(one, None).tried == (
        Tried("own", THEIRS, "waiting", 0), Tried("seen", SEEN, "asked", 1),
    )  # fmt: skip
    one.dial_ended(SEEN, Outcome.CONNECTED, 1_010)
    for now in range(1_020, 9_000, 20):
        one.handle_timeout(now)
        for address in one.dials():
            one.dial_ended(address, Outcome.SILENT, now)
    tried = tcp_story.tell(one, None).tried
    assert [each.state for each in tried] == ["silent", "answers"]
    assert tcp_story.tell(one, SEEN).tried[1] == Tried("seen", SEEN, "in use", 1)
    assert tcp_story.tell(one, SEEN).symmetric == (None, True)


def test_an_address_that_was_not_offered_was_met() -> None:
    story = tcp_story.tell(agent(), SEEN)
    assert story.address == SEEN
    assert story.tried == (Tried("met", SEEN, "in use", 0),)
