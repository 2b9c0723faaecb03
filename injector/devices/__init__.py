"""The one list of devices. A new device is a file here, a name in `config.model.Device`, and a case below."""

from __future__ import annotations

from config.iid import login_place
from config.model import ReceiverConfig
from injector.devices.device import Device, DeviceError
from injector.devices.events import EventsDevice
from injector.devices.gamepad import GamepadDevice
from injector.devices.iid import IidDevice
from injector.devices.iid_server import IidServer, Place
from injector.devices.screen import ScreenDevice
from injector.iid.handshake import Dialect
from tunnel.identity import Identity, IdentityError
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
            return _iid_device(config)


def _iid_device(config: ReceiverConfig) -> Device:
    """UDP to the programs here, and a login to each server."""
    places = [place for target in config.iid.targets if (place := login_place(target)) is not None]
    servers = []
    if places:
        assert config.iid.identity is not None, "the model wants a key for every server"
        try:
            identity = Identity.load(config.iid.identity)
        except IdentityError as error:
            raise DeviceError(f"{error}.") from error
        servers = [
            IidServer(
                Place(Dialect(place.dialect), place.host, place.port, place.secure),
                identity,
                config.pads,
                config.deny,
            )
            for place in places
        ]
    udp = [target for target in config.iid.targets if login_place(target) is None]
    return IidDevice(udp, config.pads, config.deny, servers)
