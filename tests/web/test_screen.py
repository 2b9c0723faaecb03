"""A receiver's observer that tells the page everything."""

from __future__ import annotations

import pytest

from config.codes import Control
from config.notes import Label
from config.views import ModeView
from injector.guard import Neutral
from injector.report import BUTTON_BIT, Report
from web.feed import Feed
from web.screen import Screen


@pytest.fixture
def feed() -> Feed:
    return Feed("a test", pads=1)


@pytest.fixture
def screen(feed: Feed) -> Screen:
    return Screen(feed)


def test_reports_labels_and_played_inputs_reach_the_page(screen: Screen, feed: Feed) -> None:
    screen.report(1, Report(buttons=BUTTON_BIT[Control.A]))
    screen.played(1, 1000.0)
    screen.label(Label(1, "ann", "a"))
    snapshot = feed.snapshot()
    assert snapshot["pads"] == [{"controls": {"A": 1}, "presses": {"A": 1}}]
    assert snapshot["played"] == [{"id": 1, "user": "ann", "text": "a"}]


def test_a_report_ends_whatever_kept_the_pads_at_rest(screen: Screen, feed: Feed) -> None:
    screen.neutral(Neutral.PANIC.value)
    assert feed.snapshot()["link"] is not None
    screen.report(1, Report(buttons=BUTTON_BIT[Control.A]))
    assert feed.snapshot()["link"] is None


def test_a_bot_that_has_just_come_is_no_trouble_to_tell_of(screen: Screen, feed: Feed) -> None:
    screen.link(True)
    screen.neutral(Neutral.RESTART.value)
    assert feed.snapshot()["link"] is None


def test_a_failed_device_and_a_silent_bot_are_told_of(screen: Screen, feed: Feed) -> None:
    screen.device_failed("The driver is gone.")
    assert feed.snapshot()["link"] == "All pads at rest: The driver is gone."
    screen.link(False)
    assert feed.snapshot()["link"] == "The bot is silent."


def test_the_bots_mode_reaches_the_page(screen: Screen, feed: Feed) -> None:
    screen.mode(ModeView("turns", "One viewer at a time.", player="ann"))
    mode = feed.snapshot()["mode"]
    assert mode is not None
    assert (mode["mode"], mode["player"]) == ("turns", "ann")
