"""The two handshakes of the IID servers: what is said, in both directions. Pure.

                    the server           the client                                    the server
    APINT           SIGN:<guid>          <guid>|0x<address>|0x<signature>              HELLO <index> <address>
    SINGLETUNNEL    GUID:<guid>          SIGNED:<guid>|<address>|<signature hex>       HELLO <address>

The signature is EIP-191 (personal_sign) over the guid, so any Ethereum wallet can be a client.

Two things the programs we know leave out: a server compares the signed text with the guid it issued, and a
client signs nothing but a bare guid. A server that could choose the text would have the key sign whatever it
liked. What no check mends: a guid does not say who issued it, so a server can pass another server's challenge
on to its own client. A key that logs in to such a server should therefore do nothing else.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Container
from typing import Final, NamedTuple

from tunnel.identity import Identity, IdentityError, recover_text

# RFC 9562, section 4: 36 characters. Which version it is says nothing about who made it.
_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
_SIGNATURE: Final = re.compile(r"(0x)?([0-9a-fA-F]{130})", re.ASCII)
_INDEX: Final = re.compile(r"-?[0-9]{1,10}", re.ASCII)
# The longest of them is 219 characters; a strange one is quoted no further than this.
_SHOWN: Final = 40


class Dialect(enum.Enum):
    """Which family of servers. The values are what a target in a configuration begins with."""

    APINT = "apint"
    SINGLETUNNEL = "singletunnel"


class HandshakeError(Exception):
    """The other side did not say what it has to. The text completes "the other side ..."."""


class Answer(NamedTuple):
    """What a client says it signed, as whom, and the signature's 65 bytes."""

    guid: str
    address: str
    signature: bytes


_CHALLENGE: Final = {Dialect.APINT: "SIGN:", Dialect.SINGLETUNNEL: "GUID:"}
_SIGNED: Final = "SIGNED:"


def challenge(dialect: Dialect, guid: str) -> str:
    """What a server says first. `guid` is fresh and never used again."""
    return _CHALLENGE[dialect] + guid


def read_challenge(dialect: Dialect, text: str) -> str:
    """The guid to sign. Raises HandshakeError for any text that is not exactly a challenge of this family."""
    word = _CHALLENGE[dialect]
    if not text.startswith(word):
        raise HandshakeError(f"does not begin with {word} but with {text[:_SHOWN]!r}")
    guid = text.removeprefix(word)
    if not _GUID.fullmatch(guid):
        raise HandshakeError(f"wants something signed that is no bare GUID: {guid[:_SHOWN]!r}")
    return guid


def answer(dialect: Dialect, guid: str, identity: Identity) -> str:
    """What a client answers to a guid that `read_challenge` let through."""
    address, signature = identity.public.address, identity.sign_text(guid).hex()
    if dialect is Dialect.APINT:
        return f"{guid}|{address}|0x{signature}"
    return f"{_SIGNED}{guid}|{address}|{signature}"


def read_answer(dialect: Dialect, text: str) -> Answer:
    """Raises HandshakeError."""
    if dialect is Dialect.SINGLETUNNEL:
        if not text.startswith(_SIGNED):
            raise HandshakeError(f"does not answer with {_SIGNED}")
        text = text.removeprefix(_SIGNED)
    parts = text.split("|", 3)
    signature = _SIGNATURE.fullmatch(parts[2]) if len(parts) == 3 else None
    if signature is None or not (_GUID.fullmatch(parts[0]) and _ADDRESS.fullmatch(parts[1])):
        raise HandshakeError("does not answer with a GUID, an address and a signature")
    return Answer(parts[0], parts[1], bytes.fromhex(signature[2]))


def admit(dialect: Dialect, text: str, issued: str, listed: Container[str]) -> str:
    """The client's address in small letters: proven, and on the list.

    issued  the guid this very connection was given; the caller asks once for each
    Raises HandshakeError.
    """
    said = read_answer(dialect, text)
    if said.guid.lower() != issued.lower():
        raise HandshakeError("signed something else than the GUID it was given")
    try:
        signer = recover_text(said.guid, said.signature).lower()
    except IdentityError as error:
        raise HandshakeError(f"sent a signature that is none: {error}") from error
    if signer != said.address.lower():
        raise HandshakeError("sent a signature that is not the claimed address's")
    if signer not in listed:
        raise HandshakeError(f"is {signer}, which is not on the list")
    return signer


def greeting(dialect: Dialect, index: int, address: str) -> str:
    """What a server says to somebody it has let in."""
    return f"HELLO {index} {address}" if dialect is Dialect.APINT else f"HELLO {address}"


def read_greeting(dialect: Dialect, text: str, address: str) -> None:
    """Raises HandshakeError unless this greets `address`."""
    words = text.split(" ", 3)
    expected = 3 if dialect is Dialect.APINT else 2
    indexed = dialect is Dialect.SINGLETUNNEL or (len(words) > 1 and _INDEX.fullmatch(words[1]))
    if len(words) != expected or words[0] != "HELLO" or not indexed:
        raise HandshakeError(f"does not say HELLO but {text[:_SHOWN]!r}")
    if words[-1].lower() != address.lower():
        raise HandshakeError(f"greets somebody else: {words[-1][:_SHOWN]!r}")
