"""Any chat at all, with moderators, bans, bits, games and a bad line in it: what always holds. Seeded.

What is forbidden is worked out here a second time: from what the bot writes down and from the page, and not
from how the bot decides it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import pytest

from bot.assembly import Assembled
from bot.changes import Released, Restricted, SettingChanged
from bot.chat.line import (
    ChatCleared,
    ChatEvent,
    ChatLine,
    MessageDeleted,
    Triggered,
    TriggerKind,
    UserCleared,
)
from bot.modes.mode import Choice
from bot.observer import BotStats
from bot.viewers.restrictions import EVERY_WORD
from config.codes import Control, decode
from config.levels import Level
from tests.bot.conftest import World
from tunnel.events import Outcome, PeerHeard, PeerSilent, Resolved
from tunnel.frame import Frame, SequenceId

SEEDS: Final = 12
STEPS: Final = 120

VIEWERS: Final = tuple(f"u{number}" for number in range(8))
WORDS: Final = ("a", "b", "x", "y", "jump", "start", "select", "up", "left", "upleft", "lup", "l", "r")
GAMES: Final = {
    "game": """
title: First
controller: xbox
words: {jump: a}
pause: start
levels: {back: moderator}
cooldowns: {y: {user_s: 2, everybody_s: 1}}
idle: {line: b, after_s: 5}
macros: {"twice(b)": "<b> <b>"}
triggers: [{kind: cheer, least: 1, line: "a b1s"}, {kind: reward, least: 1, line: x}]
""",
    "second": """
title: Second
controller: nes
locked: [a]
pause: start
levels: {select: subscriber}
idle: {line: b, after_s: 3}
""",
    "third": """
title: Third
controller: snes
words: {jump: b}
cooldowns: {a: {user_s: 1, everybody_s: 1}}
periodic: {line: "a200ms x", every_s: 7}
triggers: [{kind: cheer, least: 1, line: a1s}]
""",
}
EDITED: Final = GAMES["game"].replace("levels:", "locked: [b]\nlevels:")
ORDERS: Final = (
    "!pause", "!resume", "!resume", "!resume", "!neutral", "!reload", "!lock a", "!lock b start",
    "!lock jump", "!lock upleft", "!unlock", "!unlock", "!unlock up", "!unlock a", "!mode set anarchy",
    "!mode set democracy", "!mode set turns", "!mode set teams", "!mode set step", "!mode auto",
    "!macro add hop(n) [a #100ms]*<n>", "!macro add twice x5s", "!macro remove twice", "!game game",
    "!game second", "!game third", "!stats", "start",
)  # fmt: skip
OUTCOMES: Final = tuple(outcome for outcome in Outcome if outcome is not Outcome.RECEIVED)


class Receiver(World):
    """The world, and what of it is under way or held."""

    def __init__(self) -> None:
        super().__init__()
        self.unanswered: list[SequenceId] = []
        self.live: dict[SequenceId, Choice] = {}

    def submit(self, frames: tuple[Frame, ...]) -> SequenceId:
        id = super().submit(frames)
        self.unanswered.append(id)
        self.in_flight = len(self.unanswered)
        return id

    def cancel(self, ids: Iterable[SequenceId]) -> None:
        for id in tuple(ids) or tuple(self.live):
            self.live.pop(id, None)

    def command(self, choice: Choice, id: SequenceId) -> None:
        super().command(choice, id)
        self.live[id] = choice

    def forget(self, now: float) -> None:
        """What has played is of no interest any more."""
        for id in [id for id in self.live if self.submitted[id - 1][-1].date <= now]:
            del self.live[id]


class Chat:
    """One bot under a crowd that does anything."""

    def __init__(self, dice: random.Random, world: Receiver, parts: Assembled, page: Path) -> None:
        self.dice = dice
        self.world = world
        self.parts = parts
        self.page = page
        self.now = 0.0
        self.heard: list[tuple[str, str]] = []  # whose, and which message
        self.dead: set[str] = set()  # messages that a moderator took back
        self.checked = 0

    def step(self) -> None:
        what = self.dice.random()
        if what < 0.5:
            self.hear([self.line() for _ in range(self.dice.randint(1, 6))])
        elif what < 0.7:
            self.order()
        elif what < 0.8:
            self.spend()
        elif what < 0.87:
            self.ban()
        elif what < 0.92:
            self.parts.flow.handle_event(PeerSilent() if self.dice.random() < 0.4 else PeerHeard())
        else:
            self.answer()
        self.now += self.dice.choice([0, 0, 1, 10, 100, 500, 3_000])
        self.pass_time()
        self.check()

    def hear(self, events: list[ChatEvent]) -> None:
        self.parts.flow.handle(events, self.now)
        self.heard += [(event.user, event.id) for event in events if isinstance(event, ChatLine | Triggered)]

    def line(self, text: str = "", user: str = "") -> ChatLine:
        user = user or self.dice.choice(VIEWERS)
        level = Level.MODERATOR if user == "mo" else self.dice.choice([Level.VIEWER, Level.SUBSCRIBER])
        id = f"message-{len(self.heard)}-{self.dice.random()}"
        return ChatLine(id, user, user.title(), level, text or self.text(), None, self.now, "arcade")

    def text(self) -> str:
        dice = self.dice
        if dice.random() < 0.15:
            return dice.choice(["hello", "a500q", "a lol", "democracy", "anarchy", "!help", "!me", "!forget",
                                "!join", "!vote democracy", "#twice(a)", "#hop(2)"])  # fmt: skip
        endings = ["", "", "500ms", "3s", "*3", "+b", "+&2a", "200ms+x1s"]
        starts = ["", "", "", "_", "&2"]
        words = [
            dice.choice(starts) + dice.choice(WORDS) + dice.choice(endings) for _ in range(dice.randint(1, 3))
        ]
        return " ".join(words)

    def order(self) -> None:
        dice = self.dice
        if dice.random() < 0.4:
            person = dice.choice(["!silence {}", "!silence {} 2s", "!restrict {} a", "!restrict {} upleft 3s",
                                  "!restrict {} start", "!release {}", "!release {}"])  # fmt: skip
            self.hear([self.line(person.format(dice.choice(VIEWERS)), "mo")])
            return
        if dice.random() < 0.2:
            self.page.write_text(dice.choice([GAMES["game"], EDITED]), encoding="utf-8")
        before, heard = self.parts.library.game, {id for _, id in self.heard}
        text = dice.choice(ORDERS)
        self.hear([self.line(text, "mo")])
        after = self.parts.library.game
        if text in ("!pause", "!neutral") or (before.name, before.locked) != (after.name, after.locked):
            self.dead |= heard

    def spend(self) -> None:
        kind = self.dice.choice(list(TriggerKind))
        user = self.dice.choice(VIEWERS)
        self.hear([Triggered(f"event-{len(self.heard)}", kind, user, user, "", 100, "", self.now)])

    def ban(self) -> None:
        if not self.heard:
            return
        user, message = self.dice.choice(self.heard)
        events: list[tuple[ChatEvent, set[str]]] = [
            (UserCleared(user), {id for whose, id in self.heard if whose == user}),
            (MessageDeleted(message), {message}),
            (ChatCleared(), {id for _, id in self.heard}),
        ]
        event, dead = self.dice.choice(events)
        self.hear([event, self.line()])
        self.dead |= dead

    def answer(self) -> None:
        unanswered = self.world.unanswered
        while unanswered and self.dice.random() < 0.9:
            id = unanswered.pop(self.dice.randrange(len(unanswered)))
            self.world.in_flight = len(unanswered)
            self.parts.flow.handle_event(Resolved(id, self.dice.choice(OUTCOMES), None))

    def pass_time(self) -> None:
        for _ in range(100):
            self.parts.flow.handle_timeout(self.now)
            if self.parts.flow.next_timeout() > self.now:
                return
        pytest.fail("it wants to be woken again and again at the same moment")

    # The laws

    def check(self) -> None:
        world = self.world
        for frames, choice in zip(world.submitted[self.checked :], world.chosen[self.checked :], strict=True):
            assert at_rest(frames), f"{choice.text}: {frames}"
            assert self.obstacle(choice) == "", f"{choice.text} has left"
        self.checked = len(world.submitted)
        world.forget(self.now)
        for choice in world.live.values():
            assert self.obstacle(choice) == "", f"{choice.text} is held"
        stats = self.parts.flow.stats()
        assert stats.lines == kinds(stats), stats
        assert stats.commands + stats.prompted == ends(stats), stats

    def obstacle(self, choice: Choice) -> str:
        """Why this must neither leave nor be held now; empty if it may."""
        user, message = choice.owner
        if message in self.dead:
            return "it was taken back"
        game = self.parts.library.game
        words = game.controller.words
        pressed = choice.moves
        if any(move in pressed for word in self.locked() if word in words for move in words[word].moves):
            return "it is locked by a moderator"
        line = choice.line
        if line is not None and pressed & game.locked:
            return "it is locked by the page"
        if line is not None and any(game.levels.get(move, 0) > line.level for move in pressed):
            return "it is not for everybody"
        for word, until_ms in self.restricted(user).items():
            if until_ms is not None and until_ms <= self.now:
                continue
            if word == EVERY_WORD:
                return "its viewer is silenced"
            if word in words and all(move in pressed for move in words[word].moves):
                return "it is taken from its viewer"
        return ""

    def locked(self) -> tuple[str, ...]:
        """The words that moderators lock, as the store knows them."""
        told = [change for change in self.world.changes if isinstance(change, SettingChanged)]
        values = [change.value or "" for change in told if change.key == "locked"]
        return tuple(values[-1].split()) if values else ()

    def restricted(self, user: str) -> dict[str, float | None]:
        """The words that are taken from this viewer, as the store knows them."""
        words: dict[str, float | None] = {}
        for change in self.world.changes:
            if isinstance(change, Restricted) and change.user == user:
                words[change.word] = change.until_ms
            elif isinstance(change, Released) and change.user == user:
                words.clear()
        return words


def at_rest(frames: tuple[Frame, ...]) -> bool:
    """Whether everything that is pressed is let go of, in order of time."""
    held: dict[tuple[int, Control], float] = {}
    for frame in frames:
        held.update({(frame.index, control): value for control, value in decode(frame.value)})
    dates = [frame.date for frame in frames]
    return dates == sorted(dates) and not any(held.values())


def kinds(stats: BotStats) -> int:
    return stats.talk + stats.asked + stats.voted + stats.refused + stats.limited + stats.commands


def ends(stats: BotStats) -> int:
    return (
        stats.passed_over + stats.shed + stats.late + stats.cancelled + stats.applied + stats.stale
        + stats.declined + stats.lost + stats.waiting + stats.in_flight
    )  # fmt: skip


@pytest.fixture
def world() -> Receiver:
    return Receiver()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_chat_does_the_laws_hold(
    build: Callable[..., Assembled], world: Receiver, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    for name, page in GAMES.items():
        (tmp_path / f"{name}.yaml").write_text(page, encoding="utf-8")
    modes: dict[str, Any] = {
        "start": dice.choice(["anarchy", "democracy", "turns", "teams", "step"]),
        "vote": {"enabled": True, "least_votes": 1, "cooldown_s": 1, "vote_lasts_s": 10},
        "anarchy": {"together": dice.choice([1, 2, 8])},
        "democracy": {"window_s": 3, "shortest_window_s": 1},
        "step": {"window_s": 2},
        "turns": {"turn_s": 3, "idle_s": 1},
    }
    parts = build(
        game=GAMES["game"],
        modes=modes,
        pads=2,
        queue=dice.choice([1, 5, 50]),
        first_word=dice.random() < 0.2,
    )
    chat = Chat(dice, world, parts, tmp_path / "game.yaml")
    for _ in range(STEPS):
        chat.step()
    assert parts.flow.stats().commands
