"""How a member (a bot or a receiver) logs in to a relay, and the four texts it takes.

    relay                                                       member
      | --- {"crowdpad": 1, "relay": NAME, "nonce": HEX32,         |
      |      "time": MS} ----------------------------------------> |   text
      | <-- {"address": "0x…", "signature": HEX130,                |
      |      "rooms": [HEX32, HEX32]} ---------------------------- |   text, at most 1,024 bytes
      | --- {"welcome": {"message_bytes": 1200,                    |
      |      "messages_per_second": N, "stun": …}} --------------> |   text; or {"refused": "a sentence"} and
      |                                                            |   a close, see refusal.py for the codes
      | <============= datagrams, 1 to 1,200 bytes ==============> |   binary, each one unfragmented frame
      | <-- {"rooms": [HEX32, HEX32]} ---------------------------- |   text, when the relay's day turns

NAME is 1 to 64 printable characters; HEX32 is 32 lower-case hex digits; MS is milliseconds since 1970 on the
relay's clock. The signature is EIP-191 personal_sign, 65 bytes r || s || v in hex, over exactly

    crowdpad relay login
    relay: NAME
    nonce: HEX32
    time: MS

with a line feed between the lines and none at the end. The nonce is good for one login on this connection and
expires with the login's deadline; the name says which relay the login was meant for. What the relay forwards
it does not look into: a datagram goes to every other member of any of the sender's rooms, once.

A member is in one or two rooms: the one of the relay's present day, and tomorrow's. Days are counted on the
relay's clock (from `time`, plus what has passed since), so that two members meet whatever their clocks say.

"stun" says where the relay answers STUN (stun_told.py); relays of before leave it out. Nonsense there is as
good as nothing there: it is about another path than this one.

A refusal's sentence is left out where it would be longer than what it answers. Unknown members of an object
are ignored, so that later versions can add some; another "crowdpad" number is another protocol.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, TypeGuard

from tunnel.relay.stun_told import StunTold, StunToldError

VERSION: Final = 1
LOGIN_BYTES: Final = 1_024  # a login is about 330; nothing before the welcome may be longer
MOST_ROOMS: Final = 2
_LONGEST_NAME: Final = 64
# The end of the year 9999, as far as dates go in most languages. Bounds the day a room's name is made from.
_LATEST_MS: Final = 253_402_300_799_999
_LARGEST: Final = 2**31  # any size or rate beyond this is nonsense, and floats stay exact below it

_HEX32: Final = re.compile(r"[0-9a-f]{32}")
_SIGNATURE: Final = re.compile(r"[0-9a-f]{130}")
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")


class LoginError(Exception):
    """A text that is none of ours, or not what should come now. One sentence."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """The relay's first words. `nonce` is 32 hex digits, fresh for each connection."""

    relay: str
    nonce: str
    time_ms: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises LoginError unless every part is what may be signed."""
        parts = _object(text)
        if not _is_int(parts.get("crowdpad")) or parts["crowdpad"] != VERSION:
            raise LoginError("this is no crowdpad relay of our version")
        nonce, time_ms = parts.get("nonce"), parts.get("time")
        if not (isinstance(nonce, str) and _HEX32.fullmatch(nonce)):
            raise LoginError("the nonce is not 32 hex digits")
        if not (_is_int(time_ms) and 0 <= time_ms <= _LATEST_MS):
            raise LoginError("the time is no number of milliseconds since 1970")
        try:
            return cls(check_relay_name(parts.get("relay")), nonce, time_ms)
        except ValueError as error:
            raise LoginError(str(error)) from error

    def to_json(self) -> str:
        return json.dumps(
            {"crowdpad": VERSION, "relay": self.relay, "nonce": self.nonce, "time": self.time_ms}
        )

    def signed_text(self) -> str:
        """What the member signs, and the only thing a member's key ever signs for a relay."""
        return f"crowdpad relay login\nrelay: {self.relay}\nnonce: {self.nonce}\ntime: {self.time_ms}"


@dataclass(frozen=True, slots=True)
class Login:
    """The member's answer."""

    address: str
    signature: bytes
    rooms: tuple[bytes, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Any text either parses or raises LoginError."""
        parts = _object(text)
        address, signature = parts.get("address"), parts.get("signature")
        if not (isinstance(address, str) and _ADDRESS.fullmatch(address)):
            raise LoginError("the address is not 0x and 40 hex digits")
        if not (isinstance(signature, str) and _SIGNATURE.fullmatch(signature)):
            raise LoginError("the signature is not 130 hex digits")
        return cls(address, bytes.fromhex(signature), _rooms(parts))

    def to_json(self) -> str:
        return json.dumps(
            {
                "address": self.address,
                "signature": self.signature.hex(),
                "rooms": [room.hex() for room in self.rooms],
            }
        )


@dataclass(frozen=True, slots=True)
class Welcome:
    """The relay lets the member in, and says what it bears. `stun` is None if it does not speak of it."""

    message_bytes: int
    messages_per_second: float
    stun: StunTold | None = None

    def to_json(self) -> str:
        parts: dict[str, Any] = {
            "message_bytes": self.message_bytes,
            "messages_per_second": self.messages_per_second,
        }
        if self.stun is not None:
            parts["stun"] = self.stun.to_json()
        return json.dumps({"welcome": parts})


@dataclass(frozen=True, slots=True)
class Refused:
    """The relay does not let the member in."""

    text: str

    def to_json(self) -> str:
        return json.dumps({"refused": self.text})


def parse_verdict(text: str) -> Welcome | Refused:
    """The relay's answer to a login. Any text either parses or raises LoginError."""
    parts = _object(text)
    refused, welcome = parts.get("refused"), parts.get("welcome")
    if isinstance(refused, str):
        return Refused("".join([c for c in refused[:200] if c.isprintable()]))
    if not isinstance(welcome, dict):
        raise LoginError("the relay's answer is neither a welcome nor a refusal")
    size, rate = welcome.get("message_bytes"), welcome.get("messages_per_second")
    if not (_is_int(size) and 1 <= size <= _LARGEST):
        raise LoginError("message_bytes is no size")
    if not ((_is_int(rate) or isinstance(rate, float)) and 0 < rate <= _LARGEST):  # NaN fails here too
        raise LoginError("messages_per_second is no rate")
    return Welcome(size, float(rate), _stun(welcome))


def rooms_to_json(rooms: Sequence[bytes]) -> str:
    """The change of rooms a member asks for after its welcome."""
    return json.dumps({"rooms": [room.hex() for room in rooms]})


def parse_rooms(text: str) -> tuple[bytes, ...]:
    """The rooms a member wants from now on. Any text either parses or raises LoginError."""
    return _rooms(_object(text))


def check_relay_name(name: object) -> str:
    """`name`, if it may stand in a text people's keys sign. Raises ValueError."""
    if not isinstance(name, str) or not 1 <= len(name) <= _LONGEST_NAME or not name.isprintable():
        raise ValueError(f"a relay's name is 1 to {_LONGEST_NAME} printable characters")
    return name


def _object(text: str) -> dict[str, object]:
    if len(text) > LOGIN_BYTES:
        raise LoginError(f"the text is longer than {LOGIN_BYTES} characters")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LoginError("the text is no JSON") from error
    if not isinstance(value, dict):
        raise LoginError("the text is no JSON object")
    return value


def _is_int(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _stun(welcome: dict[str, Any]) -> StunTold | None:
    if "stun" not in welcome:
        return None
    try:
        return StunTold.parse(welcome["stun"])
    except StunToldError:
        return None


def _rooms(parts: dict[str, object]) -> tuple[bytes, ...]:
    names = parts.get("rooms")
    if not isinstance(names, list) or not 1 <= len(names) <= MOST_ROOMS:
        raise LoginError(f"rooms is not a list of 1 to {MOST_ROOMS} names")
    if not all(isinstance(name, str) and _HEX32.fullmatch(name) for name in names):
        raise LoginError("a room's name is not 32 hex digits")
    return tuple(dict.fromkeys(bytes.fromhex(name) for name in names))
