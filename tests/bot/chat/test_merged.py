from __future__ import annotations

from bot.chat.line import (
    ChatCleared,
    ChatEvent,
    ChatLine,
    MessageDeleted,
    SourceState,
    Triggered,
    TriggerKind,
    UserCleared,
)
from bot.chat.merged import SAME_ACT_MS, Merged
from config.levels import Level

NOW = 1_784_473_011_634.0
EVENTSUB, IRC = 0, 1


def merged() -> Merged:
    return Merged(("EventSub", "IRC"))


def line(id: str, text: str = "left") -> ChatLine:
    return ChatLine(id, "7", "Ada", Level.VIEWER, text, int(NOW), NOW, "arcade", "ada")


def cheer(id: str) -> Triggered:
    return Triggered(id, TriggerKind.CHEER, "7", "Ada", "", 100, "", NOW)


def test_a_line_counts_once_whoever_has_it_first() -> None:
    both = merged()
    assert both.take(IRC, [line("1")], NOW) == [line("1")]
    assert both.take(EVENTSUB, [line("1"), line("2")], NOW + 80) == [line("2")]
    assert both.take(IRC, [line("2")], NOW + 90) == []
    assert both.counters == {"told_twice": 2}


def test_a_cheer_counts_though_its_line_has_been_heard_elsewhere() -> None:
    both = merged()
    both.take(IRC, [line("1")], NOW)
    assert both.take(EVENTSUB, [line("1"), cheer("1")], NOW) == [cheer("1")]
    assert both.take(EVENTSUB, [cheer("1")], NOW) == []


def test_what_we_said_through_one_does_not_count_through_the_other() -> None:
    both = Merged(("EventSub", "IRC"), lambda line, now: line.text == "an answer")
    assert both.take(IRC, [line("1", "an answer"), line("2", "left")], NOW) == [line("2", "left")]
    assert both.counters == {"echo": 1}


def test_one_alone_is_passed_on_whole() -> None:
    both = merged()
    events: list[ChatEvent] = [line("1"), UserCleared("7"), MessageDeleted("1"), ChatCleared(), line("2")]
    assert both.take(IRC, events, NOW) == events


def test_bans_and_deletions_pass_as_often_as_they_are_told() -> None:
    both = merged()
    told: list[ChatEvent] = [UserCleared("7"), MessageDeleted("1")]
    assert both.take(IRC, told, NOW) == both.take(EVENTSUB, told, NOW + 50) == told


def test_an_emptied_chat_told_by_both_is_one() -> None:
    both = merged()
    assert both.take(IRC, [ChatCleared()], NOW)
    assert not both.take(EVENTSUB, [ChatCleared()], NOW + 100)
    assert both.take(EVENTSUB, [ChatCleared()], NOW + 200), "the moderator did it again"
    assert not both.take(IRC, [ChatCleared()], NOW + 300)


def test_an_emptied_chat_told_twice_by_one_or_much_later_is_two() -> None:
    both = merged()
    assert both.take(IRC, [ChatCleared()], NOW)
    assert both.take(IRC, [ChatCleared()], NOW + 1)
    assert both.take(EVENTSUB, [ChatCleared()], NOW + 2 + SAME_ACT_MS)


def test_the_chat_is_up_while_one_of_them_is() -> None:
    both = merged()
    [up] = both.take(IRC, [SourceState(True, "Reading.")], NOW)
    assert up == SourceState(True, "IRC: Reading.")
    [still] = both.take(EVENTSUB, [SourceState(False, "It cannot be read.")], NOW)
    assert still == SourceState(True, "EventSub: It cannot be read. IRC carries on.")
    [down] = both.take(IRC, [SourceState(False, "It cannot be read either.")], NOW)
    assert down == SourceState(False, "IRC: It cannot be read either.")
