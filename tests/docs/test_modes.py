"""docs/modes.md names settings with their usual values: `window_s` (20)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest

from config.model import BotConfig
from config.play import ModesConfig

PAGE: Final = (Path(__file__).parents[2] / "docs" / "modes.md").read_text(encoding="utf-8")
SETTINGS: Final = re.findall(r"`([a-z_]+)` \(([0-9.]+)\)", PAGE)
# Sections of the configuration by the heading they are spoken of under.
OF_THE_BOT: Final = {"queue": BotConfig.model_fields["queue"].default}


def usual() -> set[tuple[str, float]]:
    """Every number the modes can be told, as it is when nobody tells them."""
    sections = ModesConfig().model_dump()
    of_modes = {
        item for section in sections.values() if isinstance(section, dict) for item in numbers(section)
    }
    return of_modes | numbers(OF_THE_BOT)


def numbers(section: dict[str, Any]) -> set[tuple[str, float]]:
    return {(key, float(value)) for key, value in section.items() if isinstance(value, int | float)}


@pytest.mark.parametrize(("key", "value"), SETTINGS)
def test_every_value_the_page_names_is_the_usual_one(key: str, value: str) -> None:
    assert (key, float(value)) in usual()


def test_every_mode_has_a_heading_and_a_line_of_the_table() -> None:
    for mode in ("anarchy", "democracy", "turns", "teams", "step"):
        assert f"\n## {mode}\n" in PAGE
        assert f"\n| `{mode}` |" in PAGE


def test_the_page_names_the_settings_of_each_mode() -> None:
    named = {key for key, _ in SETTINGS}
    assert named >= {"together", "depth_ms", "window_s", "quorum_share", "turn_s", "moment_ms", "cooldown_s"}
