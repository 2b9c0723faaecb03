"""A world to act in: every hop a real socket, and a device that remembers what it was told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from bench.world.pipeline import Pipeline, World
from config.codes import BUTTONS, Control
from config.model import ChatLimits
from config.play import ModeName, ModesConfig
from injector.report import NEUTRAL, Report
from web.mode_card import ModeCard

NO_LIMITS = ChatLimits(per_user_per_second=0, global_per_second=0)
# Far beyond what anything here takes: it only ends a test that would wait for ever.
DEADLINE_S = 60.0


class Recorder:
    """A device that keeps every report it was given, and each pad as it stands."""

    def __init__(self) -> None:
        self.reports: list[tuple[int, Report]] = []
        self.pads: dict[int, Report] = {}

    def apply(self, pad: int, report: Report) -> None:
        self.reports.append((pad, report))
        self.pads[pad] = report

    def neutral(self) -> None:
        for pad in self.pads:
            self.apply(pad, NEUTRAL)

    def close(self) -> None:
        self.neutral()

    def holds(self, control: Control, pad: int = 1) -> bool:
        return bool(self.pads.get(pad, NEUTRAL).value(control))

    def ever_held(self, control: Control, pad: int | None = None) -> bool:
        return any(report.value(control) for where, report in self.reports if pad in (None, where))

    def pressed(self, pad: int = 1) -> list[Control]:
        """The buttons of a pad in the order in which they went down."""
        before, order = NEUTRAL, []
        for report in (report for where, report in self.reports if where == pad):
            order += [control for control in BUTTONS if report.value(control) > before.value(control)]
            before = report
        return order

    @property
    def is_neutral(self) -> bool:
        return all(report == NEUTRAL for report in self.pads.values())


class Scene:
    """A running pipeline without a crowd, and words to act with."""

    def __init__(self, pipeline: Pipeline, device: Recorder) -> None:
        self.pipeline = pipeline
        self.device = device

    def say(self, user: str, text: str) -> str:
        assert self.pipeline.twitch is not None
        return self.pipeline.twitch.say(user, text)

    def say_together(self, *said: tuple[str, str]) -> None:
        """So that all of it falls into the same vote."""
        assert self.pipeline.twitch is not None
        self.pipeline.twitch.say_many(said)

    @property
    def mode(self) -> ModeCard:
        """What the page shows of the mode."""
        card = self.pipeline.feed.mode_shown
        assert card is not None
        return card

    async def ready(self) -> None:
        """The bot has joined the chat and the receiver answers, over every relay that is not cut."""
        assert self.pipeline.twitch is not None
        await self.pipeline.twitch.joined()
        await self.pipeline.linked()
        await self.until(lambda: all(self.path_is_up(relay) for relay in range(1, self.count + 1)))
        await self.until(lambda: self.pipeline.feed.mode_shown is not None)

    @property
    def count(self) -> int:
        return len(self.pipeline.relays.all)

    def path_is_up(self, relay: int) -> bool:
        """At both ends."""
        ends = (self.pipeline.bot.endpoint, self.pipeline.receiver.endpoint)
        return all(end.paths()[relay - 1].state == "up" for end in ends)

    async def cut(self, *relays: int) -> None:
        """And wait until both ends have noticed."""
        for relay in relays:
            self.pipeline.relays.press(relay, cut=True)
        await self.until(lambda: not any(self.path_is_up(relay) for relay in relays))

    def restore(self, *relays: int) -> None:
        for relay in relays:
            self.pipeline.relays.press(relay, cut=False)

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


Act = Callable[[Scene], Coroutine[Any, Any, None]]


@pytest.fixture
def play() -> Callable[..., None]:
    """Runs a scene: `play(act, relays=5)`. Whatever happened in it, the pads are neutral at its end."""

    def run(act: Act, relays: int = 2, mode: ModeName = "anarchy", modes: ModesConfig | None = None) -> None:
        async def main() -> None:
            device = Recorder()
            world = World(relays=relays, viewers=0, limits=NO_LIMITS, mode=mode, modes=modes)
            async with Pipeline(world, lambda: device) as pipeline:
                scene = Scene(pipeline, device)
                await scene.ready()
                await act(scene)
            assert device.is_neutral

        asyncio.run(asyncio.wait_for(main(), DEADLINE_S))

    return run
