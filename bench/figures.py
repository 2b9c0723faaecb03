"""One measured figure, beside what it is compared with; and the table of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured.

    value     in `unit`
    baseline  what it is compared with, in the same unit, from the same run; None where nothing compares
    against   what that baseline is, in words
    limit     what the project promises for `judged`; None where it promises nothing
    ratio     whether the promise is about value / baseline instead of value
    at_least  whether the promise is a floor instead of a ceiling

    ValueError for a ratio with nothing, or zero, to divide by.
    """

    name: str
    value: float
    unit: str
    baseline: float | None = None
    against: str = ""
    limit: float | None = None
    ratio: bool = False
    at_least: bool = False

    def __post_init__(self) -> None:
        if self.ratio and not self.baseline:
            raise ValueError(f"{self.name}: a ratio needs a baseline that is not zero")

    @property
    def judged(self) -> float:
        """What the promise is about."""
        return self.value / self.baseline if self.ratio and self.baseline else self.value

    @property
    def met(self) -> bool | None:
        """Whether the promise is kept; None where there is none."""
        if self.limit is None:
            return None
        return self.judged >= self.limit if self.at_least else self.judged <= self.limit

    def as_json(self) -> dict[str, object]:
        """For `bench --json`."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "baseline": self.baseline,
            "against": self.against,
            "judged": self.judged,
            "limit": self.limit,
            "ratio": self.ratio,
            "at_least": self.at_least,
            "met": self.met,
        }


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of `values` that at least `share` of them (0 to 1) do not exceed: the nearest rank.
    ValueError if there are none.
    """
    if not values:
        raise ValueError("nothing was measured")
    ordered = sorted(values)
    rank = math.ceil(share * len(ordered))
    return ordered[min(max(rank, 1), len(ordered)) - 1]


def table(figures: Iterable[Figure]) -> str:
    """The figures as aligned text, one a line."""
    rows = [("figure", "measured", "baseline", "ratio", "promised", "")]
    for figure in figures:
        ratio = figure.value / figure.baseline if figure.baseline else None
        rows.append(
            (
                figure.name,
                f"{_number(figure.value)} {figure.unit}".rstrip(),
                "" if figure.baseline is None else f"{_number(figure.baseline)} ({figure.against})",
                "" if ratio is None else f"{ratio:.2f}",
                _promise(figure),
                {True: "kept", False: "MISSED", None: ""}[figure.met],
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(_aligned(row, widths) for row in rows)


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _promise(figure: Figure) -> str:
    if figure.limit is None:
        return ""
    sign = "at least" if figure.at_least else "at most"
    return f"{sign} {_number(figure.limit)}{' x' if figure.ratio else ''}"


def _number(value: float) -> str:
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    if abs(value) < 1:
        return f"{value:.2g}"  # a promise of 0.001 must not read as 0.00
    return f"{value:,.2f}" if abs(value) < 1000 else f"{value:,.0f}"
