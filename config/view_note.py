"""The MODE note, bot to receiver: how the mode in force looks, for the page over there.

It is a JSON object in UTF-8, at most 1,000 bytes, so that it never fills a datagram: the fields of a ModeView
by their names, without those that have nothing to say. Candidates are `[text, votes]`, teams are
`[name, pad, members]`.

What is too long is cut, then the least important is left out until the rest fits. Whoever reads one takes
nothing that exceeds the same bounds; fields it does not know, from a newer bot, it leaves alone.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from config.notes import NoteError
from config.views import MOST_LISTED, Candidate, ModeView, TeamView

MAX_BYTES: Final = 1_000

# In characters. The longest headline of ours has about 70; a display name on Twitch ends at 25; a candidate
# is cut where a page would cut it.
_MAX_NAME: Final = 32
_MAX_LINE: Final = 40
_MAX_SENTENCE: Final = 80
_MOST_TEAMS: Final = 4
_MOST: Final = 10**9  # of anything that is counted, milliseconds included

# What is left out first, from its end. The rest always fits.
_LEAST_FIRST: Final = ("queue", "candidates", "teams", "result", "player")

_Name = Annotated[str, Field(max_length=_MAX_NAME)]
_Line = Annotated[str, Field(max_length=_MAX_LINE)]
_Sentence = Annotated[str, Field(max_length=_MAX_SENTENCE)]
# The bounds keep out what is not finite, too: it is not within any.
_Count = Annotated[int, Field(ge=0, le=_MOST)]
_Ms = Annotated[float, Field(ge=0, le=_MOST)]
_Share = Annotated[float, Field(ge=0, le=1)]


class _Wire(BaseModel):
    """What is sent of a ModeView, and its bounds."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    mode: _Name
    headline: _Sentence
    ends_in_ms: _Ms | None = None
    candidates: Annotated[tuple[tuple[_Line, _Count], ...], Field(max_length=MOST_LISTED)] = ()
    voters: _Count = 0
    quorum: _Count = 0
    result: _Sentence = ""
    player: _Name = ""
    queue: Annotated[tuple[_Name, ...], Field(max_length=MOST_LISTED)] = ()
    waiting: _Count = 0
    delay_ms: _Ms = 0.0
    teams: Annotated[tuple[tuple[_Name, _Count, _Count], ...], Field(max_length=_MOST_TEAMS)] = ()
    democracy_share: _Share | None = None
    democracy_from: _Share | None = None
    anarchy_below: _Share | None = None
    pinned: bool = False
    paused: bool = False


def pack_view(view: ModeView) -> bytes:
    """Its bytes, at most MAX_BYTES. Raises NoteError if a number in it is none."""
    try:
        fields = _cut(view).model_dump(mode="json", exclude_defaults=True)
    except ValidationError as error:
        raise NoteError(_first_mistake(error)) from error
    data = _encode(fields)
    while len(data) > MAX_BYTES:
        least = next(name for name in _LEAST_FIRST if fields.get(name))
        fields[least] = fields[least][:-1]
        data = _encode(fields)
    return data


def unpack_view(data: bytes) -> ModeView:
    """The view in these bytes. Raises NoteError for any others."""
    if len(data) > MAX_BYTES:
        raise NoteError(f"a view has at most {MAX_BYTES} bytes, not {len(data)}")
    try:
        wire = _Wire.model_validate_json(data)
    except ValidationError as error:
        raise NoteError(
            f"no view: {error.error_count()} mistakes, first {error.errors()[0]['msg']}"
        ) from error
    fields = {name: getattr(wire, name) for name in _Wire.model_fields}
    fields["candidates"] = tuple(Candidate(*candidate) for candidate in wire.candidates)
    fields["teams"] = tuple(TeamView(*team) for team in wire.teams)
    return ModeView(**fields)


def _cut(view: ModeView) -> _Wire:
    """`view` within the bounds."""
    return _Wire(
        mode=_text(view.mode, _MAX_NAME),
        headline=_text(view.headline, _MAX_SENTENCE),
        ends_in_ms=_number(view.ends_in_ms, _MOST),
        candidates=tuple(
            (_text(text, _MAX_LINE), _count(votes)) for text, votes in view.candidates[:MOST_LISTED]
        ),
        voters=_count(view.voters),
        quorum=_count(view.quorum),
        result=_text(view.result, _MAX_SENTENCE),
        player=_text(view.player, _MAX_NAME),
        queue=tuple(_text(name, _MAX_NAME) for name in view.queue[:MOST_LISTED]),
        waiting=_count(view.waiting),
        delay_ms=_number(view.delay_ms, _MOST) or 0.0,
        teams=tuple(
            (_text(name, _MAX_NAME), _count(pad), _count(members))
            for name, pad, members in view.teams[:_MOST_TEAMS]
        ),
        democracy_share=_number(view.democracy_share, 1),
        democracy_from=_number(view.democracy_from, 1),
        anarchy_below=_number(view.anarchy_below, 1),
        pinned=view.pinned,
        paused=view.paused,
    )


def _text(text: str, most: int) -> str:
    # Half a surrogate pair, which some clients send, has no UTF-8: it becomes a question mark.
    return text[:most].encode("utf-8", "replace").decode()


def _count(number: int) -> int:
    return min(max(number, 0), _MOST)


def _number(number: float | None, most: float) -> float | None:
    """To three places: more is neither seen nor worth its bytes."""
    return None if number is None else round(min(max(number, 0.0), most), 3)


def _encode(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def _first_mistake(error: ValidationError) -> str:
    mistake = error.errors(include_url=False, include_input=False)[0]
    return f"a view's {'.'.join(map(str, mistake['loc'])) or 'bytes'}: {mistake['msg']}"
