"""The one list: each name in the config opens its device."""

from __future__ import annotations

import typing

import pytest

from config.iid import IidOptions
from config.model import Device as DeviceName
from config.model import GamepadOptions, ReceiverConfig
from injector.devices import open_device
from injector.devices.events import EventsDevice
from injector.devices.iid import IidDevice
from injector.devices.screen import ScreenDevice
from tunnel.wallclock import WallClock


def config(**fields: object) -> ReceiverConfig:
    defaults = {"pads": 2, "iid": IidOptions(), "gamepad": GamepadOptions(), "deny": ()}
    return ReceiverConfig.model_construct(**{**defaults, **fields})  # type: ignore[arg-type]  # names as strings


def test_each_name_opens_its_device(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[object, ...]] = []
    monkeypatch.setattr("injector.devices.GamepadDevice", lambda *said: made.append(said))
    opened = {name: open_device(config(device=name), WallClock()) for name in typing.get_args(DeviceName)}
    assert isinstance(opened["events"], EventsDevice)
    assert isinstance(opened["screen"], ScreenDevice)
    assert isinstance(opened["iid"], IidDevice)
    assert made == [("xbox360", 2)]
    opened["iid"].close()
