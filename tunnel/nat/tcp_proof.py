"""Who may use a TCP connection: each end proves, in the WebSocket upgrade, that it knows the other's offer.

    client                                                        server
      | GET /, Sec-WebSocket-Key: K                                  |
      | Crowdpad-Proof: HMAC(server's password, "... client" K)      |
      |------------------------------------------------------------->|  right, and K was never used before?
      |                              101, Sec-WebSocket-Accept: A    |
      |    Crowdpad-Proof: HMAC(client's password, "... server" A)   |
      |<-------------------------------------------------------------|
     right?

The passwords are those of the two offers, which travel sealed, so only the two ends know both. K is random
and A is made from it (RFC 6455, 4.2.2): neither proof can be used again, or for the other end's. This says
that a connection is worth having, no more: what it carries is sealed by the session as on every path.
"""

from __future__ import annotations

import hmac
from collections import OrderedDict
from typing import Final, NamedTuple

HEADER: Final = "Crowdpad-Proof"
# Only the other end can add one, and it needs one for each search that gets so far.
_KEYS_KEPT: Final = 1_024
_CLIENT: Final = b"crowdpad direct tcp, client\0"
_SERVER: Final = b"crowdpad direct tcp, server\0"


class Passwords(NamedTuple):
    """Of our own offer, and of the other end's."""

    own: bytes
    other: bytes


def ask(passwords: Passwords, key: str) -> str:
    """The client's proof; `key` is its Sec-WebSocket-Key."""
    return _proof(passwords.other, _CLIENT, key)


def answer(passwords: Passwords, accept: str) -> str:
    """The server's proof; `accept` is its Sec-WebSocket-Accept."""
    return _proof(passwords.other, _SERVER, accept)


def has_answered(passwords: Passwords, accept: str, proof: str) -> bool:
    """Whether the server is the other end; any text, in the same time right or wrong."""
    return _is(proof, _proof(passwords.own, _SERVER, accept))


class Asked:
    """What the server has been asked: the same question twice is somebody's recording."""

    def __init__(self) -> None:
        self._keys: OrderedDict[str, None] = OrderedDict()

    def is_right(self, passwords: Passwords, key: str, proof: str) -> bool:
        """Whether the client is the other end, this time; any text."""
        if not _is(proof, _proof(passwords.own, _CLIENT, key)) or key in self._keys:
            return False
        self._keys[key] = None
        if len(self._keys) > _KEYS_KEPT:
            self._keys.popitem(last=False)
        return True


def _proof(password: bytes, label: bytes, text: str) -> str:
    return hmac.digest(password, label + text.encode(errors="surrogateescape"), "sha256").hex()


def _is(said: str, right: str) -> bool:
    return hmac.compare_digest(said.encode(errors="surrogateescape"), right.encode())
