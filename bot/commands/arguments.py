"""What may follow a command's name, read and bounded. Everything here raises MisuseError, with a sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from bot.commands.durations import read_duration
from bot.commands.near import nearest
from bot.commands.request import MisuseError

# Twitch's logins and display names have at most 25 characters, of any script in the latter.
LONGEST_NAME: Final = 25
# What of other people's text is repeated.
LONGEST_QUOTE: Final = 24
# A controller has some 30 words; nobody types more of them into one line.
MOST_WORDS: Final = 32

# The rest of what makes a macro one, the grammar knows (bot.language.macros).
_MACRO: Final = re.compile(r"#?(?P<name>[a-z]{1,16})(?:\((?P<parameters>[^()]*)\))? +(?P<body>\S.*)")
_MACRO_NAME: Final = re.compile(r"#?([a-z]{1,16})")


class MacroText(NamedTuple):
    """A macro as typed: `mash(b,n) [<b>34ms #34ms]*<n>`."""

    name: str
    parameters: tuple[str, ...]
    body: str


def quoted(text: str) -> str:
    """Somebody's text within ours: in quotes, and not much of it."""
    return f'"{text}"' if len(text) <= LONGEST_QUOTE else f'"{text[:LONGEST_QUOTE]}…"'


def person(word: str) -> str:
    """Somebody's name, with or without `@`."""
    name = word.removeprefix("@")
    if not 0 < len(name) <= LONGEST_NAME:
        raise MisuseError(f"{quoted(word)} is nobody's name.")
    return name


def lasting(words: Sequence[str]) -> int | None:
    """How long: no word means for good, else one such as `30m`."""
    if not words:
        return None
    lasts_ms = read_duration(words[0]) if len(words) == 1 else None
    if lasts_ms is None:
        raise MisuseError(f"{quoted(' '.join(words))} is no time; 30s, 10m, 2h and 7d are.")
    return lasts_ms


def controls(words: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Words that press something, each once."""
    for word in words:
        if word not in known:
            near = nearest(word, known)
            raise MisuseError(f"{quoted(word)} is no control{f'; did you mean {near}?' if near else '.'}")
    if len(words) > MOST_WORDS:
        raise MisuseError(f"That is more than {MOST_WORDS} words.")
    return tuple(dict.fromkeys(words))


def choice(words: Sequence[str], known: Sequence[str], what: str) -> str:
    """Exactly one of these."""
    listed = ", ".join(known)
    if len(words) == 1 and words[0] in known:
        return words[0]
    raise MisuseError(f"The {what} is one of: {listed}." if known else f"There is no {what} to choose from.")


def macro(rest: str) -> MacroText:
    """A macro's name, its parameters if it has any, and its body."""
    match = _MACRO.fullmatch(rest)
    if match is None:
        raise MisuseError
    listed = (match["parameters"] or "").strip()
    parameters = tuple(name.strip() for name in listed.split(",")) if listed else ()
    return MacroText(match["name"], parameters, match["body"])


def macro_name(words: Sequence[str]) -> str:
    """The name of a macro, with or without `#`."""
    match = _MACRO_NAME.fullmatch(words[0]) if len(words) == 1 else None
    if match is None:
        raise MisuseError
    return match[1]
