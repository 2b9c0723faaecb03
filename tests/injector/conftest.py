"""Short ways to say what a sequence holds, for the tests of the injector."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from config.codes import Control, encode
from tunnel.events import SequenceArrived
from tunnel.frame import Frame, Sequence, SequenceId

# (when, control, value) on pad 1, or (when, control, value, index)
Said = tuple[int, Control, float] | tuple[int, Control, float, int]
MakeFrames = Callable[..., tuple[Frame, ...]]
MakeArrival = Callable[..., SequenceArrived]


def make_frames(*said: Said) -> tuple[Frame, ...]:
    return tuple(
        Frame(rest[0] if rest else 1, encode(control, value), date) for date, control, value, *rest in said
    )


@pytest.fixture
def frames() -> MakeFrames:
    return make_frames


@pytest.fixture
def arrival() -> MakeArrival:
    """arrival(id, *said, start=..., age=...): a sequence as the tunnel hands it over."""

    def make(id: int, *said: Said, start: float | None = None, age: float = 0.0) -> SequenceArrived:
        sequence = Sequence(SequenceId(id), make_frames(*said))
        return SequenceArrived(sequence, float(sequence.date) if start is None else start, age)

    return make
