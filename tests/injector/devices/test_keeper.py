"""One device at a time, always closed, and its errors as sentences."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest

from injector.devices.device import DeviceError, DeviceGoneError
from injector.devices.keeper import Keeper, sentence
from injector.report import NEUTRAL, Report


class Device:
    """Writes down what it is told; raises what the test put into `faults` for a method."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.faults: dict[str, Callable[[], Exception]] = {}

    def apply(self, pad: int, report: Report) -> None:
        self._do("apply")

    def neutral(self) -> None:
        self._do("neutral")

    def close(self) -> None:
        self._do("close")

    def _do(self, what: str) -> None:
        self.told.append(what)
        if what in self.faults:
            raise self.faults[what]()


def run(script: Awaitable[None]) -> None:
    async def main() -> None:
        await script

    asyncio.run(asyncio.wait_for(main(), 30))


def test_a_device_is_at_rest_from_the_start_to_the_end() -> None:
    async def script() -> None:
        keeper, device = kept()
        await keeper.open()
        assert keeper.show(1, NEUTRAL) is None
        keeper.close()
        keeper.close()
        assert device.told == ["neutral", "apply", "neutral", "close"]
        assert not keeper.is_open

    run(script())


def test_what_a_device_raises_is_a_sentence() -> None:
    async def script() -> None:
        keeper, device = kept()
        await keeper.open()
        device.faults = {"apply": lambda: DeviceError("Plug it in."), "neutral": lambda: OSError("gone")}
        assert keeper.show(1, NEUTRAL) == "Plug it in."
        assert keeper.rest() == "OSError: gone"

    run(script())


def test_a_reader_that_left_is_not_a_failure() -> None:
    async def script() -> None:
        keeper, device = kept()
        await keeper.open()
        device.faults = {"apply": lambda: DeviceGoneError("left")}
        with pytest.raises(DeviceGoneError):
            keeper.show(1, NEUTRAL)

    run(script())


def test_a_device_that_cannot_even_rest_is_closed_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    async def script() -> None:
        keeper, device = kept()
        await keeper.open()
        device.faults = {"neutral": lambda: OSError("gone"), "close": lambda: OSError("gone")}
        keeper.close()
        assert device.told == ["neutral", "neutral", "close"]
        assert keeper.counters == {"device_not_closed": 2}

    run(script())
    assert len(caplog.records) == 2


def test_without_a_device_everything_is_at_rest() -> None:
    assert Keeper(Device).rest() is None


def test_what_the_factory_raises_reaches_whoever_opens() -> None:
    def missing() -> Device:
        raise DeviceError("Install it.")

    with pytest.raises(DeviceError, match="Install it"):
        run(Keeper(missing).open())


def test_a_device_that_is_opened_too_late_is_closed() -> None:
    asked, go, late = threading.Event(), threading.Event(), Device()

    def slow() -> Device:
        asked.set()
        assert go.wait(20)
        return late

    async def script() -> None:
        opening = asyncio.create_task(Keeper(slow).open())
        await asyncio.get_running_loop().run_in_executor(None, asked.wait, 20)
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        go.set()

    run(script())
    assert late.told == ["close"]


def test_only_what_was_meant_for_people_is_said_without_its_name() -> None:
    assert sentence(DeviceError("Plug it in.")) == "Plug it in."
    assert sentence(ValueError("7")) == "ValueError: 7"


def kept() -> tuple[Keeper, Device]:
    device = Device()
    return Keeper(lambda: device), device
