"""Who may act now: so much per viewer, so much for everybody together.

Pure: `now` is an argument. The viewer's own limit is asked first, so that one who floods uses up nobody's
share but their own.
"""

from __future__ import annotations

import enum
from collections import OrderedDict
from typing import Final

from tunnel.bucket import TokenBucket

# A viewer who is forgotten starts with a full bucket. With the default limits a bucket is full again after
# 2.5 s anyway, and 20,000 others must have spoken meanwhile: nothing to be gained. About 8 MB when full.
MOST_USERS: Final = 20_000


class Verdict(enum.Enum):
    """May this viewer act now, and if not, whose limit is it?"""

    ADMITTED = "admitted"
    USER_LIMIT = "user_limit"
    GLOBAL_LIMIT = "global_limit"


class Crowd:
    """The viewers' token buckets. A rate of 0 means that this limit does not exist."""

    def __init__(
        self,
        *,
        per_user_per_second: float,
        per_user_burst: float,
        global_per_second: float,
        global_burst: float,
        most_users: int = MOST_USERS,
    ) -> None:
        self._per_second = per_user_per_second
        self._burst = per_user_burst
        self._everybody = TokenBucket(global_per_second, global_burst) if global_per_second > 0 else None
        self._most_users = most_users
        self._users: OrderedDict[str, TokenBucket] = OrderedDict()

    def __len__(self) -> int:
        """How many viewers are remembered."""
        return len(self._users)

    def admit(self, user: str, now: float) -> Verdict:
        """Whether `user` may act at `now`; if so, that is one act spent."""
        if self._per_second > 0 and not self._bucket(user).take(now):
            return Verdict.USER_LIMIT
        if self._everybody is not None and not self._everybody.take(now):
            return Verdict.GLOBAL_LIMIT
        return Verdict.ADMITTED

    def _bucket(self, user: str) -> TokenBucket:
        """The viewer's bucket; whoever has been quiet longest makes room for a new one."""
        bucket = self._users.get(user)
        if bucket is not None:
            self._users.move_to_end(user)
            return bucket
        if len(self._users) >= self._most_users:
            self._users.popitem(last=False)
        bucket = self._users[user] = TokenBucket(self._per_second, self._burst)
        return bucket
