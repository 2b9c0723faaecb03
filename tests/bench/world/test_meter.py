"""Latency from both ends, and what reaches the device twice."""

from __future__ import annotations

from bench.world.meter import PLAYED_KEPT, BotMeter, Meter, PadMeter
from bot.chat.line import ChatLine, SourceState
from bot.modes.mode import Choice
from config.levels import Level
from tunnel.events import Outcome
from tunnel.frame import SequenceId
from web.feed import Feed

LINE = ChatLine(
    id="m1",
    user="1",
    name="ann",
    level=Level.VIEWER,
    text="a",
    sent_ms=None,
    arrived_ms=1000.0,
    room="crowdpad",
)


def test_a_latency_is_from_the_lines_arrival_to_the_device() -> None:
    meter, feed = Meter(), Feed("a test", 1)
    BotMeter(meter, feed, lambda: 1010.0).command(
        Choice((), LINE, "Ada", "a", LINE.arrived_ms), SequenceId(7)
    )
    PadMeter(meter, feed).played(7, 1012.5)
    assert meter.latencies.percentiles(50) == (12.5,)
    assert meter.recent() == {"p50": 12.5, "p99": 12.5}
    assert feed.snapshot()["played"] == [{"id": 7, "user": None, "text": None}]


def test_a_votes_result_counts_from_its_decision_for_the_votes_took_their_time() -> None:
    meter, feed = Meter(), Feed("a test", 1)
    BotMeter(meter, feed, lambda: 9000.0).command(Choice((), None, "chat", "a", 1000.0), SequenceId(7))
    PadMeter(meter, feed).played(7, 9002.0)
    assert meter.latencies.highest == 2.0


def test_a_sequence_that_reaches_the_device_twice_is_counted_and_measured_once() -> None:
    meter = Meter()
    meter.left(7, 1000.0)
    meter.played(7, 1001.0)
    meter.played(7, 1900.0)
    assert meter.doubled == 1
    assert meter.latencies.highest == 1.0


def test_it_counts_as_doubled_even_when_the_bot_has_long_had_its_answer() -> None:
    meter = Meter()
    meter.left(7, 1000.0)
    meter.played(7, 1001.0)
    BotMeter(meter, Feed("a test", 1), float).resolved(SequenceId(7), Outcome.APPLIED, 1001.0)
    meter.played(7, 1900.0)
    assert meter.doubled == 1


def test_a_chat_that_cannot_be_read_is_told_to_the_page_until_it_can() -> None:
    feed = Feed("a test", 1)
    bot = BotMeter(Meter(), feed, float)
    bot.source(SourceState(False, "No such channel."))
    assert feed.snapshot()["chat"] == "No such channel."
    bot.source(SourceState(True, "Reading."))
    assert feed.snapshot()["chat"] is None


def test_memory_is_bounded() -> None:
    meter = Meter()
    for id in range(PLAYED_KEPT + 10):
        meter.left(id, 0.0)
        meter.played(id, 1.0)
        meter.over(id)
    assert len(meter._played) == PLAYED_KEPT
    assert not meter._since
