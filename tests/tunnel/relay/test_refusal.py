from __future__ import annotations

from tunnel.relay.refusal import REFUSALS


def test_every_code_is_one_an_application_may_use_and_has_a_sentence() -> None:
    for code, refusal in REFUSALS.items():
        assert 4000 <= code <= 4999
        assert refusal.code == code
        assert refusal.text.endswith(".")


def test_no_two_refusals_share_a_code_or_a_reason() -> None:
    assert len({refusal.reason for refusal in REFUSALS.values()}) == len(REFUSALS) == 7
