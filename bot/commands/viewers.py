"""What everybody may ask: what there is, which mode, my vote, my team, my data."""

from __future__ import annotations

from typing import Final, get_args

from bot.commands.desk import Desk
from bot.commands.request import MisuseError, Request
from config.play import ModeName

# Chat moves between these two; the others are for moderators to set.
VOTED_FOR: Final = ("anarchy", "democracy")
LONGEST_TEAM: Final = 16  # as config.play says


def help(desk: Desk, request: Request) -> str:
    """One command, or what whoever asks may type at all."""
    if request.words:
        head = request.words[0].removeprefix("!")
        rows = [f"{command.typed}: {command.summary}" for command in request.allowed if command.head == head]
        if rows:
            return "Type " + " ".join(rows)
    names = " ".join(dict.fromkeys(f"!{command.head}" for command in request.allowed))
    words = desk.controls()[:2]
    example = f" such as {' or '.join(words)}" if words else ""
    return f"Type an input{example} as your whole message. Commands: {names}"


def controls(desk: Desk, request: Request) -> str:
    """The words, and the macros."""
    macros = " ".join(desk.macros())
    return f"Controls: {' '.join(desk.controls())}" + (f" and macros: {macros}" if macros else "")


def mode(desk: Desk, request: Request) -> str:
    """Who decides."""
    if request.words and request.words[0] in get_args(ModeName):
        raise MisuseError("This only tells: !vote NAME votes for a mode, !mode set NAME sets it.")
    return desk.mode_sentence(request.now)


def vote(desk: Desk, request: Request) -> str:
    """One of two."""
    if len(request.words) != 1 or request.words[0] not in VOTED_FOR:
        raise MisuseError
    return desk.vote(request.line.user, request.words[0], request.now)


def join(desk: Desk, request: Request) -> str:
    """A team's name, or any."""
    team = request.words[0] if request.words else ""
    if len(request.words) > 1 or len(team) > LONGEST_TEAM:
        raise MisuseError
    return desk.join(request.line.user, request.line.name, team, request.now)


def me(desk: Desk, request: Request) -> str:
    """What is stored of whoever asks; of nobody else."""
    return desk.me(request.line.user, request.now)


def forget(desk: Desk, request: Request) -> str:
    """Only one's own. A word after it shows that something else was meant, and this cannot be undone."""
    if request.words:
        raise MisuseError
    return desk.forget(request.line.user, request.now)
