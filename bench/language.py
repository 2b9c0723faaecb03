"""The whole way of a chat line through the bot's own code, in one process and without a network.

The bot is put together as the program does it; it knows its viewers, their limits are on, and macros are
defined. Only the tunnel is not there: instead of it stands one that takes everything at once.
"""

from __future__ import annotations

import gc
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from bench.actors import CLOUD
from bench.chatlog import LONGEST, MACROS, ChatLog, Line
from bench.figures import Figure
from bench.nasty import slowest_parse
from bot.assembly import NOTHING_REMEMBERED, assemble
from bot.changes import MacroDefined
from bot.chat.line import ChatLine
from bot.flow import Flow
from config.chats import LogChat
from config.controllers import Controller, load_controller
from config.levels import Level
from config.model import BotConfig, ChatLimits
from config.play import AnarchyOptions, ModesConfig
from tunnel.events import Connected, Outcome, Resolved
from tunnel.frame import Frame, SequenceId
from tunnel.identity import Identity

PER_SECOND: Final = 40_000
LONGEST_PARSE_MS: Final = 2.0
# So many that hardly one of their inputs is over the usual limits: each is judged to its end.
VIEWERS: Final = 20_000
# What one read of the chat's socket brings at this rate, if it is read every millisecond.
TOGETHER: Final = 40
# Only so much of the log is in memory at a time, as in life.
_PIECE: Final = 4_000
_SEED: Final = 1


def measure(lines: int) -> list[Figure]:
    """Lines a second on one core, beside one regular expression over the same ones, and the slowest parse.

    Seconds are those this process has had a core for: what else the machine does takes nothing away.
    """
    controller = load_controller("xbox")
    log, bare, judging = ChatLog(_SEED, VIEWERS), _Bare(controller), _Judging()
    gc.collect()
    gc.freeze()  # as `crowdpad bot` does when it has started
    for begin in range(0, lines, _PIECE):
        piece = log.take(min(_PIECE, lines - begin))
        bare.read(piece)
        judging.judge(piece)
    gc.unfreeze()
    stats = judging.flow.stats()
    known = stats.talk + stats.asked + stats.voted + stats.refused + stats.limited + stats.commands
    slowest = slowest_parse(controller)
    return [
        Figure("lines judged and parsed", lines / judging.spent_s, "/s", lines / bare.spent_s,
               "a regular expression of the button names", PER_SECOND, at_least=True),
        Figure("  of them inputs that may be played", stats.commands / lines, "share"),
        Figure("  of them nothing, or several things", abs(lines - known), "", limit=0),
        Figure(f"slowest parse of up to {LONGEST} characters", slowest, "ms", limit=LONGEST_PARSE_MS),
    ]  # fmt: skip


class _Bare:
    """The baseline: which of the controller's words are there? That is all some bots look for."""

    def __init__(self, controller: Controller) -> None:
        words = sorted(controller.words, key=len, reverse=True)
        self._pattern = re.compile(rf"\b(?:{'|'.join(words)})\b", re.IGNORECASE)
        self.spent_s = 0.0

    def read(self, piece: Iterable[Line]) -> None:
        texts = [line.text for line in piece]
        begin = time.process_time()
        for text in texts:
            self._pattern.findall(text)
        self.spent_s += time.process_time() - begin


class _Judging:
    """A bot's flow that is fed a log, on a clock that ticks as fast as the promise wants it."""

    def __init__(self) -> None:
        self._now = 1_700_000_000_000.0
        self._number = 0
        self._tunnel = _Hole()
        config = BotConfig(
            identity=Path("unused"),
            receiver=Identity(CLOUD).public.hex,
            relays=("ws://127.0.0.1:1",),
            chat=LogChat(file=Path("unused")),
            limits=ChatLimits(global_per_second=0),
            # More plays at once here than anybody could follow, and all of it goes the whole way.
            modes=ModesConfig(anarchy=AnarchyOptions(together=4096)),
        )
        macros = [MacroDefined(*macro) for macro in MACROS]
        self.flow: Flow = assemble(
            config, self._tunnel, now=self._now, memory=NOTHING_REMEMBERED._replace(macros=macros)
        ).flow
        self.flow.handle_event(Connected(fresh=True))
        self.spent_s = 0.0

    def judge(self, piece: Iterable[Line]) -> None:
        """What is played is answered for afterwards: a bot hears of that on another line than chat's."""
        lines = [self._line(line) for line in piece]
        batches = [lines[begin : begin + TOGETHER] for begin in range(0, len(lines), TOGETHER)]
        tick_ms = TOGETHER * 1_000 / PER_SECOND
        begin = time.process_time()
        for batch in batches:
            self._now += tick_ms
            self.flow.handle(batch, self._now)
            if self.flow.waiting or self.flow.next_timeout() <= self._now:
                self.flow.handle_timeout(self._now)
        self.spent_s += time.process_time() - begin
        for id in self._tunnel.drain():
            self.flow.handle_event(Resolved(id, Outcome.APPLIED, self._now))

    def _line(self, line: Line) -> ChatLine:
        self._number += 1
        login = f"viewer_{line.viewer}"
        return ChatLine(
            f"e9d998c3-36f1-430f-89ec-{self._number:012d}", str(100_000_000 + line.viewer), login.title(),
            Level.VIEWER, line.text, int(self._now), self._now, "bench", login,
        )  # fmt: skip


class _Hole:
    """A tunnel that takes everything, and remembers what."""

    in_flight = 0

    def __init__(self) -> None:
        self._count = 0
        self._taken: list[SequenceId] = []

    def submit(self, frames: tuple[Frame, ...]) -> SequenceId:
        self._count += 1
        self._taken.append(SequenceId(self._count))
        return self._taken[-1]

    def cancel(self, ids: Iterable[SequenceId]) -> None:
        """Nothing is under way."""

    def send_note(self, kind: int, body: bytes) -> None:
        """Nobody looks."""

    def drain(self) -> list[SequenceId]:
        """What was taken since the last time."""
        taken, self._taken = self._taken, []
        return taken
