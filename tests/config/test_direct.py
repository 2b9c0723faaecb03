from __future__ import annotations

import pytest
from pydantic import ValidationError

from config.direct import DirectConfig


def test_direct_paths_are_off_until_somebody_wants_them() -> None:
    options = DirectConfig()
    assert not options.enabled
    assert options.servers == ()
    assert options.port_range is None


def test_servers_and_ports_are_read() -> None:
    options = DirectConfig.model_validate(
        {"enabled": True, "stun": ["stun.example.org:3478", "[2001:db8::1]:3478"], "ports": "47000-47010"}
    )
    assert options.servers == (("stun.example.org", 3_478), ("2001:db8::1", 3_478))
    assert options.port_range == (47_000, 47_010)


@pytest.mark.parametrize("ports", ["47010-47000", "1-65536", "0-5", "47000", "a-b", "47000-47010-1"])
def test_ports_that_are_none_are_refused(ports: str) -> None:
    with pytest.raises(ValidationError):
        DirectConfig.model_validate({"ports": ports})


@pytest.mark.parametrize("stun", [["no port"], ["a.example:1"] * 2, [f"a{n}.example:1" for n in range(9)]])
def test_servers_that_are_none_twice_the_same_and_too_many_are_refused(stun: list[str]) -> None:
    with pytest.raises(ValidationError):
        DirectConfig.model_validate({"stun": stun})
