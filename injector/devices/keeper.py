"""Keeps the one open device: opens it in a thread, since drivers take their time, and closes it for sure.

What a device raises comes back as a sentence, never as an exception: an exception holds on to the frames it
came through, they to the device's insides, and a virtual pad stays plugged in as long as anything holds it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable

from injector.devices.device import Device, DeviceError, DeviceGoneError
from injector.report import Report

log = logging.getLogger(__name__)


class Keeper:
    """At most one device. `factory` opens one; it is called in a thread."""

    def __init__(self, factory: Callable[[], Device]) -> None:
        self.counters: Counter[str] = Counter()
        self._factory = factory
        self._device: Device | None = None

    @property
    def is_open(self) -> bool:
        return self._device is not None

    async def open(self) -> None:
        """Opens a device, and brings it to rest. Raises what the factory raises.

        If nobody waits for the device any more when it is there, it is closed.
        """
        assert self._device is None, "one device at a time"
        opening = asyncio.get_running_loop().run_in_executor(None, self._factory)
        try:
            self._device = await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close_unwanted)
            raise
        self._device.neutral()

    def show(self, pad: int, report: Report) -> str | None:
        """What went wrong, if something did. Raises DeviceGoneError alone."""
        assert self._device is not None, "nothing is shown without a device"
        try:
            self._device.apply(pad, report)
        except DeviceGoneError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a driver raises, its pads are in an unknown state
            return sentence(error)
        return None

    def rest(self) -> str | None:
        """What went wrong, if something did. Without a device everything is at rest."""
        try:
            if self._device is not None:
                self._device.neutral()
        except Exception as error:  # noqa: BLE001 - as above
            return sentence(error)
        return None

    def close(self) -> None:
        """The device at rest and let go of, whatever state it is in."""
        device, self._device = self._device, None
        if device is None:
            return
        for step in (device.neutral, device.close):
            try:
                step()
            except Exception:
                self.counters["device_not_closed"] += 1
                log.exception("The device could not be closed properly.")


def sentence(error: Exception) -> str:
    """What a person is told of it. A DeviceError says so itself; anything else is named."""
    return str(error) if isinstance(error, DeviceError) else f"{type(error).__name__}: {error}"


def _close_unwanted(opening: asyncio.Future[Device]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()
