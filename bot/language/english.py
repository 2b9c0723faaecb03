"""Says in plain English what a line does: "Hold B. Press RIGHT for 2 seconds. Let go of B. Press A."."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.language.chords import Chord, Kind, Part
from bot.language.parsed import Parsed
from bot.language.printing import Repeat, folded, with_waits_joined


def explain(parsed: Parsed) -> str:
    """The line in sentences. One that somebody made by hand is only known by its text."""
    if parsed.score is None:
        return parsed.text
    chords, controller, press_ms = parsed.score
    usual_ms = None if press_ms == controller.default_ms else press_ms
    clauses = [_clause(chord, usual_ms, press_ms) for chord in with_waits_joined(chords, press_ms)]
    sentences = [_sentence(_item(item)) for item in folded(clauses)]
    held = _still_held(chords)
    if held:
        sentences.append(f"At the end let go of {_listed(map(_name, held))}.")
    return " ".join(sentences)


def _clause(chord: Chord, usual_ms: int | None, press_ms: int) -> str:
    """`hold B and press RIGHT for 500 ms, and go on after 1 second`"""
    presses = [_press(part, usual_ms) for part in chord if part.kind is Kind.PRESS]
    holds = [_far(part) for part in chord if part.kind is Kind.HOLD]
    let_go = [_name(part) for part in chord if part.kind is Kind.LET_GO]
    lasts_ms = max(part.lasts_ms(press_ms) for part in chord)
    done: list[str] = []
    if let_go:
        done.append(f"let go of {_listed(let_go)}")
    if holds:
        done.append(f"hold {_listed(holds)}")
    if presses:
        done.append(f"press {_listed(presses)}")
    if not done:
        return f"wait {_time(lasts_ms)}"
    pressed_ms = max((part.lasts_ms(press_ms) for part in chord if part.kind is Kind.PRESS), default=0)
    goes_on = f", and go on after {_time(lasts_ms)}" if lasts_ms > pressed_ms else ""
    return _listed(done) + goes_on


def _item(item: str | Repeat) -> str:
    if isinstance(item, str):
        return item
    times = "twice" if item.times == 2 else f"{item.times} times"
    if len(item.body) == 1:
        return f"{_item(item.body[0])} {times}"
    return f"{times} ({'; '.join(map(_item, item.body))})"


def _sentence(clause: str) -> str:
    return f"{clause[0].upper()}{clause[1:]}."


def _press(part: Part, usual_ms: int | None) -> str:
    duration_ms = part.duration_ms if part.duration_ms is not None else usual_ms
    return _far(part) + ("" if duration_ms is None else f" for {_time(duration_ms)}")


def _far(part: Part) -> str:
    return _name(part) + ("" if part.amount == 1 else f" at {round(part.amount * 1000) / 10:g} %")


def _name(part: Part) -> str:
    return part.word.upper() + ("" if part.pad == 1 else f" on pad {part.pad}")


def _time(duration_ms: int) -> str:
    if duration_ms < 1000:
        return f"{duration_ms} ms"
    return "1 second" if duration_ms == 1000 else f"{duration_ms / 1000:g} seconds"


def _listed(names: Iterable[str]) -> str:
    """`A`, `A and B`, `A, B and X`"""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _still_held(chords: Sequence[Chord]) -> list[Part]:
    held: dict[tuple[int, object], Part] = {}
    for part in (part for chord in chords for part in chord):
        if part.kind is Kind.HOLD:
            held[part.pad, part.action] = part
        elif part.kind is Kind.LET_GO:
            held.pop((part.pad, part.action), None)
    return list(held.values())
