from __future__ import annotations

import pytest

from tunnel.nat.stun_message import address


@pytest.mark.parametrize(
    ("host", "spelt"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:0DB8:0:0::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_an_address_has_one_spelling(host: str, spelt: str) -> None:
    assert address(host, 3478) == (spelt, 3478)


@pytest.mark.parametrize(("host", "port"), [("example.org", 1), ("192.0.2.1", 65_536), ("192.0.2.1", -1)])
def test_what_is_no_address_is_refused(host: str, port: int) -> None:
    with pytest.raises(ValueError, match=r"port|address"):
        address(host, port)
