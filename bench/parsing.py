"""Chat parsing alone: IRC lines as Twitch sends them, to what the bot judges."""

from __future__ import annotations

import time

from bench.figures import Figure
from bench.stage import BUTTON_WORDS, chat_line
from bot.chat.irc import IrcSession, Login
from bot.chat.irc_room import IrcRoom


def measure(lines: int) -> list[Figure]:
    """Lines a second on one core, beside splitting the same lines at blanks and nothing else."""
    typed = [chat_line(n, BUTTON_WORDS[n % len(BUTTON_WORDS)]) + "\r\n" for n in range(lines)]
    frames = ["".join(typed[n : n + 5]) for n in range(0, lines, 5)]
    start = time.perf_counter()
    for frame in frames:
        for line in frame.split("\r\n"):
            line.split(" ")
    bare = lines / (time.perf_counter() - start)
    session = IrcSession(IrcRoom("bench"), Login("justinfan12345", None))
    start = time.perf_counter()
    found = sum(len(session.receive(frame, 0.0)) for frame in frames)
    rate = lines / (time.perf_counter() - start)
    return [
        Figure("IRC lines parsed", rate, "/s", bare, "split at blanks", 50_000, at_least=True),
        Figure("  of them not understood", lines - found, "", limit=0),
    ]
