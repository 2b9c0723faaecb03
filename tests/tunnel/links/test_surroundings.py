from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tunnel.links import surroundings
from tunnel.links.stun_servers import StunServers
from tunnel.nat.stun import Address

SERVER: Address = ("198.51.100.1", 3_478)


class System:
    """What the machine says, and how often it was asked. A look is a turn of the loop."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.routed: tuple[str, ...] = ("192.168.1.2",)
        self.named: tuple[str, ...] = ("10.0.0.2",)
        self.answers = asyncio.Event()
        self.answers.set()
        self.looks = self.name_look_ups = self.server_look_ups = 0
        self.seen: list[tuple[Sequence[str], Sequence[Address]]] = []
        self.is_searching = True
        self.servers = StunServers(named=[("stun.example.org", 3_478)])
        monkeypatch.setattr(surroundings, "_LOOK_S", 0.0)
        monkeypatch.setattr(surroundings, "routed_hosts", self._routed)
        monkeypatch.setattr(surroundings, "named_hosts", self._named)
        monkeypatch.setattr(surroundings, "resolve", self._resolve)

    def _routed(self) -> tuple[str, ...]:
        self.looks += 1
        return self.routed

    async def _named(self) -> tuple[str, ...]:
        self.name_look_ups += 1
        await self.answers.wait()
        return self.named

    async def _resolve(self, places: Any) -> tuple[Address, ...]:
        self.server_look_ups += 1
        return (SERVER,)

    async def watched(self, condition: Callable[[], object], fixed: Sequence[str] = ()) -> None:
        """Watches until the condition holds."""
        task = asyncio.create_task(
            surroundings.watch(
                fixed, self.servers, lambda *seen: self.seen.append(seen),
                is_searching=lambda: self.is_searching,
            )
        )  # fmt: skip
        try:
            while not condition():
                assert not task.done()
                await asyncio.sleep(0)
        finally:
            task.cancel()
            await asyncio.wait([task])


def run(system: System, condition: Callable[[], object], fixed: Sequence[str] = ()) -> None:
    asyncio.run(asyncio.wait_for(system.watched(condition, fixed), 30))


def test_a_name_that_takes_its_time_delays_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    system = System(monkeypatch)
    system.answers.clear()
    run(system, lambda: system.seen)
    assert system.seen == [(("192.168.1.2",), (SERVER,))]


def test_the_addresses_of_our_name_are_added_when_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    system = System(monkeypatch)
    run(system, lambda: len(system.seen) == 2)
    assert system.seen[1] == (("192.168.1.2", "10.0.0.2"), (SERVER,))


@pytest.mark.parametrize("is_searching", [True, False])
def test_names_are_looked_up_once_while_nothing_changes(
    monkeypatch: pytest.MonkeyPatch, is_searching: bool
) -> None:
    system = System(monkeypatch)
    system.is_searching = is_searching
    run(system, lambda: system.looks == 100)
    assert (system.name_look_ups, system.server_look_ups) == (1, 1)
    assert len(system.seen) == 2


@pytest.mark.parametrize("is_searching", [True, False])
def test_they_are_looked_up_again_after_a_while_only_where_a_path_is_searched(
    monkeypatch: pytest.MonkeyPatch, is_searching: bool
) -> None:
    system = System(monkeypatch)
    monkeypatch.setattr(surroundings, "_LOOK_UP_S", 0.0)
    system.is_searching = is_searching
    run(system, lambda: system.looks == 100)
    assert system.server_look_ups == (100 if is_searching else 1)


def test_another_network_is_told_at_once_and_its_names_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    system = System(monkeypatch)

    def moved() -> bool:
        if len(system.seen) == 2:
            system.routed, system.named = ("203.0.113.5",), ()
        return len(system.seen) == 5

    run(system, moved)
    assert [hosts for hosts, _ in system.seen[2:]] == [("203.0.113.5",)] * 3
    assert system.server_look_ups == 2


def test_addresses_that_were_given_are_used_and_the_system_is_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    system = System(monkeypatch)
    run(system, lambda: system.seen, fixed=("127.0.0.1",))
    assert system.seen[0] == (("127.0.0.1",), (SERVER,))
    assert system.looks == system.name_look_ups == 0
