"""Reads the JSON that Twitch sends: each field as what it must be and as long as it may be, or FieldError.

Strict on purpose: what is kept from a document goes into memories and onto screens, so it has a bound, and a
number that is a text, or a list that is none, ends here instead of as a traceback three modules further.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

# Twitch's ids are UUIDs (36) and numbers (10), its logins have 25 characters, its session ids about 60.
LONGEST_ID = 128
# Five billion bits or channel points in one go: nobody has them, and everything below is an ordinary int.
MOST = 5_000_000_000
_LONGEST_TIME = 40

Fields = Mapping[str, Any]


class FieldError(ValueError):
    """The peer sent a document that lacks something, or holds something else in its place."""


def read_object(text: str | bytes) -> Fields:
    """The one JSON object this text holds. Raises FieldError for anything else."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FieldError("it is no JSON") from error
    if not isinstance(value, dict):
        raise FieldError("it is no JSON object")
    return value


def group(fields: Fields, name: str) -> Fields:
    """The object of this name."""
    value = fields.get(name)
    if not isinstance(value, dict):
        raise FieldError(f"{name} is no object")
    return value


def optional_group(fields: Fields, name: str) -> Fields | None:
    """The same, None where it is null or absent."""
    return None if fields.get(name) is None else group(fields, name)


def first(fields: Fields, name: str) -> Fields | None:
    """The first object of the list of this name, None if the list is empty."""
    value = fields.get(name)
    if not isinstance(value, list):
        raise FieldError(f"{name} is no list")
    if not value:
        return None
    if not isinstance(value[0], dict):
        raise FieldError(f"{name} does not hold objects")
    return value[0]


def text(fields: Fields, name: str, longest: int = LONGEST_ID) -> str:
    """A text that says something."""
    value = optional_text(fields, name, longest)
    if not value:
        raise FieldError(f"{name} is missing")
    return value


def optional_text(fields: Fields, name: str, longest: int = LONGEST_ID) -> str:
    """A text that may be empty, null or absent; the last two are empty."""
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > longest:
        raise FieldError(f"{name} is no text of at most {longest} characters")
    return value


def whole(fields: Fields, name: str, most: int = MOST) -> int:
    """A whole number from 0."""
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise FieldError(f"{name} is no number from 0 to {most}")
    return value


def texts(fields: Fields, name: str, most: int, longest: int = LONGEST_ID) -> tuple[str, ...]:
    """A list of at most `most` texts; null and absent are an empty one."""
    value = fields.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > most:
        raise FieldError(f"{name} is no list of at most {most}")
    if not all(isinstance(item, str) and len(item) <= longest for item in value):
        raise FieldError(f"{name} holds something that is no text of at most {longest} characters")
    return tuple(value)


def moment_ms(fields: Fields, name: str) -> float:
    """Milliseconds since 1970 of a time in RFC 3339, whose nanoseconds are cut to microseconds."""
    written = text(fields, name, _LONGEST_TIME)
    try:
        moment = datetime.fromisoformat(written)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000
    except (ValueError, OverflowError) as error:
        raise FieldError(f"{name} is no time") from error
