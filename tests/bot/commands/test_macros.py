from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.commands import macros
from bot.commands.request import MisuseError, Request

Ask = Callable[..., Request]


def test_macros_are_listed(desk: Any, ask: Ask) -> None:
    assert macros.listing(desk, ask()) == "Macros: #mash(b,n)"
    desk.macro_names = ()
    assert macros.listing(desk, ask()) == "There are no macros yet."


def test_a_macro_is_made_and_taken_away(desk: Any, ask: Ask) -> None:
    made = macros.add(desk, ask("mash(b,n) [<b>34ms #34ms]*<n>"))
    assert made == "define_macro('mash', ('b', 'n'), '[<b>34ms #34ms]*<n>')"
    assert macros.remove(desk, ask("#mash")) == "remove_macro('mash')"


def test_a_macro_without_its_verb_is_not_guessed(desk: Any, ask: Ask) -> None:
    with pytest.raises(MisuseError, match="!macro add"):
        macros.listing(desk, ask("mash(b,n) a"))
