"""Twitch's HTTP side on this machine: logging in with a code, tokens that rotate, subscriptions, lines sent.

What it does as Twitch does: a device code is pending until somebody agrees on the page (here: `agree`), and
good once; a refresh token works once and the old access token dies with it; every call wants the client id
the token was made for; a subscription needs its scope, a live session and the right account. Errors have
Twitch's statuses and words. `fail` scripts the rest.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from bench.world.eventsub import LocalEventSub
from bench.world.twitch_lines import account_number

# What each subscription needs, as Twitch documents it.
SCOPE_OF: Final = {
    "channel.chat.message": "user:read:chat",
    "channel.chat.message_delete": "user:read:chat",
    "channel.chat.clear": "user:read:chat",
    "channel.chat.clear_user_messages": "user:read:chat",
    "channel.ban": "channel:moderate",
    "channel.channel_points_custom_reward_redemption.add": "channel:read:redemptions",
    "channel.subscribe": "channel:read:subscriptions",
    "channel.subscription.gift": "channel:read:subscriptions",
    "channel.subscription.message": "channel:read:subscriptions",
}
CODE_LASTS_S: Final = 1_800
TOKEN_LASTS_S: Final = 14_400


@dataclass(frozen=True)
class Grant:
    """Who a token is and what it allows."""

    user: str
    scopes: tuple[str, ...]


@dataclass
class Code:
    """A device code under way. refusal: what polling it answers, None once it may be traded."""

    user_code: str
    scopes: tuple[str, ...]
    user: str = ""
    refusal: str | None = "authorization_pending"


class LocalHelix:
    """The server. `start`, script it, `stop`. eventsub: where sessions are.

    accounts      the logins that exist
    poll_every_s  what it asks whoever waits for a code to keep between two polls
    said          lines that were sent: (sender's number, text, reply id)
    requests      every call: method and path
    """

    def __init__(
        self,
        eventsub: LocalEventSub,
        *,
        client_id: str = "ourclientid0123456789abcdefghi",
        accounts: Iterable[str] = (),
        poll_every_s: int = 5,
    ) -> None:
        self.client_id = client_id
        self.accounts = {account_number(name): name.lower() for name in (eventsub.channel, *accounts)}
        self.said: list[tuple[str, str, str]] = []
        self.requests: list[str] = []
        self.counters: Counter[str] = Counter()
        self.codes: dict[str, Code] = {}
        self.access: dict[str, Grant] = {}
        self.refresh: dict[str, tuple[str, Grant]] = {}
        self.drop: tuple[str, str] | None = None
        self._eventsub = eventsub
        self._poll_every_s = poll_every_s
        self._failures: defaultdict[str, deque[web.Response]] = defaultdict(deque)
        self._ids = itertools.count(1)
        self._runner: web.AppRunner | None = None
        self._port = 0
        self._changed = asyncio.Event()

    async def start(self, port: int = 0) -> None:
        """Listens on loopback; port 0 takes a free one."""
        app = web.Application(middlewares=[self._scripted])
        app.router.add_post("/oauth2/device", self._begin)
        app.router.add_post("/oauth2/token", self._token)
        app.router.add_get("/oauth2/validate", self._validate)
        app.router.add_get("/helix/users", self._users)
        app.router.add_post("/helix/eventsub/subscriptions", self._subscribe)
        app.router.add_post("/helix/chat/messages", self._say)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Closes every connection."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def api_url(self) -> str:
        """In place of https://api.twitch.tv/helix/."""
        return f"http://127.0.0.1:{self._port}/helix/"

    @property
    def id_url(self) -> str:
        """In place of https://id.twitch.tv/."""
        return f"http://127.0.0.1:{self._port}/"

    # The script

    def grant(self, user: str, scopes: Iterable[str]) -> tuple[str, str]:
        """A login made elsewhere: its access token and its refresh token."""
        access, refresh = f"access{next(self._ids):024d}", f"refresh{next(self._ids):043d}"
        self.access[access] = Grant(user.lower(), tuple(scopes))
        self.refresh[refresh] = (access, self.access[access])
        return access, refresh

    def expire(self) -> None:
        """Every access token has had its time."""
        self.access.clear()

    def withdraw(self) -> None:
        """Somebody has taken the permission back: refreshing does not help either."""
        self.access.clear()
        self.refresh.clear()

    def agree(self, user_code: str, user: str, scopes: Iterable[str] | None = None) -> None:
        """Somebody has typed the code on Twitch's page and agreed, to less perhaps."""
        for code in self.codes.values():
            if code.user_code == user_code:
                code.user, code.refusal = user.lower(), None
                code.scopes = code.scopes if scopes is None else tuple(scopes)

    def answer_codes(self, word: str) -> None:
        """What polling answers from now on: authorization_pending, slow_down, access_denied, ..."""
        for code in self.codes.values():
            code.refusal = word

    async def requested(self, request: str, times: int = 1) -> None:
        """Waits until somebody has called so often: "POST /oauth2/token"."""
        while self.requests.count(request) < times:
            self._changed.clear()
            await self._changed.wait()

    async def shown(self) -> str:
        """Waits for a code to be typed."""
        while not self.codes:
            self._changed.clear()
            await self._changed.wait()
        return next(iter(self.codes.values())).user_code

    def fail(self, path: str, status: int, message: str = "", *, times: int = 1, **headers: str) -> None:
        """The next calls to this path get this answer; `ratelimit_reset="1"` is a header."""
        names = {name.replace("_", "-").title(): value for name, value in headers.items()}
        for _ in range(times):
            self._failures[path].append(_error(status, message, names))

    def limit(self, path: str, seconds: float) -> None:
        """The next call to this path is one too many."""
        self.fail(path, 429, "", ratelimit_reset=str(int(time.time() + seconds)))

    # The endpoints

    @web.middleware
    async def _scripted(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.path}")
        self._changed.set()
        if request.query_string and request.path.startswith("/oauth2/"):
            self.counters["secrets_in_address"] += 1
        if self._failures[request.path]:
            return self._failures[request.path].popleft()
        response: web.StreamResponse = await handler(request)
        return response

    async def _begin(self, request: web.Request) -> web.Response:
        form = await request.post()
        if form.get("client_id") != self.client_id:
            return _error(400, "invalid client")
        number = next(self._ids)
        code = Code(f"ABCD{number:04d}", tuple(str(form.get("scopes", "")).split()))
        device_code = f"device{number:030d}"
        self.codes[device_code] = code
        self._changed.set()
        return web.json_response(
            {
                "device_code": device_code,
                "expires_in": CODE_LASTS_S,
                "interval": self._poll_every_s,
                "user_code": code.user_code,
                "verification_uri": f"https://www.twitch.tv/activate?device-code={code.user_code}",
            }
        )

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if form.get("client_id") != self.client_id:
            return _error(400, "invalid client")
        if form.get("grant_type") == "refresh_token":
            return self._refreshed(str(form.get("refresh_token")))
        self.counters["polls"] += 1
        device_code = str(form.get("device_code"))
        code = self.codes.get(device_code)
        if code is None:
            return _error(400, "invalid device code")
        if code.refusal is not None:
            return _error(400, code.refusal)
        del self.codes[device_code]
        return self._granted(Grant(code.user, code.scopes))

    def _refreshed(self, refresh: str) -> web.Response:
        """Each works once, and takes its access token with it."""
        if refresh not in self.refresh:
            return _error(400, "Invalid refresh token")
        access, grant = self.refresh.pop(refresh)
        self.access.pop(access, None)
        self.counters["refreshes"] += 1
        return self._granted(grant)

    def _granted(self, grant: Grant) -> web.Response:
        access, refresh = self.grant(grant.user, grant.scopes)
        tokens = {"access_token": access, "refresh_token": refresh, "expires_in": TOKEN_LASTS_S}
        return web.json_response({**tokens, "scope": list(grant.scopes), "token_type": "bearer"})

    async def _validate(self, request: web.Request) -> web.Response:
        token = request.headers.get("Authorization", "").removeprefix("OAuth ")
        grant = self.access.get(token)
        if grant is None:
            return _error(401, "invalid access token")
        who = {"login": grant.user, "user_id": account_number(grant.user), "client_id": self.client_id}
        return web.json_response({**who, "scopes": list(grant.scopes), "expires_in": TOKEN_LASTS_S})

    async def _users(self, request: web.Request) -> web.Response:
        if self._grant_of(request) is None:
            return _error(401, "Invalid OAuth token")
        wanted = request.query.getall("login", [])
        found = [(number, name) for number, name in self.accounts.items() if name in wanted]
        return web.json_response({"data": [{"id": number, "login": name} for number, name in found]})

    async def _subscribe(self, request: web.Request) -> web.Response:
        grant = self._grant_of(request)
        if grant is None:
            return _error(401, "Invalid OAuth token")
        body = await request.json()
        kind, condition = body["type"], body["condition"]
        reader = condition.get("user_id") or condition["broadcaster_user_id"]
        if SCOPE_OF.get(kind, "?") not in grant.scopes or reader != account_number(grant.user):
            return _error(403, "subscription missing proper authorization")
        session_id = body["transport"]["session_id"]
        try:
            id = self._eventsub.subscribe(session_id, kind, condition)
        except KeyError:
            return _error(409, "subscription already exists")
        if id is None:
            return _error(400, "websocket transport session does not exist or has already disconnected")
        made = {"id": id, "status": "enabled", **body, "cost": 0}
        return web.json_response(
            {"data": [made], "total": 1, "total_cost": 0, "max_total_cost": 10}, status=202
        )

    async def _say(self, request: web.Request) -> web.Response:
        grant = self._grant_of(request)
        if grant is None:
            return _error(401, "Invalid OAuth token")
        if "user:write:chat" not in grant.scopes:
            return _error(401, "Missing scope: user:write:chat")
        body = await request.json()
        if self.drop is not None:
            code, message = self.drop
            dropped = {"message_id": "", "is_sent": False, "drop_reason": {"code": code, "message": message}}
            return web.json_response({"data": [dropped]})
        self.said.append((body["sender_id"], body["message"], body.get("reply_parent_message_id", "")))
        sent = {"message_id": self._eventsub.next_id(), "is_sent": True, "drop_reason": None}
        return web.json_response({"data": [sent]})

    def _grant_of(self, request: web.Request) -> Grant | None:
        if request.headers.get("Client-Id") != self.client_id:
            return None
        return self.access.get(request.headers.get("Authorization", "").removeprefix("Bearer "))


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
    """In Twitch's form."""
    body = {"error": "Error", "status": status, "message": message}
    return web.json_response(body, status=status, headers=headers)
