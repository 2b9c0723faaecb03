"""When a line that begins with `!` is a command, who may give it, and when it is answered. Pure.

Other bots live in the same chat and have commands of their own: what is no command of ours is not answered,
nor is a viewer who may not give one. Either would turn every line of a troll into a line of the bot.
Moderators do get a word: they mean it, and they are few.
"""

from __future__ import annotations

import logging
from collections import Counter
from typing import Final

from bot.answers.replies import Priority, Reply
from bot.chat.line import ChatLine
from bot.chat.sayable import sayable
from bot.commands.arguments import quoted
from bot.commands.desk import Desk
from bot.commands.near import nearest
from bot.commands.request import Command, MisuseError, Request
from bot.commands.table import COMMANDS
from bot.rate import Rate
from config.levels import Level
from config.play import CommandsConfig

# With the mention the chat adds in front, and a number behind against repeats, it stays under Twitch's 500.
LONGEST_ANSWER: Final = 449
# Who joins, votes and asks for help in one go is served at once; then there is time to read the answers.
USER_BURST: Final = 3
USER_EVERY_S: Final = 5.0
# Who is forgotten starts with a full bucket: so many others must have given a command within 15 s.
MOST_USERS: Final = 10_000
# What is the same for everybody stands on the screen for so long in a busy chat.
SHARED_EVERY_MS: Final = 10_000.0

log = logging.getLogger(__name__)

_NAMED: Final = {command.name: command for command in COMMANDS}
_HEADS: Final = tuple(dict.fromkeys(command.head for command in COMMANDS))


class Commands:
    """Reads commands, has them done, and words the answers.

    counters  done, misused, failed, and what nothing was done about: unknown, not_allowed, user_limit,
    just_answered
    """

    def __init__(self, desk: Desk, config: CommandsConfig) -> None:
        self.counters: Counter[str] = Counter()
        self._desk = desk
        self._config = config
        self._rate = Rate(1 / USER_EVERY_S, USER_BURST, MOST_USERS)
        self._shared_ms: dict[tuple[str, str], float] = {}

    def handle(self, line: ChatLine, text: str, now: float) -> list[Reply]:
        """Does what `text`, the line as bot.text normalises it, asks for. Never raises."""
        if not self._config.enabled or text[:1] != "!" or text[1:2].isspace():
            return []
        command, words = _find(text[1:].split())
        if command is None:
            return self._answer(line, self._unknown(line, words))
        if line.level < command.level(self._config):
            return self._answer(line, self._not_allowed(line, command))
        if not self._serves(line, command, words, now):
            return []
        allowed = tuple(row for row in COMMANDS if line.level >= row.level(self._config))
        request = Request(line, " ".join(words), tuple(words), allowed, now)
        return self._answer(line, self._carry_out(command, request))

    def _carry_out(self, command: Command, request: Request) -> str:
        try:
            sentence = command.handler(self._desk, request)
        except MisuseError as error:
            self.counters["misused"] += 1
            return str(error) or f"Usage: {command.typed}"
        except Exception:  # a mistake of ours; one command must not end a stream
            log.exception("The command !%s failed.", command.name)
            self.counters["failed"] += 1
            return "That went wrong inside the bot; its log says how."
        self.counters["done"] += 1
        return sentence

    def _serves(self, line: ChatLine, command: Command, words: list[str], now: float) -> bool:
        """Whether a viewer's turn has come, and this needs an answer. Moderators are served always."""
        if line.level >= Level.MODERATOR:
            return True
        if not self._rate.take(line.user, now):
            self.counters["user_limit"] += 1
            return False
        if not command.shared:
            return True
        topic = words[0] if words and words[0] in _HEADS else ""
        last_ms = self._shared_ms.get((command.name, topic))
        if last_ms is not None and now - last_ms < SHARED_EVERY_MS:
            self.counters["just_answered"] += 1
            return False
        self._shared_ms[command.name, topic] = now
        return True

    def _unknown(self, line: ChatLine, words: list[str]) -> str:
        self.counters["unknown"] += 1
        near = nearest(words[0], _HEADS) if words and line.level >= Level.MODERATOR else ""
        return f"There is no {quoted('!' + words[0])} here; did you mean !{near}?" if near else ""

    def _not_allowed(self, line: ChatLine, command: Command) -> str:
        self.counters["not_allowed"] += 1
        if line.level < Level.MODERATOR:
            return ""
        return f"Only from {command.level(self._config).word} on may one use !{command.name} here."

    def _answer(self, line: ChatLine, sentence: str) -> list[Reply]:
        text = sayable(sentence, LONGEST_ANSWER)
        priority = Priority.ORDER if line.level >= Level.MODERATOR else Priority.ANSWER
        return [Reply(text, priority, line.id)] if text else []


def _find(words: list[str]) -> tuple[Command | None, list[str]]:
    """The row with the longest name that these words begin with, and the words after it."""
    words = [word.rstrip("!") for word in words[:1]] + words[1:]  # who shouts !neutral!! means it
    for length in (2, 1):
        command = _NAMED.get(" ".join(words[:length]))
        if command is not None and len(words) >= length:
            return command, words[length:]
    return None, words
