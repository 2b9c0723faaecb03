"""One TCP connection that asks where it comes from (RFC 8489, 6.2.2). Pure.

Over TCP nobody can ask in a stranger's name, so answers may be as long as they like. What a caller costs is
bounded by the number of its questions, by the rate of its address, and by the door, which counts it like any
other connection. How long it may take is the connection's business.
"""

from __future__ import annotations

from typing import Final

from tunnel.nat.stun import LONGEST, StunError
from tunnel.nat.stun_stream import StunStream
from tunnel.relay.stun_answer import StunAnswerer

# One question is what it takes. The rest is for clients that ask again, which TCP makes needless.
MOST_QUESTIONS: Final = 8


def begins_stun(data: bytes) -> bool:
    """Whether the first bytes of a connection can be STUN: HTTP begins with a letter, TLS with 0x16."""
    return data[0] <= 1


class StunCaller:
    """What to send back to one connection. When `over`, send what `receive` returned and close.

    host, port  where the connection comes from
    """

    def __init__(self, answerer: StunAnswerer, host: str, port: int) -> None:
        self.over = False
        self._answerer = answerer
        self._source = (host, port)
        self._stream = StunStream()
        self._left = MOST_QUESTIONS

    def receive(self, data: bytes, now: float) -> bytes:
        """The answers to what has come. Any bytes, whatever they are, raise nothing."""
        answers = b""
        self._stream.feed(data)
        try:
            while not self.over and (question := self._stream.take()) is not None:
                reply = self._answerer.answer(question, *self._source, now, room=LONGEST)
                answers += b"" if reply is None else reply.data
                self._left -= 1
                self.over = not self._left
        except StunError:
            self._answerer.counters["not_stun"] += 1
            self.over = True
        return answers
