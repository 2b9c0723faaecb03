"""YAML as nodes that remember where they stood, and nothing of YAML that a configuration does not need.

What is refused, and why: aliases and anchors (a few lines of them unfold into gigabytes), tags (they make
loaders build objects), keys given twice (YAML keeps the last one silently), several documents (the second
would be ignored), control characters. Size, depth and number of nodes are bounded.

Scalars stay the text they were. YAML 1.1 would make a boolean of `no` and a number of a public key that has
only digits; here a field that wants text gets the text, and one that wants a number reads it itself.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, NoReturn

import yaml

from config.mistakes import Mistake, shown

MAX_BYTES: Final = 256 * 1024  # a hundred times the longest example
MAX_DEPTH: Final = 16  # the models nest three deep
MAX_NODES: Final = 10_000  # a relay that names 8,000 addresses still loads

KeyPath = tuple[str | int, ...]

_NULLS: Final = frozenset(("", "~", "null", "Null", "NULL"))
# What the YAML library says, and what a person can do about it.
_SYNTAX: Final = (
    ("character '\\t'", "a tab; indent with spaces"),
    ("that cannot start any token", "a character that cannot begin a value; put the value in quotes"),
    (
        "mapping values are not allowed",
        "a colon that does not fit here; check the indentation, or use quotes",
    ),
    ("unexpected end of stream", "a quote that is never closed"),
    ("could not find expected ':'", "a line that is no `key: value`; is the space after the colon missing?"),
    ("expected the node content", "a value is missing here; text that begins with a bracket needs quotes"),
    ("expected <block end>", "an entry that does not line up with the ones above it"),
)


class Plain(str):
    """The text of a scalar without quotes: it may be meant as a number or as yes and no."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value or key. Line and column count from 1, here and below."""

    line: int
    column: int
    text: str
    plain: bool

    @property
    def is_null(self) -> bool:
        return self.plain and self.text in _NULLS


@dataclass(frozen=True, slots=True)
class Listing:
    """A list; `flow` when it is written with brackets."""

    line: int
    column: int
    items: tuple[Node, ...]
    flow: bool


class Entry(NamedTuple):
    """A key and its value."""

    key: Scalar
    value: Node


@dataclass(frozen=True, slots=True)
class Mapping:
    """A group of keys; `flow` when it is written with braces."""

    line: int
    column: int
    entries: dict[str, Entry]
    flow: bool


Node = Scalar | Listing | Mapping


class Document(NamedTuple):
    """What could be read, and what was wrong with it. No root: nothing more can be said."""

    root: Mapping | None
    mistakes: tuple[Mistake, ...]


class Found(NamedTuple):
    """Where a path leads: the deepest node there is, its key if it has one, and whether that was all."""

    key: Scalar | None
    node: Node
    whole: bool


def read(data: bytes) -> Document:
    """The nodes of a file's bytes. Never raises: any bytes are a document or at least one mistake."""
    if len(data) > MAX_BYTES:
        return Document(None, (Mistake(0, 0, "", f"larger than {MAX_BYTES // 1024} KiB"),))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = _place(data[: error.start].decode("utf-8", "replace"))
        return Document(None, (Mistake(line, column, "", "not UTF-8 text; save the file as UTF-8"),))
    return _Reader(text).document()


def content(node: Node) -> object:
    """The bare values: dict, list, None, `Plain` for scalars without quotes, str for those with."""
    if isinstance(node, Mapping):
        return {key: content(entry.value) for key, entry in node.entries.items()}
    if isinstance(node, Listing):
        return [content(item) for item in node.items]
    if node.is_null:
        return None
    return Plain(node.text) if node.plain else node.text


def find(root: Node, path: KeyPath) -> Found:
    """Follows `path` as far as the document goes."""
    key: Scalar | None = None
    node = root
    for part in path:
        if isinstance(node, Mapping) and part in node.entries:
            key, node = node.entries[str(part)]
        elif isinstance(node, Listing) and isinstance(part, int) and part < len(node.items):
            key, node = None, node.items[part]
        else:
            return Found(key, node, whole=False)
    return Found(key, node, whole=True)


def written(root: Node, path: KeyPath, other: KeyPath) -> KeyPath:
    """Of two paths the one that the document has: `other` only if it has that and not `path`."""
    return other if find(root, other).whole and not find(root, path).whole else path


def dotted(path: KeyPath) -> str:
    """`("relays", 2)` as people write it: `relays[2]`. Entries count from 0."""
    text = ""
    for part in path:
        name = part if isinstance(part, int) else shown(part)[1:-1]
        text += f"[{part}]" if isinstance(part, int) else f".{name}" if text else str(name)
    return text


class _StopError(Exception):
    """Nothing sensible can be said about the rest of the file."""


class _Reader:
    """Builds the nodes of one text from the library's events."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._events: Iterator[Any] = yaml.parse(text, Loader=yaml.SafeLoader)
        self._nodes = 0
        self._mistakes: list[Mistake] = []

    def document(self) -> Document:
        root: Node | None = None
        try:
            root = self._root()
        except _StopError:
            pass  # the mistake that stopped us is in the list already
        except yaml.MarkedYAMLError as error:
            self._syntax(error)
        except yaml.reader.ReaderError as error:
            line, column = _place(self._text[: error.position])
            self._mistakes.append(Mistake(line, column, "", "a control character; is this a text file?"))
        except (ValueError, OverflowError):
            # The library reads numbers in %YAML lines and \U escapes without checking them first.
            self._mistakes.append(Mistake(1, 1, "", "not YAML: it has an escape or a version that is none"))
        return Document(root if isinstance(root, Mapping) else None, tuple(self._mistakes))

    def _root(self) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._stop(event, (), "a second document begins here; a configuration is one document")
            elif isinstance(event, yaml.NodeEvent):
                root = self._node(event, (), 0)
        if root is None or (isinstance(root, Scalar) and root.is_null):
            self._mistakes.append(Mistake(1, 1, "", "the file is empty"))
        elif not isinstance(root, Mapping):
            what = "a list" if isinstance(root, Listing) else "one text"
            self._note(root, (), f"the file is {what}; wanted lines of `key: value`")
        return root

    def _node(self, event: Any, path: KeyPath, depth: int) -> Node:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._stop(event, path, f"more than {MAX_NODES} values")
        if depth > MAX_DEPTH:
            self._stop(event, path, f"nested deeper than {MAX_DEPTH}")
        if isinstance(event, yaml.AliasEvent):
            self._stop(event, path, "aliases (*name) are not read here; write the value out, or use quotes")
        if event.anchor is not None:
            self._stop(event, path, "anchors (&name) are not read here; write the value out, or use quotes")
        if event.tag is not None:
            self._stop(event, path, "tags (!name) are not read here; use quotes if the text begins with !")
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._listing(event, path, depth)
        return self._mapping(event, path, depth)

    def _scalar(self, event: Any, path: KeyPath) -> Scalar:
        mark = event.start_mark
        scalar = Scalar(mark.line + 1, mark.column + 1, str(event.value), event.style is None)
        if any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in scalar.text):
            self._note(scalar, path, "a line break or control character inside a value")
        return scalar

    def _listing(self, start: Any, path: KeyPath, depth: int) -> Listing:
        items: list[Node] = []
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self._node(event, (*path, len(items)), depth + 1))
        mark = start.start_mark
        return Listing(mark.line + 1, mark.column + 1, tuple(items), bool(start.flow_style))

    def _mapping(self, start: Any, path: KeyPath, depth: int) -> Mapping:
        entries: dict[str, Entry] = {}
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._node(event, path, depth + 1)
            if not isinstance(key, Scalar):
                self._stop(event, path, "a key is one word, not a list or a group")
            here = (*path, key.text)
            value = self._node(next(self._events), here, depth + 1)
            if key.text in entries:
                first = entries[key.text].key.line
                self._note(key, here, f"given twice; line {first} has it already")
            else:
                entries[key.text] = Entry(key, value)
        mark = start.start_mark
        return Mapping(mark.line + 1, mark.column + 1, entries, bool(start.flow_style))

    def _syntax(self, error: yaml.MarkedYAMLError) -> None:
        problem = str(error.problem)
        text = next((said for part, said in _SYNTAX if part in problem), f"not YAML: {problem}")
        # An unclosed quote, or a line without a colon, is noticed later than where it was made.
        late = error.context_mark is not None and ("unexpected end" in problem or "could not find" in problem)
        mark = error.context_mark if late else error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        self._mistakes.append(Mistake(line, column, "", text))

    def _note(self, node: Node, path: KeyPath, text: str) -> None:
        self._mistakes.append(Mistake(node.line, node.column, dotted(path), text))

    def _stop(self, event: Any, path: KeyPath, text: str) -> NoReturn:
        mark = event.start_mark
        self._mistakes.append(Mistake(mark.line + 1, mark.column + 1, dotted(path), text))
        raise _StopError


def _place(before: str) -> tuple[int, int]:
    """Line and column, from 1, of what follows `before`."""
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
