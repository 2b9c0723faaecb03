"""One end of the tunnel as a program for the laboratory: `python -m bench.lab.ends JSON`.

  role     "sender" submits inputs at a steady rate from the first connection on; "receiver" plays them
  secret   the own key, peer the other's public key, both in hex
  relays   their URLs
  direct   how direct paths are looked for (DirectOptions as an object); null: not at all
  meeting  where the ends leave letters besides: "dht" (nodes to begin with: host and port), "folder" (that
           both see), "letters" (a folder of its own, from and to which people carry them)
  rate     inputs a second; 0: none
  look_ms  how often its paths are looked at

Prints one JSON object per line; `at` is in milliseconds on the machine's monotonic clock, which all
namespaces share. It says "ready" and starts at the order `go` on its standard input; `rate N` is another
order. It ends when its standard input does: a sender once it knows the fate of every input.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from tunnel.endpoint import Endpoint
from tunnel.events import Connected, Event, Outcome, PeerHeard, PeerSilent, Resolved, SequenceArrived
from tunnel.frame import Frame
from tunnel.identity import Identity, PublicKey
from tunnel.links.direct import DirectOptions
from tunnel.rendezvous.board import Board
from tunnel.rendezvous.folder import by_hand
from tunnel.rendezvous.keys import MeetingKeys
from tunnel.rendezvous.places import DhtOptions, FolderOptions, PlaceOptions, make_places
from tunnel.session import Role
from tunnel.timing import Timing
from tunnel.wallclock import WallClock

_TELL_EVERY: Final = 10  # looks: figures are told only so often, changes at once
# An input that comes late has not been lost: on a slow machine that is no fault of the tunnel.
_TIMING: Final = Timing(stale_after=20_000, give_up_after=30_000)


class End:
    """What runs."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._clock = WallClock()
        self._rate = 0.0
        self._look_s: float = settings["look_ms"] / 1000
        self._sends = settings["role"] == Role.SENDER.value
        self._submitted = 0
        self._outcomes: Counter[str] = Counter()
        self._connected = asyncio.Event()
        self._playing = asyncio.Event()  # the rate is not 0
        self._settled = asyncio.Event()
        identity = Identity(bytes.fromhex(settings["secret"]))
        peer = PublicKey.parse(settings["peer"])
        self._endpoint = Endpoint(
            role=Role(settings["role"]),
            identity=identity,
            peer=peer,
            relays=settings["relays"],
            on_event=self._event,
            clock=self._clock,
            timing=_TIMING,
            direct=None if settings["direct"] is None else DirectOptions(**settings["direct"]),
            meeting=_meeting(settings["meeting"], MeetingKeys(identity, peer), self._clock),
        )
        self._set_rate(settings["rate"])

    async def run(self) -> None:
        """Until standard input ends."""
        orders = await _standard_input()
        tell("ready")
        await orders.readline()
        os.setpriority(os.PRIO_PROCESS, 0, 0)  # those that are not ready yet have a lower one
        tell("start")
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._endpoint.run()), group.create_task(self._watch())]
            if self._sends:
                submitting = group.create_task(self._submit())
            while order := await orders.readline():
                self._set_rate(float(order.split()[1]))
            if self._sends:
                submitting.cancel()
                self._settle()
                await self._settled.wait()
            for task in tasks:
                task.cancel()
        tell("end", submitted=self._submitted, outcomes=self._outcomes, counters=self._endpoint.counters)

    def _set_rate(self, rate: float) -> None:
        self._rate = rate
        if rate:
            self._playing.set()
        else:
            self._playing.clear()

    async def _submit(self) -> None:
        await self._connected.wait()
        while True:
            await self._playing.wait()
            now = int(self._clock.now())
            self._endpoint.submit((Frame(1, 2, now), Frame(1, -2, now + 50)))
            self._submitted += 1
            await asyncio.sleep(1 / self._rate)

    def _event(self, event: Event) -> None:
        if isinstance(event, SequenceArrived):
            tell("played", id=event.sequence.id, late_ms=round(self._clock.now() - event.start_ms, 1))
            self._endpoint.report(event.sequence.id, Outcome.APPLIED)
        elif isinstance(event, Resolved):
            self._outcomes[event.outcome.name] += 1
            self._settle()
        elif isinstance(event, Connected):
            self._connected.set()
            tell("connected", fresh=event.fresh)
        elif isinstance(event, PeerSilent | PeerHeard):
            tell("silent" if isinstance(event, PeerSilent) else "heard")

    def _settle(self) -> None:
        """Whether the fate of all is known."""
        if self._endpoint.in_flight:
            self._settled.clear()
        else:
            self._settled.set()

    async def _watch(self) -> None:
        """Tells of every path that changes its state, and why, and of all figures now and then."""
        before: list[tuple[str, bool]] = []
        looks = 0
        while True:
            reports = self._endpoint.paths()
            now = [(report.state, report.received > 0) for report in reports]
            if now != before or looks % _TELL_EVERY == 0:
                tell("paths", paths=[asdict(report) for report in reports])
            if now != before:
                stories = {name: asdict(story) for name, story in self._endpoint.stories().items()}
                tell("story", stories=stories, counters=self._endpoint.counters)
            before, looks = now, looks + 1
            await asyncio.sleep(self._look_s)


def _meeting(
    told: dict[str, Any], keys: MeetingKeys, clock: WallClock
) -> Callable[[Callable[[int, bytes], None]], Board] | None:
    if not told:
        return None
    places: list[PlaceOptions] = []
    if "dht" in told:
        places.append(DhtOptions(tuple((host, port) for host, port in told["dht"])))
    if "folder" in told:
        places.append(FolderOptions(Path(told["folder"])))
    carried = [by_hand(Path(told["letters"]), clock)] if "letters" in told else []
    return lambda on_signal: Board(keys, make_places(places, keys, clock), clock, on_signal, by_hand=carried)


def tell(what: str, **facts: object) -> None:
    """One line on standard output."""
    line = {"what": what, "at": round(time.monotonic() * 1000, 1), **facts}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


async def _standard_input() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(relativeCreated)d %(name)s: %(message)s")
    asyncio.run(End(json.loads(sys.argv[1])).run())
