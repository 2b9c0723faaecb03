"""How often each viewer is served. Pure, bounded."""

from __future__ import annotations

from collections import OrderedDict

from tunnel.bucket import TokenBucket


class Rate:
    """A token bucket for each of the viewers heard last. Who is forgotten starts with a full one."""

    def __init__(self, per_second: float, burst: float, most_users: int) -> None:
        self._per_second = per_second
        self._burst = burst
        self._most_users = most_users
        self._users: OrderedDict[str, TokenBucket] = OrderedDict()

    def __len__(self) -> int:
        """How many viewers are remembered."""
        return len(self._users)

    def take(self, user: str, now: float) -> bool:
        """Whether this viewer is served now; if so, that is one less to come."""
        bucket = self._users.get(user)
        if bucket is None:
            bucket = self._users[user] = TokenBucket(self._per_second, self._burst)
            if len(self._users) > self._most_users:
                self._users.popitem(last=False)
        self._users.move_to_end(user)
        return bucket.take(now)
