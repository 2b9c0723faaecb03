"""Puts the other end's key and the relays into a configuration, and leaves everything else as it stands.

A file is edited as text, at the places where YAML says that the values stand: comments, order and everybody's
way to write stay. What comes out is read back before anybody relies on it: it must load, and say just that.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import yaml

from config import positions
from config.kinds import Setting
from config.mistakes import ConfigError, Mistake
from config.model import BotConfig, ReceiverConfig
from config.pages import file_bytes, read_page

Program = type[BotConfig] | type[ReceiverConfig]

# The key that holds the other end's public key.
PEER_KEYS: Final[dict[Program, str]] = {BotConfig: "receiver", ReceiverConfig: "bot"}

_EXAMPLES: Final = Path(__file__).with_name("examples")
# In the examples, beside a key that is nobody's. Not true any more once there is a real one.
_NOBODYS: Final = "# This one belongs to nobody: put yours in its place.\n"
_PLAIN: Final = re.compile("[A-Za-z0-9][A-Za-z0-9:/._-]*")
_MOST_BACKUPS: Final = 100


class Draft(NamedTuple):
    """A configuration file as it is, or as our example has it, before the key and the relays are in it.

    text    what stands in it
    relays  those it names already
    exists  whether there is such a file
    """

    path: Path
    text: str
    relays: tuple[str, ...]
    exists: bool


def draft(path: Path, model: Program) -> Draft:
    """The file, or the annotated example where there is none. Raises ConfigError if it cannot be read."""
    if not path.exists():
        example = _EXAMPLES / f"{'bot' if model is BotConfig else 'receiver'}.yaml"
        return Draft(path, example.read_text(encoding="utf-8").replace(_NOBODYS, ""), (), exists=False)
    data = file_bytes(path)
    document = positions.read(data)
    if document.root is None or document.mistakes:
        raise ConfigError(path, document.mistakes)
    entry = document.root.entries.get("relays")
    items = entry.value.items if entry is not None and isinstance(entry.value, positions.Listing) else ()
    relays = tuple(item.text for item in items if isinstance(item, positions.Scalar))
    return Draft(path, data.decode("utf-8"), relays, exists=True)


def completed(
    drafted: Draft, model: Program, peer: str, relays: Sequence[str]
) -> tuple[str, BotConfig | ReceiverConfig]:
    """The text with the other end's public key and exactly these relays, and what it says.

    Raises ConfigError if it would not load: because of what else stands there, or because it is written in a
    way that cannot be edited.
    """
    by_hand = ConfigError(drafted.path, [Mistake(0, 0, "", _by_hand(PEER_KEYS[model], peer, relays))])
    try:
        text = _with_relays(_with_value(drafted.text, PEER_KEYS[model], peer), relays)
    except yaml.YAMLError as error:  # the first edit went wrong: lines put after a group in braces
        raise by_hand from error
    setting = Setting(drafted.path.parent, check_files=True)
    loaded: BotConfig | ReceiverConfig = read_page(drafted.path, text.encode(), model, setting).content
    found = loaded.receiver if isinstance(loaded, BotConfig) else loaded.bot
    if found != peer or set(loaded.relays) != set(relays):
        raise by_hand
    return text, loaded


def store(path: Path, text: str) -> Path | None:
    """Makes or replaces the file, whole or not at all. Where the old one was kept, if it said something else.

    Raises OSError.
    """
    path = path.resolve()  # whoever made it a link to another place wants it to stay one
    data = text.encode()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, data)
        return None
    if path.read_bytes() == data:
        return None
    kept = _back_up(path)
    _replace(path, data)
    return kept


def _with_value(text: str, key: str, value: str) -> str:
    """`key: value` at the top level of a file."""
    node = _top(text).get(key)
    if node is None:
        return _appended(text, f"{key}: {value}")
    return _cut(text, node, value)


def _with_relays(text: str, relays: Sequence[str]) -> str:
    """The list `relays`, and in it exactly these. Lines that are right already stay, with their comments."""
    node = _top(text).get("relays")
    if node is None:
        return _appended(text, _newline(text).join(["relays:", *[f"  - {_scalar(url)}" for url in relays]]))
    items = node.value if isinstance(node, yaml.SequenceNode) else []
    if not items or getattr(node, "flow_style", True):
        if {item.value for item in items} == set(relays):
            return text
        return _cut(text, node, f"[{', '.join(map(_scalar, relays))}]")
    return _with_lines(text, items, relays)


def _with_lines(text: str, items: Sequence[yaml.Node], relays: Sequence[str]) -> str:
    """A list with a line for each entry."""
    lines = text.splitlines(keepends=True)
    kept = {item.value for item in items} & set(relays)
    indent = re.match("[^-]*", lines[items[0].start_mark.line])
    assert indent is not None, "an empty match is one, too"
    new = [f"{indent[0]}- {_scalar(url)}{_newline(text)}" for url in relays if url not in kept]
    last = items[-1].start_mark.line
    if new and not lines[last].endswith(("\n", "\r")):
        lines[last] += _newline(text)
    lines[last + 1 : last + 1] = new
    for item in reversed(items):
        if item.value not in kept:
            del lines[item.start_mark.line]
    return "".join(lines)


def _top(text: str) -> dict[str, yaml.Node]:
    """The nodes of the top level. Only for text that `positions.read` found nothing wrong with."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode), "a configuration is a group of keys"
    return {key.value: value for key, value in root.value}


def _cut(text: str, node: yaml.Node, value: str) -> str:
    """`value` where `node` stands."""
    before, after = text[: node.start_mark.index], text[node.end_mark.index :]
    return before + (" " if before.endswith(":") else "") + value + after


def _appended(text: str, lines: str) -> str:
    end = _newline(text)
    return text + ("" if text.endswith("\n") else end) + end + lines + end


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _scalar(url: str) -> str:
    """An address as YAML: in quotes if it holds anything that YAML could take for its own."""
    return url if _PLAIN.fullmatch(url) else json.dumps(url)


def _by_hand(key: str, peer: str, relays: Sequence[str]) -> str:
    listed = ", ".join(map(_scalar, relays))
    return (
        f"written in a way that cannot be edited here; put in yourself: `{key}: {peer}`, `relays: [{listed}]`"
    )


def _back_up(path: Path) -> Path:
    """A copy beside it, under a name that was free."""
    names = [path.with_name(path.name + ".bak")]
    names += [path.with_name(f"{path.name}.bak{number}") for number in range(2, _MOST_BACKUPS)]
    for kept in names:
        if not kept.exists():
            shutil.copy2(path, kept)
            return kept
    raise FileExistsError(17, "too many backups of it", str(path))


def _replace(path: Path, data: bytes) -> None:
    """All of `data` or the old file, whenever the power goes."""
    beside = path.with_name(path.name + ".new")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, beside)
        os.replace(beside, path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
