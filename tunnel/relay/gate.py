"""Who may come in: a login against the challenge it answers and the relay's list. No I/O."""

from __future__ import annotations

from collections.abc import Set

from tunnel.identity import IdentityError, recover_text
from tunnel.relay.login import Challenge, Login, LoginError
from tunnel.relay.refusal import BAD_LOGIN, NOT_LISTED, Refusal


class GateError(Exception):
    """Somebody stays outside, and why."""

    def __init__(self, refusal: Refusal, detail: str) -> None:
        super().__init__(detail)
        self.refusal = refusal


def admit(text: str, challenge: Challenge, allow: Set[str] | None) -> Login:
    """The login in `text`, proven: its address is the one whose key signed this very challenge.

    allow  addresses in lower case; None lets everybody in who can sign
    Raises GateError. The caller uses each challenge once.
    """
    try:
        login = Login.parse(text)
        signer = recover_text(challenge.signed_text(), login.signature)
    except (LoginError, IdentityError) as error:
        raise GateError(BAD_LOGIN, str(error)) from error
    if signer.lower() != login.address.lower():
        raise GateError(BAD_LOGIN, "the signature is not the claimed address's, or signs another challenge")
    if allow is not None and signer.lower() not in allow:
        raise GateError(NOT_LISTED, f"{signer} is not on the list")
    return Login(signer, login.signature, login.rooms)
