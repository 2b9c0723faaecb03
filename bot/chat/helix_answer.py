"""What Twitch's HTTP answers mean: whose fault an error is, and how long to stay away. Pure.

Source: dev.twitch.tv/docs/api/guide, "Twitch rate limits" and "Status codes".
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

from bot.chat.eventsub_words import LOGIN_COMMAND
from bot.chat.fields import FieldError, Fields, optional_text, read_object

# Twitch's bucket is full again after a minute, whatever a header says.
LONGEST_WAIT_MS: Final = 60_000.0
LEAST_WAIT_MS: Final = 1_000.0
_LONGEST_MESSAGE: Final = 300


class HelixError(Exception):
    """Twitch refuses, fails, or does not answer. The text is the middle of a sentence for the streamer.

    status   of the answer; 0 if there was none
    message  Twitch's own words; never anything that we sent
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(_sentence(status, message))
        self.status = status
        self.message = message


class LoginLostError(Exception):
    """Twitch no longer accepts the login, and nothing but a new one mends that. The text is a sentence."""

    def __init__(self, why: str, file: object) -> None:
        super().__init__(f"Twitch no longer accepts the login: {why}. Log in again: {LOGIN_COMMAND} {file}")


def read_answer(status: int, body: bytes) -> Fields | None:
    """The object Twitch answers with, None for no content. Raises HelixError for a refusal or nonsense."""
    if status >= 300:  # nothing of Twitch's redirects, and a token does not follow
        raise HelixError(status, _words(body))
    if status == 204 or not body:
        return None
    try:
        return read_object(body)
    except FieldError as error:
        raise HelixError(status, f"it answers with nonsense: {error}") from error


def limit_wait_ms(headers: Mapping[str, str]) -> float:
    """Milliseconds until a limit that was reached is lifted, from the headers of a 429.

    Ratelimit-Reset and Date are both on Twitch's clock, so ours need not be right.
    """
    try:
        reset_s = float(headers["Ratelimit-Reset"])
        wait_ms = (reset_s - parsedate_to_datetime(headers["Date"]).timestamp()) * 1000
        return min(max(LEAST_WAIT_MS, wait_ms), LONGEST_WAIT_MS)
    except (KeyError, ValueError, OverflowError):
        return LONGEST_WAIT_MS


def mends_by_refresh(error: HelixError) -> bool:
    """Whether a new token helps: not where the login never allowed what was asked, which is 401 too."""
    return error.status == 401 and "scope" not in error.message.lower()


def _words(body: bytes) -> str:
    try:
        fields = read_object(body)
        said = optional_text(fields, "message", _LONGEST_MESSAGE) or optional_text(fields, "error", 100)
    except FieldError:
        return ""
    return "".join(letter if letter.isprintable() else " " for letter in said)


def _sentence(status: int, message: str) -> str:
    if status == 0:
        return message
    kinds = {401: "the login is not accepted", 403: "the login may not do that", 429: "too many requests"}
    kind = kinds.get(status, "Twitch has trouble of its own" if status >= 500 else "Twitch refuses")
    return f"{kind} ({status}{': ' + message if message else ''})"
