from __future__ import annotations

import dataclasses
from typing import Any, Final

import pytest

from tunnel.nat.stun_attributes import decode, encode
from tunnel.nat.stun_message import Attribute, Kind, Message, StunError

TRANSACTION: Final = bytes(range(12))
EMPTY: Final = Message(kind=Kind.SUCCESS, transaction=TRANSACTION)


def test_every_field_has_an_attribute() -> None:
    said: dict[str, Any] = {
        "mapped": ("192.0.2.1", 1),
        "xor_mapped": ("192.0.2.1", 2),
        "username": "a:b",
        "error": (420, "what?"),
        "priority": 1,
        "use_candidate": True,
        "controlling": 1,
        "controlled": 2,
        "software": "x",
        "response_origin": ("192.0.2.1", 3),
        "other_address": ("192.0.2.1", 4),
        "change_ip": True,
        "change_port": True,
        "response_port": 5,
        "padding": 6,
        "refused": (7,),
    }
    names = {field.name for field in dataclasses.fields(Message)}
    assert set(said) == names - {"kind", "transaction", "unknown", "signed"}
    for name, value in said.items():
        encoded = list(encode(dataclasses.replace(EMPTY, **{name: value})))
        assert len(encoded) == 1
        number, raw = encoded[0]
        assert (decode(number, raw, TRANSACTION) or {})[name] == value


def test_an_empty_message_has_no_attributes() -> None:
    assert list(encode(EMPTY)) == []


def test_what_we_do_not_know_is_none() -> None:
    assert decode(0x7ABC, b"", TRANSACTION) is None


def test_an_ipv4_address_written_as_ipv6_is_read_as_ipv4() -> None:
    value = bytes.fromhex("0002 0001 00000000000000000000ffffc0000201")
    assert decode(Attribute.MAPPED_ADDRESS, value, TRANSACTION) == {"mapped": ("192.0.2.1", 1)}


@pytest.mark.parametrize(
    "field",
    [
        {"priority": 2**32},
        {"controlled": -1},
        {"error": (200, "")},
        {"response_port": 65_536},
        {"mapped": ("nowhere", 1)},
        {"xor_mapped": ("192.0.2.1", 65_536)},
    ],
)
def test_what_an_attribute_cannot_hold_is_our_own_mistake(field: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        list(encode(dataclasses.replace(EMPTY, **field)))
    assert not isinstance(error.value, StunError)
