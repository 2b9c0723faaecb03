"""Calls of macros: `#mash(a,20)`, and the text that one stands for.

A macro's body is a line in which `<b>` stands for the parameter called b, and `<0>` for the first one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from bot.language.errors import MisreadError, quoted
from bot.language.language import Macro
from bot.language.vocabulary import nearest

# Of one line, macros within macros included. Far more than 64 frames need, and read within a millisecond.
MOST_CALLS: Final = 32
MOST_TEXT: Final = 1_000
MOST_DEPTH: Final = 4

NAME: Final = r"[a-z]{1,16}"
_CALL: Final = re.compile(rf"#({NAME})(?:\(([^()]*)\))?")
GAP: Final = re.compile(rf"<({NAME}|[0-9])>")


class Call(NamedTuple):
    """A call as written; `end` is the place in its word behind it."""

    name: str
    arguments: tuple[str, ...]
    has_brackets: bool
    end: int


class Budget:
    """How much the macros of one line may still become. Whatever is nested, it only ever shrinks."""

    def __init__(self) -> None:
        self._calls = MOST_CALLS
        self._text = MOST_TEXT

    def spend(self, text: str, at: int) -> None:
        """One more call, which has become `text`. Raises MisreadError when there is none left."""
        self._calls -= 1
        self._text -= len(text)
        if self._calls < 0:
            raise MisreadError(at, f"a line calls at most {MOST_CALLS} macros, nested ones included")
        if self._text < 0:
            raise MisreadError(at, f"the macros of a line have at most {MOST_TEXT} characters together")


def find_call(word: str) -> Call | None:
    """The call that `word` begins with."""
    found = _CALL.match(word)
    if found is None:
        return None
    inside = found[2]
    arguments = tuple(argument.strip() for argument in inside.split(",")) if inside else ()
    return Call(found[1], arguments, inside is not None, found.end())


def expanded(call: Call, macros: Mapping[str, Macro], at: int) -> str:
    """The body of the macro that is called, with its arguments. Raises MisreadError at `at`, the call.

    Chat has lost its capitals by now; a body may come from a file that still has them.
    """
    macro = macros.get(call.name)
    if macro is None:
        meant = call.has_brackets and bool(nearest(call.name, macros))
        raise MisreadError(
            at, f"there is no macro {quoted('#' + call.name)}", meant=meant, unknown="#" + call.name
        )
    if len(call.arguments) != len(macro.parameters):
        error = f"write {shape(macro)}, not {quoted(_as_written(call))}"
        raise MisreadError(at, error, meant=call.has_brackets)
    values = dict(zip(macro.parameters, call.arguments, strict=True))
    values.update({str(place): argument for place, argument in enumerate(call.arguments)})

    def fill(gap: re.Match[str]) -> str:
        if gap[1] not in values:
            raise MisreadError(at, f"{gap[0]} is none of its parameters")
        return values[gap[1]]

    return GAP.sub(fill, macro.body.casefold())


def shape(macro: Macro) -> str:
    """How the macro is called: `#mash(b,n)`."""
    return f"#{macro.name}({','.join(macro.parameters)})" if macro.parameters else f"#{macro.name}"


def _as_written(call: Call) -> str:
    return f"#{call.name}({','.join(call.arguments)})" if call.has_brackets else f"#{call.name}"
