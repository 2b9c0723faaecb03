"""Targets of the device `iid`: this machine, or a server that is reached by TLS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from config.iid import IidOptions, LoginPlace, login_place

KEY = Path("login.key")


def options(*targets: str, **fields: Any) -> IidOptions:
    return IidOptions(targets=targets, **fields)


def test_udp_never_leaves_the_machine() -> None:
    assert options("127.0.0.1:3615", "[::1]:7000").targets == ("127.0.0.1:3615", "[::1]:7000")
    with pytest.raises(ValidationError, match="nothing protects this traffic"):
        options("192.168.1.2:3615")


def test_a_server_of_this_machine_needs_no_tls() -> None:
    place = login_place("apint://127.0.0.1:4615")
    assert place == LoginPlace("apint", "127.0.0.1", 4615, secure=False)
    assert options("apint://127.0.0.1:4615", identity=KEY).identity == KEY


def test_a_server_elsewhere_is_only_reached_by_tls() -> None:
    place = login_place("singletunnel://tunnel.example.org:8765")
    assert place == LoginPlace("singletunnel", "tunnel.example.org", 8765, secure=True)


def test_a_server_elsewhere_must_be_allowed() -> None:
    target = "singletunnel://tunnel.example.org:8765"
    with pytest.raises(ValidationError, match="allow_remote: true"):
        options(target, identity=KEY)
    assert options(target, identity=KEY, allow_remote=True).targets == (target,)


def test_logging_in_takes_a_key_of_its_own() -> None:
    with pytest.raises(ValidationError, match="takes a key"):
        options("apint://127.0.0.1:4615")


def test_udp_is_no_server() -> None:
    assert login_place("127.0.0.1:3615") is None


@pytest.mark.parametrize(
    "target", ["apint://", "apint://host", "ws://127.0.0.1:1", "apint://a:b@c:1", "apint://h:0", "apint:/h:1"]
)
def test_what_is_no_target_is_refused(target: str) -> None:
    with pytest.raises(ValidationError):
        options(target, identity=KEY, allow_remote=True)


@given(st.text(max_size=30).map("apint://".__add__) | st.text(max_size=40))
def test_any_text_is_a_target_or_a_mistake(text: str) -> None:
    try:
        options(text, identity=KEY, allow_remote=True)
    except ValidationError:
        return
    place = login_place(text)
    assert place is None or 1 <= place.port <= 65_535
