"""Whether a macro can be an input at all, asked before it is taken in.

A body with parameters is no line yet, so it is tried with arguments of each kind that can stand where its
parameters do, until one of them makes it an input.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, product
from typing import Final

from bot.language.calls import GAP, NAME, shape
from bot.language.language import Language, Macro
from bot.language.parsed import Parsed
from bot.language.reading import Refused, parse

# As in the pages of games. More, and nobody knows in what order.
MOST_PARAMETERS: Final = 8
# A message of chat, less the command that defines it.
LONGEST_BODY: Final = 400
# Three inputs for each of five parameters; it takes some 20 ms, and only moderators can ask for it.
_MOST_TRIALS: Final = 243

_NUMBER_AFTER: Final = re.compile(r"[*&]$|(?<![a-z])p$")
_NUMBER_BEFORE: Final = re.compile(r"(?:ms|s|%)(?![a-z])")
_QUANTITY_AFTER: Final = re.compile(r"[a-z0-9%#>]$")
_SAMPLE_NUMBERS: Final = ("2",)
_SAMPLE_QUANTITIES: Final = ("500ms", "50%", "2")


def check_macro(macro: Macro, language: Language) -> str | None:
    """What is wrong with `macro`, in one sentence; None if it can be an input. Bounded work."""
    problem = _misshapen(macro)
    if problem is not None:
        return problem
    trial_language = replace(language, macros={**language.macros, macro.name: macro})
    first = ""
    for arguments in islice(_trials(macro, language), _MOST_TRIALS):
        call = shape(macro._replace(parameters=arguments))
        result = parse(call, trial_language)
        if isinstance(result, Parsed):
            return None
        first = first or _told(call, result.error if isinstance(result, Refused) else "it presses nothing")
    return first


def _misshapen(macro: Macro) -> str | None:
    if not re.fullmatch(NAME, macro.name):
        return "a macro's name is 1 to 16 letters"
    if len(macro.parameters) > MOST_PARAMETERS:
        return f"a macro has at most {MOST_PARAMETERS} parameters"
    if not all(re.fullmatch(NAME, name) for name in macro.parameters):
        return "a parameter's name is 1 to 16 letters"
    if len(set(macro.parameters)) < len(macro.parameters):
        return "each parameter has a name of its own"
    if len(macro.body) > LONGEST_BODY:
        return f"a macro has at most {LONGEST_BODY} characters"
    return None


def _told(call: str, error: str) -> str:
    name = call.partition("(")[0]
    return f"{call} would be no input: {error.removeprefix(f'in {name}: ')}"


def _trials(macro: Macro, language: Language) -> Iterator[tuple[str, ...]]:
    """Arguments to try, one for each parameter."""
    inputs = _sample_inputs(macro.body, language)
    kinds = [_kinds(macro.body, {name, str(place)}, inputs) for place, name in enumerate(macro.parameters)]
    return product(*kinds)


def _kinds(body: str, names: set[str], inputs: tuple[str, ...]) -> tuple[str, ...]:
    """What can stand for a parameter, by what stands around it in the body."""
    kinds = inputs
    for gap in GAP.finditer(body):
        if gap[1] not in names:
            continue
        if _NUMBER_AFTER.search(body, 0, gap.start()) or _NUMBER_BEFORE.match(body, gap.end()):
            return _SAMPLE_NUMBERS
        if _QUANTITY_AFTER.search(body, 0, gap.start()):
            kinds = _SAMPLE_QUANTITIES
    return kinds


def _sample_inputs(body: str, language: Language) -> tuple[str, ...]:
    """Two buttons and a stick that the body does not press itself, as far as there are any."""
    words = language.controller.words
    unused = [word for word in words if not re.search(rf"(?<![a-z]){word}(?![a-z])", body)] or list(words)
    buttons = [word for word in unused if not words[word].analog][:2]
    analog = [word for word in unused if words[word].analog][:1]
    return tuple(buttons + analog)
