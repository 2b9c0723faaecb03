"""From chat to tunnel: what becomes of every line, and of what a moderator takes back. No I/O, no clock.

    ChatLine -> normalise -> "!..." -> commands -> replies -> voice
                          -> read -> judged -> council (who decides?) -> judged again -> dispatch -> tunnel

What must not be played any more, bot.recall takes back.

Law of use: after `handle` or `handle_event`, and when `next_timeout` has come, call `handle_timeout`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final, NamedTuple

from bot.answers.mistakes import Mistakes, wording
from bot.answers.replies import Replies, Reply
from bot.chat.line import (
    ChatCleared,
    ChatEvent,
    ChatLine,
    ChatVoice,
    MessageDeleted,
    SourceState,
    Triggered,
    UserCleared,
)
from bot.chat.retracted import Retracted
from bot.commands.commands import Commands
from bot.crowd import Crowd, Judgement, Verdict
from bot.game.lexicon import Lexicon
from bot.game.triggers import rule_for
from bot.grammar import Parsed, Refused, Talk
from bot.modes.council import Council
from bot.modes.mode import Choice, Offer, Owner
from bot.observer import BotStats, Observer
from bot.recall import Recall
from bot.sending.dispatch import Dispatch
from bot.show import Show
from bot.tally import Tally
from bot.text import normalise
from bot.viewers.people import People
from bot.viewers.restrictions import Restrictions
from config.levels import Level
from tunnel.events import Event, Outcome, Resolved

# Said to whoever types into a terminal. In a crowd everybody would be told all the time.
_WHY: Final = {
    Verdict.SILENCED: "a moderator has taken all words from you",
    Verdict.RESTRICTED: "a moderator has taken {word} from you",
    Verdict.LOCKED: "{word} is locked",
    Verdict.LEVEL: "{word} is not for everybody",
    Verdict.USER_LIMIT: "that was too much at once",
    Verdict.USER_COOLDOWN: "{word} rests for a while after you used it",
    Verdict.BUTTON_COOLDOWN: "{word} rests for a while",
    Verdict.GLOBAL_LIMIT: "everybody together is too fast",
}

_SILENCED: Final = Judgement(Verdict.SILENCED)

# What is stored about people is theirs to know and to delete, whatever a moderator thinks of them.
_HEARD_OF_ANYBODY: Final = frozenset({"!me", "!forget"})

log = logging.getLogger(__name__)


class Parts(NamedTuple):
    """What a flow leads through, in the order of the way (bot.assembly makes them).

    mistakes  None: nobody is told what is wrong with a line
    voice     the way back into the chat; None where there is none
    """

    lexicon: Lexicon
    people: People
    restrictions: Restrictions
    crowd: Crowd
    council: Council
    dispatch: Dispatch
    recall: Recall
    commands: Commands
    mistakes: Mistakes | None
    replies: Replies
    voice: ChatVoice | None
    show: Show
    tally: Tally


class Flow:
    """Judges chat and keeps what is under way in order.

    explain  tell the log why a line is no command: for the one person who types and reads it, not for a crowd
    """

    def __init__(self, parts: Parts, *, explain: bool, observer: Observer) -> None:
        self._of = parts
        self._explain = explain
        self._observer = observer
        self._retracted = Retracted()
        self._counted = parts.tally.counters

    @property
    def link_up(self) -> bool:
        """Whether the receiver answers."""
        return self._of.dispatch.link_up

    @property
    def waiting(self) -> int:
        """How many inputs wait, for the mode or for the tunnel."""
        return self._of.council.waiting + self._of.dispatch.waiting

    def stats(self) -> BotStats:
        """The figures, now."""
        return self._of.tally.stats()

    def handle(self, events: Iterable[ChatEvent], now: float) -> None:
        """Takes a batch of a source, all of it at once. What may be played leaves before this returns."""
        for event in events:
            if isinstance(event, ChatLine):
                self._hear(event, now)
            else:
                self._decide(now)  # what was chosen before it leaves before it, and can be taken back
                self._hear_other(event, now)
        self._decide(now)

    def handle_event(self, event: Event) -> None:
        """Takes what the tunnel says. Submits nothing by itself: the tunnel is in the middle of something."""
        player = self._of.dispatch.handle_event(event)
        if player and isinstance(event, Resolved) and event.outcome is Outcome.APPLIED:
            self._of.people.played(player)

    def handle_timeout(self, now: float) -> None:
        """Lets time do what it does: ends votes and waits, submits and says what may leave."""
        self._of.restrictions.handle_timeout(now)
        self._decide(now)
        self._of.dispatch.handle_timeout(now)
        self._of.show.handle_timeout(now)
        self._speak(now)

    def next_timeout(self) -> float:
        """When to call `handle_timeout` though nothing happened."""
        parts = self._of
        ends = (
            parts.restrictions.next_timeout(),
            parts.council.next_timeout(),
            parts.dispatch.next_timeout(),
            parts.replies.next_timeout(),
            parts.show.next_timeout(),
        )
        return min(end for end in ends if end is not None)

    def is_idle(self, now: float) -> bool:
        """Whether nothing waits, nothing is unanswered, and nothing is held."""
        return not self._of.council.waiting and self._of.dispatch.is_idle(now)

    def _hear(self, line: ChatLine, now: float) -> None:
        self._counted["lines"] += 1
        text = normalise(line.text)
        self._of.people.seen(line, now)
        if self._retracted.covers(line.id, line.user, now):
            self._counted["retracted"] += 1
        elif text not in _HEARD_OF_ANYBODY and not self._of.crowd.hears(line.user, line.level, now):
            self._decline(_SILENCED, text)
        elif text.startswith("!"):
            self._counted["asked"] += 1
            self._decide(now)
            for reply in self._of.commands.handle(line, text, now):
                self._say(reply, now)
        elif self._of.council.hear(text, line.user, now):
            self._counted["voted"] += 1
        else:
            self._read(line, text, now)

    def _read(self, line: ChatLine, text: str, now: float) -> None:
        match self._of.lexicon.read(text):
            case Parsed() as parsed:
                judgement = self._of.crowd.judge(line, parsed, now, past_locks=self._is_pause(line, parsed))
                if judgement.verdict is not Verdict.ADMITTED:
                    self._decline(judgement, parsed.text)
                    return
                self._counted["commands"] += 1
                self._of.people.acted(line.user)
                self._of.council.offer(Offer(line, parsed), now)
            case Refused() as refused:
                self._refuse(line, refused, now)
            case Talk():
                self._counted["talk"] += 1
                if self._explain and self._counted["talk"] == 1:
                    log.info("That is talk, not an input. (This is said once.)")

    def _is_pause(self, line: ChatLine, parsed: Parsed) -> bool:
        """Whether a moderator makes the game stand still or go on, where the mode needs that."""
        return line.level >= Level.MODERATOR and parsed == self._of.council.pause_input

    def _decline(self, judgement: Judgement, text: str) -> None:
        self._counted[judgement.verdict.value] += 1
        if self._explain:
            word = self._of.crowd.word(judgement.moves, text)
            log.warning("Not played: %s.", _WHY[judgement.verdict].format(word=word))

    def _refuse(self, line: ChatLine, refused: Refused, now: float) -> None:
        self._counted["refused"] += 1
        if self._explain:
            log.warning("Character %d: %s.", refused.at, refused.error)
        elif self._of.mistakes is not None:
            reply = self._of.mistakes.answer(line, wording(refused), now)
            if reply is not None:
                self._say(reply, now)

    def _say(self, reply: Reply, now: float) -> None:
        if self._of.voice is None:
            self._counted["unsaid"] += 1
            return
        self._of.replies.push(reply, now)
        self._speak(now)

    def _speak(self, now: float) -> None:
        voice = self._of.voice
        if voice is None or not self._of.replies:
            return
        self._of.replies.set_limits(voice.limits)
        for reply in self._of.replies.handle_timeout(now):
            if voice.can_say:
                voice.say(reply.text, reply.to)
            else:
                self._counted["unsaid"] += 1

    def _decide(self, now: float) -> None:
        for choice in self._of.council.handle_timeout(now):
            if self._of.crowd.lets_out(choice, now):
                self._of.dispatch.send(choice, now)
            else:
                self._counted["not_let_out"] += 1

    def _hear_other(
        self, event: UserCleared | MessageDeleted | ChatCleared | Triggered | SourceState, now: float
    ) -> None:
        match event:
            case UserCleared(user):
                self._retracted.user(user, now)
                self._of.recall.user(user, now)
            case MessageDeleted(message):
                self._retracted.message(message, now)
                self._of.recall.message(message, now)
            case ChatCleared():
                self._of.recall.everything()
            case Triggered():
                self._trigger(event, now)
            case SourceState(up, text, ended):
                log.log(logging.INFO if up or ended else logging.WARNING, "%s", text)
                self._observer.source(event)

    def _trigger(self, event: Triggered, now: float) -> None:
        """What somebody spent something on is played whatever the mode, unless a moderator is against it."""
        self._counted[f"triggered_{event.kind}"] += 1
        rule = rule_for(self._of.lexicon.game.triggers, event)
        parsed = None if rule is None else self._of.lexicon.prompted(rule)
        if parsed is None or self._of.council.paused:
            return
        if self._retracted.covers(event.id, event.user, now):
            self._counted["triggered_in_vain"] += 1
            return
        spender = Owner(event.user, event.id)
        choice = Choice(parsed.steps, None, event.name, parsed.text, event.arrived_ms, spender)
        if self._of.crowd.lets_out(choice, now):
            self._counted["prompted"] += 1
            self._of.dispatch.send(choice, now)
        else:
            self._counted["triggered_in_vain"] += 1
