"""What moderators do to the game as a whole: hold it, lock words, choose the mode and the game."""

from __future__ import annotations

from typing import get_args

from bot.commands import arguments
from bot.commands.desk import Desk
from bot.commands.request import MisuseError, Request
from config.play import ModeName


def pause(desk: Desk, request: Request) -> str:
    """Whatever follows the word: in a hurry nobody is asked to type it again."""
    return desk.pause(request.now)


def resume(desk: Desk, request: Request) -> str:
    """The same."""
    return desk.resume(request.now)


def neutral(desk: Desk, request: Request) -> str:
    """The same."""
    return desk.neutral(request.now)


def lock(desk: Desk, request: Request) -> str:
    """Some words."""
    if not request.words:
        raise MisuseError
    return desk.lock(arguments.controls(request.words, desk.controls()), request.now)


def unlock(desk: Desk, request: Request) -> str:
    """Some words, or all that are locked."""
    return desk.unlock(arguments.controls(request.words, desk.controls()))


def set_mode(desk: Desk, request: Request) -> str:
    """One of the five."""
    return desk.set_mode(arguments.choice(request.words, get_args(ModeName), "mode"), request.now)


def auto_mode(desk: Desk, request: Request) -> str:
    """No more pin."""
    return desk.auto_mode(request.now)


def game(desk: Desk, request: Request) -> str:
    """A game by name; without one, which there are."""
    games = desk.games()
    if request.words:
        return desk.set_game(arguments.choice(request.words, games, "game"), request.now)
    return f"Games: {', '.join(games)}" if games else "There is no game to choose from."


def reload(desk: Desk, request: Request) -> str:
    """All files."""
    return desk.reload(request.now)


def stats(desk: Desk, request: Request) -> str:
    """One line of figures."""
    return desk.stats(request.now)
