from __future__ import annotations

import pytest

from tunnel.links import stories
from tunnel.links.direct import Tried
from tunnel.nat.candidates import Candidate, Kind
from tunnel.nat.checks import Credentials
from tunnel.nat.offer import NEVER, Edition, Offer
from tunnel.nat.pairs import TRIES_MS, Pair
from tunnel.nat.stun import Address

HERE: Address = ("192.168.1.2", 47_000)
THERE: Address = ("203.0.113.1", 40_000)


def offer(*candidates: Candidate, symmetric: bool = False, deaf: bool = False) -> Offer:
    return Offer(
        Edition(1, 0), NEVER, Credentials(b"abcd", bytes(16)), candidates, symmetric=symmetric, deaf=deaf
    )


OWN = offer(Candidate(Kind.HOST, HERE))


def test_own_addresses_are_told_in_a_persons_words() -> None:
    own = offer(*[Candidate(kind, (HERE[0], kind + 1)) for kind in (Kind.HOST, Kind.REFLEXIVE, Kind.MAPPED)])
    story = stories.tell(own, None, [], selected=None, answers=2)
    assert [kind for kind, _ in story.own] == ["own", "seen", "mapped"]
    assert set(stories.KIND_WORDS) == set(Kind)


def test_every_address_of_the_other_end_says_how_it_fares() -> None:
    pairs = [Pair(Kind.PEER, (THERE[0], port), 0) for port in range(1, 6)]
    for pair in pairs[1:]:
        pair.check_left(0)
    for pair in pairs[2:4]:
        pair.answered(0.5, 10)
    pairs[3].watch(True, 10)
    for _ in TRIES_MS[1:]:
        pairs[4].check_left(0)
    story = stories.tell(OWN, None, pairs, selected=pairs[3].address, answers=0)
    assert story.tried == (
        Tried("met", (THERE[0], 1), "waiting", 0),
        Tried("met", (THERE[0], 2), "asked", 1),
        Tried("met", (THERE[0], 3), "answers", 1),
        Tried("met", (THERE[0], 4), "in use", 1),
        Tried("met", (THERE[0], 5), "silent", 6),
    )
    assert story.address == pairs[3].address


@pytest.mark.parametrize(
    ("answers", "own", "symmetric", "deaf"),
    [
        (0, OWN, None, None),
        (1, OWN, None, False),
        (2, OWN, False, False),
        (2, offer(symmetric=True), True, False),
        (0, offer(deaf=True), None, True),
    ],
)
def test_of_our_own_network_only_what_servers_have_shown_is_known(
    answers: int, own: Offer, symmetric: bool | None, deaf: bool | None
) -> None:
    story = stories.tell(own, None, [], selected=None, answers=answers)
    assert (story.symmetric, story.deaf) == ((symmetric, None), (deaf, None))


@pytest.mark.parametrize(
    ("remote", "symmetric", "deaf"),
    [
        (OWN, None, None),
        (offer(Candidate(Kind.REFLEXIVE, THERE)), False, False),
        (offer(symmetric=True), True, None),
        (offer(deaf=True), None, True),
    ],
)
def test_of_the_other_network_what_its_offer_says(
    remote: Offer, symmetric: bool | None, deaf: bool | None
) -> None:
    story = stories.tell(OWN, remote, [], selected=None, answers=2)
    assert (story.symmetric[1], story.deaf[1]) == (symmetric, deaf)
