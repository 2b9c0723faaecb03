"""What is dialled of what somebody names, how fast, and how much."""

from __future__ import annotations

from collections import Counter

import pytest

from tunnel.nat.candidates import Candidate, Kind
from tunnel.nat.stun import Address
from tunnel.nat.tcp.dialler import PACE_MS, Dialler
from tunnel.nat.tcp.targets import DIAL_MS, Outcome
from tunnel.nat.tcp.turns import Likelihood

OWN: list[Address] = [("192.168.1.10", 4_700)]


def dialler(*addresses: Address) -> Dialler:
    one = Dialler(Counter(), loopback=False)
    one.offered([Candidate(Kind.HOST, address) for address in addresses], OWN)
    return one


@pytest.mark.parametrize(
    "address",
    [("224.0.0.1", 80), ("255.255.255.255", 80), ("127.0.0.1", 80), ("0.0.0.0", 80), ("192.0.2.1", 0)],
)
def test_what_cannot_be_another_machine_is_never_dialled(address: Address) -> None:
    one = dialler(address)
    one.fire(0)
    assert one.take() == []
    assert one._counters["dropped: implausible candidate"] == 1


def test_we_do_not_dial_ourselves_where_both_networks_have_the_same_numbers() -> None:
    one = dialler(OWN[0], ("192.168.1.10", 4_701))
    one.fire(0)
    assert one.take() == [("192.168.1.10", 4_701)]
    assert one._counters["dropped: our own address"] == 1


def test_a_version_of_ip_that_we_do_not_have_is_left_out() -> None:
    one = dialler(("2001:db8::1", 80))
    one.fire(0)
    assert one.take() == []


def test_dials_leave_one_by_one() -> None:
    one = dialler(*[("192.0.2.1", port) for port in range(1, 17)])
    one.fire(0)
    assert len(one.take()) == 1
    one.dial(PACE_MS - 1)
    assert one.take() == []
    assert one.next_timeout() == PACE_MS
    one.dial(PACE_MS)
    assert len(one.take()) == 1


def test_a_list_of_strangers_gets_little_in_the_long_run() -> None:
    """Whatever is offered, as often as it likes, in ten minutes: sixteen hundred SYN are 130 kB."""
    one = dialler(*[("192.0.2.1", port) for port in range(1, 17)])
    now, dials = 0.0, 0
    while now < 600_000:
        one.fire(now)
        one.dial(now)
        for address in one.take():
            dials += 1
            one.ended(address, Outcome.SILENT, 0.5, now + DIAL_MS)
        now += PACE_MS
    assert dials <= 240 + 1.5 * 600 + 1
    assert one._counters["dials put off"]


def test_how_likely_a_connection_is_the_other_end() -> None:
    one = dialler(("192.0.2.1", 80))
    assert one.likelihood(("192.0.2.1", 80))[0] is Likelihood.NAMED
    assert one.likelihood(("192.0.2.1", 81))[0] is Likelihood.HOST
    assert one.likelihood(("192.0.2.2", 80))[0] is Likelihood.STRANGER


def test_how_a_dial_ended_that_is_not_ours_changes_nothing() -> None:
    one = dialler()
    one.ended(("192.0.2.1", 80), Outcome.REFUSED, 0.5, 0)
    assert one.next_timeout() == float("inf")
