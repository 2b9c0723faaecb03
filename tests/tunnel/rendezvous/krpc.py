"""BEP 5 and BEP 44 written from the documents alone: a bare reader and writer of items, and nodes.

No library here knows what an item is: bencoding, the signed bytes and the arithmetic of the curve are spelled
out, so that a mistake shared by us and libtorrent would show.
"""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

Place = tuple[str, int]
Message = dict[bytes, Any]

# BEP 44, "Test vectors", test 1 (mutable).
BEP44_PUBLIC: Final = bytes.fromhex("77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548")
BEP44_SECRET: Final = bytes.fromhex(
    "e06d3183d14159228433ed599221b80bd0a5ce8352e4bdf0262f76786ef1c74d"
    "b7e7a9fea2c0eb269d61e3b38e450a22e754941ac78479d6c54e1faf6037881d"
)
BEP44_VALUE: Final = b"Hello World!"
BEP44_SIGNATURE: Final = bytes.fromhex(
    "305ac8aeb6c9c151fa120f120ea2cfb923564e11552d06a5d856091e5e853cff"
    "1260d3f39e4999684aa92eb73ffd136e6f4f3ecbfda0ce53a1608ecd7ae21f01"
)
BEP44_TARGET: Final = bytes.fromhex("4a533d47ec9c7d95b1ad75f576cffc641853b750")


def encode(value: Any) -> bytes:
    """Bencoding (BEP 3)."""
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, list):
        return b"l" + b"".join(encode(each) for each in value) + b"e"
    return b"d" + b"".join(encode(key) + encode(value[key]) for key in sorted(value)) + b"e"


def decode(data: bytes) -> Any:
    """The value that `data` begins with."""
    return _decode(data, 0)[0]


def signed_part(seq: int, value: Any) -> bytes:
    """The bytes that an item's signature is over; no salt."""
    return b"3:seqi%de1:v%s" % (seq, encode(value))


def target_of(public: bytes) -> bytes:
    """Where the item of a key is; no salt."""
    return hashlib.sha1(public).digest()


def sign(seed: bytes, seq: int, value: Any) -> bytes:
    """The signature of an item."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(signed_part(seq, value))


def verify(public: bytes, signature: bytes, seq: int, value: Any) -> None:
    """Raises cryptography's InvalidSignature."""
    Ed25519PublicKey.from_public_bytes(public).verify(signature, signed_part(seq, value))


def public_of_scalar(scalar: bytes) -> bytes:
    """RFC 8032, 5.1.5: the scalar times the base point, encoded."""
    y_base = 4 * pow(5, -1, _P) % _P
    point = (0, 1)
    base = (_x_of(y_base), y_base)
    number = int.from_bytes(scalar, "little")
    while number:
        if number & 1:
            point = _add(point, base)
        base = _add(base, base)
        number >>= 1
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


@dataclass
class Writer:
    """Reads and writes items of one node, at any sequence number and with any value."""

    node: Place

    def get(self, public: bytes) -> Message:
        """What the node answers: `token`, and `k`, `sig`, `seq`, `v` if it holds the item."""
        answer: Message = self._ask(b"get", {b"target": target_of(public)})[b"r"]
        return answer

    def put(self, seed: bytes, seq: int, value: Any, sign_with: bytes | None = None) -> Message:
        """Puts the item of this seed's key, signed with another's if told. Returns the node's answer."""
        public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        item = {b"k": public, b"seq": seq, b"sig": sign(sign_with or seed, seq, value), b"v": value}
        return self._ask(b"put", item | {b"token": self.get(public)[b"token"]})

    def _ask(self, query: bytes, arguments: Message) -> Message:
        question = {b"t": b"aa", b"y": b"q", b"q": query, b"ro": 1, b"a": arguments | {b"id": bytes(20)}}
        family = socket.AF_INET6 if ":" in self.node[0] else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.settimeout(10)
            sock.sendto(encode(question), self.node)
            answer: Message = decode(sock.recv(4_096))
        return answer


class Node:
    """An honest node: it keeps items, and leads to the other nodes of its mesh, never to a guest."""

    def __init__(self) -> None:
        self.id = os.urandom(20)
        self.mesh: list[Node] = []
        self.items: dict[bytes, Message] = {}  # by target
        self.gets = 0
        self.silent = False
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind(("127.0.0.1", 0))
        self.place: Place = self._sock.getsockname()
        self._thread = threading.Thread(target=self._answer, daemon=True)
        self._thread.start()

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"end", self.place)
        self._thread.join(10)
        self._sock.close()

    def reply(self, query: bytes, arguments: Message) -> Message:
        """What it answers, besides its id."""
        if query == b"put":
            return self._keep(arguments)
        near: bytes = arguments.get(b"target") or arguments.get(b"info_hash") or b""
        found = self.items.get(near, {}) if query == b"get" else {}
        self.gets += query == b"get"
        return found | {b"token": b"tttt", b"nodes": b"".join(map(self.told, self.mesh))}

    def told(self, other: Node) -> bytes:
        """How a node is told of (BEP 5, compact node info)."""
        host, port = other.place
        return other.id + socket.inet_aton(host) + port.to_bytes(2, "big")

    def _keep(self, item: Message) -> Message:
        verify(item[b"k"], item[b"sig"], item[b"seq"], item[b"v"])
        held = self.items.get(target_of(item[b"k"]), {b"seq": -1})
        if item[b"seq"] > held[b"seq"]:
            self.items[target_of(item[b"k"])] = {name: item[name] for name in (b"k", b"sig", b"seq", b"v")}
        return {}

    def _answer(self) -> None:
        while True:
            data, asker = self._sock.recvfrom(4_096)
            if data == b"end":
                return
            question = decode(data)
            if question.get(b"y") == b"q" and not self.silent:
                reply = {b"id": self.id} | self.reply(question[b"q"], question[b"a"])
                self._sock.sendto(encode({b"t": question[b"t"], b"y": b"r", b"r": reply}), asker)


class Liar(Node):
    """A node that answers the search for any item with the next of its `lies`, and keeps nothing."""

    def __init__(self, lies: Iterator[Message]) -> None:
        self._lies = lies
        super().__init__()

    def reply(self, query: bytes, arguments: Message) -> Message:
        answer = super().reply(query, arguments) if query != b"put" else {}
        return answer | next(self._lies) if query == b"get" else answer


_P: Final = 2**255 - 19
_D: Final = -121665 * pow(121666, -1, _P) % _P


def _x_of(y: int) -> int:
    """The even one of the two points with this y (RFC 8032, 5.1.3)."""
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    return x if x % 2 == 0 else _P - x


def _add(one: tuple[int, int], two: tuple[int, int]) -> tuple[int, int]:
    (x1, y1), (x2, y2) = one, two
    cross = _D * x1 * x2 * y1 * y2 % _P
    x = (x1 * y2 + x2 * y1) * pow(1 + cross, -1, _P) % _P
    return x, (y1 * y2 + x1 * x2) * pow(1 - cross, -1, _P) % _P


def _decode(data: bytes, at: int) -> tuple[Any, int]:
    kind = data[at : at + 1]
    if kind == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1 : end]), end + 1
    if kind in (b"l", b"d"):
        found, at = [], at + 1
        while data[at : at + 1] != b"e":
            value, at = _decode(data, at)
            found.append(value)
        return (found if kind == b"l" else dict(zip(found[::2], found[1::2], strict=True))), at + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    return data[colon + 1 : end], end
