"""What is said about a search over TCP that found nothing."""

from __future__ import annotations

import pytest

from tunnel.nat.candidates import Candidate, Kind
from tunnel.nat.checks import Credentials
from tunnel.nat.offer import NEVER, Edition, Offer
from tunnel.nat.tcp.diagnosis import explain


def offer(*hosts: str, symmetric: bool = False, deaf: bool = False) -> Offer:
    candidates = tuple(Candidate(Kind.HOST, (host, 1_000)) for host in hosts)
    return Offer(
        Edition(1, 0), NEVER, Credentials(b"abcd", bytes(16)), candidates, symmetric=symmetric, deaf=deaf
    )


FOUR = offer("192.0.2.1")


@pytest.mark.parametrize(
    ("own", "remote", "said"),
    [
        (offer(), FOUR, "This machine has no network address"),
        (FOUR, None, "The other end has not answered"),
        (FOUR, offer("2001:db8::1"), "One end has only IPv6"),
        (offer("192.0.2.1", symmetric=True), FOUR, "The router at this end uses another port"),
        (FOUR, offer("192.0.2.1", symmetric=True), "The router at the other end uses another port"),
        (offer("192.0.2.1", deaf=True), FOUR, "No server says over TCP how it sees us at this end"),
        (FOUR, FOUR, "Neither network lets in a connection that it did not make"),
    ],
)
def test_why_in_a_sentence(own: Offer, remote: Offer | None, said: str) -> None:
    assert explain(own, remote).startswith(said)
    assert explain(own, remote).endswith(".")


def test_both_ends_are_named_where_both_are_to_blame() -> None:
    both = offer("192.0.2.1", symmetric=True)
    assert "at both ends" in explain(both, both)
