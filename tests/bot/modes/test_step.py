from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.grammar import Parsed
from bot.modes.mode import Choice, ModeError, Offer
from bot.modes.rules import GameRules
from bot.modes.stage import Stage
from bot.modes.step import StepMode
from config.codes import Control
from config.controllers import Controller
from config.levels import Level
from config.play import StepOptions

Offered = Callable[..., Offer]
Read = Callable[[str], Parsed]


@pytest.fixture
def build(xbox: Controller, read: Read, stage: Stage) -> Callable[..., StepMode]:
    """build(pause="start", moment_ms=1_000), on a controller that may differ: build(longest_ms=5_000)."""

    def make(
        pause: str = "start", moment_ms: int = 1_000, longest_ms: int = 10_000, most_frames: int = 64
    ) -> StepMode:
        controller = replace(xbox, longest_ms=longest_ms, most_frames=most_frames)
        return StepMode(StepOptions(moment_ms=moment_ms), GameRules(controller, read(pause)), stage)

    return make


def pressed(choice: Choice) -> list[tuple[int, Control, bool]]:
    return [(at_ms, control, value != 0) for at_ms, control, value, _ in choice.steps]


def play(step: StepMode, offer: Offer) -> Choice:
    """The moment that this vote alone brings about."""
    step.offer(offer, 0)
    due = step.next_timeout()
    assert due is not None
    (choice,) = step.handle_timeout(due)
    return choice


def test_the_winner_is_played_between_two_presses_of_pause(
    build: Callable[..., StepMode], offer: Offered
) -> None:
    choice = play(build(), offer("a"))
    assert pressed(choice) == [
        (0, Control.START, True),
        (200, Control.START, False),
        (250, Control.A, True),
        (450, Control.A, False),
        (1_300, Control.START, True),
        (1_500, Control.START, False),
    ]
    assert (choice.line, choice.name, choice.text) == (None, "chat", "a")


def test_a_long_winner_is_played_to_its_end(build: Callable[..., StepMode], offer: Offered) -> None:
    assert pressed(play(build(), offer("a3s")))[3:5] == [
        (3_250, Control.A, False),
        (3_300, Control.START, True),
    ]


def test_a_vote_lasts_as_long_as_configured_however_few_vote(
    build: Callable[..., StepMode], offer: Offered
) -> None:
    step = build()
    step.offer(offer("a"), 0)
    assert step.next_timeout() == 10_000
    assert step.handle_timeout(9_999) == []


def test_no_line_may_press_what_pauses_the_game(build: Callable[..., StepMode], offer: Offered) -> None:
    step = build()
    for text in ("start", "a start b", "a+start"):
        step.offer(offer(text), 0)
    assert step.waiting == 0
    assert step.counters == {"offered": 3, "unfit": 3}
    assert step.why_not(offer("start").parsed) == "`start` pauses the game, and only moderators may do that."


def test_a_pause_of_two_buttons_is_pressed_only_by_both(
    build: Callable[..., StepMode], offer: Offered
) -> None:
    step = build("back+start")
    assert step.why_not(offer("start a").parsed) == ""
    assert step.why_not(offer("start back").parsed) != ""


def test_a_line_that_does_not_fit_between_the_pauses_is_refused(
    build: Callable[..., StepMode], offer: Offered
) -> None:
    step = build(most_frames=10, longest_ms=4_000)
    assert step.why_not(offer("a b x").parsed) == ""
    assert step.why_not(offer("a b x y").parsed) == "In this mode an input has at most 3 presses."
    assert step.why_not(offer("a3500ms").parsed) == ""
    assert step.why_not(offer("a3501ms").parsed) == "In this mode an input lasts at most 3.5 s."
    step.offer(offer("a b x y"), 0)
    assert step.counters == {"offered": 1, "unfit": 1}


@pytest.mark.parametrize("text", ["a", "a3500ms", "a b x", "a+b+x"])
def test_what_fits_is_a_sequence_within_the_limits(
    build: Callable[..., StepMode], offer: Offered, text: str
) -> None:
    steps = play(build(most_frames=10, longest_ms=4_000), offer(text)).steps
    assert len(steps) <= 10
    assert steps[-1].at_ms <= 4_000
    assert list(steps) == sorted(steps, key=lambda step: step.at_ms)


@pytest.mark.parametrize(
    ("limits", "named"),
    [({"moment_ms": 9_600}, "moment_ms may be 9500 at most"), ({"most_frames": 4}, "so many presses")],
)
def test_a_pause_that_leaves_no_room_is_named_at_once(
    build: Callable[..., StepMode], limits: dict[str, int], named: str
) -> None:
    with pytest.raises(ModeError, match=named):
        build(**limits)


def test_a_moderator_presses_pause_at_once(
    build: Callable[..., StepMode], offer: Offered, read: Read
) -> None:
    step = build()
    pause = offer("start", "mod", at=5, level=Level.MODERATOR)
    step.offer(pause, 10)
    assert step.waiting == 1
    assert step.handle_timeout(10) == [
        Choice(read("start").steps, pause.line, "Mod", "start", 5, asked=frozenset())
    ]
    assert step.waiting == 0
    assert step.next_timeout() is None


def test_a_moderators_pause_waits_until_the_moment_is_over(
    build: Callable[..., StepMode], offer: Offered
) -> None:
    step = build()
    play(step, offer("a"))
    step.offer(offer("start", "mod", level=Level.MODERATOR), 10_500)
    assert step.handle_timeout(10_500) == []
    assert step.next_timeout() == 10_000 + 1_500 + 50
    assert len(step.handle_timeout(11_550)) == 1


def test_a_moment_waits_until_a_moderators_pause_is_over(
    build: Callable[..., StepMode], offer: Offered
) -> None:
    step = build()
    step.offer(offer("a"), 0)
    step.offer(offer("start", "mod", level=Level.MODERATOR), 10_000)
    assert [choice.text for choice in step.handle_timeout(10_000)] == ["start"]
    assert step.next_timeout() == 10_250
    assert [choice.text for choice in step.handle_timeout(10_250)] == ["a"]


def test_a_moderators_pause_is_taken_back_with_its_line_or_its_sender(
    build: Callable[..., StepMode], offer: Offered
) -> None:
    step = build()
    play(step, offer("a"))
    for take_back in (
        lambda: step.take_back(lambda offer: offer.line.user == "mod"),
        lambda: step.gone("mod"),
    ):
        step.offer(offer("start", "mod", level=Level.MODERATOR), 10_500)
        take_back()
        assert step.waiting == 0
    assert step.counters["taken_back"] == 2


def test_another_edition_of_the_game_keeps_the_votes_that_still_fit(
    build: Callable[..., StepMode], offer: Offered, xbox: Controller, read: Read
) -> None:
    step = build()
    for user, text in [("ada", "a"), ("bob", "back"), ("kim", "x5s y2s")]:
        step.offer(offer(text, user, level=Level.MODERATOR), 0)
    step.offer(offer("start", "mod", level=Level.MODERATOR), 0)
    step.retune(GameRules(replace(xbox, longest_ms=5_000), read("back")))
    assert step.waiting == 1
    assert (step.counters["offered"], step.counters["unfit"]) == (4, 3)
    assert step.next_timeout() == 10_000


def test_an_edition_it_cannot_be_played_with_changes_nothing(
    build: Callable[..., StepMode], offer: Offered, xbox: Controller, rules: GameRules
) -> None:
    step = build()
    with pytest.raises(ModeError, match="names no pause input"):
        step.retune(GameRules(replace(xbox, gap_ms=400)))
    step.offer(offer("start"), 0)
    assert step.counters["unfit"] == 1
    assert play(step, offer("a")).steps == play(build(), offer("a")).steps


def test_two_pauses_that_wait_are_one(build: Callable[..., StepMode], offer: Offered) -> None:
    step = build()
    play(step, offer("a"))
    for _ in range(2):
        step.offer(offer("start", "mod", level=Level.MODERATOR), 10_500)
    assert step.waiting == 1
    assert step.counters["replaced"] == 1


def test_the_view_says_whether_the_game_stands_still(build: Callable[..., StepMode], offer: Offered) -> None:
    step = build()
    assert step.view(0).headline == "The game stands still while chat votes: type the input you want."
    play(step, offer("a"))
    view = step.view(10_100)
    assert (view.mode, view.headline) == ("step", "The game goes on for a moment.")
    assert view.result == "a (1 of 1)"
