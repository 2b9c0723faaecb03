from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from bot.assembly import Assembled, assemble
from bot.chat.limits import NO_LIMITS, SendingLimits
from bot.chat.line import (
    ChatCleared,
    ChatEvent,
    ChatLine,
    MessageDeleted,
    Triggered,
    TriggerKind,
    UserCleared,
)
from bot.store import Store
from config.codes import Control
from config.levels import Level
from config.model import BotConfig
from injector.guard import DeviceMove
from injector.player import Order, Player, Resolve, Rest, Show
from injector.report import NEUTRAL, Report, changes
from injector.rules import Rules
from tunnel.events import Connected, Outcome, Resolved, SequenceArrived
from tunnel.frame import Frame, Sequence, SequenceId

# Who they are when they have no other name on the page.
LEVELS: Final = {
    "sub": Level.SUBSCRIBER,
    "vip": Level.VIP,
    "mo": Level.MODERATOR,
    "streamer": Level.BROADCASTER,
}
# As long as a line may last: whatever the last step of a script has begun is over by then.
AFTERMATH_MS: Final = 10_000.0


class Press(NamedTuple):
    """One control away from rest, on one pad. `end_ms` is None while it is."""

    pad: int
    control: Control
    value: float
    begin_ms: float
    end_ms: float | None = None

    def __str__(self) -> str:
        pad = "" if self.pad == 1 else f"pad {self.pad} "
        far = "" if self.value == 1 else f" {self.value:g}"
        end = "..." if self.end_ms is None else f"{self.end_ms:g}"
        return f"{pad}{self.control}{far} {self.begin_ms:g}-{end}"


class Stage:
    """A bot, a chat and a receiver, without a network and without a clock: scripts in, what happens out.

    settings  keys of the bot's configuration
    folder    for its store
    """

    def __init__(self, settings: Mapping[str, Any], folder: Path) -> None:
        usual = {
            "identity": folder / "bot.key",
            "receiver": "02" + "1" * 64,
            "relays": ["ws://127.0.0.1:1"],
            "chat": {"source": "irc", "channel": "arcade"},
        }
        self._config = BotConfig.model_validate(usual | dict(settings))
        self._store_file = folder / "crowdpad.sqlite"
        self._now = 0.0
        self._lines = 0
        self._last_line: dict[str, str] = {}
        self._presses: list[Press] = []
        self._said: list[str] = []
        self._shown: dict[int, Report] = {}
        self._sent: list[Sequence] = []
        self._taken_back: list[tuple[SequenceId, ...]] = []
        self._unanswered: set[SequenceId] = set()
        self._player = Player(Rules(pads=4), 0.0)
        self._player.guard.move(DeviceMove.TRY, 0.0)
        self._player.opened(0.0)
        self._begin()

    def play(self, script: Iterable[str]) -> str:
        """What happens: what the pad does, then what the bot says, in the notation of the page."""
        for step in script:
            self._step(step)
        self._pass(AFTERMATH_MS)
        said = [f'"{text}"' for text in self._said]
        return ", ".join([*map(str, self._presses), *said]) or "nothing"

    # The tunnel and the chat, as the bot sees them

    @property
    def in_flight(self) -> int:
        return len(self._unanswered)

    def submit(self, frames: tuple[Frame, ...]) -> SequenceId:
        self._ids += 1
        id = SequenceId(self._ids)
        self._sent.append(Sequence(id, frames))
        self._unanswered.add(id)
        return id

    def cancel(self, ids: Iterable[SequenceId]) -> None:
        self._taken_back.append(tuple(ids))

    def send_note(self, kind: int, body: bytes) -> None:
        pass

    @property
    def can_say(self) -> bool:
        return True

    @property
    def limits(self) -> SendingLimits:
        return NO_LIMITS

    def say(self, text: str, reply_to: str = "") -> None:
        self._said.append(text)

    # What a script may ask for

    def _step(self, step: str) -> None:
        for pattern, does in self._steps:
            found = re.fullmatch(pattern, step)
            if found is not None:
                does(self, *found.groups())
                return
        raise AssertionError(f"no step of a script: {step}")

    def _chat(self, user: str | None, text: str) -> None:
        user = user or "ada"
        self._lines += 1
        line = ChatLine(
            id=f"line-{self._lines}",
            user=user,
            name=user.title(),
            level=LEVELS.get(user, Level.VIEWER),
            text=text,
            sent_ms=None,
            arrived_ms=self._now,
            room="arcade",
            login=user,
        )
        self._last_line[user] = line.id
        self._hear(line)

    def _trigger(self, kind: TriggerKind, user: str, title: str, amount: int) -> None:
        self._lines += 1
        event = f"event-{self._lines}"
        self._hear(Triggered(event, kind, user, user.title(), title, amount, "", self._now))

    def _edit(self, old: str, new: str) -> None:
        """What a person with an editor does to the game's page; time for the bot to notice included."""
        assert isinstance(self._config.game, Path)
        text = self._config.game.read_text(encoding="utf-8")
        assert old in text
        self._config.game.write_text(text.replace(old, new), encoding="utf-8")
        for _ in range(3):
            self._parts.library.look(self._now)
            self._pass(1_000)

    def _restart(self) -> None:
        self._write()
        self._store.close()
        self._begin()

    def _hear(self, event: ChatEvent) -> None:
        self._parts.flow.handle([event], self._now)
        self._deliver()

    def _pass(self, ms: float) -> None:
        until = self._now + ms
        while True:
            self._parts.flow.handle_timeout(self._now)
            self._deliver()
            self._obey(self._player.handle_timeout(self._now))
            ends = (self._parts.flow.next_timeout(), self._player.next_timeout())
            due = min(end for end in ends if end is not None)
            if due > until:
                break
            self._now = max(due, self._now)
        self._now = until

    _steps: Final[list[tuple[str, Callable[..., None]]]] = [
        (r"\(([0-9.]+) s\)", lambda self, seconds: self._pass(float(seconds) * 1000)),
        (r"\(([a-z]+) is banned\)", lambda self, user: self._hear(UserCleared(user))),
        (
            r"\(([a-z]+)'s line is deleted\)",
            lambda self, user: self._hear(MessageDeleted(self._last_line[user])),
        ),
        (r"\(the chat is emptied\)", lambda self: self._hear(ChatCleared())),
        (
            r"\(([a-z]+) cheers ([0-9]+)\)",
            lambda self, user, bits: self._trigger(TriggerKind.CHEER, user, "", int(bits)),
        ),
        (
            r"\(([a-z]+) redeems (.+)\)",
            lambda self, user, title: self._trigger(TriggerKind.REWARD, user, title, 1_000),
        ),
        (
            r"\(([a-z]+) subscribes\)",
            lambda self, user: self._trigger(TriggerKind.SUBSCRIPTION, user, "", 1),
        ),
        (r"\(the page's (.+) becomes (.+)\)", _edit),
        (r"\(the bot is started again\)", _restart),
        (r"(?:([a-z]+): )?([^(].*)", _chat),
    ]

    # How it is held together

    def _begin(self) -> None:
        self._ids = 0
        self._unanswered.clear()
        self._store = Store.open(self._store_file)
        self._changes: list[Any] = []
        self._parts: Assembled = assemble(
            self._config,
            self,
            now=self._now,
            memory=self._store.load(self._now),
            voice=self,
            on_change=self._changes.append,
        )
        self._obey(self._player.connected(fresh=True))
        self._parts.flow.handle_event(Connected(fresh=True))

    def _write(self) -> None:
        self._store.write([*self._changes, *self._parts.people.changes()])
        self._changes.clear()

    def _deliver(self) -> None:
        """What the bot has sent reaches the receiver, at once and in order."""
        while self._sent or self._taken_back:
            sent, self._sent = self._sent, []
            taken_back, self._taken_back = self._taken_back, []
            for sequence in sent:
                arrived = SequenceArrived(sequence, float(sequence.date), self._now - sequence.date)
                self._obey(self._player.arrived(arrived, self._now))
            for ids in taken_back:
                self._obey(self._player.cancelled(ids, SequenceId(self._ids + 1), self._now))

    def _obey(self, orders: Iterable[Order]) -> None:
        for order in orders:
            match order:
                case Show(pad, report):
                    self._show(pad, report)
                case Rest():
                    for pad in tuple(self._shown):
                        self._show(pad, NEUTRAL)
                case Resolve(id, outcome):
                    self._unanswered.discard(id)
                    played_ms = self._now if outcome is Outcome.APPLIED else None
                    self._parts.flow.handle_event(Resolved(id, outcome, played_ms))

    def _show(self, pad: int, report: Report) -> None:
        for control, value in changes(self._shown.get(pad, NEUTRAL), report):
            for place, press in enumerate(self._presses):
                if (press.pad, press.control, press.end_ms) == (pad, control, None):
                    self._presses[place] = press._replace(end_ms=self._now)
            if value:
                self._presses.append(Press(pad, control, value, self._now))
        self._shown[pad] = report

    def close(self) -> None:
        self._store.close()


@pytest.fixture
def play(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[Mapping[str, Any], Iterable[str]], str]:
    """Plays a script on a bot with these settings, and tells what happened."""

    def run(settings: Mapping[str, Any], script: Iterable[str]) -> str:
        stage = Stage(settings, tmp_path)
        request.addfinalizer(stage.close)
        return stage.play(script)

    return run
