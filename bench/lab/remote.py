"""One end of the tunnel in the laboratory: what it says of itself, and what may be asked of it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, deque
from collections.abc import Callable
from typing import Any, Final

from bench.lab.machines import LabError, end

UDP: Final = "direct udp"
TCP: Final = "direct tcp"
DIRECT: Final = (UDP, TCP)
# How long anything may take before the laboratory gives up: far more than it needs, for slow machines.
PATIENCE_S: Final = 40.0

Fact = dict[str, Any]
Paths = dict[str, Fact]  # by name; one entry for each relay, one for each direct path


class NotSeenError(LabError):
    """What was waited for did not happen, or what must not happen did."""


class End:
    """One program in a namespace. `facts` is all it has said but its paths, whose latest state is `paths`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.facts: list[Fact] = []
        self.paths: Paths = {}
        self.direct_at: dict[str, float] = {}  # when the first datagram came, on each direct path
        self.losses: Counter[str] = Counter()  # how often each direct path went down
        self._story: Fact = {}  # what the direct paths have tried, and what was counted
        self.process = process
        self._gone = False  # it has said its last word
        self._log: deque[str] = deque(maxlen=30)
        self._news = asyncio.Condition()
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._keep_log())]

    def when(self, what: str) -> float | None:
        """When it said this first, in milliseconds on the machine's clock."""
        return next((fact["at"] for fact in self.facts if fact["what"] == what), None)

    def state(self, name: str) -> object:
        """Of a direct path: "connecting", "up" or "waiting"; None where there is none of that name."""
        return self.paths.get(name, {}).get("state")

    @property
    def played(self) -> Counter[int]:
        """How often it has played each input."""
        return Counter(fact["id"] for fact in self.facts if fact["what"] == "played")

    async def until(self, condition: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
        """Waits for it. NotSeenError with what was said instead."""
        try:
            async with asyncio.timeout(patience_s), self._news:
                await self._news.wait_for(lambda: condition() or self._gone)
        except TimeoutError:
            pass  # the next line says it better
        require(condition(), "\n".join([f"not {what}", *self._account(), *self._log]))

    def _account(self) -> list[str]:
        """All it has said of itself lately."""
        return [*map(json.dumps, self.paths.values()), json.dumps(self._story)]

    async def order(self, text: str) -> None:
        """See ends.py."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{text}\n".encode())
        await self.process.stdin.drain()

    async def finish(self) -> Fact:
        """Lets it end by itself. Returns its last words."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        await self.until(lambda: self.when("end") is not None, "ended")
        await end(self.process)
        return self.facts[-1]

    async def kill(self) -> None:
        """Harmless to repeat."""
        await end(self.process)
        await asyncio.gather(*self._tasks)

    async def _listen(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            fact = json.loads(line)
            if fact["what"] == "paths":
                self._paths_came(fact)
            elif fact["what"] == "story":
                self._story = fact
            else:
                self.facts.append(fact)
            await self._tell()
        self._gone = True
        await self._tell()

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    def _paths_came(self, fact: Fact) -> None:
        before = {name: self.state(name) for name in DIRECT}
        self.paths = {path["name"]: path for path in fact["paths"]}
        for name in DIRECT:
            self.losses[name] += before[name] == "up" != self.state(name)
            if self.paths.get(name, {}).get("received"):
                self.direct_at.setdefault(name, fact["at"])

    async def _keep_log(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self._log.append(line.decode(errors="replace").rstrip())


def require(holds: bool, what: str) -> None:
    """NotSeenError with `what` if it does not."""
    if not holds:
        raise NotSeenError(what)
