"""What one listener is told. That it ends where the pad is, tests/injector/devices/test_iid.py shows."""

from __future__ import annotations

from config.codes import Control
from injector.iid.record import parse
from injector.iid.speech import Speech
from injector.report import BUTTON_BIT, NEUTRAL, Report

A, B = Report(BUTTON_BIT[Control.A]), Report(BUTTON_BIT[Control.B])
SAFE_NEUTRAL = [*range(2300, 2310), 1310, 2319, 1330, 1340, 2358, 2359]


def said(records: list[bytes]) -> list[tuple[int, int]]:
    """(index, value) of each, none delayed."""
    return [(record.index, record.value) for data in records for record in parse(data)]


def test_each_record_is_a_message_of_its_own_and_releases_come_first() -> None:
    speech = Speech(pads=2)
    assert said(speech.say(2, A)) == [(2, 1300)]
    assert said(speech.say(2, B)) == [(2, 2300), (2, 1302)]


def test_what_was_said_is_not_said_again() -> None:
    speech = Speech(pads=1)
    speech.say(1, A)
    assert speech.say(1, A) == []


def test_two_listeners_are_told_from_where_each_of_them_is() -> None:
    behind, ahead = Speech(pads=1), Speech(pads=1)
    ahead.say(1, A)
    assert said(ahead.say(1, NEUTRAL)) == [(1, 2300)]
    assert behind.say(1, NEUTRAL) == []


def test_rest_is_spelled_out_for_every_pad_and_forgets_what_was_said() -> None:
    speech = Speech(pads=2)
    speech.say(1, A)
    assert said(speech.rest()) == [(pad, value) for pad in (1, 2) for value in SAFE_NEUTRAL]
    assert said(speech.say(1, A)) == [(1, 1300)]


def test_what_is_denied_is_never_said() -> None:
    assert Speech(pads=1, deny=(Control.A,)).say(1, A) == []
