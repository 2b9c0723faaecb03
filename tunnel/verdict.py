"""Why a path that is up carries or does not, in a streamer's words. Pure, and only for eyes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tunnel.path import FEW, HYSTERESIS_MS, LOSSY, PathView, entitled

_RANKS: Final = ("fastest", "second fastest", "third fastest")


def verdict(path: PathView, up: Sequence[PathView], *, suffering: bool) -> str:
    """One phrase. `up` are all that are up, `path` among them; `suffering` as in `tunnel.path.choose`.

    it carries                           it does not
    -----------------------------------  ---------------------------------------
    the only one that is up              not heard yet
    not heard yet, tried all the same    silent for 7 s
    silent for 7 s, tried all the same   spared: little of its hour is left
    pinned, 12 ms                        spare: others are pinned
    spared, but no other one answers     spare: loses 4 %
    loses 4 %, 12 ms                     spare: 3 others are faster
    not measured yet                     spare: its delay swings by 12 ms
    fastest, 12 ms                       spare: hardly better than those that carry
    all carry while answers are late
    second fastest, 14 ms
    """
    return _why_it_carries(path, up, suffering) if path.carrying else _why_not(path, up)


def milliseconds(delay: float) -> str:
    """`12 ms`; with a digit more where that is much of it."""
    return f"{delay:.1f} ms" if delay < 10 else f"{delay:.0f} ms"


def percent(share: float) -> str:
    """`4 %` of a share of 1."""
    return f"{share * 100:.0f} %"


def _why_it_carries(path: PathView, up: Sequence[PathView], suffering: bool) -> str:
    if len(up) == 1:
        return "the only one that is up"
    if not path.works:
        return f"{_silence(path)}, tried all the same"
    delay = "not measured yet" if path.delay is None else milliseconds(path.delay)
    if path.pinned and not all(other.pinned for other in up):
        return f"pinned, {delay}"
    if path.spared:
        return "spared, but no other one answers"
    if path.loss > LOSSY:
        return f"loses {percent(path.loss)}, {delay}"
    rank = len(_faster(path, up))
    if path.delay is None:
        return delay
    if suffering and rank and len(entitled(up)) > FEW:
        return f"all carry while answers are late, {delay}"
    return f"{_RANKS[rank] if rank < len(_RANKS) else f'{rank + 1}th fastest'}, {delay}"


def _why_not(path: PathView, up: Sequence[PathView]) -> str:
    if not path.works:
        return _silence(path)
    if path.spared:
        return "spared: little of its hour is left"
    if not path.pinned and any(other.pinned and other.carrying for other in up):
        return "spare: others are pinned"
    if path.loss > LOSSY:
        return f"spare: loses {percent(path.loss)}"
    carriers = [other for other in up if other.carrying]
    faster = len(_faster(path, up))
    if path.delay is None:
        return "spare: not measured yet"
    if faster >= len(carriers):
        return f"spare: {faster} others are faster"
    if path.jitter > HYSTERESIS_MS:
        return f"spare: its delay swings by {milliseconds(path.jitter)}"
    return "spare: hardly better than those that carry"


def _faster(path: PathView, up: Sequence[PathView]) -> list[PathView]:
    """Those that carry and are faster than this one, as far as is known."""
    own = float("inf") if path.delay is None else path.delay
    return [other for other in up if other.carrying and other.delay is not None and other.delay < own]


def _silence(path: PathView) -> str:
    if path.silent_for == float("inf"):
        return "not heard yet"
    return f"silent for {path.silent_for / 1000:.0f} s"
