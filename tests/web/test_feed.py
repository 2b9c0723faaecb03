"""What the page shows is what the receiver says, in bounded memory."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from config.codes import Control
from config.notes import Label
from config.views import ModeView
from injector.report import BUTTON_BIT, NEUTRAL, Report
from web.feed import LABELS_KEPT, SHOWN, Feed, RelayCard, shares

A = BUTTON_BIT[Control.A]


def shown(feed: Feed) -> list[tuple[int, str | None, str | None]]:
    return [(row["id"], row["user"], row["text"]) for row in feed.snapshot()["played"]]


def test_a_pad_shows_what_was_reported_and_leaves_out_what_is_at_rest() -> None:
    feed = Feed("a test", pads=2)
    feed.report(2, Report(buttons=A, lx=-0.5))
    assert [pad["controls"] for pad in feed.snapshot()["pads"]] == [{}, {"A": 1, "LX": -0.5}]


def test_a_press_that_came_and_went_between_two_snapshots_is_still_counted() -> None:
    feed = Feed("a test", pads=1)
    for report in (Report(buttons=A), NEUTRAL, Report(buttons=A), NEUTRAL):
        feed.report(1, report)
    pad = feed.snapshot()["pads"][0]
    assert pad == {"controls": {}, "presses": {"A": 2}}


def test_a_report_for_a_pad_the_page_has_not_changes_nothing() -> None:
    feed = Feed("a test", pads=1)
    feed.report(2, Report(buttons=A))
    assert len(feed.snapshot()["pads"]) == 1


def test_a_label_finds_its_input_whichever_comes_first() -> None:
    feed = Feed("a test", pads=1)
    feed.label(Label(1, "ann", "a"))
    feed.played(1)
    feed.played(2)
    feed.label(Label(2, "bob", "b"))
    assert shown(feed) == [(2, "bob", "b"), (1, "ann", "a")]


def test_a_label_whose_input_was_not_played_is_not_shown() -> None:
    feed = Feed("a test", pads=1)
    feed.label(Label(1, "ann", "a"))
    assert shown(feed) == []


def test_an_input_without_a_label_is_shown_without_a_name() -> None:
    feed = Feed("a test", pads=1)
    feed.played(7)
    assert shown(feed) == [(7, None, None)]


def test_neutral_lets_every_control_go_and_says_why_until_something_is_heard() -> None:
    feed = Feed("a test", pads=1)
    feed.report(1, Report(buttons=A))
    feed.neutral("the device failed")
    assert feed.snapshot()["pads"][0]["controls"] == {}
    assert feed.snapshot()["link"] == "All pads at rest: the device failed."
    feed.link(True)
    assert feed.snapshot()["link"] is None


def test_a_silent_bot_is_told_of() -> None:
    feed = Feed("a test", pads=1)
    feed.link(False)
    assert feed.snapshot()["link"] == "The bot is silent."


def test_what_a_program_does_not_know_is_null() -> None:
    snapshot = Feed("a test", pads=1).snapshot()
    assert (snapshot["relays"], snapshot["counters"], snapshot["latency_ms"]) == (None, None, None)


def test_a_relay_becomes_plain_json() -> None:
    card = RelayCard("alder", "up", 1.5, 0.1, 0.0, None, can_cut=True)
    relays = json.loads(json.dumps(Feed("a test", pads=1).snapshot([card])))["relays"]
    assert relays[0]["name"] == "alder"
    assert relays[0]["share"] is None


def test_shares_are_parts_of_one_and_unknown_before_the_first_copy() -> None:
    assert shares([3, 1]) == [0.75, 0.25]
    assert shares([0, 0]) == [None, None]


def test_a_page_knows_no_mode_before_the_bot_has_told_one() -> None:
    assert Feed("a test", pads=1).snapshot()["mode"] is None


def test_the_mode_last_told_is_shown_and_each_telling_has_a_number_of_its_own() -> None:
    feed = Feed("a test", pads=1)
    seen = []
    for view in (ModeView("anarchy", "All."), ModeView("turns", "One."), ModeView("turns", "One.")):
        feed.mode(view)
        mode = feed.snapshot()["mode"]
        assert mode is not None
        seen.append((mode["number"], mode["mode"]))
    assert seen == [(1, "anarchy"), (2, "turns"), (3, "turns")]


def test_a_mode_alone_is_no_sign_that_anything_was_played() -> None:
    feed = Feed("a test", pads=1)
    feed.mode(ModeView("turns", "One.", result="a (3 of 4)", player="ann"))
    snapshot = feed.snapshot()
    assert snapshot["played"] == []
    assert snapshot["pads"] == [{"controls": {}, "presses": {}}]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5000)), max_size=200))
def test_whatever_arrives_in_whatever_order_memory_is_bounded(happenings: list[tuple[bool, int]]) -> None:
    feed = Feed("a test", pads=1)
    for is_label, id in happenings * 8:
        if is_label:
            feed.label(Label(id, "ann", "a"))
        else:
            feed.played(id)
    assert len(shown(feed)) <= SHOWN
    assert len(feed._labels) <= LABELS_KEPT
