"""What the local chat server does with each command of a member."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from bench.world import twitch_lines as lines
from bench.world.twitch_hall import Hall, Member
from bench.world.twitch_limits import Account, Fate
from bot.chat.irc_message import IrcError, Message, parse, read_tags
from config.levels import Level

# Twitch's own bound on what somebody may write.
MAX_TEXT = 500
# Twitch's words.
_BEFORE = "Your message was not sent because"
_NOTICES = {
    Fate.TOO_QUICK: f"{_BEFORE} you are sending messages too quickly.",
    Fate.DUPLICATE: f"{_BEFORE} it is identical to the previous one you sent, less than 30 seconds ago.",
}


class Commands:
    """The commands Twitch knows of what a chat client says.

    limited  whether the rules of bench.world.twitch_limits hold
    """

    def __init__(self, hall: Hall, tokens: frozenset[str] | None, *, limited: bool = False) -> None:
        self._hall = hall
        self._tokens = tokens
        self._limited = limited
        self._accounts: defaultdict[tuple[str, str], Account] = defaultdict(Account)
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
                if not member.is_anonymous:
                    answer.append(self._user_state(member, channel))
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
        if channel not in self._hall.channels or not 0 < len(text) <= MAX_TEXT or _is_command(text):
            self._hall.counters["privmsg_ignored"] += 1
            return
        self._hall.counters["privmsg"] += 1
        if not self._lets_through(member, channel, text):
            return
        parent = read_tags(message.tags).get("reply-parent-msg-id", "")
        answered = self._hall.answered(parent)
        extra = lines.reply_tags(parent, *answered) if answered else None
        if answered:  # Twitch does so itself, for clients that know nothing of answers
            text = f"@{answered[0]} {text}"
        level = self._hall.level(member.nick, channel)
        id = self._hall.next_id()
        line = self._hall.write(channel, member.nick, text, id=id, level=level, extra=extra)
        self._hall.publish(channel, [line], but=member)
        if "commands" in member.capabilities:
            self._hall.send([member], self._user_state(member, channel))

    def _lets_through(self, member: Member, channel: str, text: str) -> bool:
        """Whether the account may write this now; else it is told, or not, as Twitch does."""
        assert member.nick is not None, "only who has logged in writes"
        if not self._limited:
            return True
        trusted = self._hall.level(member.nick, channel) >= Level.VIP
        fate = self._accounts[member.nick, channel].writes(text, self._hall.now(), trusted=trusted)
        if fate is Fate.SHOWN:
            return True
        self._hall.counters[f"privmsg_{fate.value}"] += 1
        if fate in _NOTICES and "commands" in member.capabilities:
            notice = lines.notice(channel, fate.value, _NOTICES[fate])
            self._hall.send([member], self._hall.for_member(member, notice))
        return False

    def _user_state(self, member: Member, channel: str) -> str:
        assert member.nick is not None, "only who has logged in has a state"
        level = self._hall.level(member.nick, channel)
        return self._hall.for_member(member, lines.user_state(channel, member.nick, level))


def _is_command(text: str) -> bool:
    """Whether Twitch takes it for one of its own: `/ban`, `.ban`; not for `...` and `. a`."""
    return text[0] in "/." and text[1:2].isalpha()
