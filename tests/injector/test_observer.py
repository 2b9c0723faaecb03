"""Several watch one receiver."""

from __future__ import annotations

import inspect
from typing import Any

from injector.observer import Observer, Observers


def test_everything_is_told_to_each_in_order() -> None:
    told: list[tuple[int, str, tuple[Any, ...]]] = []

    class Spy(Observer):
        def __init__(self, number: int) -> None:
            self._number = number

        def __getattribute__(self, name: str) -> Any:
            if name.startswith("_"):
                return super().__getattribute__(name)
            return lambda *said: told.append((self._number, name, said))

    both = Observers(Spy(1), Spy(2))
    names = [name for name, _ in inspect.getmembers(Observer, inspect.isfunction) if not name.startswith("_")]
    for name in names:
        method = getattr(both, name)
        said = tuple(range(len(inspect.signature(method).parameters)))
        method(*said)
        assert told[-2:] == [(1, name, said), (2, name, said)]
    assert len(told) == 2 * len(names)
