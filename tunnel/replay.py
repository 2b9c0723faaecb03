"""The sliding window that lets every datagram in once (RFC 6479: a ring of bitmap blocks, no shifting).

With the same sealed bytes sent over several paths this window is the deduplication as well.
"""

from __future__ import annotations

from typing import Final

_BLOCK_BITS: Final = 64
_BLOCKS: Final = 129  # one more than the window needs: the block being filled may be partly in the past

# Nebula keeps 8,192 and WireGuard 8,128. Copies on slow paths arrive late by design here, so small is
# dangerous: at 1,000 datagrams a second the window still forgives a path that lags by eight seconds.
WINDOW: Final = (_BLOCKS - 1) * _BLOCK_BITS


class ReplayWindow:
    """Which counters have been seen. Only authentic ones may be accepted."""

    __slots__ = ("_blocks", "_highest")

    def __init__(self) -> None:
        self._blocks = [0] * _BLOCKS
        self._highest = -1

    def check(self, counter: int) -> bool:
        """Whether `counter` could still be new: not seen, and not so old that nobody remembers."""
        if counter > self._highest:
            return True
        if counter + WINDOW <= self._highest:
            return False
        block, bit = divmod(counter, _BLOCK_BITS)
        return not self._blocks[block % _BLOCKS] >> bit & 1

    def accept(self, counter: int) -> bool:
        """Marks an authentic counter as seen. False if it was seen before or is too old."""
        if not self.check(counter):
            return False
        block, bit = divmod(counter, _BLOCK_BITS)
        if counter > self._highest:
            passed = min(block - self._highest // _BLOCK_BITS, _BLOCKS)
            for step in range(passed):
                self._blocks[(block - step) % _BLOCKS] = 0
            self._highest = counter
        self._blocks[block % _BLOCKS] |= 1 << bit
        return True
