"""What moderators do about one person: take words or everything away, and give it back."""

from __future__ import annotations

from bot.commands import arguments
from bot.commands.desk import Desk
from bot.commands.request import MisuseError, Request


def restrict(desk: Desk, request: Request) -> str:
    """`kim start 30m`."""
    if len(request.words) < 2:
        raise MisuseError
    name = arguments.person(request.words[0])
    [word] = arguments.controls(request.words[1:2], desk.controls())
    return desk.restrict(name, word, arguments.lasting(request.words[2:]), request.now)


def silence(desk: Desk, request: Request) -> str:
    """`kim 10m`."""
    if not request.words:
        raise MisuseError
    name = arguments.person(request.words[0])
    return desk.silence(name, arguments.lasting(request.words[1:]), request.now)


def release(desk: Desk, request: Request) -> str:
    """`kim`."""
    if len(request.words) != 1:
        raise MisuseError
    return desk.release(arguments.person(request.words[0]), request.now)
