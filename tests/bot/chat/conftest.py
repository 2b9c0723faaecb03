from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest

# Shaped like the lines Twitch sends; names, numbers and ids are made up.
TAGS = {
    "badge-info": "",
    "badges": "",
    "client-nonce": "5f3b1d6a0c9e4b7788aa00ff12cd34ef",
    "color": "#1E90FF",
    "display-name": "Ada",
    "emotes": "",
    "first-msg": "0",
    "flags": "",
    "id": "",
    "mod": "0",
    "returning-chatter": "0",
    "room-id": "700100200",
    "subscriber": "0",
    "tmi-sent-ts": "1760000000123",
    "turbo": "0",
    "user-id": "400500600",
    "user-type": "",
}


@pytest.fixture
def privmsg() -> Callable[..., str]:
    """Writes a line as Twitch does: privmsg("left", user_id="7"). A tag of None is left out."""
    ids = count(1)

    def write(text: str, *, login: str = "ada", channel: str = "arcade", **changes: str | None) -> str:
        tags: dict[str, str | None] = {**TAGS, "id": f"{next(ids):08x}-0000-4000-8000-00000000beef"}
        tags |= {key.replace("_", "-"): value for key, value in changes.items()}
        written = ";".join(f"{key}={value}" for key, value in tags.items() if value is not None)
        return f"@{written} :{login}!{login}@{login}.tmi.twitch.tv PRIVMSG #{channel} :{text}"

    return write
