"""One pair of transport keys: seals, opens, and lets every counter through once.

A channel is what a finished handshake leaves behind. A session replaces it by a newer one every two minutes
and forgets the old one's keys, which is what keeps yesterday's traffic closed to whoever steals a key
tomorrow.
"""

from __future__ import annotations

import hashlib
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from tunnel.envelope import HEADER_SIZE, MAX_COUNTER, SEALED_OVERHEAD, DatagramError, Header, Type
from tunnel.identity import SIGNATURE_SIZE, Identity, PublicKey, signed_by
from tunnel.noise import nonce_bytes
from tunnel.replay import ReplayWindow

# WireGuard's times (its paper, section 6.5): renewed after two minutes, dead after three. A minute in which
# no handshake gets through is survived; a key is never older than that.
REKEY_AFTER_MS: Final = 120_000
REJECT_AFTER_MS: Final = 180_000
SIGNED_OVERHEAD: Final = SEALED_OVERHEAD + SIGNATURE_SIZE


class Channel:
    """Between two ends that know each other. Nothing here reads a clock; `now` is in milliseconds."""

    def __init__(
        self,
        keys: tuple[bytes, bytes],
        transcript: bytes,
        *,
        local_index: int,
        peer_index: int,
        born: float,
    ) -> None:
        """`keys` are for sending and for receiving; `transcript` is the handshake's hash, unique to it."""
        self._sender: ChaCha20Poly1305 | None = ChaCha20Poly1305(keys[0])
        self._receiver: ChaCha20Poly1305 | None = ChaCha20Poly1305(keys[1])
        self._transcript = transcript
        self._window = ReplayWindow()
        self._path_windows: dict[int, ReplayWindow] = {}
        self._counter = 0
        self.local_index = local_index
        self.peer_index = peer_index
        self.born = born

    def expired(self, now: float) -> bool:
        """Too old to seal or open anything."""
        return self._sender is None or now - self.born >= REJECT_AFTER_MS

    def wipe(self) -> None:
        """Lets go of the keys. Python cannot overwrite memory; this drops the last references to it."""
        self._sender = self._receiver = None

    def seal(self, kind: Type, content: bytes) -> bytes:
        """A datagram of `kind`. Raises RuntimeError on a wiped channel or an exhausted counter."""
        header = self._next_header(kind)
        return self._seal(header, content)

    def seal_signed(self, content: bytes, signer: Identity) -> bytes:
        """An INPUTS datagram: the content, then its signature over transcript, header and content."""
        header = self._next_header(Type.INPUTS)
        return self._seal(header, content + signer.sign_digest(self._digest(header.pack(), content)))

    def open(self, header: Header, datagram: bytes) -> tuple[bytes, bool]:
        """The content, and whether this is the first copy. Raises DatagramError if it does not authenticate.

        A copy is authenticated like the first one, so that only true copies count for the path they came on.
        """
        if self._receiver is None:
            raise DatagramError("expired")
        try:
            content = self._receiver.decrypt(
                nonce_bytes(header.counter), datagram[HEADER_SIZE:], datagram[:HEADER_SIZE]
            )
        except InvalidTag as error:
            raise DatagramError("forged") from error
        return content, self._window.accept(header.counter)

    def first_on(self, path: int, counter: int) -> bool:
        """Whether an authentic datagram came on this path for the first time. Replays are no deliveries."""
        return self._path_windows.setdefault(path, ReplayWindow()).accept(counter)

    def is_signed(self, datagram: bytes, content: bytes, signer: PublicKey) -> bool:
        """Whether `content`, opened from `datagram`, ends with the signer's signature."""
        body, signature = content[:-SIGNATURE_SIZE], content[-SIGNATURE_SIZE:]
        return signed_by(signer, self._digest(datagram[:HEADER_SIZE], body), signature)

    def _next_header(self, kind: Type) -> Header:
        if self._counter > MAX_COUNTER:
            raise RuntimeError("the counter is used up; two minutes of traffic cannot do that")
        header = Header(kind, self.peer_index, self._counter)
        self._counter += 1
        return header

    def _seal(self, header: Header, content: bytes) -> bytes:
        if self._sender is None:
            raise RuntimeError("this channel has been wiped")
        packed = header.pack()
        return packed + self._sender.encrypt(nonce_bytes(header.counter), content, packed)

    def _digest(self, header: bytes, content: bytes) -> bytes:
        return hashlib.sha256(self._transcript + header + content).digest()
