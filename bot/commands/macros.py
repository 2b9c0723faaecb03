"""What moderators do with macros. What a macro's body means, the grammar knows; here is only its form."""

from __future__ import annotations

from bot.commands import arguments
from bot.commands.desk import Desk
from bot.commands.request import MisuseError, Request


def listing(desk: Desk, request: Request) -> str:
    """All there are. Words after it are a macro that misses its `add`."""
    if request.words:
        raise MisuseError("To make a macro: !macro add. To unmake it: !macro remove.")
    macros = desk.macros()
    return f"Macros: {' '.join(macros)}" if macros else "There are no macros yet."


def add(desk: Desk, request: Request) -> str:
    """`mash(b,n) [<b>34ms #34ms]*<n>`."""
    return desk.define_macro(*arguments.macro(request.rest))


def remove(desk: Desk, request: Request) -> str:
    """`mash`."""
    return desk.remove_macro(arguments.macro_name(request.words))
