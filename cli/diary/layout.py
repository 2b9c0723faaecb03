"""Lines for a terminal: sentences that wrap, lists, tables. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

Address = tuple[str, int]


def paragraph(text: str, width: int, indent: int = 0) -> list[str]:
    """A sentence or several, wrapped."""
    blank = " " * indent
    return textwrap.wrap(
        text,
        width,
        initial_indent=blank,
        subsequent_indent=blank,
        break_on_hyphens=False,
        break_long_words=False,
    )


def bullet(text: str, width: int) -> list[str]:
    """One item of a list."""
    return _wrap(text, width, "  - ", "    ")


def table(rows: Iterable[Sequence[str]], right: frozenset[int] = frozenset()) -> list[str]:
    """Columns as wide as their widest cell, two blanks apart; those in `right` end flush."""
    cells = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


def place(address: Address) -> str:
    """`192.0.2.7:4711`, `[2001:db8::7]:4711`."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def span(milliseconds: float) -> str:
    """`12 s`, `3 min`, `2 h`, `5 days`."""
    seconds = max(0, round(milliseconds / 1000))
    if seconds < 100:
        return f"{seconds} s"
    if seconds < 100 * 60:
        return f"{seconds // 60} min"
    if seconds < 48 * 3600:
        return f"{seconds // 3600} h"
    return f"{seconds // 86_400} days"


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 relay`, `3 relays`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(items: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _wrap(text: str, width: int, first: str, rest: str) -> list[str]:
    """Addresses and options stay whole, however narrow it is."""
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_on_hyphens=False,
        break_long_words=False,
    )
