"""Twitch chat through EventSub, and the way to answer: the shell around `bot.chat.eventsub_session`."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from bot.chat.error import SourceError
from bot.chat.eventsub_conversation import Conversation
from bot.chat.eventsub_events import EventSubRoom
from bot.chat.eventsub_session import End, EventSubSession
from bot.chat.eventsub_voice import Voice
from bot.chat.eventsub_wishes import CHAT, WRITE_CHAT, Wish, refusal, worth_asking
from bot.chat.helix import Account, Helix, Sent
from bot.chat.helix_answer import HelixError, LoginLostError
from bot.chat.helix_door import API_URL, ID_URL
from bot.chat.irc import Wait
from bot.chat.limits import AS_MODERATOR, AS_VIEWER, SendingLimits
from bot.chat.line import ChatEvent, ChatLine, SourceState
from bot.chat.mailbox import Mailbox, batches
from bot.chat.network import is_loopback
from bot.chat.patience import Patience
from bot.chat.tokens import LoginError, LoginFile
from config.levels import Level
from tunnel.wallclock import WallClock

log = logging.getLogger(__name__)

SOCKET_URL: Final = "wss://eventsub.wss.twitch.tv/ws"
# The shortest that Twitch grants: a dead line is noticed after 12 s.
KEEPALIVE_S: Final = 10
# Twitch wants each token looked at every hour, and may audit that.
VALIDATE_EVERY_S: Final = 3_600.0


class EventSubSource:
    """Reads one channel as somebody who has logged in, for ever: reconnects by itself, moves without a gap.

    channel, login_file  the channel's login, '#' optional; the file that `login` has written
    api_url, id_url, socket_url  Twitch's three doors, unless a test has its own
    counters             what was dropped and how often we had to reconnect

    Raises SourceError if the login file cannot be used, or a token would leave unencrypted.
    """

    def __init__(
        self,
        channel: str,
        login_file: Path,
        shared_chat: bool = False,
        clock: WallClock | None = None,
        *,
        api_url: str = API_URL,
        id_url: str = ID_URL,
        socket_url: str = SOCKET_URL,
    ) -> None:
        for url in (api_url, id_url, socket_url):
            _check_url(url)
        try:
            self._file = LoginFile(login_file)
        except LoginError as error:
            raise SourceError(f"The login cannot be used: {error}.") from error
        self._clock = clock or WallClock()
        self._room = EventSubRoom(channel.removeprefix("#").lower(), shared_chat=shared_chat)
        self._voice = Voice(self._room.counters, self._clock)
        self._socket_url = f"{socket_url}?keepalive_timeout_seconds={KEEPALIVE_S}"
        self._urls = {"api_url": api_url, "id_url": id_url}
        self._account: Account | None = None
        self._told: set[str] = set()

    @property
    def counters(self) -> Counter[str]:
        """What was dropped, and why."""
        return self._room.counters

    @property
    def can_say(self) -> bool:
        """Whether `say` reaches the chat: the login must allow it, and be known to be good."""
        return self._voice.allowed and bool(self._room.channel_id)

    @property
    def limits(self) -> SendingLimits:
        """How fast Twitch lets this account write: as a moderator, or at home, faster than elsewhere."""
        at_home = self._account is not None and self._account.user_id == self._room.channel_id
        return AS_MODERATOR if at_home or self._room.echo.level >= Level.VIP else AS_VIEWER

    def is_ours(self, line: ChatLine, now: float) -> bool:
        """Whether another source hears what was said here."""
        return self._room.echo.is_ours(line, now)

    def say(self, text: str, reply_to: str = "") -> None:
        """Sends one line. Never waits and never raises; what cannot be sent is counted."""
        self._voice.say(text, reply_to)

    def events(self) -> AsyncGenerator[list[ChatEvent], None]:
        """Batches: a message, or all the messages that were ready together."""
        return batches(self.fill)

    async def fill(self, mailbox: Mailbox) -> None:
        """Puts what happens there, until cancelled."""
        twitch = Helix(self._file.login.client_id, self._file, clock=self._clock, **self._urls)
        async with twitch as helix, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._voice.run(lambda text, to: self._send(helix, text, to)))
            tasks.create_task(self._mind_the_login(helix))
            await self._keep_connected(helix, mailbox, tasks)

    async def _keep_connected(self, helix: Helix, mailbox: Mailbox, tasks: asyncio.TaskGroup) -> None:
        """One conversation after another; one that has to move is read on until its successor listens."""
        patience = Patience()
        leaving: Conversation | None = None
        url: str | None = None
        while True:
            talk = self._conversation(helix, mailbox, url, leaving)
            end = await self._held(helix, talk, tasks)
            if talk.reads:
                if leaving is not None:  # never more than one besides the current one
                    leaving.close()
                leaving = talk
            elif leaving is not None and not leaving.reads:
                leaving = None
            url = end.url
            if end.wait is Wait.SLOWLY:  # somebody has to mend it, perhaps with another login
                self._forget_who_is_who()
            wait_ms = patience.wait_ms(
                end.wait, now=self._clock.now(), lived_ms=talk.lived_ms, draw=random.random()
            )
            self.counters["reconnect"] += 1
            if leaving is not None:  # somebody still listens, so there is nothing for the streamer
                log.info("Chat of #%s: %s.", self._room.channel, end.because)
            else:
                mailbox.put([SourceState(False, self._sentence(end, wait_ms))])
            await asyncio.sleep(wait_ms / 1000)

    def _conversation(
        self, helix: Helix, mailbox: Mailbox, url: str | None, leaving: Conversation | None
    ) -> Conversation:
        async def subscribe(session: EventSubSession) -> None:
            await self._subscribe(helix, mailbox, session)

        here = url or self._socket_url
        session = EventSubSession(self._room, self._socket_url, resumes=url is not None)
        return Conversation(here, session, self._clock, mailbox, subscribe, leaving)

    async def _held(self, helix: Helix, talk: Conversation, tasks: asyncio.TaskGroup) -> End:
        """The end of this conversation, which may be that it could not even begin."""
        try:
            await helix.until_free()
            await self._know_who_is_who(helix)
        except LoginLostError as error:
            return End(str(error), Wait.SLOWLY)
        except HelixError as error:
            return End(str(error), _wait_after(error))
        tasks.create_task(talk.run())
        return await talk.ended

    async def _know_who_is_who(self, helix: Helix) -> None:
        """Once, and again after a new login: whose token it is, and which number the channel has."""
        user_id = self._file.login.user_id
        if self._account is not None and self._account.user_id == user_id and self._room.channel_id:
            return
        self._account = await helix.validate()
        self._voice.allowed = WRITE_CHAT in self._account.scopes
        self._room.echo.user = self._account.user_id
        channel_id = await helix.account_id(self._room.channel)
        if channel_id is None:
            doubt = "it may be misspelt, or suspended"
            raise HelixError(404, f"there is no channel #{self._room.channel}: {doubt}")
        self._room.channel_id = channel_id

    def _forget_who_is_who(self) -> None:
        self._account = None
        self._voice.allowed = False

    async def _subscribe(self, helix: Helix, mailbox: Mailbox, session: EventSubSession) -> None:
        """The chat first: without it the session is of no use. Then whatever else Twitch lets us see."""
        account = self._account
        assert account is not None, "known before the connection was made"
        try:
            await self._wish(helix, CHAT, account, session)
        except LoginLostError as error:
            session.refused(str(error), Wait.SLOWLY)
            return
        except HelixError as error:
            session.refused(f"Twitch does not show it: {error}", _wait_after(error))
            return
        mailbox.put(session.subscribed())
        refused: list[Wish] = []
        for wish in worth_asking(account.scopes):
            try:
                await self._wish(helix, wish, account, session)
            except (HelixError, LoginLostError) as error:
                log.debug("Twitch refuses %s: %s", wish.type, error)
                self.counters["subscription_refused"] += 1
                refused.append(wish)
        if refused:
            ours = account.user_id == self._room.channel_id
            sentence = refusal(refused, account.scopes, is_streamer=ours)
            if sentence not in self._told:
                self._told.add(sentence)
                mailbox.put([SourceState(True, sentence)])

    async def _wish(self, helix: Helix, wish: Wish, account: Account, session: EventSubSession) -> None:
        await helix.subscribe(wish, wish.condition(self._room.channel_id, account.user_id), session.id)

    async def _send(self, helix: Helix, text: str, reply_to: str) -> Sent:
        if self._account is None:
            return Sent(False, message="nobody is logged in")
        self._room.echo.said(text, self._clock.now())
        return await helix.send_line(self._room.channel_id, self._account.user_id, text, reply_to)

    async def _mind_the_login(self, helix: Helix) -> None:
        while True:
            await asyncio.sleep(VALIDATE_EVERY_S)
            try:
                await helix.validate()
            except (HelixError, LoginLostError) as error:
                log.warning("Twitch was asked about the login: %s", error)

    def _sentence(self, end: End, wait_ms: float) -> str:
        seconds = max(1, round(wait_ms / 1000))
        because = end.because.rstrip(".")
        return f"The chat of #{self._room.channel} cannot be read: {because}. Trying again in {seconds} s."


def _wait_after(error: HelixError) -> Wait:
    """What passes by itself is tried again soon; what somebody must mend, seldom."""
    return Wait.BACK_OFF if error.status in (0, 400, 429) or error.status >= 500 else Wait.SLOWLY


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https", "ws", "wss") or not parts.hostname:
        raise SourceError(f"{url!r} is no address of Twitch's.")
    if parts.scheme in ("http", "ws") and not is_loopback(url):
        raise SourceError(f"A login is not sent over an unencrypted line: {url!r}.")
