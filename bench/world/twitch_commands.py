"""What the local chat server does with each command of a member."""

from __future__ import annotations

from collections.abc import Callable

from bench.world import twitch_lines as lines
from bench.world.twitch_hall import Hall, Member
from bot.chat.irc_message import IrcError, Message, parse

# Twitch's own bound on what somebody may write.
MAX_TEXT = 500


class Commands:
    """The commands Twitch knows of what a chat client says."""

    def __init__(self, hall: Hall, tokens: frozenset[str] | None) -> None:
        self._hall = hall
        self._tokens = tokens
        self._commands: dict[str, Callable[[Member, Message], None]] = {
            "CAP": self._on_cap,
            "PASS": self._on_pass,
            "NICK": self._on_nick,
            "JOIN": self._on_join,
            "PART": self._on_part,
            "PING": self._on_ping,
            "PONG": self._on_pong,
            "PRIVMSG": self._on_privmsg,
        }

    def receive(self, member: Member, frame: str) -> None:
        """Does what the lines of one frame ask; what is no command is counted."""
        for line in frame.split("\n"):
            try:
                message = parse(line.rstrip("\r")) if line.strip() else None
            except IrcError:
                self._hall.counters["line_malformed"] += 1
                continue
            if message is None:
                continue
            answer = self._commands.get(message.command)
            if answer is None:
                self._hall.counters["unknown_command"] += 1
            else:
                answer(member, message)

    def _on_cap(self, member: Member, message: Message) -> None:
        if len(message.params) < 2 or message.params[0].upper() != "REQ":
            return
        known = {f"twitch.tv/{name}": name for name in ("tags", "commands", "membership")}
        wanted = message.params[-1].split()
        if not all(name in known for name in wanted):
            self._hall.send([member], f":{lines.SERVER} CAP * NAK :{message.params[-1]}")
            return
        member.capabilities |= {known[name] for name in wanted}
        self._hall.send([member], f":{lines.SERVER} CAP * ACK :{' '.join(wanted)}")

    def _on_pass(self, member: Member, message: Message) -> None:
        if member.nick is not None and not member.is_anonymous:
            self._refuse(member, "Improperly formatted auth")
        member.token = message.params[0] if message.params else ""

    def _on_nick(self, member: Member, message: Message) -> None:
        if member.nick is not None or not message.params:
            return
        member.nick = message.params[0].lower()
        if not member.is_anonymous:
            if member.token is None or not member.token.startswith("oauth:"):
                self._refuse(member, "Improperly formatted auth")
                return
            if self._tokens is not None and member.token.removeprefix("oauth:") not in self._tokens:
                self._refuse(member, "Login authentication failed")
                return
        self._hall.send([member], "\r\n".join(lines.welcome(member.nick)))

    def _refuse(self, member: Member, text: str) -> None:
        self._hall.counters["login_refused"] += 1
        self._hall.send([member], f":{lines.SERVER} NOTICE * :{text}")
        member.nick = None
        self._hall.say_goodbye([member])

    def _on_join(self, member: Member, message: Message) -> None:
        wanted = message.params[0].lower().split(",") if message.params else []
        for channel in [name.removeprefix("#") for name in wanted if name.startswith("#")]:
            if member.nick is None or channel not in self._hall.channels:
                continue  # Twitch says nothing at all
            answer = lines.joined(channel, member.nick)
            if "commands" in member.capabilities:
                answer.append(self._hall.for_member(member, lines.room_state(channel)))
            self._hall.send([member], "\r\n".join(answer))
            self._hall.enter(member, channel)

    def _on_part(self, member: Member, message: Message) -> None:
        for channel in message.params[0].lower().replace("#", "").split(",") if message.params else []:
            if member.nick is not None and channel in member.channels:
                self._hall.send([member], lines.membership(channel, member.nick, "PART"))
                self._hall.leave(member, channel)

    def _on_ping(self, member: Member, message: Message) -> None:
        self._hall.send(
            [member], f":{lines.SERVER} PONG {lines.SERVER} :{message.params[-1] if message.params else ''}"
        )

    def _on_pong(self, member: Member, message: Message) -> None:
        member.owes_pong = False

    def _on_privmsg(self, member: Member, message: Message) -> None:
        if len(message.params) < 2 or member.nick is None or member.is_anonymous:
            self._hall.counters["privmsg_ignored"] += 1
            return
        channel, text = message.params[0].lower().removeprefix("#"), message.params[1]
        if channel not in self._hall.channels or not text or len(text) > MAX_TEXT:
            self._hall.counters["privmsg_ignored"] += 1
            return
        level = self._hall.level(member.nick, channel)
        line = self._hall.write(channel, member.nick, text, id=self._hall.next_id(), level=level)
        self._hall.publish(channel, [line], but=member)
        self._hall.counters["privmsg"] += 1
        if "commands" in member.capabilities:
            self._hall.send(
                [member], self._hall.for_member(member, lines.user_state(channel, member.nick, level))
            )
