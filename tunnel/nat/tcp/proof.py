"""Who may use a TCP connection: each end proves, in the WebSocket upgrade, that it knows both offers.

    client                                                        server
      | GET /, Sec-WebSocket-Key: K                                  |
      | Crowdpad-Proof: HMAC(both passwords, "... client" K)         |
      |------------------------------------------------------------->|  right, and K was never used before?
      |                              101, Sec-WebSocket-Accept: A    |
      |    Crowdpad-Proof: HMAC(both passwords, "... server" A)      |
      |<-------------------------------------------------------------|
     right?

The passwords are those of the two offers, the client's first. Offers travel sealed, so only the two ends know
both, and when either begins anew, no proof from before is worth anything. K is random and A is made from it
(RFC 6455, 4.2.2): neither proof can be used again, or for the other way.

This says that a connection is worth having, no more. Somebody may still stand between the ends and pass on
what they prove. That makes a relay of it, no more: what follows is sealed by the session as on every path.
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
    return _proof(passwords.own, passwords.other, _CLIENT, key)


def answer(passwords: Passwords, accept: str) -> str:
    """The server's proof; `accept` is its Sec-WebSocket-Accept."""
    return _proof(passwords.other, passwords.own, _SERVER, accept)


def has_answered(passwords: Passwords, accept: str, proof: str) -> bool:
    """Whether the server is the other end; any text, in the same time right or wrong."""
    return _is(proof, _proof(passwords.own, passwords.other, _SERVER, accept))


class Asked:
    """What the server has been asked: the same question twice is somebody's recording.

    To be kept for as long as the program runs: an offer may outlive the run of the link that made it.
    """

    def __init__(self) -> None:
        self._keys: OrderedDict[str, None] = OrderedDict()

    def is_right(self, passwords: Passwords, key: str, proof: str) -> bool:
        """Whether the client is the other end, this time; any text."""
        right = _proof(passwords.other, passwords.own, _CLIENT, key)
        if not _is(proof, right) or key in self._keys:
            return False
        self._keys[key] = None
        if len(self._keys) > _KEYS_KEPT:
            self._keys.popitem(last=False)
        return True


def _proof(client: bytes, server: bytes, label: bytes, text: str) -> str:
    """By the two passwords, which are of one length: PASSWORD_SIZE."""
    return hmac.digest(client + server, label + text.encode(errors="surrogateescape"), "sha256").hex()


def _is(said: str, right: str) -> bool:
    return hmac.compare_digest(said.encode(errors="surrogateescape"), right.encode())
