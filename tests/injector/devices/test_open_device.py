"""The one list: each name in the config opens its device."""

from __future__ import annotations

import asyncio
import typing
from pathlib import Path

import pytest

from config.iid import IidOptions
from config.model import Device as DeviceName
from config.model import GamepadOptions, ReceiverConfig
from injector.devices import open_device
from injector.devices.device import DeviceError
from injector.devices.events import EventsDevice
from injector.devices.iid import IidDevice
from injector.devices.screen import ScreenDevice
from tunnel.identity import Identity
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


def test_a_server_is_logged_in_to_with_the_key_that_is_named(tmp_path: Path) -> None:
    key = tmp_path / "login.key"
    Identity.create().save(key)
    iid = IidOptions(targets=("127.0.0.1:3615", "apint://127.0.0.1:4615"), identity=key)
    opened = open_device(config(device="iid", iid=iid), WallClock())
    assert isinstance(opened, IidDevice)

    async def close() -> None:
        """Where its loop would be."""
        opened.close()

    asyncio.run(close())


def test_a_key_that_does_not_open_is_one_sentence(tmp_path: Path) -> None:
    iid = IidOptions(targets=("apint://127.0.0.1:4615",), identity=tmp_path / "missing.key")
    with pytest.raises(DeviceError, match=r"does not exist; make it with"):
        open_device(config(device="iid", iid=iid), WallClock())
