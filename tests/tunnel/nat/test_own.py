from __future__ import annotations

import random

from tunnel.nat import stun
from tunnel.nat.candidates import Kind
from tunnel.nat.own import OwnAddresses
from tunnel.nat.stun import Message

SERVER = ("198.51.100.1", 3478)


def own(*hosts: tuple[str, int], loopback: bool = False) -> OwnAddresses:
    one = OwnAddresses(random.Random(1).randbytes, loopback=loopback)
    one.set_hosts(hosts)
    return one


def test_everything_that_is_known_is_offered_the_best_in_front() -> None:
    one = own(("192.168.1.2", 47_000))
    one.set_mapped([("203.0.113.1", 47_001)])
    one.set_servers([SERVER])
    one.ask(0)
    [(to, question)] = one.take_questions(0)
    seen = Message(
        kind=stun.Kind.SUCCESS,
        transaction=stun.parse(question).transaction,
        xor_mapped=("203.0.113.1", 40_000),
    )
    assert one.answered(seen, to)
    assert not one.confirmed
    assert [(each.kind, each.address[1]) for each in one.candidates()] == [
        (Kind.HOST, 47_000), (Kind.MAPPED, 47_001), (Kind.REFLEXIVE, 40_000),
    ]  # fmt: skip
    assert not one.symmetric
    assert not one.deaf(1e9)
    assert one.next_timeout() == float("inf")


def test_only_a_change_is_a_change() -> None:
    one = own(("192.168.1.2", 47_000))
    assert not one.set_hosts([("192.168.1.2", 47_000)])
    assert one.set_hosts([("192.168.1.3", 47_000)])


def test_a_server_of_a_version_of_ip_we_do_not_have_is_not_asked() -> None:
    one = own(("2001:db8::2", 47_000))
    one.set_servers([SERVER, ("2001:db8::1", 3478)])
    one.ask(0)
    assert [to for to, _ in one.take_questions(0)] == [("2001:db8::1", 3478)]
    assert one.can_reach(("2001:db8::3", 1))
    assert not one.can_reach(SERVER)


def test_loopback_is_offered_only_where_both_ends_are_on_one_machine() -> None:
    assert own(("127.0.0.1", 1)).candidates() == ()
    assert len(own(("127.0.0.1", 1), loopback=True).candidates()) == 1
