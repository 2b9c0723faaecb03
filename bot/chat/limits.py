"""How fast a chat lets one account write. Twitch's figures, kept with something to spare.

Sources: dev.twitch.tv/docs/chat, "Rate limits"; github.com/pajbot/tmi-rate-limits, which measured them. Who
writes too fast is not heard for 30 minutes, so a line that was never sent costs less than one too many.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class SendingLimits(NamedTuple):
    """At most `lines` in any `window_ms`, none sooner than `gap_ms` after the last, and none equal to another
    of the last `repeat_ms`. Zero lines: no limit at all.
    """

    lines: int
    window_ms: float
    gap_ms: float
    repeat_ms: float


# Twitch counts what arrives, we count what we send, and two lines may arrive closer than they left. So the
# window is two seconds longer than Twitch's 30 s, the gap 200 ms longer than its second (twurple's figures).
_WINDOW_MS: Final = 32_000.0
_GAP_MS: Final = 1_200.0

# An account that is nobody in particular: 20 lines in 30 s, one a second.
AS_VIEWER: Final = SendingLimits(lines=20, window_ms=_WINDOW_MS, gap_ms=_GAP_MS, repeat_ms=_WINDOW_MS)
# Moderators, VIPs and the broadcaster: 100 in 30 s, and neither of the other rules. Half of it is used: the
# account may be the streamer's own, who types too, and Twitch gives some accounts ("known bots") only 50.
AS_MODERATOR: Final = SendingLimits(lines=50, window_ms=_WINDOW_MS, gap_ms=0.0, repeat_ms=0.0)
# A terminal: whoever typed the question reads the answer.
NO_LIMITS: Final = SendingLimits(lines=0, window_ms=0.0, gap_ms=0.0, repeat_ms=0.0)
