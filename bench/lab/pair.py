"""A sender and a receiver in two homes of the laboratory, and what they say of themselves."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench.lab.machines import Machine
from bench.lab.remote import DIRECT, PATIENCE_S, UDP, End, require
from tunnel.identity import Identity
from tunnel.session import Role

RATE: Final = 50.0  # inputs a second
LOOK_MS: Final = 20.0


class Pair:
    """Both ends, as an asynchronous context: they start together with it, and are gone after it.

    relays   of the sender, and of the receiver too unless `receiver_relays` says otherwise
    direct   how direct paths are looked for, as DirectOptions has it
    meeting  where both leave letters, see ends.py; `letters`: where people carry the sender's, and the
             receiver's, from and to
    turns    whoever has one may start, and gives it back once it has `settled` or is gone: starts that share
             a core take each other's time. Programs are made ready meanwhile
    """

    def __init__(
        self,
        sender_on: Machine,
        receiver_on: Machine,
        relays: Sequence[str],
        *,
        receiver_relays: Sequence[str] | None = None,
        direct: Mapping[str, object] | None = None,
        meeting: Mapping[str, object] | None = None,
        letters: tuple[Path, Path] | None = None,
        only_relays: bool = False,
        rate: float = RATE,
        look_ms: float = LOOK_MS,
        turns: asyncio.Semaphore | None = None,
    ) -> None:
        self.machines = (sender_on, receiver_on)
        self._relays = (list(relays), list(relays if receiver_relays is None else receiver_relays))
        self._letters = letters or (None, None)
        self._settings = {
            "meeting": dict(meeting or {}),
            "direct": None if only_relays else dict(direct or {}),
            "rate": rate,
            "look_ms": look_ms,
        }
        self._turns = turns or asyncio.Semaphore()
        self._has_turn = False
        self.sender: End
        self.receiver: End

    @property
    def ends(self) -> tuple[End, End]:
        """The receiver first: what it has played or lost, the sender hears of later."""
        return self.receiver, self.sender

    async def __aenter__(self) -> Pair:
        keys = (Identity.create(), Identity.create())
        roles = (Role.SENDER, Role.RECEIVER)
        self.sender, self.receiver = [
            await self._start(*one)
            for one in zip(
                self.machines, roles, keys, reversed(keys), self._relays, self._letters, strict=True
            )
        ]
        try:
            for one in self.ends:
                await one.until(partial(_has_said, one, "ready"), "ready")
            await self._turns.acquire()
            self._has_turn = True
            for one in self.ends:
                await one.order("go")
        except BaseException:
            await self.__aexit__()
            raise
        return self

    @property
    def looks_for_direct_paths(self) -> bool:
        """Or has relays alone."""
        return self._settings["direct"] is not None

    def settled(self) -> None:
        """The next pair may start. Harmless to repeat."""
        if self._has_turn:
            self._turns.release()
        self._has_turn = False

    async def __aexit__(self, *_: object) -> None:
        self.settled()
        await asyncio.gather(self.sender.kill(), self.receiver.kill())

    async def _start(
        self,
        machine: Machine,
        role: Role,
        own: Identity,
        other: Identity,
        relays: list[str],
        letters: Path | None,
    ) -> End:
        settings: dict[str, Any] = {
            "role": role.value,
            "secret": own._key.secret.hex(),
            "peer": other.public.hex,
            "relays": relays,
            **self._settings,
        }
        if letters is not None:
            settings["meeting"] = {**settings["meeting"], "letters": str(letters)}
        end = (sys.executable, "-m", "bench.lab.ends", json.dumps(settings))
        return End(await machine.start("nice", "-n", "5", *end))

    async def set_rate(self, rate: float) -> None:
        """Inputs a second from now on; 0: nobody plays."""
        await self.sender.order(f"rate {rate}")

    async def inputs_flow(self, more: int = 25, patience_s: float = PATIENCE_S) -> None:
        """That many inputs more are played."""
        wanted = len(self.receiver.played) + more
        await self.receiver.until(
            lambda: len(self.receiver.played) >= wanted, f"{more} inputs more played", patience_s
        )

    async def direct_is_up(self, kind: str = UDP, patience_s: float = PATIENCE_S) -> None:
        """At both ends, and each has heard the other on it."""
        for one in self.ends:
            await one.until(partial(_is_up, one, kind), f"joined: {kind}", patience_s)

    async def direct_wins(self, *kinds: str) -> None:
        """Direct paths of all these kinds are up (UDP if none is named), and most inputs come first directly.

        Which of several direct paths is first is a matter of microseconds here, so all of them count.
        """
        for kind in kinds or (UDP,):
            await self.direct_is_up(kind)
        before = self.firsts()
        await self.sender.until(lambda: _lead(before, self.firsts()), "first by a direct path")

    async def direct_is_lost(self, kind: str = UDP) -> None:
        """Both ends have noticed, sooner or later after the start."""
        for one in self.ends:
            await one.until(partial(_has_lost, one, kind), f"without {kind}")

    async def direct_is_given_up(self) -> str:
        """Both ends have looked in every way, found nothing and said why. Returns the sender's reasons."""
        for one in self.ends:
            await one.until(partial(_all_rest, one), "resting after a search")
            require(not one.direct_at, f"joined by {sorted(one.direct_at)}, which cannot be")
        reasons = [str(self.sender.paths[name]["why"]) for name in DIRECT if name in self.sender.paths]
        return " ".join(dict.fromkeys(reasons))

    async def nothing_was_lost_or_doubled(self) -> None:
        """Ends both, and compares what was submitted with what was played."""
        words = await self.sender.finish()
        await self.receiver.finish()
        played, submitted = self.receiver.played, words["submitted"]
        require(submitted > 0, "nothing was submitted")
        require(words["outcomes"] == {"APPLIED": submitted}, f"of {submitted} inputs {words['outcomes']}")
        require(sum(played.values()) == len(played) == submitted, f"{submitted} submitted, played {played}")

    def firsts(self) -> Counter[str]:
        """How many datagrams came first on each path, as the sender knows."""
        return Counter({name: path["first"] for name, path in self.sender.paths.items()})

    def first_input_ms(self) -> float | None:
        """When the first input was played, in milliseconds from the start of the later end."""
        played = self.receiver.when("played")
        return None if played is None else played - self._started()

    def first_direct_ms(self, kind: str = UDP) -> float | None:
        """When each end had heard the other directly, in milliseconds from the start of the later end."""
        heard = [one.direct_at[kind] for one in self.ends if kind in one.direct_at]
        return max(heard) - self._started() if len(heard) == len(self.ends) else None

    def times(self) -> str:
        """For people."""
        first = self.first_input_ms()
        said = [] if first is None else [f"first input {first:.0f} ms"]
        for kind in DIRECT:
            direct = self.first_direct_ms(kind)
            if direct is not None:
                said.append(f"{kind} {direct:.0f} ms")
        first_on = self.firsts()
        if any(first_on[kind] for kind in DIRECT):
            counts = {kind: first_on[kind] for kind in DIRECT if first_on[kind]}
            counts["relays"] = first_on.total() - sum(counts.values())
            said.append("first on " + ", ".join(f"{name} {count}" for name, count in counts.items()))
        late = max((fact["late_ms"] for fact in self.receiver.facts if fact["what"] == "played"), default=0.0)
        return ", ".join([*said, f"latest input by {late:.0f} ms"])

    def _started(self) -> float:
        return max(one.when("start") or 0.0 for one in self.ends)


def _has_said(one: End, what: str) -> bool:
    return one.when(what) is not None


def _is_up(one: End, kind: str) -> bool:
    return one.state(kind) == "up" and kind in one.direct_at


def _all_rest(one: End) -> bool:
    states = [one.state(kind) for kind in DIRECT if kind in one.paths]
    return bool(states) and all(state == "waiting" for state in states)


def _has_lost(one: End, kind: str) -> bool:
    return one.losses[kind] > 0


def _lead(before: Counter[str], now: Counter[str]) -> bool:
    gained = now - before
    direct = sum(gained[kind] for kind in DIRECT)
    return direct >= RATE / 2 and direct > gained.total() / 2
