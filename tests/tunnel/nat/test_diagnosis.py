from __future__ import annotations

from dataclasses import replace

import pytest

from tunnel.nat.candidates import Candidate, Kind
from tunnel.nat.checks import Credentials
from tunnel.nat.diagnosis import explain
from tunnel.nat.offer import NEVER, Offer

V4 = (Candidate(Kind.HOST, ("192.0.2.1", 1)),)
V6 = (Candidate(Kind.HOST, ("2001:db8::1", 1)),)
FINE = Offer(NEVER, NEVER, Credentials(bytes(4), bytes(16)), V4)


@pytest.mark.parametrize(
    ("own", "remote", "words"),
    [
        (replace(FINE, candidates=()), FINE, "no network address"),
        (FINE, None, "has not answered"),
        (replace(FINE, deaf=True), FINE, "UDP at this end"),
        (FINE, replace(FINE, deaf=True), "UDP at the other end"),
        (replace(FINE, deaf=True), replace(FINE, deaf=True), "UDP at both ends"),
        (FINE, replace(FINE, candidates=V6), "only IPv6"),
        (FINE, replace(FINE, symmetric=True), "router at the other end uses another port"),
        (replace(FINE, symmetric=True), replace(FINE, symmetric=True), "router at both ends"),
        (FINE, FINE, "a firewall"),
    ],
)
def test_the_reason_is_told_in_a_sentence(own: Offer, remote: Offer | None, words: str) -> None:
    said = explain(own, remote)
    assert words in said
    assert said.endswith(".")
