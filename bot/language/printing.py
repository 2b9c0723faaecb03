"""Prints chords as a line that says the same: the one text for everything that is the same.

`left left` is printed `left*2`, `b a b a` as `[b a]*2`, waits in a row as one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from bot.language.chords import Chord, Kind, Part
from bot.language.errors import spoken_ms
from bot.language.lines import MOST_NESTED
from bot.language.words import MOST_TIMES

_SIGNS: Final = {Kind.PRESS: "", Kind.HOLD: "_", Kind.LET_GO: "-"}
# Longer groups than this, said twice, nobody sees as one thing said twice.
_LONGEST_GROUP: Final = 16


class Repeat(NamedTuple):
    """Something several times."""

    times: int
    body: tuple[str | Repeat, ...]


def print_line(chords: Iterable[Chord], default_ms: int, press_ms: int) -> str:
    """The line that is these chords, for a language in which the usual press lasts `default_ms`.

    press_ms  how long it lasts here: another length than the usual one is printed with each part
    """
    usual_ms = None if press_ms == default_ms else press_ms
    words = [
        "+".join(_print_part(part, usual_ms, default_ms) for part in chord)
        for chord in with_waits_joined(chords, press_ms)
    ]
    return " ".join(map(_print_item, folded(words)))


def with_waits_joined(chords: Iterable[Chord], press_ms: int) -> list[Chord]:
    """The chords, with waits in a row made one, and of the waits within a chord only the longest."""
    result: list[Chord] = []
    for chord in chords:
        waits = [part for part in chord if part.kind is Kind.WAIT]
        if not waits:
            result.append(chord)
            continue
        longest = max(waits, key=lambda part: part.lasts_ms(press_ms))
        others = [part for part in chord if part.kind is not Kind.WAIT]
        if not others and result and result[-1][0].kind is Kind.WAIT and len(result[-1]) == 1:
            before = result.pop()[0]
            both_ms = before.lasts_ms(press_ms) + longest.lasts_ms(press_ms)
            longest = longest._replace(duration_ms=both_ms)
        result.append((*others, longest))
    return result


def folded(words: Sequence[str], nested: int = MOST_NESTED) -> list[str | Repeat]:
    """The words, where some come several times in a row with that said once."""
    if len(set(words)) == len(words):
        return list(words)
    items: list[str | Repeat] = []
    place = 0
    while place < len(words):
        width, times = _best_repeat(words, place, _LONGEST_GROUP if nested else 1)
        if times == 1:
            items.append(words[place])
        else:
            items.append(Repeat(times, tuple(folded(words[place : place + width], nested - 1))))
        place += width * times
    return items


def _best_repeat(words: Sequence[str], place: int, widest: int) -> tuple[int, int]:
    """How many words from `place` on are said how often, so that the most are covered."""
    best = (1, 1)
    for width in range(1, min(widest, (len(words) - place) // 2) + 1):
        group = words[place : place + width]
        times = 1
        while times < MOST_TIMES and words[place + times * width : place + (times + 1) * width] == group:
            times += 1
        if times > 1 and width * times > best[0] * best[1]:
            best = width, times
    return best


def _print_item(item: str | Repeat) -> str:
    if isinstance(item, str):
        return item
    if len(item.body) == 1 and isinstance(item.body[0], str):
        return f"{item.body[0]}*{item.times}"
    return f"[{' '.join(map(_print_item, item.body))}]*{item.times}"


def _print_part(part: Part, usual_ms: int | None, default_ms: int) -> str:
    duration_ms = part.duration_ms
    if duration_ms is None and part.takes_time:
        duration_ms = usual_ms
    duration = "" if duration_ms is None else spoken_ms(duration_ms)
    if part.kind is Kind.WAIT:
        return f"#{duration}" if duration_ms not in (None, default_ms) else "."
    pad = "" if part.pad == 1 else f"&{part.pad}"
    amount = "" if part.amount == 1 else f"{round(part.amount * 1000) / 10:g}%"
    return f"{_SIGNS[part.kind]}{pad}{part.word}{amount}{duration}"
