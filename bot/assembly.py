"""Makes the parts of a bot and joins them: what the configuration says, what the store remembers, which game
is on. Nothing runs yet, and nothing is read but the games' pages.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import fields
from typing import NamedTuple

from bot.answers.mistakes import Mistakes
from bot.answers.replies import Replies
from bot.changes import Change
from bot.chat.line import ChatVoice
from bot.commands import Commands
from bot.crowd import Crowd
from bot.desk import BotDesk, Company
from bot.flow import Flow, Parts
from bot.game.keeper import GameKeeper, Rejected
from bot.game.lexicon import Lexicon
from bot.game.library import GameLibrary
from bot.grammar import Macro
from bot.modes.council import Council
from bot.observer import Observer
from bot.recall import Recall
from bot.sending.dispatch import Dispatch, Tunnel
from bot.show import Show
from bot.store import Memory
from bot.tally import Tally
from bot.viewers.locks import Locks
from bot.viewers.people import People
from bot.viewers.restrictions import Restrictions
from config.controllers import Controller
from config.games import Game
from config.model import BotConfig, ChatLimits

log = logging.getLogger(__name__)

NOTHING_REMEMBERED = Memory([], True, [], [], [], {})


class Assembled(NamedTuple):
    """A bot's parts, joined. The library looks after the game's page, the people's changes go to the
    store.
    """

    flow: Flow
    library: GameLibrary
    people: People


def assemble(
    config: BotConfig,
    tunnel: Tunnel,
    *,
    now: float,
    memory: Memory = NOTHING_REMEMBERED,
    voice: ChatVoice | None = None,
    observer: Observer | None = None,
    on_change: Callable[[Change], None] = lambda _: None,
) -> Assembled:
    """on_change  is told what must be known after a restart

    Raises ControllerError, GameError or ConfigError if there is no such controller or game, or if its page
    has mistakes.
    """
    observer = observer or Observer()
    keeper, settings = _keeper(config, memory.settings.get("game")), memory.settings
    macros = [Macro(macro.name, macro.parameters, macro.body) for macro in memory.macros]
    lexicon = Lexicon(keeper.game, macros, pads=config.pads, first_word=config.first_word)
    people = People(on_change)
    people.load(memory.people, memory.wishes, is_all=memory.is_all)
    restrictions = Restrictions(on_change)
    restrictions.load(memory.restrictions, now)
    locks = Locks(settings.get("locked", "").split())
    crowd = _crowd(config.limits, keeper.game, restrictions, locks)
    bounds = {"queue": config.queue, "pads": config.pads}
    council = Council(
        config.modes, lexicon.rules(), **bounds, now=now, on_change=on_change, settings=settings
    )
    dispatch = Dispatch(
        tunnel, queue=config.queue, labels=config.labels, observer=observer, may_leave=crowd.may_leave
    )
    recall = Recall(council, dispatch)
    tally = Tally(council, dispatch)

    library = GameLibrary(keeper, _enforcer(lexicon, crowd, council, recall), on_change)
    company = Company(lexicon, council, recall, people, restrictions, locks, library)
    commands = Commands(BotDesk(company, tally.stats, on_change), config.commands)
    parts = Parts(
        lexicon=lexicon,
        people=people,
        restrictions=restrictions,
        crowd=crowd,
        council=council,
        dispatch=dispatch,
        recall=recall,
        commands=commands,
        mistakes=Mistakes() if config.commands.answer_mistakes else None,
        replies=Replies(),
        voice=voice,
        show=Show(council.view, tunnel, observer, names=config.labels),
        tally=tally,
    )
    flow = Flow(parts, explain=config.chat.source == "terminal", observer=observer)
    return Assembled(flow, library, people)


def _keeper(config: BotConfig, last: str | None) -> GameKeeper:
    """The configured game, or the one moderators have switched to since, if it can still be played."""
    keeper = GameKeeper(config.game, config.controller, config.pads)
    answer = None if last is None else keeper.switch(last)
    if isinstance(answer, Rejected):
        log.warning("The game that was on last cannot be played; the configured one is.\n%s", answer.text)
        return GameKeeper(config.game, config.controller, config.pads)
    return keeper


def _crowd(limits: ChatLimits, game: Game, restrictions: Restrictions, locks: Locks) -> Crowd:
    return Crowd(
        per_user_per_second=limits.per_user_per_second,
        per_user_burst=limits.per_user_burst,
        global_per_second=limits.global_per_second,
        global_burst=limits.global_burst,
        rules=game,
        restrictions=restrictions,
        locks=locks,
    )


def _enforcer(
    lexicon: Lexicon, crowd: Crowd, council: Council, recall: Recall
) -> Callable[[Game, float], str]:
    """Puts a game in force, and says what else changed because of it."""

    def enforce(game: Game, now: float) -> str:
        if not _play_alike(lexicon.game, game):
            recall.everything()  # it was typed for the game before, and judged by its page
        lexicon.retune(game)
        crowd.retune(game)
        return council.retune(lexicon.rules(), now)

    return enforce


def _play_alike(game: Game, other: Game) -> bool:
    """Whether what was typed and judged for the one is right for the other: mostly a page with a new title,
    or a longer macro. Controllers are made anew with every page, so it is what is in them that counts."""
    if (game.name, game.locked, game.levels) != (other.name, other.locked, other.levels):
        return False
    return all(
        getattr(game.controller, field.name) == getattr(other.controller, field.name)
        for field in fields(Controller)
    )
