"""Twitch over HTTP: the few calls we make, and the tokens they are made with.

twitchio knows Twitch's endpoints and their parameters; what it builds leaves through a door of ours, because
its own has no deadline and no bound, loses the header that says how long to stay away after a 429, repeats
tokens in its errors, and forgets new tokens if the program dies (docs/departures.md).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from bot.chat.eventsub_wishes import Wish
from bot.chat.fields import FieldError, Fields, first, optional_group, optional_text, text, texts, whole
from bot.chat.helix_answer import HelixError, LoginLostError, mends_by_refresh
from bot.chat.helix_door import API_URL, ID_URL, HelixDoor
from bot.chat.tokens import LONGEST_TOKEN, MOST_SCOPES, Login, LoginError, LoginFile, Tokens
from bot.chat.twitch_library import OAuth, Route, Scopes, SubscriptionType
from tunnel.wallclock import WallClock

log = logging.getLogger(__name__)

# What was bought must be stored: Ctrl-C, which has a second, waits this long for a refresh under way.
FAREWELL_SECONDS: Final = 0.4
# A code to be polled less than once a minute, or good for over an hour, is nothing RFC 8628 has in mind.
_LONGEST_INTERVAL_S: Final = 60
_LONGEST_CODE_S: Final = 3_600
_LONGEST_TEXT: Final = 500

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Account:
    """Who a token belongs to and what it allows."""

    client_id: str
    user_id: str
    user: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a line of ours. code and message: why Twitch did not show it."""

    is_sent: bool
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What somebody types where, and what we ask with meanwhile."""

    device_code: str
    user_code: str
    url: str
    interval_s: int
    expires_s: int


class Helix:
    """Calls to Twitch, as the login in `file` where one is needed. An async context manager.

    Every call raises HelixError if Twitch refuses, fails or does not answer; those that need the login raise
    LoginLostError once it cannot be refreshed any more.
    """

    def __init__(
        self,
        client_id: str,
        file: LoginFile | None = None,
        *,
        api_url: str = API_URL,
        id_url: str = ID_URL,
        clock: WallClock | None = None,
    ) -> None:
        self._client_id = client_id
        self._file = file
        self._door = HelixDoor(client_id, api_url, id_url, clock or WallClock())
        self._twitch = _Twitch(client_id, self._carry)
        self._renewing = asyncio.Lock()
        self._spending: set[asyncio.Task[None]] = set()
        self.until_free = self._door.until_free

    async def __aenter__(self) -> Self:
        self._door.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._spending:
            await asyncio.wait(self._spending, timeout=FAREWELL_SECONDS)
        await self._door.close()

    # As nobody: logging in

    async def ask_device_code(self, scopes: frozenset[str]) -> DeviceCode:
        """The first step of the device code flow (RFC 8628)."""
        answer = await _read(self._twitch.device_code_flow(scopes=Scopes(sorted(scopes))))
        with _Nonsense():
            return DeviceCode(
                text(answer, "device_code", LONGEST_TOKEN),
                text(answer, "user_code"),
                text(answer, "verification_uri", _LONGEST_TEXT),
                max(1, whole(answer, "interval", _LONGEST_INTERVAL_S)),
                whole(answer, "expires_in", _LONGEST_CODE_S),
            )

    async def trade_device_code(self, code: DeviceCode, scopes: frozenset[str]) -> Tokens:
        """One poll of its second step: HelixError 400 "authorization_pending" until somebody has agreed."""
        params = {
            "client_id": self._client_id,
            "scopes": Scopes(sorted(scopes)).urlsafe(),
            "device_code": code.device_code,
            "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        }
        route = Route("POST", "/oauth2/token", use_id=True, params=params)
        return _tokens(await _read(self._twitch.request_json(route)))

    async def look_up(self, token: str) -> Account:
        """Whose token this is. HelixError 401 if it is nobody's any more."""
        answer = await _read(self._twitch.validate_token(token))
        with _Nonsense():
            return Account(
                text(answer, "client_id"),
                text(answer, "user_id"),
                text(answer, "login").lower(),
                frozenset(texts(answer, "scopes", MOST_SCOPES)),
            )

    # As the login

    async def validate(self) -> Account:
        """Whose login it is, refreshed if need be. Twitch wants this asked at the start and every hour."""
        return await self._with_token(self.look_up)

    async def account_id(self, user: str) -> str | None:
        """The number of the account with this login name, None if there is none."""
        answer = await _read(self._twitch.get_users(logins=[user], token_for=_US))
        with _Nonsense():
            found = first(answer, "data")
            return None if found is None else text(found, "id")

    async def subscribe(self, wish: Wish, condition: dict[str, str], session_id: str) -> None:
        """One EventSub subscription for a WebSocket session. One that is there already is as good."""
        wanted: dict[str, Any] = {
            "type": SubscriptionType(wish.type),
            "version": wish.version,
            "condition": condition,
            "transport": {"method": "websocket", "session_id": session_id},
        }
        try:
            await self._twitch.create_eventsub_subscription(**wanted, token_for=_US)
        except HelixError as error:
            if error.status != 409:
                raise

    async def send_line(self, channel_id: str, user_id: str, line: str, reply_to: str) -> Sent:
        """Writes into the chat; as an answer to the message `reply_to` unless that is empty."""
        sending = self._twitch.post_chat_message(
            channel_id, user_id, line, token_for=_US, reply_to_message_id=reply_to or None
        )
        answer = await _read(sending)
        with _Nonsense():
            result = first(answer, "data") or {}
            if result.get("is_sent") is True:
                return Sent(True)
            why = optional_group(result, "drop_reason") or {}
            return Sent(False, optional_text(why, "code"), optional_text(why, "message", _LONGEST_TEXT))

    # The tokens

    async def _carry(self, route: Route) -> Any:
        """Every request of twitchio's passes here."""
        if route.use_id:
            return await self._door.send(route, None)
        return await self._with_token(lambda token: self._door.send(route, token))

    async def _with_token(self, work: Callable[[str], Awaitable[_T]]) -> _T:
        """Works with the token we have; if Twitch does not take it, once more with a new one."""
        assert self._file is not None, "this call needs a login"
        file, spent = self._file, self._file.login.tokens.access
        try:
            return await work(spent)
        except HelixError as error:
            if not mends_by_refresh(error):
                raise
        await self._renew(file, spent)
        try:
            return await work(file.login.tokens.access)
        except HelixError as error:
            if mends_by_refresh(error):
                raise LoginLostError("a new token is refused too", file.path) from error
            raise

    async def _renew(self, file: LoginFile, spent: str) -> None:
        """Sees to it that the login has another access token than `spent`."""
        async with self._renewing:
            try:
                if file.login.tokens.access == spent:
                    file.reload()  # somebody may have run `login` meanwhile
                if file.login.tokens.access != spent:
                    return
                # That a disk is full, or a folder not ours, is learnt before the one-time token is spent.
                file.store(file.login)
            except LoginError as error:
                raise LoginLostError(str(error), file.path) from error
            task = asyncio.create_task(self._spend(file))
            self._spending.add(task)
            task.add_done_callback(self._spent)
            await asyncio.shield(task)  # who cancels us must not lose what was bought

    def _spent(self, task: asyncio.Task[None]) -> None:
        self._spending.discard(task)
        if not task.cancelled():
            task.exception()  # told to whoever waited; if that one was cancelled, nobody needs it

    async def _spend(self, file: LoginFile) -> None:
        login = file.login
        try:
            answer = await _read(self._twitch.refresh_token(login.tokens.refresh))
        except HelixError as error:
            if error.status in (400, 401, 403):
                raise LoginLostError(error.message or "it has expired", file.path) from error
            raise
        try:
            file.store(Login(login.client_id, login.user_id, login.user, _tokens(answer)))
        except LoginError as error:
            log.error("The new login is lost when this program ends: %s.", error)


# twitchio finds tokens by account; there is one here, and `_carry` puts it in.
_US: Final = "us"


class _Twitch(OAuth):
    """twitchio's endpoints, with its one door led to ours."""

    def __init__(self, client_id: str, carry: Callable[[Route], Awaitable[Any]]) -> None:
        super().__init__(client_id=client_id)
        self._carry = carry

    async def request(self, route: Route) -> Any:
        """In place of twitchio's own."""
        return await self._carry(route)


class _Nonsense:
    """What is read within, and is not what Twitch documents, is Twitch's fault."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, FieldError):
            raise HelixError(0, f"Twitch answers with nonsense: {error}") from error


async def _read(call: Awaitable[Any]) -> Fields:
    """What a call of twitchio's answers, as the object it came from."""
    try:
        answer = await call
    except (KeyError, TypeError) as error:  # twitchio missed a field
        raise HelixError(0, "Twitch answers with nonsense") from error
    answer = getattr(answer, "raw_data", answer)
    if not isinstance(answer, dict):
        raise HelixError(0, "Twitch answers with nothing")
    return answer


def _tokens(answer: Fields) -> Tokens:
    """Of a login or a refresh."""
    with _Nonsense():
        granted = answer.get("scope")
        scopes = granted.split() if isinstance(granted, str) else texts(answer, "scope", MOST_SCOPES)
        return Tokens(
            text(answer, "access_token", LONGEST_TOKEN),
            text(answer, "refresh_token", LONGEST_TOKEN),
            frozenset(scopes),
        )
