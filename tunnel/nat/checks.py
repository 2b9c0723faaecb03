"""A connectivity check: a STUN Binding request that only the other end can have made, and its answer.

The names and passwords are those of the two ends' offers, which travel sealed. So a check proves that it
comes from the peer, and an answer that the peer is at the address that was asked (RFC 8445, 7). An answer is
never longer than its question: nobody gains by borrowing somebody else's address for it.
"""

from __future__ import annotations

import enum
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, NamedTuple

from tunnel.nat import stun
from tunnel.nat.candidates import Kind, priority
from tunnel.nat.stun import Address, Message

FRAGMENT_SIZE: Final = 4  # RFC 8445 wants 24 bits at least: it tells checks apart, the password proves them
PASSWORD_SIZE: Final = 16  # RFC 8445: 128 bits at least
# A late answer still proves what it says. Sixteen pairs, six checks each, and consent: nobody has more out.
_MAX_OUTSTANDING: Final = 256


@dataclass(frozen=True, slots=True)
class Credentials:
    """What checks to one end are signed with; `fragment` is 4 random bytes, `password` 16."""

    fragment: bytes
    password: bytes

    @property
    def name(self) -> str:
        """Its part of a username."""
        return self.fragment.hex()

    @property
    def key(self) -> bytes:
        """Short-term credentials use the password itself (RFC 8489, 9.1.1); as hex it is plain text."""
        return self.password.hex().encode()


class Verdict(enum.Enum):
    """What is wrong with a check, or nothing."""

    FINE = "fine"
    STRANGER = "stranger"  # not by our peer, or not for us
    SAME_ROLE = "same role"  # both ends think that they decide
    UNKNOWN = "unknown attribute"


class Checks:
    """Makes and judges the checks of one end.

    controlling  whether this end decides which pair is used; its checks say so
    """

    def __init__(self, own: Credentials, *, controlling: bool, tie_breaker: int) -> None:
        self._own = own
        self._controlling = controlling
        self._tie_breaker = tie_breaker

    def request(self, remote: Credentials, address: Address, transaction: bytes, *, nominate: bool) -> bytes:
        """The check to send to `address`."""
        message = Message(
            kind=stun.Kind.REQUEST,
            transaction=transaction,
            username=f"{remote.name}:{self._own.name}",
            priority=priority(Kind.PEER, address),  # what we shall be if our address is news to the peer
            use_candidate=nominate,
            controlling=self._tie_breaker if self._controlling else None,
            controlled=None if self._controlling else self._tie_breaker,
        )
        return stun.build(message, remote.key)

    def judge(self, message: Message, data: bytes) -> Verdict:
        """Whether this request is our peer's. The name is compared first: junk costs no HMAC."""
        if not (message.username or "").startswith(self._own.name + ":"):
            return Verdict.STRANGER
        if not message.signed or not stun.verify(data, self._own.key):
            return Verdict.STRANGER
        if message.unknown:
            return Verdict.UNKNOWN
        if (message.controlling is None) == self._controlling:
            return Verdict.FINE
        return Verdict.SAME_ROLE

    def answer(self, message: Message, source: Address) -> bytes:
        """What to send back to `source`, whose check was judged fine."""
        success = Message(kind=stun.Kind.SUCCESS, transaction=message.transaction, xor_mapped=source)
        return stun.build(success, self._own.key)


class SentCheck(NamedTuple):
    """A check that is out, sent by that socket of ours."""

    address: Address
    nominating: bool
    via: int = 0


class Outstanding:
    """The checks that may still be answered, by transaction; the oldest is forgotten first."""

    def __init__(self) -> None:
        self._asked: OrderedDict[bytes, SentCheck] = OrderedDict()

    def add(self, transaction: bytes, asked: SentCheck) -> None:
        """It has left."""
        self._asked[transaction] = asked
        if len(self._asked) > _MAX_OUTSTANDING:
            self._asked.popitem(last=False)

    def get(self, transaction: bytes, source: Address, via: int = 0) -> SentCheck | None:
        """The check this answers. None unless the answer comes from where the question went, as it went.

        RFC 8445, 7.2.5.2.1 wants the same address: another one proves a path that nobody asked for.
        """
        asked = self._asked.get(transaction)
        return asked if asked is not None and (asked.address, asked.via) == (source, via) else None

    def forget(self, transaction: bytes) -> None:
        """It is answered: once is enough."""
        self._asked.pop(transaction, None)
