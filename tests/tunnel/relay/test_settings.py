from __future__ import annotations

import pytest

from tunnel.envelope import MAX_DATAGRAM
from tunnel.relay.settings import MESSAGE_BYTES, RelayLimits, RelaySettings


def test_a_message_is_as_long_as_a_datagram_may_be() -> None:
    assert MESSAGE_BYTES == MAX_DATAGRAM


@pytest.mark.parametrize("name", ["", "x" * 65, "a\nb"])
def test_a_relay_without_a_proper_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="printable"):
        RelaySettings(name=name, allow=None)


def test_every_limit_is_above_zero() -> None:
    with pytest.raises(ValueError, match="waiting"):
        RelayLimits(waiting=0)
    with pytest.raises(ValueError, match="login_ms"):
        RelayLimits(login_ms=float("nan"))


def test_a_burst_holds_one_message_at_least() -> None:
    with pytest.raises(ValueError, match="bytes_burst"):
        RelayLimits(bytes_burst=1_199)


@pytest.mark.parametrize("host", ["nobody", "127.1", ""])
def test_members_are_told_no_place_they_would_not_believe(host: str) -> None:
    with pytest.raises(ValueError, match="ask for their address"):
        RelaySettings(name="x", allow=None, stun_at=(host, 1))
    assert RelaySettings(name="x", allow=None, stun_at=("Stun.Example.org", 1)).stun_at
