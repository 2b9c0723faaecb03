from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers.replies import Priority, Reply
from bot.chat.line import ChatLine
from bot.commands import COMMANDS, Commands
from bot.commands.commands import LONGEST_ANSWER, SHARED_EVERY_MS, USER_BURST, USER_EVERY_S
from bot.text import normalise
from config.levels import Level
from config.play import CommandName, CommandsConfig

TypeIn = Callable[..., ChatLine]


class Chat:
    """Somebody types, and what is answered comes back; half a minute later, the next line."""

    def __init__(self, desk: Any, type_in: TypeIn, config: CommandsConfig | None = None) -> None:
        self.commands = Commands(desk, config or CommandsConfig())
        self._type_in = type_in
        self.now = 0.0

    def answers(self, text: str, level: Level = Level.VIEWER, *, user: str = "402") -> list[Reply]:
        line = self._type_in(text, level, user)
        self.now += 30_000.0
        return self.commands.handle(line, normalise(text), self.now)

    def answer(self, text: str, level: Level = Level.VIEWER, *, user: str = "402") -> str:
        return " | ".join(reply.text for reply in self.answers(text, level, user=user))


@pytest.fixture
def chat(desk: Any, type_in: TypeIn) -> Chat:
    return Chat(desk, type_in)


def test_each_command_of_the_configuration_has_a_row_and_each_row_is_of_one() -> None:
    configured = set(get_args(CommandName))
    assert {row.head for row in COMMANDS} == configured - {"mode_set", "macro_add"}
    assert {row.right or row.name for row in COMMANDS} == configured


@pytest.mark.parametrize(
    ("typed", "done"),
    [
        ("!vote democracy", "vote('402', 'democracy', 30000.0)"),
        ("!VOTE  Democracy \U000e0000", "vote('402', 'democracy', 30000.0)"),
        ("@bot !join red", "join('402', 'Kim', 'red', 30000.0)"),
        ("!mode", "mode_sentence(30000.0)"),
        ("!me", "me('402', 30000.0)"),
        ("!forget", "forget('402', 30000.0)"),
    ],
)
def test_a_viewer_is_served(chat: Chat, typed: str, done: str) -> None:
    assert chat.answer(typed) == done


@pytest.mark.parametrize(
    ("typed", "done"),
    [
        ("!pause", "pause(30000.0)"),
        ("!neutral!!", "neutral(30000.0)"),
        ("!neutral", "neutral(30000.0)"),
        ("!mode set step", "set_mode('step', 30000.0)"),
        ("!mode auto", "auto_mode(30000.0)"),
        ("!mode", "mode_sentence(30000.0)"),
        ("!restrict @Kim start 30m", "restrict('kim', 'start', 1800000, 30000.0)"),
        ("!macro add hop a", "define_macro('hop', (), 'a')"),
        ("!macro remove hop", "remove_macro('hop')"),
        ("!lock", "Usage: !lock WORD ..."),
        ("!lock strat", '"strat" is no control; did you mean start?'),
        ("!puase", 'There is no "!puase" here; did you mean !pause?'),
    ],
)
def test_a_moderator_is_served(chat: Chat, typed: str, done: str) -> None:
    for level in (Level.MODERATOR, Level.BROADCASTER):
        chat.now = 0.0
        assert chat.answer(typed, level) == done


@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row.name)
def test_who_may_not_is_not_answered_and_nothing_is_done(desk: Any, type_in: TypeIn, row: Any) -> None:
    chat = Chat(desk, type_in, CommandsConfig(levels={"vote": "vip", "me": "subscriber"}))
    allowed = row.level(CommandsConfig(levels={"vote": "vip", "me": "subscriber"})) is Level.VIEWER
    assert bool(chat.answer(f"!{row.name}")) == allowed
    assert chat.commands.counters["not_allowed"] == (not allowed)


def test_a_moderator_who_may_not_is_told_who_may(desk: Any, type_in: TypeIn) -> None:
    chat = Chat(desk, type_in, CommandsConfig(levels={"reload": "broadcaster"}))
    answer = chat.answer("!reload", Level.MODERATOR)
    assert answer == "Only from broadcaster on may one use !reload here."
    assert chat.answer("!reload", Level.BROADCASTER) == "reload(60000.0)"


@pytest.mark.parametrize("typed", ["!uptime", "!puase", "!", "!!", "! pause", "pause", "a", ""])
def test_what_is_no_command_of_ours_is_not_answered(chat: Chat, typed: str) -> None:
    assert chat.answers(typed) == []


@pytest.mark.parametrize("typed", ["!uptime", "!gamble all", "!", "!!", "! pause"])
def test_not_even_to_a_moderator(chat: Chat, typed: str) -> None:
    assert chat.answers(typed, Level.MODERATOR) == []


def test_commands_can_be_switched_off(desk: Any, type_in: TypeIn) -> None:
    chat = Chat(desk, type_in, CommandsConfig(enabled=False))
    assert chat.answers("!pause", Level.BROADCASTER) == []


def test_help_is_for_whoever_asks(chat: Chat) -> None:
    viewers = chat.answer("!help").split("Commands: ")[1].split()
    moderators = chat.answer("!help", Level.MODERATOR).split("Commands: ")[1].split()
    assert viewers == ["!help", "!controls", "!mode", "!vote", "!join", "!me", "!forget"]
    assert {name.removeprefix("!") for name in moderators} == {row.head for row in COMMANDS}
    assert "mode set" in chat.answer("!help mode", Level.MODERATOR)
    assert "mode set" not in chat.answer("!help mode")


def test_an_answer_goes_to_its_line_and_a_moderators_goes_first(chat: Chat) -> None:
    [reply] = chat.answers("!me")
    assert (reply.to, reply.priority) == ("id-1", Priority.ANSWER)
    [reply] = chat.answers("!me", Level.MODERATOR)
    assert (reply.to, reply.priority) == ("id-2", Priority.ORDER)


def test_who_asks_too_often_is_neither_served_nor_answered(desk: Any, type_in: TypeIn) -> None:
    commands = Commands(desk, CommandsConfig())
    line = type_in("!me")
    served = [bool(commands.handle(line, "!me", 0.0)) for _ in range(100)]
    assert served == [True] * USER_BURST + [False] * (100 - USER_BURST)
    assert commands.counters == {"done": USER_BURST, "user_limit": 100 - USER_BURST}
    assert commands.handle(type_in("!me", user="bob"), "!me", 0.0)
    assert commands.handle(line, "!me", USER_EVERY_S * 1_000)


def test_a_moderator_is_obeyed_every_time(desk: Any, type_in: TypeIn) -> None:
    commands = Commands(desk, CommandsConfig())
    assert all(commands.handle(type_in("!neutral", Level.MODERATOR), "!neutral", 0.0) for _ in range(100))


def test_what_was_just_said_to_everybody_is_not_said_again(desk: Any, type_in: TypeIn) -> None:
    commands = Commands(desk, CommandsConfig())

    def asks(text: str, user: str, now: float, level: Level = Level.VIEWER) -> bool:
        return bool(commands.handle(type_in(text, level, user), text, now))

    assert asks("!help", "ada", 0.0)
    assert not asks("!help", "bob", SHARED_EVERY_MS - 1)
    assert not asks("!help nonsense", "cyd", SHARED_EVERY_MS - 1)
    assert asks("!help vote", "bob", SHARED_EVERY_MS - 1)
    assert asks("!controls", "bob", SHARED_EVERY_MS - 1)
    assert asks("!help", "eve", SHARED_EVERY_MS - 1, Level.MODERATOR)
    assert asks("!me", "cyd", 1.0)
    assert asks("!me", "dan", 1.0)
    assert asks("!help", "cyd", SHARED_EVERY_MS)
    assert commands.counters["just_answered"] == 2


def test_what_the_desk_says_becomes_one_harmless_line(desk: Any, type_in: TypeIn) -> None:
    said = ["/ban kim", "two\nlines", "word " * 200, ""]
    desk.me = lambda user, now: said.pop(0)
    chat = Chat(desk, type_in)
    assert chat.answer("!me") == "ban kim"
    assert chat.answer("!me") == "two lines"
    long = chat.answer("!me")
    assert len(long) <= LONGEST_ANSWER < 450
    assert long.endswith("word…")
    assert chat.answers("!me") == []


HEADS = sorted({row.name for row in COMMANDS})


@given(
    st.sampled_from(HEADS) | st.text(max_size=20),
    st.text(max_size=460) | st.from_regex(r"@?kim (start|\.) ?[0-9]{0,9}[smhd]?"),
    st.sampled_from(Level),
)
def test_any_line_is_answered_by_one_line_at_most_that_commands_nobody(
    head: str, rest: str, level: Level
) -> None:
    text = normalise(f"!{head} {rest}")
    line = ChatLine("id", "402", "Kim", level, text, None, 0.0, "arcade")
    replies = Commands(make_desk(), CommandsConfig()).handle(line, text, 0.0)
    assert len(replies) <= 1
    for reply in replies:
        assert 0 < len(reply.text) < 450
        assert not reply.text.startswith(("/", ".", "!"))
        assert reply.text.isprintable()


def make_desk() -> Any:
    """hypothesis makes one for each example; a fixture would be one for all."""

    class Echo:
        def controls(self) -> tuple[str, ...]:
            return ("a", "start")

        def macros(self) -> tuple[str, ...]:
            return ()

        def games(self) -> tuple[str, ...]:
            return ("tower",)

        def __getattr__(self, name: str) -> Callable[..., str]:
            return lambda *given: " ".join(map(str, given))

    return Echo()


def test_a_mistake_of_ours_is_logged_and_ends_nothing(
    desk: Any, type_in: TypeIn, caplog: pytest.LogCaptureFixture
) -> None:
    chat = Chat(desk, type_in)
    desk.stats = lambda now: 1 // 0
    assert chat.answer("!stats", Level.MODERATOR) == "That went wrong inside the bot; its log says how."
    assert "ZeroDivisionError" in caplog.text
