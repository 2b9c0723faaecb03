"""The shell on a real loop, with a tunnel and a device that do what the test says."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from config.codes import Control
from config.direct import DirectConfig
from config.model import ReceiverConfig
from config.notes import LABEL, MODE, Label
from config.view_note import pack_view
from config.views import Candidate, ModeView
from injector.app import Observer, Receiver
from injector.devices.device import DeviceError, DeviceGoneError
from injector.report import BUTTON_BIT, NEUTRAL, Report
from tunnel.events import (
    CancelArrived,
    Connected,
    Event,
    NoteArrived,
    Outcome,
    PeerHeard,
    PeerSilent,
    SequenceArrived,
)
from tunnel.frame import SequenceId
from tunnel.identity import Identity
from tunnel.links.direct import DirectOptions
from tunnel.session import Role
from tunnel.timing import Timing
from tunnel.wallclock import WallClock

A, B = Control.A, Control.B
DOWN = Report(BUTTON_BIT[A])
MakeArrival = Callable[..., SequenceArrived]


class FakeTunnel:
    """An endpoint whose events come from the test; remembers what it was told to report."""

    def __init__(self, *, on_event: Callable[[Event], None], **said: Any) -> None:
        self.say = on_event
        self.said = said
        self.reports: list[tuple[int, Outcome]] = []
        self.running = asyncio.Event()
        self.fault: asyncio.Future[None] | None = None

    async def run(self) -> None:
        self.running.set()
        self.fault = asyncio.get_running_loop().create_future()
        await self.fault

    def report(self, id: SequenceId, outcome: Outcome) -> None:
        self.reports.append((id, outcome))


class FakeDevice:
    """Remembers what it was told; raises what `fault` holds, once."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.fault: Exception | None = None

    def apply(self, pad: int, report: Report) -> None:
        if self.fault is not None:
            raise self._take_fault()
        self.told.append((pad, report))

    def neutral(self) -> None:
        self.told.append("neutral")

    def close(self) -> None:
        self.told.append("closed")

    def _take_fault(self) -> Exception:
        # Here and not in `apply`: a frame that holds the exception that holds the frame keeps both alive.
        assert self.fault is not None
        fault, self.fault = self.fault, None
        return fault


class Watcher(Observer):
    """Writes down what it sees; `expect` waits until it has seen something."""

    def __init__(self) -> None:
        self.seen: list[tuple[object, ...]] = []
        self.changed = asyncio.Event()

    def report(self, pad: int, report: Report) -> None:
        self._note("report", pad, report)

    def played(self, id: int, at_ms: float) -> None:
        assert at_ms > 0
        self._note("played", id)

    def label(self, label: Label) -> None:
        self._note("label", label)

    def mode(self, view: ModeView) -> None:
        self._note("mode", view)

    def neutral(self, reason: str) -> None:
        self._note("neutral", reason)

    def device_failed(self, text: str) -> None:
        self._note("failed", text)

    def device_opened(self) -> None:
        self._note("opened")

    def link(self, up: bool) -> None:
        self._note("link", up)

    async def expect(self, *what: object) -> None:
        while what not in self.seen:
            self.changed.clear()
            await self.changed.wait()

    def _note(self, *what: object) -> None:
        self.seen.append(what)
        self.changed.set()


class Stage:
    """A receiver with everything around it, and the devices it has opened so far."""

    def __init__(self, **config: Any) -> None:
        self.bot = Identity.create().public
        self.clock = WallClock()
        self.watcher = Watcher()
        self.devices: list[FakeDevice] = []
        self.next_opening: Exception | None = None
        self.receiver = Receiver(
            ReceiverConfig.model_construct(
                **{
                    "identity": Path("receiver.key"),
                    "bot": self.bot.hex,
                    "relays": ("ws://127.0.0.1:1",),
                    **config,
                }
            ),
            identity=Identity.create(),
            device_factory=self._open,
            clock=self.clock,
            observer=self.watcher,
            endpoint_factory=FakeTunnel,
        )
        self.tunnel: FakeTunnel = self.receiver.endpoint

    @property
    def device(self) -> FakeDevice:
        return self.devices[-1]

    def _open(self) -> FakeDevice:
        trouble, self.next_opening = self.next_opening, None
        if trouble is not None:
            raise trouble
        self.devices.append(FakeDevice())
        return self.devices[-1]

    def act(self, script: Callable[[Stage], Awaitable[None]]) -> None:
        """Run the receiver, play the script, stop the receiver."""

        async def main() -> None:
            running = asyncio.create_task(self.receiver.run())
            await self.tunnel.running.wait()
            try:
                await script(self)
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)

        asyncio.run(asyncio.wait_for(main(), 30))


def test_the_endpoint_is_told_the_config() -> None:
    stage = Stage(silence_after_ms=4000, stale_after_ms=900)
    said = stage.tunnel.said
    assert said["role"] is Role.RECEIVER
    assert said["relays"] == ("ws://127.0.0.1:1",)
    assert said["peer"] == stage.bot
    timing: Timing = said["timing"]
    assert (timing.silence_after, timing.idle_silence, timing.stale_after) == (4000.0, 4000.0, 900.0)


def test_direct_paths_are_looked_for_only_where_the_config_says_so() -> None:
    assert Stage().tunnel.said["direct"] is None
    wanted = DirectConfig(enabled=True, stun=("192.0.2.1:3478",), ports="47000-47010", port_mapping=False)
    assert Stage(direct=wanted).tunnel.said["direct"] == DirectOptions(
        stun=(("192.0.2.1", 3478),), ports=(47_000, 47_010), router=False
    )


def test_a_press_reaches_the_device_and_its_release_follows_by_itself(arrival: MakeArrival) -> None:
    async def script(stage: Stage) -> None:
        stage.tunnel.say(arrival(1, (0, A, 1), (20, A, 0), start=stage.clock.now()))
        assert stage.device.told == ["neutral", (1, DOWN)]
        assert stage.tunnel.reports == [(1, Outcome.APPLIED)]
        await stage.watcher.expect("report", 1, NEUTRAL)
        assert stage.device.told == ["neutral", (1, DOWN), (1, NEUTRAL)]
        assert stage.receiver.stats().played == 1
        assert stage.receiver.stats().waiting == 0

    stage = Stage()
    stage.act(script)
    assert stage.device.told[-2:] == ["neutral", "closed"]


def test_a_sequence_is_answered_only_after_the_device_call(arrival: MakeArrival) -> None:
    async def script(stage: Stage) -> None:
        stage.tunnel.say(arrival(1, (0, A, 1), (9000, A, 0), start=stage.clock.now()))
        assert stage.watcher.seen[-2:] == [("report", 1, DOWN), ("played", 1)]

    Stage().act(script)


def test_what_is_not_played_is_answered_too(arrival: MakeArrival) -> None:
    async def script(stage: Stage) -> None:
        now = stage.clock.now()
        stage.tunnel.say(arrival(1, (0, A, 1), start=now - 9000, age=9000.0))
        stage.tunnel.say(arrival(2, (0, Control.GUIDE, 1), start=now))
        stage.tunnel.say(arrival(3, (0, A, 1), start=now + 5000))
        stage.tunnel.say(CancelArrived((SequenceId(3),), SequenceId(4)))
        assert stage.tunnel.reports == [(1, Outcome.STALE), (2, Outcome.REFUSED), (3, Outcome.CANCELLED)]
        stats = stage.receiver.stats()
        assert (stats.stale, stats.refused, stats.cancelled, stats.doubled) == (1, 1, 1, 0)

    Stage().act(script)


def test_silence_and_a_restart_of_the_bot_bring_the_pads_to_rest(arrival: MakeArrival) -> None:
    async def script(stage: Stage) -> None:
        for fact in (PeerSilent(), Connected(fresh=True)):
            stage.tunnel.say(arrival(1, (0, A, 1), (9000, A, 0), start=stage.clock.now()))
            stage.tunnel.say(fact)
            assert stage.device.told[-2:] == [(1, DOWN), "neutral"]
            stage.tunnel.say(Connected(fresh=True))
        stage.tunnel.say(PeerHeard())
        links = [what[1] for what in stage.watcher.seen if what[0] == "link"]
        assert links == [False, True, True, True, True]

    Stage().act(script)


def test_only_a_bot_that_came_before_is_said_to_have_started_anew(caplog: pytest.LogCaptureFixture) -> None:
    async def script(stage: Stage) -> None:
        stage.tunnel.say(Connected(fresh=True))
        stage.tunnel.say(Connected(fresh=True))

    with caplog.at_level("INFO", logger="injector.app"):
        Stage().act(script)
    told = [record.getMessage() for record in caplog.records]
    assert told[:2] == ["The bot is here.", "All pads at rest: the bot was started anew."]


def test_a_panic_stops_everything_until_somebody_resumes(arrival: MakeArrival) -> None:
    async def script(stage: Stage) -> None:
        stage.tunnel.say(arrival(1, (0, A, 1), (9000, A, 0), start=stage.clock.now()))
        stage.receiver.panic()
        stage.tunnel.say(arrival(2, (0, A, 1), start=stage.clock.now()))
        assert stage.device.told[-2:] == [(1, DOWN), "neutral"]
        stage.receiver.resume()
        stage.tunnel.say(arrival(3, (0, A, 1), (9000, A, 0), start=stage.clock.now()))
        assert stage.device.told[-1] == (1, DOWN)

    Stage().act(script)


def test_a_mode_is_handed_on_and_moves_no_pad() -> None:
    async def script(stage: Stage) -> None:
        view = ModeView("democracy", "Chat votes.", candidates=(Candidate("a", 3),), result="b (2 of 3)")
        stage.tunnel.say(NoteArrived(MODE, pack_view(view)))
        stage.tunnel.say(NoteArrived(MODE, b"\xff"))
        assert stage.watcher.seen[1:] == [("mode", view)]
        assert stage.receiver.counters == {"notes_malformed": 1}
        assert not any(isinstance(told, tuple) for told in stage.device.told)

    Stage().act(script)


def test_labels_are_handed_on_and_nonsense_is_counted() -> None:
    async def script(stage: Stage) -> None:
        label = Label(7, "ann", "a500ms")
        stage.tunnel.say(NoteArrived(LABEL, label.pack()))
        stage.tunnel.say(NoteArrived(LABEL, b"\xff"))
        stage.tunnel.say(NoteArrived(77, b""))
        assert stage.watcher.seen[1:] == [("label", label)]
        assert stage.receiver.counters == {"notes_malformed": 1, "notes_unknown": 1}

    Stage().act(script)


def test_a_device_that_fails_is_brought_to_rest_and_opened_again(
    arrival: MakeArrival, caplog: pytest.LogCaptureFixture
) -> None:
    async def script(stage: Stage) -> None:
        first = stage.device
        stage.watcher.seen.clear()
        first.fault = OSError("pulled out")
        stage.next_opening = DeviceError("Not yet: plug it in.")
        stage.tunnel.say(arrival(1, (0, A, 1), (50, A, 0), start=stage.clock.now()))
        assert first.told == ["neutral", "neutral", "closed"]
        assert stage.tunnel.reports == [(1, Outcome.REFUSED)]
        await stage.watcher.expect("failed", "OSError: pulled out")
        await stage.watcher.expect("failed", "Not yet: plug it in.")
        await stage.watcher.expect("opened")
        assert stage.device is not first
        stage.tunnel.say(arrival(2, (0, A, 1), (9000, A, 0), start=stage.clock.now()))
        assert stage.device.told == ["neutral", (1, DOWN)]
        assert stage.receiver.stats().device_failures == 2

    with caplog.at_level(logging.WARNING):
        Stage().act(script)
    assert [record.getMessage().split(". ", 1)[1] for record in caplog.records] == [
        "OSError: pulled out",
        "Not yet: plug it in.",
    ]


def test_nothing_keeps_a_failed_device_alive(arrival: MakeArrival) -> None:
    """A virtual pad is plugged in for as long as its object lives."""

    async def script(stage: Stage) -> None:
        stage.device.fault = DeviceError("gone")
        gc.disable()  # reference counting alone has to do it
        try:
            stage.tunnel.say(arrival(1, (0, A, 1), start=stage.clock.now()))
            died = threading.Event()
            stage.device.__class__ = type("Dying", (FakeDevice,), {"__del__": lambda self: died.set()})
            stage.devices.clear()
            assert died.is_set()
        finally:
            gc.enable()

    Stage().act(script)


def test_a_device_that_cannot_be_opened_ends_the_program_with_its_sentence() -> None:
    stage = Stage()
    stage.next_opening = DeviceError("The driver is missing: install it.")
    with pytest.raises(DeviceError, match="install it"):
        asyncio.run(asyncio.wait_for(stage.receiver.run(), 30))
    assert not stage.tunnel.running.is_set()


def test_the_program_ends_quietly_when_nobody_is_left_to_play_for(arrival: MakeArrival) -> None:
    stage = Stage()

    async def main() -> None:
        running = asyncio.create_task(stage.receiver.run())
        await stage.tunnel.running.wait()
        stage.device.fault = DeviceGoneError("the reader left")
        stage.tunnel.say(arrival(1, (0, A, 1), (0, B, 1, 0), start=stage.clock.now()))
        await running

    asyncio.run(asyncio.wait_for(main(), 30))
    assert stage.device.told == ["neutral", "neutral", "closed"]


def test_a_tunnel_that_breaks_leaves_the_pads_at_rest(arrival: MakeArrival) -> None:
    stage = Stage()

    async def main() -> None:
        running = asyncio.create_task(stage.receiver.run())
        await stage.tunnel.running.wait()
        await asyncio.sleep(0)
        stage.tunnel.say(arrival(1, (0, A, 1), (9000, A, 0), start=stage.clock.now()))
        assert stage.tunnel.fault is not None
        stage.tunnel.fault.set_exception(ValueError("a bug in the tunnel"))
        await running

    with pytest.raises(ValueError, match="a bug in the tunnel"):
        asyncio.run(asyncio.wait_for(main(), 30))
    assert stage.device.told[-3:] == [(1, DOWN), "neutral", "closed"]


def test_a_bug_of_ours_leaves_the_pads_at_rest_and_is_raised(
    arrival: MakeArrival, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage()

    def broken(now: float) -> list[Any]:
        raise KeyError("a bug in the player")

    async def main() -> None:
        running = asyncio.create_task(stage.receiver.run())
        await stage.tunnel.running.wait()
        stage.tunnel.say(arrival(1, (0, A, 1), (1, A, 0), start=stage.clock.now()))
        monkeypatch.setattr(stage.receiver._player, "handle_timeout", broken)
        await running

    with pytest.raises(KeyError, match="a bug in the player"):
        asyncio.run(asyncio.wait_for(main(), 30))
    assert stage.device.told[-3:] == [(1, DOWN), "neutral", "closed"]
