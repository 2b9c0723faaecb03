"""The one list of devices. A new device is a file here, a name in `config.model.Device`, and a case below."""

from __future__ import annotations

from config.model import ReceiverConfig
from injector.devices.device import Device
from injector.devices.events import EventsDevice
from injector.devices.gamepad import GamepadDevice
from injector.devices.iid import IidDevice
from injector.devices.screen import ScreenDevice
from tunnel.wallclock import WallClock


def open_device(config: ReceiverConfig, clock: WallClock) -> Device:
    """The device `config` names. Raises DeviceError: what is missing, and the remedy, in one sentence."""
    match config.device:
        case "events":
            return EventsDevice(clock.now)
        case "gamepad":
            return GamepadDevice(config.gamepad.kind, config.pads)
        case "screen":
            return ScreenDevice()
        case "iid":
            return IidDevice(config.iid.targets, config.pads, config.deny)
