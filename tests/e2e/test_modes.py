"""Each mode the whole way: chat lines on a real socket, the device, and what the page shows of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from config.codes import Control
from config.play import DemocracyOptions, ModesConfig, StepOptions, TeamsOptions, TurnsOptions

if TYPE_CHECKING:
    from tests.e2e.conftest import Scene

Play = Callable[..., None]

# As short as the settings go: a scene shows a whole vote or turn.
VOTE = ModesConfig(start="democracy", democracy=DemocracyOptions(window_s=1.0, shortest_window_s=1.0))
STEP = ModesConfig(start="step", step=StepOptions(window_s=1.0, moment_ms=50))
TURNS = ModesConfig(start="turns", turns=TurnsOptions(turn_s=1.0, idle_s=1.0))
TEAMS = ModesConfig(start="teams", teams=TeamsOptions(names=("red", "blue")))


def test_in_anarchy_everybody_plays_at_once(play: Play) -> None:
    async def act(scene: Scene) -> None:
        scene.say("ann", "b2s")
        scene.say("bob", "right2s")
        await scene.until(lambda: scene.device.holds(Control.B) and scene.device.holds(Control.RIGHT))
        assert scene.mode["mode"] == "anarchy"

    play(act)


def test_in_democracy_votes_gather_and_only_the_winner_is_played(play: Play) -> None:
    async def act(scene: Scene) -> None:
        scene.say_together(("ann", "right"), ("bob", "a"), ("cat", "RIGHT"), ("dan", "lol"))
        leading = [{"text": "right", "votes": 2}, {"text": "a", "votes": 1}]
        await scene.until(lambda: scene.mode["candidates"] == leading)
        assert (scene.mode["voters"], scene.mode["result"]) == (3, "")
        assert scene.device.reports == []  # the vote is still open
        await scene.until(lambda: scene.mode["result"] == "right (2 of 3)")
        await scene.until(lambda: scene.device.pressed() == [Control.RIGHT] and scene.device.is_neutral)
        assert await scene.pipeline.quiet(20)
        assert scene.device.pressed() == [Control.RIGHT]
        stats = scene.pipeline.bot.stats()
        assert (stats.commands, stats.applied) == (3, 1)

    play(act, mode="democracy", modes=VOTE)


def test_in_democracy_a_name_for_the_winner_is_the_chats_and_no_viewers(play: Play) -> None:
    async def act(scene: Scene) -> None:
        scene.say("ann", "a")
        named = {"user": "chat", "text": "a"}
        feed = scene.pipeline.feed
        await scene.until(lambda: any(named.items() <= row.items() for row in feed.snapshot()["played"]))

    play(act, mode="democracy", modes=VOTE)


def test_a_banned_viewers_vote_counts_no_more(play: Play) -> None:
    async def act(scene: Scene) -> None:
        scene.say_together(("ann", "right"), ("bob", "a"), ("ann2", "right"))
        await scene.until(lambda: scene.mode["voters"] == 3)
        assert scene.pipeline.twitch is not None
        scene.pipeline.twitch.clear_user("ann", seconds=None)
        scene.pipeline.twitch.clear_user("ann2", seconds=None)
        await scene.until(lambda: scene.device.pressed() == [Control.A])
        assert not scene.device.ever_held(Control.RIGHT)

    play(act, mode="democracy", modes=VOTE)


def test_in_step_the_pause_input_is_pressed_before_and_after_the_winner(play: Play) -> None:
    async def act(scene: Scene) -> None:
        scene.say_together(("ann", "b"), ("bob", "b"))
        await scene.until(lambda: len(scene.device.pressed()) == 3)
        pause, winner, again = scene.device.pressed()
        assert pause == again == Control.START
        assert winner != Control.START
        assert scene.mode["result"] == "b (2 of 2)"

    play(act, mode="step", modes=STEP)


def test_in_turns_nobody_but_the_player_moves_the_pad(play: Play) -> None:
    async def act(scene: Scene) -> None:
        scene.say("ann", "b500ms")
        await scene.until(lambda: scene.device.holds(Control.B))
        scene.say("bob", "x")
        await scene.until(lambda: scene.mode["player"] == "ann" and scene.mode["queue"] == ["bob"])
        await scene.until(lambda: scene.mode["player"] == "bob")
        assert not scene.device.ever_held(Control.X)
        scene.say("bob", "y")
        await scene.until(lambda: scene.device.holds(Control.Y))
        assert scene.device.pressed() == [Control.B, Control.Y]

    play(act, mode="turns", modes=TURNS)


def test_each_team_plays_its_own_pad(play: Play) -> None:
    async def act(scene: Scene) -> None:
        scene.say("ann", "!join red")
        scene.say("bob", "!join blue")
        await scene.until(lambda: [team["members"] for team in scene.mode["teams"]] == [1, 1])
        scene.say("ann", "a2s")
        scene.say("bob", "b2s")
        scene.say("bob", "&1y")  # whatever pad he names, it is his team's
        await scene.until(lambda: scene.device.holds(Control.A, 1) and scene.device.holds(Control.B, 2))
        await scene.until(lambda: scene.device.ever_held(Control.Y, 2))
        assert scene.device.pressed(1) == [Control.A]

    play(act, mode="teams", modes=TEAMS)
