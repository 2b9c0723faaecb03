"""What can be wrong with a line, and how it is said to a viewer."""

from __future__ import annotations


class MisreadError(Exception):
    """A word, or a whole line, that is no input.

    at       the place in the line, counted from 0
    error    what is wrong, and what to write instead
    meant    whether it shows that an input was meant: `a500q` does, the `lol` of `a lol` does not
    unknown  the name that nothing is called by, if that is the mistake: it may be nearly right
    """

    def __init__(self, at: int, error: str, *, meant: bool = True, unknown: str = "") -> None:
        super().__init__(error)
        self.at = at
        self.error = error
        self.meant = meant
        self.unknown = unknown


def quoted(piece: str) -> str:
    """A piece of a viewer's text, short and printable, for an error."""
    short = piece if len(piece) <= 16 else piece[:15] + "…"
    return f'"{short}"' if short.isprintable() else ascii(short)


def spoken_ms(duration_ms: int) -> str:
    """A duration as chat writes it: `200ms`, `5s`, `1500ms`."""
    return f"{duration_ms // 1000}s" if duration_ms % 1000 == 0 else f"{duration_ms}ms"
