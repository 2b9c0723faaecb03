"""A view of a mode becomes plain JSON, whole."""

from __future__ import annotations

import json
from dataclasses import fields

from config.views import Candidate, ModeView, TeamView
from web.mode_card import ModeCard, mode_card

VIEW = ModeView(
    "democracy",
    "Vote.",
    ends_in_ms=1500.0,
    candidates=(Candidate("left*2", 14), Candidate("a", 3)),
    queue=("ann", "bob"),
    teams=(TeamView("red", 1, 4),),
)


def test_every_field_of_a_view_is_on_its_card() -> None:
    assert set(mode_card(VIEW, 1)) == {field.name for field in fields(ModeView)} | {"number"}
    assert set(mode_card(VIEW, 1)) == set(ModeCard.__annotations__)


def test_a_card_is_json_with_names_for_everything() -> None:
    card = json.loads(json.dumps(mode_card(VIEW, 7)))
    assert card["number"] == 7
    assert card["ends_in_ms"] == 1500
    assert card["candidates"] == [{"text": "left*2", "votes": 14}, {"text": "a", "votes": 3}]
    assert card["teams"] == [{"name": "red", "pad": 1, "members": 4}]
    assert card["queue"] == ["ann", "bob"]
