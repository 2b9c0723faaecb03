from __future__ import annotations

import pytest

from bot.chat.eventsub_words import (
    CLOSE_CODES,
    closed_because,
    dropped_because,
    revoked_because,
    wait_after,
)
from bot.chat.irc import Wait


def test_every_documented_close_code_is_named_with_its_number() -> None:
    assert sorted(CLOSE_CODES) == list(range(4000, 4008))
    for code, words in CLOSE_CODES.items():
        assert closed_because(code) == f"{words} (close code {code})"


def test_what_is_our_own_fault_is_tried_again_seldom() -> None:
    assert wait_after(4001) is Wait.SLOWLY
    assert wait_after(4006) is wait_after(None) is Wait.BACK_OFF


def test_a_revocation_nobody_documents_is_told_by_its_name() -> None:
    assert "beta_maintenance" in revoked_because("beta_maintenance")
    assert revoked_because("")


@pytest.mark.parametrize(
    ("code", "message", "said"),
    [
        ("msg_duplicate", "Your message...", "it is the same as the last one"),
        ("new_code", "The room is closed.", "The room is closed."),
        ("new_code", "", "new_code"),
        ("", "", "Twitch does not say why"),
    ],
)
def test_a_dropped_line_has_a_reason(code: str, message: str, said: str) -> None:
    assert dropped_because(code, message) == said
