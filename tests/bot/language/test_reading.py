from __future__ import annotations

from dataclasses import replace

import pytest

from bot.grammar import LONGEST_TEXT, TALK, Language, Macro, Parsed, Refused, parse
from bot.language import lines, vocabulary
from bot.language.words import read_word
from bot.text import normalise
from config.controllers import controller_names, load_controller

XBOX = load_controller("xbox")
MASH = {"mash": Macro("mash", ("b", "n"), "[<b>34ms #34ms]*<n>"), "run": Macro("run", (), "_b right2s")}
LANGUAGE = Language(XBOX, MASH, pads=2)

# As people write it: about the game, about each other, about nothing; and all that looks a little like input.
CHAT = """
hello a                    | hi everyone              | lol                      | LUL LUL LUL
gg                         | GG WP                    | W                        | w stream
omg                        | ???                      | ?                        | !
a lot of people here       | a lot*                   | a nice one               | a+ for effort
a + for effort             | A+                       | a++                      | a--
a 10 out of 10             | a 100% run               | a b c d e                | a.
a?                         | a!                       | a, b or x?               | a/b testing
a:b                        | a-b                      | ab                       | abba
b2b wins                   | b4 we go                 | b4u                      | b u t t o n s
b a n a n a                | back in 5 minutes        | back to the start        | start the game
start!                     | start over pls           | starting now             | restart
select all                 | up up and away           | up 100% of the time      | up for it?
up, then left              | upgrade                  | ups                      | down bad
down with the king         | downs                    | left on read             | left left LEFT please
left?                      | left/right               | leftist                  | right, left
right?                     | right on time            | rightt                   | right right right?
righto                     | l + ratio                | L+ratio                  | l+ratio+bozo
x D                        | xD                       | x.x                      | x men is on
xoxo                       | x-ray                    | y tho                    | y u do dis
y2k vibes                  | y2k                      | why                      | r u ok
r/gaming                   | rip                      | r.i.p.                   | lt. dan
rt this                    | rs3 > osrs               | ls -la                   | lb of flour
o7                         | <3                       | :)                       | :D
:-)                        | ;_;                      | -_-                      | ^_^
^^                         | >_<                      | T_T                      | _
__init__                   | _lol_                    | _a_ nice one             | -
--                         | - yes                    | -1                       | -5 points
- a list                   | ->                       | --help                   | +1
+                          | +a                       | + a                      | *
*dies*                     | **bold**                 | *2                       | 2x
1 a                        | 1v1 me                   | 500ms                    | 5s
3, 2, 1, go                | 4head                    | 50%                      | 100%
60fps                      | #hype                    | #1                       | #1 fan
#                          | # a heading?             | #a(                      | ##
#blessed and #grateful     | #mashup                  | .                        | ..
...                        | . . .                    | .a                       | a.5s
[                          | ]                        | [lol]                    | [a lol]
[x] done or not            | [deleted]                | a]                       | ]]
&                          | & a                      | &c                       | R&B
p2:                        | p2: your turn            | p1 and p2                | p2:lol
https://a.b/c              | a.com                    | @a b                     | !help
!a                         | /me dances               | \\o/                     | ~a
"a"                        | 'a'                      | (a)                      | {a}
a১২ms                      | é                        | 左                        | ａｂｃ
ab+cd                      | a=b                      | a|b                      | a b=c
mario64                    | lol500ms                 | rofl2s                   | yes+no
press a                    | press a!                 | who keeps pressing start | do a barrel roll
can we go left             | no not that way          | wait #1s                 | please stop
"""
LINES = [line.strip() for row in CHAT.strip().splitlines() for line in row.split(" | ")]


def test_there_is_enough_talk_to_tell() -> None:
    assert len(set(LINES)) >= 150


@pytest.mark.parametrize("name", controller_names())
def test_ordinary_talk_stays_silent_on_every_controller(name: str) -> None:
    controller = load_controller(name)
    spoken = [text for text in LINES if normalise(text) not in controller.words]
    answers = {text: parse(normalise(text), Language(controller, MASH, pads=4)) for text in spoken}
    assert {text: answer for text, answer in answers.items() if answer is not TALK} == {}


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "up",
        "start",
        "a500ms b+right",
        "down down a",
        "lup70%1s",
        "select",
        "b2b",
        "aa",
        "left2down2",
        "_b right2s -b a",
        "[a #350ms]*6",
        "_left+&2_right #250ms a1s+&2a1s",
        "_b+right400ms #120ms a300ms left50ms #300ms a -b600ms _right100ms a -right #1200ms",
        "#mash(a,20)",
        "#run",
        "#run -b a",
        ". a",
        "a .",
    ],
)
def test_inputs_are_parsed(text: str) -> None:
    assert isinstance(parse(text, LANGUAGE), Parsed)


@pytest.mark.parametrize(
    ("text", "at", "error"),
    [
        ("a500q", 5, 'unknown unit "q"; use ms or s'),
        ("a b500q", 7, 'unknown unit "q"; use ms or s'),
        ("a500q b500q", 5, 'unknown unit "q"; use ms or s'),
        ("a500", 2, '"500" needs a unit; use ms or s'),
        ("a500ms lol", 8, 'unknown input "lol"'),
        ("a+right lol", 9, 'unknown input "lol"'),
        ("a*3 lol", 5, 'unknown input "lol"'),
        ("[a]*3 lol", 7, 'unknown input "lol"'),
        ("&2a lol", 5, 'unknown input "lol"'),
        ("a+b+lol", 5, 'unknown input "lol"'),
        ("rigt500ms", 1, 'unknown input "rigt"; did you mean right?'),
        ("a+rigt", 3, 'unknown input "rigt"; did you mean right?'),
        ("a500ms rigt", 8, 'unknown input "rigt"; did you mean right?'),
        ("dwon70%", 1, 'unknown input "dwon"; did you mean down?'),
        ("a 500ms", 3, 'no blank before "500ms"; write a500ms, lup70%, a+b, a*3'),
        ("a + b", 3, 'no blank before "+"; write a500ms, lup70%, a+b, a*3'),
        ("a +b", 3, 'no blank before "+b"; write a500ms, lup70%, a+b, a*3'),
        ("a *3", 3, 'no blank before "*3"; write a500ms, lup70%, a+b, a*3'),
        ("_b b", 4, "b is held already; let go of it with -b first"),
        ("&3a", 1, "there is no pad 3; there are pads 1 to 2"),
        ("a5s b5s x", 9, "a line lasts at most 10s"),
        (" ".join(["a"] * 33), 65, "a line has at most 32 presses"),
        ("a*33", 1, "a line has at most 32 presses"),
        ("[a", 1, "this [ has no ]"),
        ("b [[[[[a]]]]]", 7, "groups nest at most 4 deep"),
        ("[[[#1ms]*99]*99]*99", 12, "a line has at most 256 inputs and waits, repeats included"),
        ("#mash(lol,2)", 1, 'in #mash: unknown input "lol"'),
        ("b #mash(a,20) #mash(a,20)", 15, "in #mash: a line has at most 32 presses"),
        ("a #run b", 8, "b is held already; let go of it with -b first"),
        ("_b #run", 4, "in #run: b is held already; let go of it with -b first"),
        ("#mash(a)", 1, 'write #mash(b,n), not "#mash(a)"'),
        ("#mahs(a,2)", 1, 'there is no macro "#mahs"; did you mean #mash?'),
        ("a500ms #hype", 8, 'there is no macro "#hype"'),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, at: int, error: str) -> None:
    assert parse(text, LANGUAGE) == Refused(at, error)


# What a tutorial of another bot teaches: it lets go of a `right` that was pressed, and not held.
MARIO = (
    "_b+right1467ms -right+left #120ms a300ms left50ms #300ms a -b600ms _right100ms a "
    "-right #1200ms _right250ms a1s -right #600ms a"
)


@pytest.mark.parametrize("name", ["snes", "xbox"])
def test_a_line_from_elsewhere_plays_as_it_does_there(name: str) -> None:
    words = load_controller(name).words
    result = parse(MARIO, Language(load_controller(name)))
    assert isinstance(result, Parsed)
    said = {words[word].moves[0][0]: word for word in ("a", "b", "left", "right")}
    assert " ".join(f"{'' if s.value else '-'}{said[s.control]}@{s.at_ms}" for s in result.steps) == (
        "b@0 right@0 -right@1467 left@1467 -left@1667 a@1787 -a@2087 left@2087 -left@2137 a@2437 -a@2637 "
        "-b@2637 right@3237 a@3337 -a@3537 -right@3537 right@4737 a@4987 -a@5987 -right@5987 a@6587 -a@6787"
    )
    assert parse(result.text, Language(load_controller(name))) == result


def test_l_s3s_and_ls3_s_are_never_confused() -> None:
    words = {"l": XBOX.words["lb"], "s": XBOX.words["a"], "ls": XBOX.words["ls"]}
    language = Language(replace(XBOX, words=words))
    assert parse("l s3s", language) == parse("l s3000ms", language)
    assert parse("ls3 s", language) == parse("ls ls ls s", language)
    assert parse("ls", language) != parse("l s", language)


@pytest.mark.parametrize(
    "text", ["", " ", "#1s", ". .", "#1s #2s", "[.]*9", "#", "[]", "-b", "-b600ms", "#1s -b"]
)
def test_what_presses_nothing_is_talk(text: str) -> None:
    assert parse(text, LANGUAGE) is TALK


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("a lol", "a"),
        ("a+b what a move", "a+b"),
        ("[a]*3 wow", "a*3"),
        ("left2down2 go go", "left2 down2"),
        ("a b", "a"),
    ],
)
def test_in_first_word_mode_only_the_first_word_counts(text: str, same: str) -> None:
    assert parse(text, Language(XBOX, first_word=True)) == parse(same, LANGUAGE)


@pytest.mark.parametrize(
    ("text", "answer"), [("lol a", TALK), ("a500q a", Refused(5, 'unknown unit "q"; use ms or s'))]
)
def test_in_first_word_mode_the_first_word_is_judged_like_a_line(text: str, answer: object) -> None:
    assert parse(text, Language(XBOX, first_word=True)) == answer


def test_text_longer_than_any_line_is_talk() -> None:
    assert parse("a" + " " * (LONGEST_TEXT - 1), LANGUAGE) == parse("a", LANGUAGE)
    assert parse("a" + " " * LONGEST_TEXT, LANGUAGE) is TALK


HARD = [
    "a1q " * 125,
    "a+" * 250,
    "[" * 500,
    "]" * 500,
    "[[[[a]*2]*2]*2]*2 " * 27,
    "rigt1s " * 71,
    "a500q " * 83,
    "a1s xyz1s " * 50,
    "#a(" * 166,
    "#bomb " * 83,
    "#mahs(a) " * 55,
    "a*99 " * 100,
    "&1a+" * 124 + "&1a",
    "_a -a " * 83,
    "a2b2" * 125,
    "a" * 500,
    "a" + "9" * 499,
    "+".join(f"&{n}a" for n in range(1, 98)),
]


@pytest.mark.parametrize("text", HARD, ids=lambda text: text[:12])
def test_work_is_bounded_whatever_the_text(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    work = {"words": 0, "letters": 0, "near misses": 0}
    one_slip = vocabulary._one_slip

    def counted_word(word: str, at: int, language: Language) -> object:
        work["words"] += 1
        work["letters"] += len(word)
        return read_word(word, at, language)

    def counted_slip(typed: str, name: str) -> bool:
        work["near misses"] += 1
        return one_slip(typed, name)

    monkeypatch.setattr(lines, "read_word", counted_word)
    monkeypatch.setattr(vocabulary, "_one_slip", counted_slip)
    macros = {**MASH, "bomb": Macro("bomb", (), "#fuse " * 90), "fuse": Macro("fuse", (), "b b b b b b b b")}
    parse(text, Language(XBOX, macros, pads=99))
    assert work["words"] <= 300
    assert work["letters"] <= 1_500  # its own 500, and the 1,000 that macros may add
    assert work["near misses"] <= 10 * len(XBOX.words)
