"""The receiver: what comes out of the tunnel goes to the player, what the player orders goes to the device.

Everything here happens on one loop, in order. On every way out, the pads are at rest.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from config.model import ReceiverConfig
from config.notes import LABEL, MODE, Label, NoteError
from config.view_note import unpack_view
from injector.devices.device import Device, DeviceGoneError
from injector.devices.keeper import Keeper, sentence
from injector.guard import Neutral
from injector.observer import Observer
from injector.player import Move, Order, Player, Resolve, Rest, Show
from injector.rules import Rules
from injector.timers import fine_timers
from tunnel.endpoint import Endpoint
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
from tunnel.identity import Identity, PublicKey
from tunnel.session import Role
from tunnel.timing import Timing
from tunnel.wallclock import WallClock
from tunnel.wishes import endpoint_options

__all__ = ["Observer", "Receiver", "ReceiverStats", "Tunnel"]

log = logging.getLogger(__name__)

_NEVER = float("inf")
# The system rounds every wait up to a whole millisecond (epoll, and Windows' finest timer). Asking half of
# one early and playing what is due within that half turns "up to a millisecond late" into "within half of
# one".
_EARLY_MS = 0.5


class Tunnel(Protocol):
    """What the receiver needs of an endpoint."""

    async def run(self) -> Any:
        """Until cancelled."""

    def report(self, id: SequenceId, outcome: Outcome) -> None:
        """Tell the sender what became of a sequence."""


@dataclass(frozen=True, slots=True)
class ReceiverStats:
    """Sequences by what became of them, since the start; `waiting` are those with frames left to play."""

    played: int
    stale: int
    refused: int
    cancelled: int
    doubled: int
    waiting: int
    device: str
    device_failures: int


class Receiver:
    """One receiver. `device_factory` opens the device; it is called in a thread, again after each failure.

    letters  the folder from and to which people carry letters to the bot; None: nobody does
    """

    def __init__(
        self,
        config: ReceiverConfig,
        *,
        identity: Identity,
        device_factory: Callable[[], Device],
        clock: WallClock,
        observer: Observer | None = None,
        letters: Path | None = None,
        endpoint_factory: Callable[..., Any] = Endpoint,
    ) -> None:
        self.counters: Counter[str] = Counter()
        self._clock = clock
        self._observer = observer or Observer()
        self._player = Player(_rules(config), clock.now())
        self._device = Keeper(device_factory)
        self._opening: asyncio.Task[None] | None = None
        self._said = ""  # the device's last complaint
        self._met = False  # whether a bot has been here before
        self._ended: asyncio.Future[Exception | None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = _NEVER
        peer = PublicKey.parse(config.bot)
        self.endpoint = endpoint_factory(
            role=Role.RECEIVER,
            identity=identity,
            peer=peer,
            on_event=self._on_event,
            clock=clock,
            **endpoint_options(config, identity, peer, clock, letters),
            timing=_timing(config),
        )

    async def run(self) -> None:
        """Until cancelled, or until whoever the device played for has left.

        Raises DeviceError if the device cannot be opened at all; one that fails later is opened again.
        """
        self._ended = asyncio.get_running_loop().create_future()
        tunnel: asyncio.Task[Any] | None = None
        with fine_timers():
            try:
                self._player.handle_timeout(self._clock.now())  # its first order is to open the device
                await self._device.open()
                self._opened(self._clock.now())
                tunnel = asyncio.create_task(self.endpoint.run(), name="tunnel")
                await asyncio.wait({tunnel, self._ended}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._stop()
                await _end(tunnel, self._opening)
        error = self._ended.result()
        if error is not None:
            raise error
        if not tunnel.cancelled():
            tunnel.result()

    def panic(self) -> None:
        """Everything to rest, and nothing is played until `resume`."""
        self._turn(lambda now: self._player.panic())

    def resume(self) -> None:
        self._player.resume()

    def guests(self, moves: Sequence[Move]) -> None:
        """What programs beside us ask for. Under the same rules as the bot, and nobody is answered."""
        self._turn(lambda now: self._player.guests(moves, now))

    def stats(self) -> ReceiverStats:
        return ReceiverStats(
            played=self.counters["applied"],
            stale=self.counters["stale"],
            refused=self.counters["refused"],
            cancelled=self.counters["cancelled"],
            doubled=self._player.counters["doubled"],
            waiting=len(self._player.timeline),
            device=self._player.guard.state.value,
            device_failures=self._player.counters["device_failures"],
        )

    # -- what comes in -------------------------------------------------------------------------------------

    def _on_event(self, event: Event) -> None:
        self._turn(lambda now: self._decide(event, now))

    def _on_timer(self) -> None:
        self._timer, self._timer_at = None, _NEVER
        self._turn(lambda now: self._player.handle_timeout(now + _EARLY_MS))

    def _turn(self, decide: Callable[[float], list[Order]]) -> None:
        """Decide, obey, set the timer. If any of it breaks, the pads rest and `run` raises what broke."""
        if self._ended is None or self._ended.done():
            return
        try:
            self._obey(decide(self._clock.now()))
            self._schedule()
        except DeviceGoneError as gone:
            log.info("%s", gone)
            self._stop()
        except Exception as error:  # noqa: BLE001 - handed to `run`, which raises it; a timer would swallow it
            self._stop(error)

    def _decide(self, event: Event, now: float) -> list[Order]:
        if isinstance(event, SequenceArrived):
            return self._player.arrived(event, now)
        if isinstance(event, CancelArrived):
            return self._player.cancelled(event.targets, event.id, now)
        if isinstance(event, NoteArrived):
            self._note(event)
        elif isinstance(event, Connected):
            self._observer.link(True)
            return self._player.connected(event.fresh)
        elif isinstance(event, PeerHeard):
            self._observer.link(True)
        elif isinstance(event, PeerSilent):
            self._observer.link(False)
            return self._player.silent()
        return []

    def _note(self, note: NoteArrived) -> None:
        """For eyes only: whatever it says, nothing is played because of it."""
        try:
            if note.kind == LABEL:
                self._observer.label(Label.unpack(note.body))
            elif note.kind == MODE:
                self._observer.mode(unpack_view(note.body))
            else:
                self.counters["notes_unknown"] += 1
        except NoteError:
            self.counters["notes_malformed"] += 1

    # -- what goes out -------------------------------------------------------------------------------------

    def _obey(self, orders: Sequence[Order]) -> None:
        for place, order in enumerate(orders):
            trouble = None
            if isinstance(order, Show):
                trouble = self._show(order)
            elif isinstance(order, Resolve):
                self._resolve(order)
            elif isinstance(order, Rest):
                trouble = self._rest(order.reason)
            else:
                self._opening = asyncio.create_task(self._reopen(), name="open the device")
            if trouble is not None:
                self._obey(self._failed(trouble, orders[place + 1 :], self._clock.now()))
                return

    def _show(self, order: Show) -> str | None:
        trouble = self._device.show(order.pad, order.report)
        if trouble is None:
            self._observer.report(order.pad, order.report)
        return trouble

    def _resolve(self, order: Resolve) -> None:
        self.endpoint.report(order.id, order.outcome)
        self.counters[order.outcome.name.lower()] += 1
        if order.outcome is Outcome.APPLIED:
            self._observer.played(order.id, self._clock.now())

    def _rest(self, reason: Neutral) -> str | None:
        if reason is Neutral.RESTART and not self._met:
            log.info("The bot is here.")  # the first: nothing of an earlier one was held
        elif self._device.is_open:
            log.info("All pads at rest: %s.", reason.value)
        self._met = self._met or reason is Neutral.RESTART
        trouble = self._device.rest()
        if trouble is None:
            self._observer.neutral(reason.value)
        return trouble

    def _schedule(self) -> None:
        """One timer for the next deadline. Firing early is harmless: a later deadline leaves it as it is."""
        deadline = self._player.next_timeout()
        if deadline is None or deadline >= self._timer_at:
            return
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer_at = deadline
        wait_ms = deadline - self._clock.now() - _EARLY_MS
        self._timer = loop.call_later(max(0.0, wait_ms) / 1000, self._on_timer)

    # -- the device's life ---------------------------------------------------------------------------------

    async def _reopen(self) -> None:
        trouble = None
        try:
            await self._device.open()
        except Exception as error:  # noqa: BLE001 - whatever a driver raises, it is tried again later
            trouble = sentence(error)
        if trouble is None:
            log.info("The device is open again.")
            self._said = ""
            self._turn(self._opened)
        else:
            self._turn(lambda now: self._failed(trouble, [], now))

    def _opened(self, now: float) -> list[Order]:
        self._player.opened(now)
        self._observer.device_opened()
        return []

    def _failed(self, trouble: str, undone: Sequence[Order], now: float) -> list[Order]:
        self._device.close()
        if trouble != self._said:  # a driver that stays away fails again and again in the same words
            log.warning("The device failed, and is tried again until it works. %s", trouble)
            self._said = trouble
        self._observer.device_failed(trouble)
        return self._player.failed(undone, now)

    def _stop(self, error: Exception | None = None) -> None:
        """Nothing is played from here on."""
        if self._timer is not None:
            self._timer.cancel()
        if self._device.is_open:
            self._device.close()
            self._observer.neutral(Neutral.STOP.value)
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(error)


def _rules(config: ReceiverConfig) -> Rules:
    return Rules(
        pads=config.pads,
        deny=frozenset(config.deny),
        stale_after_ms=config.stale_after_ms,
        longest_hold_ms=config.longest_hold_ms,
    )


def _timing(config: ReceiverConfig) -> Timing:
    silence = float(config.silence_after_ms)
    return Timing(
        silence_after=silence,
        idle_silence=max(silence, Timing().idle_silence),
        stale_after=float(config.stale_after_ms),
    )


async def _end(*tasks: asyncio.Task[Any] | None) -> None:
    """Cancel what still runs and wait until it is over."""
    running = [task for task in tasks if task is not None]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
