from __future__ import annotations

import itertools
from typing import Final

import pytest

from tunnel.nat.behaviour import Behaviour, FilteringKind, MappingKind, can_meet, mapping_kind, sentence
from tunnel.nat.stun import Address

A, A2, B = ("192.0.2.1", 1), ("192.0.2.1", 2), ("192.0.2.2", 1)
P, Q = ("198.51.100.1", 5_000), ("198.51.100.1", 5_001)


@pytest.mark.parametrize(
    ("seen_from", "kind"),
    [
        ({}, MappingKind.UNKNOWN),
        ({A: P}, MappingKind.UNKNOWN),
        ({A: P, A2: P}, MappingKind.UNKNOWN),
        ({A: P, B: P}, MappingKind.ENDPOINT_INDEPENDENT),
        ({A: P, B: Q}, MappingKind.DEPENDENT),
        ({A: P, A2: P, B: Q}, MappingKind.ADDRESS_DEPENDENT),
        ({A: P, A2: Q}, MappingKind.ADDRESS_AND_PORT_DEPENDENT),
        ({A: P, A2: Q, B: P}, MappingKind.ADDRESS_AND_PORT_DEPENDENT),
    ],
)
def test_the_mapping_is_what_explains_where_we_were_seen(
    seen_from: dict[Address, Address], kind: MappingKind
) -> None:
    assert mapping_kind(seen_from, nat=True) is kind


def test_without_a_nat_one_answer_is_enough() -> None:
    assert mapping_kind({A: P}, nat=False) is MappingKind.ENDPOINT_INDEPENDENT


def kind(mapping: str, filtering: str = "UNKNOWN") -> Behaviour:
    return Behaviour(udp=True, nat=True, mapping=MappingKind[mapping], filtering=FilteringKind[filtering])


FULL_CONE: Final = kind("ENDPOINT_INDEPENDENT", "ENDPOINT_INDEPENDENT")
RESTRICTED: Final = kind("ENDPOINT_INDEPENDENT", "ADDRESS_DEPENDENT")
PORT_RESTRICTED: Final = kind("ENDPOINT_INDEPENDENT", "ADDRESS_AND_PORT_DEPENDENT")
SYMMETRIC: Final = kind("ADDRESS_AND_PORT_DEPENDENT", "ADDRESS_AND_PORT_DEPENDENT")
FIXED: Final = kind("ENDPOINT_INDEPENDENT")
NOTHING_KNOWN: Final = kind("UNKNOWN")
DEAF: Final = Behaviour()


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (FULL_CONE, SYMMETRIC, True),
        (RESTRICTED, SYMMETRIC, True),
        (PORT_RESTRICTED, SYMMETRIC, False),
        (PORT_RESTRICTED, PORT_RESTRICTED, True),
        (SYMMETRIC, SYMMETRIC, False),
        (FIXED, SYMMETRIC, None),
        (FIXED, FIXED, True),
        (NOTHING_KNOWN, FULL_CONE, True),
        (NOTHING_KNOWN, PORT_RESTRICTED, None),
        (NOTHING_KNOWN, SYMMETRIC, None),
        (DEAF, FULL_CONE, False),
    ],
)
def test_who_can_meet_is_what_hole_punching_allows(
    one: Behaviour, other: Behaviour, meet: bool | None
) -> None:
    assert can_meet(one, other) is meet
    assert can_meet(other, one) is meet


def test_every_behaviour_has_a_sentence() -> None:
    for mapping, filtering, nat, udp in itertools.product(
        MappingKind, FilteringKind, (True, False, None), (True, False)
    ):
        said = sentence(Behaviour(udp=udp, nat=nat, mapping=mapping, filtering=filtering))
        assert said.endswith(".")
    assert "its own port" in sentence(SYMMETRIC)
    assert "block" in sentence(DEAF)
