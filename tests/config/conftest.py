from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from config.load import load
from config.mistakes import ConfigError

KEY = "02" + "1" * 64


@pytest.fixture
def bot_lines() -> dict[str, str]:
    """A bot's configuration that is right, key by key, as it would stand in a file."""
    return {
        "identity": "bot.key",
        "receiver": KEY,
        "relays": "[ws://127.0.0.1:8765]",
        "chat": "{channel: somebody}",
    }


@pytest.fixture
def receiver_lines() -> dict[str, str]:
    """The same for a receiver."""
    return {"identity": "receiver.key", "bot": KEY, "relays": "[ws://127.0.0.1:8765]"}


@pytest.fixture
def relay_lines() -> dict[str, str]:
    """The same for a relay."""
    return {"listen": "127.0.0.1:8765", "name": "relay.example.org", "open": "true"}


@pytest.fixture
def file_of(tmp_path: Path) -> Callable[[str | bytes | dict[str, str]], Path]:
    """Writes a configuration, as text, bytes or key by key, and returns its path."""

    def write(content: str | bytes | dict[str, str]) -> Path:
        if isinstance(content, dict):
            content = "".join(f"{key}: {value}\n" for key, value in content.items())
        path = tmp_path / "it.yaml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def said(file_of: Callable[[Any], Path]) -> Callable[[Any, type[BaseModel]], list[str]]:
    """What loading answers, one string per mistake, without the file's name; empty when there is none."""

    def answer(content: str | bytes | dict[str, str], model: type[BaseModel]) -> list[str]:
        path = file_of(content)
        try:
            load(path, model, check_files=False)
        except ConfigError as error:
            lines = str(error).splitlines()
            return [line.removeprefix(f"{path}:") for line in lines]
        return []

    return answer
