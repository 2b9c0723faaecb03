"""What the models say about a document, as sentences for the person who wrote it.

pydantic's errors name a place in the model; here each becomes a line and column in the file, the key as it
is written, what stands there, and what may stand there.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Final, Literal, NamedTuple, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from config.mistakes import Mistake, shown
from config.positions import KeyPath, Listing, Mapping, Node, dotted, find, written

_TOKEN: Final = "name the file that holds it in chat.token_file, or set CROWDPAD_TWITCH_TOKEN"
_PASSPHRASE: Final = "name the file that holds it in identity_passphrase_file"
_PRIVATE_KEY: Final = "name the file that holds it (identity; a certificate's: tls.key)"
# Parts of key names that speak of a secret, and where that secret belongs.
_SECRETS: Final = (
    ("token", _TOKEN),
    ("oauth", _TOKEN),
    ("passphrase", _PASSPHRASE),
    ("password", _PASSPHRASE),
    ("privatekey", _PRIVATE_KEY),
    ("secret", "name a file that holds it, in the key made for that"),
)
_LONGEST_KEY: Final = 64  # longer ones are compared with nothing
# Looking for near names is slow, and more lines than this are never printed anyway.
_MOST: Final = 200


def explain(errors: list[ErrorDetails], model: type[BaseModel], root: Mapping) -> list[Mistake]:
    """One mistake per error, in no order. A key that is missing only because it is misspelt is said once."""
    parted = [part for error in errors[:_MOST] for part in _parts(error, root)]
    located = [(error, _locate(model, error["loc"])) for error in parted[:_MOST]]
    unknown = [
        (place.path[:-1], _nearest(str(place.path[-1]), place.parent))
        for error, place in located
        if error["type"] == "extra_forbidden"
    ]
    return [
        _mistake(error, place, root)
        for error, place in located
        if not (error["type"] == "missing" and (place.path[:-1], place.path[-1]) in unknown)
        and not (error["type"] == "too_short" and _is_long_enough(error, find(root, place.path).node))
    ]


class _Place(NamedTuple):
    """Where an error is: its path in the document, the model its last key is in, and what belongs there.

    at_key  it is the last key itself that is wrong, not what it holds
    """

    path: KeyPath
    parent: type[BaseModel] | None
    shape: object
    at_key: bool = False


class _Many(NamedTuple):
    """A list, or a group whose keys are free, and what each of its values is."""

    inner: object


def _parts(error: ErrorDetails, root: Mapping) -> Iterator[ErrorDetails]:
    """A model says all of its misfits in one error; here each is one of its own."""
    if error["type"] != "misfit":
        yield error
        return
    for path, text, other in error["ctx"]["misfits"]:
        keys: KeyPath = (*error["loc"], *path)
        if other:
            keys = written(root, keys, (*error["loc"], *other))
        yield {"type": "misfit", "loc": keys, "msg": text, "input": None}


def _locate(model: type[BaseModel], location: tuple[int | str, ...]) -> _Place:
    """pydantic's location puts the tag (`source: irc`) between `chat` and its keys; a document does not."""
    path: KeyPath = ()
    parent: type[BaseModel] | None = None
    shape: object = model
    free = False  # whether the last key was one of a group whose keys are free
    for part in location:
        if isinstance(shape, dict):
            shape = shape.get(part)
            continue
        if free and part == "[key]":
            return _Place(path, None, None, at_key=True)
        path = (*path, part)
        free = isinstance(shape, _Many)
        if isinstance(shape, _Many):
            parent, shape = None, shape.inner
            continue
        parent = _as_model(shape)
        field = _fields(parent).get(str(part)) if parent is not None else None
        shape = _shape(field.annotation) if field is not None else None
    return _Place(path, parent, shape)


def _shape(annotation: Any) -> object:
    """A model; a dict of models where a tag chooses one; `_Many`; None for everything else."""
    if _as_model(annotation) is not None:
        return annotation
    arguments = get_args(annotation)
    origin = get_origin(annotation)
    if origin is Annotated:
        return _shape(arguments[0])
    if origin in (dict, tuple):
        return _Many(_shape(arguments[0] if origin is tuple else arguments[1]))
    found = [shape for shape in map(_shape, arguments) if shape is not None]
    models = [shape for shape in map(_as_model, found) if shape is not None]
    if len(models) > 1:
        return {one.model_fields[_tag(one)].default: one for one in models}
    return found[0] if found else None


def _tag(model: type[BaseModel]) -> str:
    """The key that can have but one value: it tells the model from its siblings."""
    return next(name for name, field in model.model_fields.items() if _is_one_word(field.annotation))


def _is_one_word(annotation: Any) -> bool:
    return get_origin(annotation) is Literal and len(get_args(annotation)) == 1


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """By the names that stand in files."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _as_model(shape: object) -> type[BaseModel] | None:
    return shape if isinstance(shape, type) and issubclass(shape, BaseModel) else None


def _mistake(error: ErrorDetails, place: _Place, root: Mapping) -> Mistake:
    kind, path = error["type"], place.path
    if kind == "union_tag_invalid":
        path = (*path, error["ctx"]["discriminator"].strip("'"))
    found = find(root, path)
    at: Node = found.node
    if not found.whole or kind in _AT_THE_KEY or place.at_key:
        at = found.key or found.node
    say = _SAY.get(kind, _as_given)
    return Mistake(at.line, at.column, dotted(path), say(error, place, at if place.at_key else found.node))


def _missing(error: ErrorDetails, place: _Place, node: Node) -> str:
    assert place.parent is not None, "only a model misses a key"
    description = _fields(place.parent)[str(place.path[-1])].description or ""
    return f"missing. {description}"


def _unknown(error: ErrorDetails, place: _Place, node: Node) -> str:
    assert place.parent is not None, "only a model knows its keys"
    name = str(place.path[-1])
    letters = re.sub("[^a-z]", "", name.lower())
    nearest = _nearest(name, place.parent)
    slip = nearest is not None and abs(len(nearest) - len(name)) <= 2  # token_fil, and not token
    where = next((where for part, where in _SECRETS if part in letters), None)
    if where is not None and not slip:
        return f"secrets do not stand in this file; {where}"
    if nearest is not None:
        return f'unknown key; did you mean "{nearest}"?'
    inner = [key for key, model in _groups(place.parent) if name in _fields(model)]
    if inner:
        return f'unknown key here; it belongs under "{inner[0]}"'
    return "unknown key; known here: " + ", ".join(_fields(place.parent))


def _nearest(name: str, model: type[BaseModel] | None) -> str | None:
    if model is None or len(name) > _LONGEST_KEY:
        return None
    wanted = name.lower().replace("-", "_").strip()
    return next(iter(difflib.get_close_matches(wanted, _fields(model), n=1, cutoff=0.7)), None)


def _groups(model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """The keys of a model that hold further keys, each with its model or models."""
    for name, field in _fields(model).items():
        shape = _shape(field.annotation)
        models = shape.values() if isinstance(shape, dict) else (shape,)
        yield from ((name, found) for found in map(_as_model, models) if found is not None)


def _wrong_value(error: ErrorDetails, place: _Place, node: Node) -> str:
    return f"found {_found(node)}; {error['msg']}{_quoting(node) if error['ctx']['textual'] else ''}"


def _wrong_group(error: ErrorDetails, place: _Place, node: Node) -> str:
    if isinstance(place.shape, dict) and isinstance(node, Mapping):
        tag = error["ctx"]["discriminator"].strip("'")
        return f"`{tag}` is missing; wanted one of {', '.join(place.shape)}"
    models = place.shape.values() if isinstance(place.shape, dict) else (place.shape,)
    keys = dict.fromkeys(key for found in map(_as_model, models) if found for key in _fields(found))
    return f"found {_found(node)}; wanted a group of keys: {', '.join(keys)}"


def _wrong_list(error: ErrorDetails, place: _Place, node: Node) -> str:
    return f"found {_found(node)}; wanted a list: one entry per line, each after a dash"


def _wrong_table(error: ErrorDetails, place: _Place, node: Node) -> str:
    return f"found {_found(node)}; wanted lines of `key: value`, further in than this key"


def _wrong_length(error: ErrorDetails, place: _Place, node: Node) -> str:
    context = error["ctx"]
    count = _count(node)
    bound = (
        f"at least {context['min_length']}" if "min_length" in context else f"at most {context['max_length']}"
    )
    what = "entry" if count == 1 else "entries"
    return f"found {count} {what}; wanted {bound}"


def _is_long_enough(error: ErrorDetails, node: Node) -> bool:
    """pydantic does not count entries that are wrong themselves, which are reported anyway."""
    least: int = error["ctx"]["min_length"]
    return _count(node) >= least


def _count(node: Node) -> int:
    if isinstance(node, Mapping):
        return len(node.entries)
    return len(node.items) if isinstance(node, Listing) else 0


def _wrong_source(error: ErrorDetails, place: _Place, node: Node) -> str:
    expected = error["ctx"]["expected_tags"].replace("'", "")
    return f"found {_found(node)}; wanted one of {expected}"


def _as_given(error: ErrorDetails, place: _Place, node: Node) -> str:
    return error["msg"]


def _found(node: Node) -> str:
    if isinstance(node, Mapping):
        return "a group of keys"
    if isinstance(node, Listing):
        return "a list"
    return "nothing" if node.is_null else shown(node.text)


def _quoting(node: Node) -> str:
    """What YAML made of a text that was not quoted, where a text was wanted."""
    if isinstance(node, Listing | Mapping):
        return "; put text that begins with a bracket in quotes" if node.flow else ""
    if node.is_null:
        return "; put text that begins with # or is ~ or null in quotes"
    return ""


_SAY: Final[dict[str, Callable[[ErrorDetails, _Place, Node], str]]] = {
    "missing": _missing,
    "extra_forbidden": _unknown,
    "wanted": _wrong_value,
    "model_type": _wrong_group,
    "model_attributes_type": _wrong_group,
    "union_tag_not_found": _wrong_group,
    "tuple_type": _wrong_list,
    "dict_type": _wrong_table,
    "too_long": _wrong_length,
    "too_short": _wrong_length,
    "union_tag_invalid": _wrong_source,
}
_AT_THE_KEY: Final = frozenset(("extra_forbidden", "way_in"))
