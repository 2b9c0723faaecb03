"""The rules as text; that the kernel takes them and obeys, test_routers.py shows."""

from __future__ import annotations

import pytest

from bench.lab import rules
from bench.lab.rules import Kind, Strangers


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_router_has_rules_for_strangers(kind: Kind) -> None:
    silent, rude = (rules.router(kind, strangers) for strangers in (Strangers.DROP, Strangers.REJECT))
    assert "iifname wan ct state { new, invalid } drop" in silent
    assert "reject" not in silent
    assert "reject with tcp reset" in rude
    for text in (silent, rude):
        assert text.count("{") == text.count("}")


def test_only_the_symmetric_kind_draws_ports() -> None:
    drawing = [kind for kind in Kind if "fully-random" in rules.router(kind, Strangers.DROP)]
    assert drawing == [Kind.SYMMETRIC]


def test_a_hairpin_is_about_one_outer_address() -> None:
    assert rules.hairpin("203.0.113.7").count("203.0.113.7") == 2
