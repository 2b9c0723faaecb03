"""The relay command: from configuration to settings, and what keeps it from starting."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from cli.errors import EXIT_TROUBLE, EXIT_USAGE
from cli.relay import settings
from config.load import load
from config.model import RelayConfig
from tunnel.relay.settings import RelayLimits

Crowdpad = Callable[..., Any]


def test_the_settings_are_what_the_configuration_says(folder: Any) -> None:
    told = settings(load(folder.relay_config("[::1]:8765"), RelayConfig))
    assert (told.name, told.host, told.port, told.metrics) == ("ams1", "::1", 8765, None)
    assert told.allow == frozenset(key.public.address.lower() for key in (folder.bot, folder.receiver))


def test_an_open_relay_has_no_list(folder: Any) -> None:
    file = folder.write(
        "open.yaml", "listen: 127.0.0.1:1\nname: x\nopen: true\nmetrics_listen: 127.0.0.1:9100\n"
    )
    told = settings(load(file, RelayConfig))
    assert told.allow is None
    assert told.metrics == ("127.0.0.1", 9100)
    assert told.stun


def test_a_relay_may_be_told_to_leave_stun_alone(folder: Any) -> None:
    file = folder.write("tcp.yaml", "listen: 127.0.0.1:1\nname: x\nopen: true\nstun: false\n")
    assert not settings(load(file, RelayConfig)).stun


def test_a_relay_is_told_where_else_stun_is_answered(folder: Any) -> None:
    more = "stun_at: relay.example.org:8765\nstun_alternate: 127.0.0.2:2\n"
    file = folder.write("stun.yaml", f"listen: 127.0.0.1:1\nname: x\nopen: true\n{more}")
    told = settings(load(file, RelayConfig))
    assert (told.stun_at, told.stun_alternate) == (("relay.example.org", 8765), ("127.0.0.2", 2))


def test_each_limit_arrives_in_the_relay_s_own_terms(folder: Any) -> None:
    limits = "limits: {members: 10, waiting: 5, rooms: 7, login_seconds: 2.5, burst: 9, queue: 11}\n"
    file = folder.write("limits.yaml", f"listen: 127.0.0.1:1\nname: x\nopen: true\n{limits}")
    told = settings(load(file, RelayConfig)).limits
    assert isinstance(told, RelayLimits)
    assert (told.connections, told.waiting, told.rooms) == (15, 5, 7)
    assert (told.login_ms, told.messages_burst, told.parked_messages) == (2500, 9, 11)


def test_a_port_that_is_taken_is_one_sentence(crowdpad: Crowdpad, folder: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = crowdpad("relay", "--config", folder.relay_config(f"127.0.0.1:{port}"))
    assert said.status == EXIT_TROUBLE
    assert said.err.startswith("crowdpad relay: cannot listen on 127.0.0.1")
    assert said.err.count("\n") == 1


def test_a_mistake_in_the_configuration_is_wrong_usage(crowdpad: Crowdpad, folder: Any) -> None:
    file = folder.write("relay.yaml", "listen: 127.0.0.1:8765\nnmae: x\nopen: true\n")
    said = crowdpad("relay", "--config", file)
    assert said.status == EXIT_USAGE
    assert f"{file}:2:1: nmae" in said.err
