"""How modes say what they say several times. Pure."""

from __future__ import annotations


def listed(names: tuple[str, ...]) -> str:
    """`red, blue and green`."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def waited(ms: float) -> str:
    """How long somebody has to wait yet, never nothing: `40 s`, and from a minute on rounded up, `5 min`."""
    seconds = max(1, round(ms / 1000))
    return f"{seconds} s" if seconds < 60 else f"{-(-seconds // 60)} min"


def dropped(number: int) -> str:
    """A sentence to follow another; of nothing, nothing."""
    return f" What waited is dropped ({number})." if number else ""
