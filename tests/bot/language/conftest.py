from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.grammar import Language, Macro, Parsed, parse
from config.controllers import Controller, load_controller


@pytest.fixture(scope="session")
def xbox() -> Controller:
    return load_controller("xbox")


@pytest.fixture(scope="session")
def language(xbox: Controller) -> Language:
    """An Xbox pad's words, two pads, and the macro everybody knows."""
    mash = Macro("mash", ("b", "n"), "[<b>34ms #34ms]*<n>")
    return Language(xbox, macros={"mash": mash}, pads=2)


@pytest.fixture(scope="session")
def read(language: Language) -> Callable[[str], Parsed]:
    """Reads a line that is an input."""

    def read_line(text: str) -> Parsed:
        result = parse(text, language)
        assert isinstance(result, Parsed), (text, result)
        return result

    return read_line
