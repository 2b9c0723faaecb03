"""A memory of what came by lately, bounded in number and in age. Pure."""

from __future__ import annotations

# Twitch may deliver a message several times, and a reconnect that overlaps delivers everything twice for a
# moment. 4,096 is eight seconds of the busiest channels on record and costs well under 2 MiB.
MIN_REMEMBERED = 4_096
# What other clients use for the same purpose (peers.md, section 10.3).
MIN_AGE_MS = 10 * 60_000.0


class Recent:
    """Key and value of the last things remembered.

    Two generations instead of one ordered dictionary: the young one fills up or grows old, becomes the old
    one, and the old one is dropped whole. So it holds the last `at_least` keys unless they are older than
    `age_ms`, never more than twice that many or twice that age, and forgetting costs nothing per key.
    """

    def __init__(self, at_least: int = MIN_REMEMBERED, age_ms: float = MIN_AGE_MS) -> None:
        self._at_least = at_least
        self._age_ms = age_ms
        self._young: dict[str, str] = {}
        self._old: dict[str, str] = {}
        self._turn_at_ms = float("-inf")

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())

    def get(self, key: str) -> str | None:
        """The value last remembered for this key, None if it is unknown or forgotten."""
        value = self._young.get(key)
        return self._old.get(key) if value is None else value

    def remember(self, key: str, value: str, now: float) -> str | None:
        """Remembers, and answers what `get` would have said before."""
        if len(self._young) >= self._at_least or now >= self._turn_at_ms:
            self._turn(now)
        known = self.get(key)
        self._young[key] = value
        return known

    def first_time(self, key: str, now: float) -> bool:
        """Whether this key is new here; it no longer is afterwards."""
        return self.remember(key, "", now) is None

    def _turn(self, now: float) -> None:
        expired = now >= self._turn_at_ms + self._age_ms
        self._old = {} if expired else self._young
        self._young = {}
        self._turn_at_ms = now + self._age_ms
