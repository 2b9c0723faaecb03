"""When to ask Twitch whether somebody has typed the code, and what its answers mean. Pure.

The rules are RFC 8628's, section 3.5, in Twitch's spelling: dev.twitch.tv/docs/authentication, "Device code
grant flow".
"""

from __future__ import annotations

from typing import Final

from bot.chat.helix_answer import HelixError

# "slow_down" adds five seconds to the interval, for good.
SLOWER_MS: Final = 5_000.0

_ENDS: Final = {
    "access_denied": "the request was declined on Twitch's page",
    "authorization_declined": "the request was declined on Twitch's page",
    "expired_token": "the code was not used in time",
    # Twitch says the same of a code that is too old, was declined, or has been used.
    "invalid device code": "the code is no longer good: it was declined, used already, or is too old",
}


class DeviceLoginError(Exception):
    """It has come to nothing. The text is the middle of a sentence."""


class DeviceLogin:
    """The wait for somebody who types a code.

    Law of use: poll at `next_poll`; tell `refused` of each poll that brought no tokens.
    """

    def __init__(self, *, interval_ms: float, lasts_ms: float, now: float) -> None:
        self._interval_ms = interval_ms
        self._deadline = now + lasts_ms
        self.next_poll = now + interval_ms

    def refused(self, error: HelixError, now: float) -> None:
        """Not yet; or raises DeviceLoginError if it is never."""
        word = error.message.strip().lower()
        if word == "slow_down":
            self._interval_ms += SLOWER_MS
        elif word in _ENDS:
            raise DeviceLoginError(_ENDS[word]) from error
        elif word != "authorization_pending" and 400 <= error.status < 500 and error.status != 429:
            raise DeviceLoginError(str(error)) from error
        # What is left is Twitch's trouble or the line's, and passes.
        self.next_poll = now + self._interval_ms
        if self.next_poll > self._deadline:
            raise DeviceLoginError(_ENDS["expired_token"]) from error
