"""The measured programs as processes, and the pad that takes notes. The others are on the stage."""

from __future__ import annotations

import pytest

from bench import actors
from bench.actor import Actor
from bench.actors import CountingDevice
from config.codes import BUTTONS, Control
from injector.report import NEUTRAL, Report

A, B = BUTTONS.index(Control.A), BUTTONS.index(Control.B)


def held(*buttons: int) -> Report:
    return NEUTRAL._replace(buttons=sum(1 << button for button in buttons))


def test_what_is_held_is_let_go_at_the_end() -> None:
    device = CountingDevice()
    device.apply(1, held(A, B))
    device.apply(1, held(A))
    assert (device.calls, device.held) == (2, 1 << A)
    device.close()
    assert device.held == 0


def test_a_relay_says_its_port_and_one_that_cannot_have_it_is_reported() -> None:
    relay = Actor(actors.relay, "relay1", 0)
    dying = None
    try:
        port = relay.ready()
        assert 0 < port < 65_536
        dying = Actor(actors.relay, "relay2", port)
        with pytest.raises(RuntimeError, match="says nothing"):
            dying.ready()
        assert relay.ask() is None
        assert relay.stop() is None
    finally:
        for actor in filter(None, (relay, dying)):
            actor.kill()
