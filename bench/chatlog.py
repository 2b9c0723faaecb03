"""What a busy chat types while it plays: talk, inputs and nonsense. Same seed, same log.

A chat repeats its favourite inputs, and hardly ever its talk: so nearly all lines of talk and nonsense here
are different from one another, and what is remembered of lines read before helps only where it would in life.
"""

from __future__ import annotations

import random
from collections import Counter
from itertools import accumulate
from typing import Final, NamedTuple

from bot.grammar import Macro

# The shares of the log; the rest is nonsense.
TALK_SHARE: Final = 0.70
INPUTS_SHARE: Final = 0.25
LONGEST: Final = 500  # what Twitch lets anybody write

# What the moderators of this chat have defined.
MACROS: Final = (
    Macro("mash", ("b", "n"), "[<b>34ms #34ms]*<n>"),
    Macro("dash", ("way",), "_b <way>1s -b a"),
    Macro("hop", (), "a #150ms a"),
)

# Everyday words, among them some that are buttons too: `a`, `up`, `start` begin sentences as well.
_EVERYDAY: Final = """
    a about after again all almost always and any are as at b back bad be because been before best better
    boss bot bridge but button by camera can castle chat cheese close come controller could did die do does
    done door down drop easy end enough ever every fall far fast fell few find fire first floor for from
    game get ghost give go going good got had half has have he hear heart her here hi him hold how i if in
    is it item jump just keep key know ladder last later lava left let level like literally little long look
    lost love luck made make many map maybe me menu mind minute miss money more most mushroom music my need
    never new next nice no not now of off okay on one only or other our out over part people play please
    press pretty quick real really record right room run same save say second see select she should slow so
    some song soon start stay still stop stream stuck such take team than thank that the them then there
    they thing think this those time to today together too tower try turn two up us very vote wait wall want
    was water way we well were what when where which who why will win with work world would wrong x y yes
    yet you your zone
"""
_FOREIGN: Final = """
    año café çok déjà für größe naïve señor tränen łatwo привет давай
    вправо γεια مرحبا おめでとう すごい 右 加油 안녕 ｗｗｗ 🎮 🔥🔥 😂 👉🏽 ʕ•ᴥ•ʔ
"""
_WORDS: Final = _EVERYDAY.split()
_ELSEWHERE: Final = _FOREIGN.split()
_EMOTES: Final = ("otterHype", "moth7", "LULW", "KEKHeart", "yakSip", "<3", ":)", "xD", "o7", "^^")
_SHORT: Final = ("lol", "gg", "F", "no", "nooooo", "yes", "wait", "why", "W", "L", "?", "rip", "1", "omg")
_MARKS: Final = ("", "", "", "", "", "!", "!!", "?", "...", ".", " lol")

# (how often, what): the inputs that a crowd types again and again.
_POPULAR: Final = (
    (20, "a"), (9, "b"), (5, "x"), (5, "y"), (14, "right"), (10, "left"), (6, "up"), (8, "down"),
    (1, "start"), (7, "right1s"), (4, "left500ms"), (6, "a+right"), (3, "a+left"), (3, "down down a"),
    (2, "x y x y"), (3, "rup70%"), (5, "lright600ms"), (2, "lb+rb"), (3, "aaa"), (2, "left2"),
    (2, "_b right2s -b a"), (2, "[a #200ms]*3"), (1, "#hop"), (1, "#mash(a,8)"), (1, "right300ms . a+right"),
)  # fmt: skip
_BUTTONS: Final = ("a", "b", "x", "y", "lb", "rb", "up", "down", "left", "right", "ne", "sw")
_STICKS: Final = ("lup", "ldown", "lleft", "lright", "rup", "rdown", "lt", "rt")
_NEIGHBOURS: Final = "qwertyuiopasdfghjklzxcvbnm"
_JUNK: Final = "abxy0123456789+*_-#&%.[]()<>!?{}|~$ msпあ\u200d\U000e0000"


class Line(NamedTuple):
    """Who typed what. `viewer` is a number."""

    viewer: int
    text: str


class ChatLog:
    """Lines without end, by `viewers` different people. What kind a line is, `kinds` counts."""

    def __init__(self, seed: int, viewers: int) -> None:
        self._random = random.Random(seed)
        self._viewers = viewers
        self.kinds: Counter[str] = Counter()

    def take(self, count: int) -> list[Line]:
        """The next `count` lines."""
        return [Line(self._random.randrange(self._viewers), self._text()) for _ in range(count)]

    def _text(self) -> str:
        draw = self._random.random()
        kind = "talk" if draw < TALK_SHARE else "input" if draw < TALK_SHARE + INPUTS_SHARE else "nonsense"
        self.kinds[kind] += 1
        return _KINDS[kind](self._random)


def talk(dice: random.Random) -> str:
    """A remark: mostly a sentence of many words, with names, emotes and foreign letters as they come."""
    if dice.random() < 0.1:
        return dice.choice(_SHORT)
    words = dice.choices(_WORDS, k=min(40, 2 + int(dice.expovariate(1 / 8))))
    for odd, share in ((_EMOTES, 0.2), (_ELSEWHERE, 0.12)):
        if dice.random() < share:
            words.insert(dice.randrange(len(words) + 1), dice.choice(odd))
    if dice.random() < 0.12:
        words.insert(0, f"@{dice.choice(_WORDS)}_{dice.randrange(1000)}")
    text = " ".join(words) + dice.choice(_MARKS)
    if dice.random() < 0.06:
        return text.upper()
    return text[0].upper() + text[1:] if dice.random() < 0.4 else text


def typed_input(dice: random.Random) -> str:
    """An input: often one that others type as well, else one of the viewer's own making."""
    if dice.random() < 0.6:
        text = dice.choices(_POPULAR_TEXTS, cum_weights=_POPULAR_WEIGHTS)[0]
    else:
        text = dice.choice(_MAKERS)(dice)
    draw = dice.random()
    if draw < 0.05:
        return text.upper()
    # Twitch refuses a line equal to the sender's last one; popular clients append this to get around it.
    return f"{text} \U000e0000" if draw < 0.15 else text


def nonsense(dice: random.Random) -> str:
    """Almost an input, hardly even letters, or as long as a line can be."""
    draw = dice.random()
    if draw < 0.5:
        return _slipped(typed_input(dice), dice)
    if draw < 0.85:
        return "".join(dice.choices(_JUNK, k=dice.randint(1, 80)))
    lines = iter(lambda: dice.choice((typed_input, talk, nonsense_word))(dice), None)
    text = ""
    while len(text) < LONGEST:
        text += next(lines) + " "
    return text[:LONGEST]


def nonsense_word(dice: random.Random) -> str:
    """A handful of characters."""
    return "".join(dice.choices(_JUNK, k=dice.randint(1, 12)))


def _slipped(text: str, dice: random.Random) -> str:
    """One slip of a finger somewhere in it."""
    place = dice.randrange(len(text))
    slip = dice.choice(
        ("", text[place] * 2, dice.choice(_NEIGHBOURS), f"{text[place]}{dice.choice('+*_%q ')}")
    )
    return text[:place] + slip + text[place + 1 :] or "?"


def _duration(dice: random.Random) -> str:
    return f"{dice.randrange(1, 60) * 50}ms" if dice.random() < 0.7 else f"{dice.randrange(1, 4)}s"


def _press(dice: random.Random) -> str:
    if dice.random() < 0.25:
        return f"{dice.choice(_STICKS)}{dice.randrange(10, 101, 5)}%{_duration(dice)}"
    return f"{dice.choice(_BUTTONS)}{_duration(dice)}"


def _row(dice: random.Random) -> str:
    return " ".join(dice.choices(_BUTTONS, k=dice.randint(2, 6)))


def _together(dice: random.Random) -> str:
    one, other = dice.sample(("a", "b", "x", "right", "lb", "rt"), 2)
    return f"{one}{_duration(dice)}+{other}{_duration(dice)}"


def _hold(dice: random.Random) -> str:
    held, other = dice.sample(("a", "b", "right", "lb"), 2)
    return f"_{held} {other}*{dice.randint(2, 5)} #{dice.randrange(1, 10) * 100}ms -{held} y"


def _group(dice: random.Random) -> str:
    one, other = dice.choices(_BUTTONS, k=2)
    return f"[{one} #{dice.randrange(1, 8) * 50}ms {other}]*{dice.randint(2, 5)}"


def _macro(dice: random.Random) -> str:
    if dice.random() < 0.5:
        return f"#mash({dice.choice('abxy')},{dice.randint(2, 12)})"
    return f"#dash({dice.choice(('left', 'right'))}) {dice.choice(_BUTTONS)}{_duration(dice)}"


_MAKERS: Final = (_press, _press, _press, _row, _together, _hold, _group, _macro)
_POPULAR_TEXTS: Final = [text for _, text in _POPULAR]
_POPULAR_WEIGHTS: Final = list(accumulate(often for often, _ in _POPULAR))
_KINDS: Final = {"talk": talk, "input": typed_input, "nonsense": nonsense}
