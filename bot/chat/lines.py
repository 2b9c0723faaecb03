"""Bytes in pieces of any size to whole lines, with a bound on their length. Pure."""

from __future__ import annotations

# An IRC line with all its tags in four-byte characters; nothing anybody types or records comes near.
MAX_BYTES = 40_000


class LineSplitter:
    """Collects until a line is whole; a line past the bound is dropped and counted, not kept in part.

    dropped  how many lines were too long
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self.dropped = 0
        self._max_bytes = max_bytes
        self._rest = b""
        self._skipping = False

    def feed(self, data: bytes) -> list[str]:
        """The lines these bytes complete, without their endings; what is not UTF-8 is replaced."""
        *whole, rest = data.split(b"\n")
        lines = [text for line in whole if (text := self._complete(line)) is not None]
        self._collect(rest)
        return lines

    def flush(self) -> list[str]:
        """The last line, if the input ended without an ending for it."""
        text = self._complete(b"") if self._rest or self._skipping else None
        return [] if text is None else [text]

    def _collect(self, part: bytes) -> None:
        if len(self._rest) + len(part) > self._max_bytes:
            self._skipping = True
            self._rest = b""
        elif not self._skipping:
            self._rest += part

    def _complete(self, part: bytes) -> str | None:
        self._collect(part)
        line, self._rest = self._rest, b""
        skipped, self._skipping = self._skipping, False
        self.dropped += skipped
        return None if skipped else line.removesuffix(b"\r").decode("utf-8", "replace")
