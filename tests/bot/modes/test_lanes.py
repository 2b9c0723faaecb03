from __future__ import annotations

from bot.modes.lanes import Lanes


def test_there_is_room_until_as_many_play_as_may() -> None:
    lanes = Lanes(2)
    assert lanes.has_room(0)
    lanes.begin(100)
    assert lanes.next_room() is None
    lanes.begin(50)
    assert not lanes.has_room(49)
    assert lanes.next_room() == 50


def test_an_input_plays_until_its_end_and_no_longer() -> None:
    lanes = Lanes(1)
    lanes.begin(100)
    assert not lanes.has_room(99.9)
    assert lanes.has_room(100)
    assert lanes.next_room() is None
