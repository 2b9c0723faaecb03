"""The language of chat: a line and a Language in; a timed sequence out, or an error that points at a
character, or talk. All of it is pure.

By example it is in docs/chat.md. Its parts are in bot.language, from letters upwards:

    quantities  numbers with a unit                      calls     macros and their arguments
    vocabulary  a controller's names, and near misses    words     one word, as chords
    lines       words, groups and macros, made flat      reading   input, mistake or talk? That is `parse`
    together    what can be down at the same time        printing  chords as a line again
    parsed      what comes out, at any pace, on any pad  english   the same in sentences

bot.sequence adds time.
"""

from __future__ import annotations

from bot.language.english import explain
from bot.language.language import Language, Macro
from bot.language.macros import check_macro
from bot.language.parsed import Parsed
from bot.language.reading import LONGEST_TEXT, TALK, Refused, Talk, parse
from bot.sequence import Step

__all__ = [
    "LONGEST_TEXT",
    "TALK",
    "Language",
    "Macro",
    "Parsed",
    "Refused",
    "Step",
    "Talk",
    "check_macro",
    "explain",
    "parse",
]
