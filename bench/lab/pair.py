"""A sender and a receiver in two homes of the laboratory, and what they say of themselves."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter, deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from bench.lab.machines import Machine, end
from tunnel.identity import Identity
from tunnel.session import Role

RATE: Final = 50.0  # inputs a second
DIRECT: Final = "direct udp"
# How long anything may take before the laboratory gives up: far more than it needs, for slow machines.
PATIENCE_S: Final = 40.0

Fact = dict[str, Any]
Paths = dict[str, Fact]  # by name; one entry for each relay, one for the direct path


class End:
    """One program in a namespace. `facts` is all it has said but its paths, whose latest state is `paths`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.facts: list[Fact] = []
        self.paths: Paths = {}
        self.direct_at: float | None = None  # when the first datagram came directly
        self.losses = 0  # how often the direct path went down
        self._process = process
        self._log: deque[str] = deque(maxlen=30)
        self._news = asyncio.Condition()
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._keep_log())]

    def when(self, what: str) -> float | None:
        """When it said this first, in milliseconds on the machine's clock."""
        return next((fact["at"] for fact in self.facts if fact["what"] == what), None)

    @property
    def direct_state(self) -> object:
        """Of the direct path: "connecting", "up" or "waiting"."""
        return self.paths.get(DIRECT, {}).get("state")

    @property
    def played(self) -> Counter[int]:
        """How often it has played each input."""
        return Counter(fact["id"] for fact in self.facts if fact["what"] == "played")

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Waits for it. Fails with what was said instead."""
        try:
            async with asyncio.timeout(PATIENCE_S), self._news:
                await self._news.wait_for(lambda: condition() or self._process.returncode is not None)
        except TimeoutError:
            pass  # the assertion says it better
        assert condition(), f"not {what}; {json.dumps(self.paths, indent=1)}\n" + "\n".join(self._log)

    async def finish(self) -> Fact:
        """Lets it end by itself. Returns its last words."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self.until(lambda: self.when("end") is not None, "ended")
        await end(self._process)
        return self.facts[-1]

    async def kill(self) -> None:
        """Harmless to repeat."""
        await end(self._process)
        await asyncio.gather(*self._tasks)

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            fact = json.loads(line)
            if fact["what"] == "paths":
                was = self.direct_state
                self.paths = {path["name"]: path for path in fact["paths"]}
                self.losses += was == "up" != self.direct_state
                if self.direct_at is None and self.paths.get(DIRECT, {}).get("received"):
                    self.direct_at = fact["at"]
            else:
                self.facts.append(fact)
            async with self._news:
                self._news.notify_all()

    async def _keep_log(self) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self._log.append(line.decode(errors="replace").rstrip())


class Pair:
    """Both ends, as an asynchronous context: they start with it and are gone after it."""

    def __init__(self, sender_on: Machine, receiver_on: Machine, relays: Sequence[str]) -> None:
        self._machines = (sender_on, receiver_on)
        self._relays = relays
        self.sender: End
        self.receiver: End

    async def __aenter__(self) -> Pair:
        keys = (Identity.create(), Identity.create())
        roles = (Role.SENDER, Role.RECEIVER)
        self.sender, self.receiver = [
            await _start(machine, role, own, other, self._relays)
            for machine, role, own, other in zip(self._machines, roles, keys, reversed(keys), strict=True)
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(self.sender.kill(), self.receiver.kill())

    async def inputs_flow(self, more: int = 25) -> None:
        """That many inputs more are played."""
        wanted = len(self.receiver.played) + more
        await self.receiver.until(lambda: len(self.receiver.played) >= wanted, f"{more} inputs more played")

    async def direct_wins(self) -> None:
        """The direct path is up at both ends, and most inputs reach the receiver on it first."""
        for one in (self.receiver, self.sender):
            await one.until(partial(_is, one, "up"), "joined directly")
        before = self.firsts()
        await self.sender.until(lambda: _leads(before, self.firsts()), "first on the direct path")

    async def direct_is_lost(self) -> None:
        """Both ends have noticed, sooner or later after the start."""
        for one in (self.receiver, self.sender):
            await one.until(partial(_has_lost, one), "without a direct path")

    async def direct_is_given_up(self) -> str:
        """Both ends have looked, found no direct path and said why. Returns the sender's reason."""
        for one in (self.receiver, self.sender):
            await one.until(partial(_is, one, "waiting"), "resting after a search")
            assert one.direct_at is None
        return str(self.sender.paths[DIRECT]["why"])

    async def nothing_was_lost_or_doubled(self) -> None:
        """Ends both, and compares what was submitted with what was played."""
        words = await self.sender.finish()
        await self.receiver.finish()
        played = self.receiver.played
        assert words["submitted"] > 0
        assert words["outcomes"] == {"APPLIED": words["submitted"]}
        assert sum(played.values()) == len(played) == words["submitted"]

    def firsts(self) -> dict[str, int]:
        """How many datagrams came first on each path, as the sender knows."""
        return {name: path["first"] for name, path in self.sender.paths.items()}

    def times(self) -> str:
        """For people: milliseconds from the start of the later end."""
        start = max(self.sender.when("start") or 0.0, self.receiver.when("start") or 0.0)
        first = self.receiver.when("played")
        direct = self.receiver.direct_at
        late = max((fact["late_ms"] for fact in self.receiver.facts if fact["what"] == "played"), default=0.0)
        joined = "" if direct is None else f", first direct datagram {direct - start:.0f} ms"
        if direct is not None and first is not None:
            joined += f" ({direct - first:.0f} ms later)"
        return f"first input {(first or start) - start:.0f} ms{joined}, latest input by {late:.0f} ms"


def _is(one: End, state: str) -> bool:
    return one.direct_state == state


def _has_lost(one: End) -> bool:
    return one.losses > 0


def _leads(before: dict[str, int], now: dict[str, int]) -> bool:
    gained = {name: count - before.get(name, 0) for name, count in now.items()}
    direct = gained.pop(DIRECT)
    return direct >= RATE / 2 and direct > sum(gained.values())


async def _start(machine: Machine, role: Role, own: Identity, other: Identity, relays: Sequence[str]) -> End:
    settings = {
        "role": role.value,
        "secret": own._key.secret.hex(),
        "peer": other.public.hex,
        "relays": list(relays),
        "direct": True,
        "rate": RATE,
    }
    program = (sys.executable, "-m", "bench.lab.ends", json.dumps(settings))
    return End(await machine.start(*program))
