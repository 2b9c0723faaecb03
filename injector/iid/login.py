"""One login to an IID server, as its client: texts in, texts out. Pure.

How to use it: hand every text that arrives to `heard`, send what it returns; no record leaves before `done`.

    CHALLENGE --a bare guid--> GREETING --HELLO, our address--> IN

Nothing else moves it, and what comes in the wrong order ends it. So one connection signs one guid at most. Of
a SINGLETUNNEL server `ping` is answered with `pong` in every state; an APINT server closes at any text.
"""

from __future__ import annotations

import enum
from collections import Counter

from injector.iid.handshake import Dialect, answer, read_challenge, read_greeting
from tunnel.identity import Identity

PING = "ping"
PONG = "pong"


class _State(enum.Enum):
    CHALLENGE = "challenge"
    GREETING = "greeting"
    IN = "in"


class Login:
    """For one connection. `counters` says what came that nobody asked for."""

    def __init__(self, dialect: Dialect, identity: Identity, counters: Counter[str]) -> None:
        self._dialect = dialect
        self._identity = identity
        self._counters = counters
        self._state = _State.CHALLENGE

    @property
    def done(self) -> bool:
        """Whether we are in."""
        return self._state is _State.IN

    def heard(self, text: str) -> str | None:
        """What to answer. Raises HandshakeError if the server says before `done` what it should not."""
        if self._dialect is Dialect.SINGLETUNNEL and text in (PING, PONG):
            return PONG if text == PING else None
        if self._state is _State.CHALLENGE:
            guid = read_challenge(self._dialect, text)
            self._state = _State.GREETING
            return answer(self._dialect, guid, self._identity)
        if self._state is _State.GREETING:
            read_greeting(self._dialect, text, self._identity.public.address)
            self._state = _State.IN
        else:
            self._counters["texts_unknown"] += 1
        return None
