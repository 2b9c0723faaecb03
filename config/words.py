"""The kinds of values that pages for controllers and games are made of: words of chat, and what they move."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from config.codes import STICKS, Control
from config.kinds import Kind, Setting

# One control, and the way it goes at 100 % (-1 or 1; 1 for everything but a stick's axis).
Move = tuple[Control, int]

# One digit at most, and at the end: so some pads are labelled (L1). `repeats` finds where it may not be.
_PATTERN: Final = "[a-z](?:[a-z]{0,14}[a-z0-9])?"
_WORD: Final = re.compile(_PATTERN)
_HEAD: Final = re.compile(r"[a-z]{1,16}(\([a-z]{1,16}(, ?[a-z]{1,16}){0,7}\))?")
# What a line of chat means by these already, a digit behind them or not: units of time, and votes for a mode.
_TAKEN: Final = ("s", "ms", "anarchy", "democracy")
_MOST_MOVES: Final = 4  # a diagonal has two; more than four together is a macro's business
_OPPOSITES: Final = (frozenset((Control.UP, Control.DOWN)), frozenset((Control.LEFT, Control.RIGHT)))
_TARGETS: Final = tuple(
    name
    for control in Control
    for name in ((f"{control}+", f"{control}-") if control in STICKS else (control,))
)


@dataclass(frozen=True)
class Word(Kind):
    """A word of chat."""

    textual: ClassVar[bool] = False

    @property
    def wanted(self) -> str:
        return "a word of 1 to 16 of a-z, the last of them a digit if you like"

    def read(self, value: object, setting: Setting | None) -> str:
        if not isinstance(value, str) or not _WORD.fullmatch(value):
            raise self.refused()
        if stem(value) in _TAKEN:
            raise self.refused("this one means something else already")
        return str(value)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^(?!({'|'.join(_TAKEN)})[0-9]?$){_PATTERN}$"}


@dataclass(frozen=True)
class Targets(Kind):
    """What a word moves: one control, or a list of those that move together, as a diagonal's do."""

    @property
    def wanted(self) -> str:
        return f"one of {', '.join(_TARGETS)}, or a list of them"

    def read(self, value: object, setting: Setting | None) -> tuple[Move, ...]:
        given = list(value) if isinstance(value, list | tuple) else [value]
        if not 1 <= len(given) <= _MOST_MOVES:
            raise self.refused(f"a list of 1 to {_MOST_MOVES}")
        moves = tuple(self._move(target) for target in given)
        problem = clash(moves)
        if problem is not None:
            raise self.refused(problem)
        return moves

    def _move(self, target: object) -> Move:
        if not isinstance(target, str):
            raise self.refused()
        name = target.rstrip("+-")
        if name not in Control.__members__:
            raise self.refused()
        if (Control[name] in STICKS) and name == target:
            raise self.refused(f"a stick's axis needs + or - after it: {name}+ or {name}-")
        if target not in _TARGETS:
            raise self.refused("only a stick's axis takes + or -")
        return Control[name], -1 if target.endswith("-") else 1

    def json_schema(self) -> dict[str, Any]:
        one = {"type": "string", "enum": list(_TARGETS)}
        many = {"type": "array", "items": one, "minItems": 1, "maxItems": _MOST_MOVES}
        return {"anyOf": [one, many]}


@dataclass(frozen=True)
class Words(Kind):
    """A word of a controller, or a list of those that are pressed together."""

    @property
    def wanted(self) -> str:
        return "a word of the controller, or a list of those pressed together"

    def read(self, value: object, setting: Setting | None) -> tuple[str, ...]:
        given = list(value) if isinstance(value, list | tuple) else [value]
        if not 1 <= len(given) <= _MOST_MOVES:
            raise self.refused(f"a list of 1 to {_MOST_MOVES}")
        words = tuple(str(word) for word in given if isinstance(word, str) and _WORD.fullmatch(word))
        if len(words) < len(given):
            raise self.refused("words are letters, and one digit at the end at most")
        return words

    def json_schema(self) -> dict[str, Any]:
        one = {"type": "string", "pattern": f"^{_PATTERN}$"}
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": _MOST_MOVES}]}


@dataclass(frozen=True)
class MacroHead(Kind):
    """A macro's name and the names of its parameters: `mash(b,n)`."""

    textual: ClassVar[bool] = False

    @property
    def wanted(self) -> str:
        return "a macro's name of up to 16 of a-z, with up to 8 parameters if it has any: mash(b,n)"

    def read(self, value: object, setting: Setting | None) -> str:
        if not isinstance(value, str) or not _HEAD.fullmatch(value):
            raise self.refused()
        names = head_of(value)[1]
        if len(set(names)) < len(names):
            raise self.refused("each parameter once")
        return str(value)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{_HEAD.pattern}$"}


def clash(moves: tuple[Move, ...]) -> str | None:
    """Why these moves cannot be one word's, if so."""
    controls = {control for control, _ in moves}
    if len(controls) < len(moves):
        return "one control twice"
    if any(pair <= controls for pair in _OPPOSITES):
        return "no pad goes two opposite ways at once"
    return f"more than {_MOST_MOVES} at once" if len(moves) > _MOST_MOVES else None


def stem(word: str) -> str:
    """The letters of a word, without its digit if it has one."""
    return word.rstrip("0123456789")


def repeats(words: Collection[str]) -> Iterator[tuple[str, str]]:
    """The words of these that chat would read as repeats of others, each with that other one: (`a2`, `a`).

    A digit behind letters shall have one meaning, for whoever reads it.
    """
    for word in words:
        letters = stem(word)
        if letters != word and letters in words:
            yield word, letters


def no_repeat(word: str, letters: str) -> str:
    """What to say of such a pair."""
    return f'"{word}" is also how chat repeats "{letters}"; one of the two needs other letters'


def head_of(text: str) -> tuple[str, tuple[str, ...]]:
    """The name of a macro and those of its parameters, out of a text that `MacroHead` let through."""
    name, _, inside = text.partition("(")
    return name, tuple(inside.rstrip(")").replace(" ", "").split(",")) if inside else ()
