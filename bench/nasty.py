"""Lines that are as hard to read as any: how long does the grammar take for the worst of them?

Anybody may type them, as fast as Twitch lets them, and all others wait meanwhile.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Final

from bench.chatlog import LONGEST, MACROS
from bot.grammar import Language, Macro, parse
from bot.text import normalise
from config.controllers import Controller

_RUNS: Final = 5
# Eighteen inputs that go together: as many as an Xbox pad has.
_HANDFUL: Final = "a+b+x+y+lb+rb+lt+rt+ls+rs+start+back+up+left+lup+lleft+rup+rleft"
# Texts that make the grammar work hard: repeated until the line is as long as it can be.
NASTY: Final = (
    "a", "a ", "ab ", "aaaaaaaaa ", "a2", "left2down2", "a2a ", "a+", "a+b ", "a+b+x+y+lb+rb ", "&1a+",
    "upleft+x ", "a1ms ", "lup70%1ms ", "a1ms+b1ms ", "_a -a ", "_a&1 ", "_&1a -&1a ", "a*99 ", "[a]*99 ",
    "[[[[a]*9]*9]*9]*9 ", "[", "[a ", "]", "[]", "[[[[ ", "]*9", "a*", "*9", "#", "#9", "# ", "#1ms ", ". ",
    ".", "#mash(a,16) ", "#mash(a,99) ", "#mash(a", "#mash(,) ", "#mash((", "#hop ", "#hop*9 ", "#deep ",
    "#dash(#hop) ", "#self ", "(", ")", ",", "<b>", "rigt500ms ", "a+rigt ", "a rigth1s ", "rigthleftup ",
    "a500q ", "9", "9a", "a9", "a 9", "9ms ", "9.9", "a0.5s ", "%", "a%", "&", "&9", "p9:", "p1:a ", "_", "-",
    "-_&1", "+", "+ ", "\u00e9", "\u3042 ", "\U0001f3ae", "\u034f", "\U000e0000 ", "a\U000e0000", "\u0130 ",
    "\ufdfa", "@a ", "\x01action ", "! ", "   ", "\t", "\u2003a", f"{_HANDFUL} ", f"[{_HANDFUL}]*99 ",
    f"[{_HANDFUL}]*14 ", f"#mash({_HANDFUL},99) ", f"#mash({_HANDFUL},16) ", f"[{'#1ms+' * 31}#1ms]*99 ",
    f"[_{_HANDFUL.replace('+', '+_')} -{_HANDFUL.replace('+', '+-')}]*99 ",
    f"{_HANDFUL.replace('+', '+&1')} ",
)  # fmt: skip


def slowest_parse(controller: Controller) -> float:
    """Milliseconds that the worst of the nasty lines takes, each at its best of a few runs."""
    language = worst_language(controller)
    return max(_parse_ms(text, language) for text in nasty_lines())


def worst_language(controller: Controller) -> Language:
    """With macros that call macros as deep as they may, and one that calls itself."""
    deep = [
        Macro("self", (), "#self #self"),
        Macro("deep", (), "#deeper #deeper"),
        Macro("deeper", (), "#deepest #deepest"),
        Macro("deepest", (), "#mash(a,9) #mash(b,9)"),
    ]
    return Language(controller, {macro.name: macro for macro in (*MACROS, *deep)})


def nasty_lines() -> Iterator[str]:
    """Each text a few times, and as often as fits; behind an input, too; whole, and spoilt at its end."""
    for text in NASTY:
        for times in (1, 2, 3, LONGEST):
            for begin in ("", "a "):
                line = (begin + text * times)[:LONGEST]
                yield line
                yield line[: -len(text)] + "q"


def _parse_ms(text: str, language: Language) -> float:
    best = math.inf
    for _ in range(_RUNS):
        begin = time.perf_counter()
        parse(normalise(text), language)
        best = min(best, time.perf_counter() - begin)
    return best * 1000
