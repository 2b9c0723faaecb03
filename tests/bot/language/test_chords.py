from __future__ import annotations

import pytest

from bot.language.chords import Kind, Part
from config.codes import Control
from config.controllers import Action

TRIGGER = Action(((Control.RT, 1),), click=Control.RB)


@pytest.mark.parametrize(
    ("kind", "own_ms", "lasts_ms"),
    [
        (Kind.PRESS, None, 200),
        (Kind.WAIT, None, 200),
        (Kind.HOLD, None, 0),
        (Kind.LET_GO, None, 0),
        (Kind.PRESS, 500, 500),
        (Kind.HOLD, 500, 500),
        (Kind.LET_GO, 500, 500),
    ],
)
def test_a_part_without_a_duration_takes_the_usual_time_or_none(
    kind: Kind, own_ms: int | None, lasts_ms: int
) -> None:
    part = Part(0, kind, duration_ms=own_ms)
    assert part.lasts_ms(200) == lasts_ms
    assert part.takes_time == (lasts_ms > 0)


@pytest.mark.parametrize(("amount", "clicks"), [(0.5, False), (0.989, False), (0.99, True), (1.0, True)])
def test_a_trigger_clicks_at_the_end_of_its_way(amount: float, clicks: bool) -> None:
    values = Part(0, Kind.PRESS, "r", TRIGGER, amount=amount).values
    assert values == ((Control.RT, amount), *([(Control.RB, 1.0)] if clicks else []))


def test_an_amount_is_the_share_of_every_move() -> None:
    diagonal = Action(((Control.LX, -1), (Control.LY, 1)))
    assert Part(0, Kind.PRESS, "lupleft", diagonal, amount=0.7).values == (
        (Control.LX, -0.7),
        (Control.LY, 0.7),
    )
