"""The kinds of values a configuration is made of: each knows what it takes, and how to say so.

A kind stands in a model as `Annotated[int, Whole(1, 4)]`. It reads what stood in a file (`Plain` text, or
text in quotes) as well as what a program passes (numbers, paths); `wanted` is the phrase a mistake is
answered with; `json_schema` is the same for an editor. Kinds of names in a network: `config.addresses`.
"""

from __future__ import annotations

import math
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, NamedTuple, get_args

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from config.codes import Control
from config.mistakes import is_secret
from config.positions import Plain

# No leading zeros: YAML 1.1 counts 010 as eight, 1.2 as ten.
_WHOLE: Final = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_REAL: Final = re.compile(r"[-+]?((0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?|\.[0-9]{1,18})([eE][-+]?[0-9]{1,2})?")
_TRUE: Final = frozenset(("true", "yes", "on"))
_FALSE: Final = frozenset(("false", "no", "off"))

CONTROLLERS: Final = Path(__file__).with_name("controllers")


class Setting(NamedTuple):
    """What reading a file adds to reading a value: passed to pydantic as the context."""

    folder: Path
    check_files: bool


class Kind:
    """One kind of value. Subclasses say `wanted` and override `read` and `json_schema`."""

    textual: ClassVar[bool] = True  # whether it is text, which YAML may have taken for something else

    @property
    def wanted(self) -> str:
        """What may stand there, to follow the words "wanted ..."."""
        raise NotImplementedError

    def read(self, value: object, setting: Setting | None) -> object:
        """The value as the program has it. Raises what `refused` gives."""
        raise NotImplementedError

    def json_schema(self) -> dict[str, Any]:
        """The same for editors."""
        raise NotImplementedError

    def refused(self, why: str = "") -> PydanticCustomError:
        """The error to raise; `why` is added where it helps."""
        context = {"wanted": self.wanted, "why": f" ({why})" if why else "", "textual": self.textual}
        return PydanticCustomError("wanted", "wanted {wanted}{why}", context)

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        def read(value: object, info: ValidationInfo) -> object:
            return self.read(value, info.context if isinstance(info.context, Setting) else None)

        return core_schema.with_info_plain_validator_function(read)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return self.json_schema()


@dataclass(frozen=True)
class Whole(Kind):
    """A whole number in a range."""

    textual = False
    low: int
    high: int

    @property
    def wanted(self) -> str:
        return f"a whole number from {self.low} to {self.high}"

    def read(self, value: object, setting: Setting | None) -> int:
        if isinstance(value, Plain) and _WHOLE.fullmatch(value):
            value = int(value)
        elif isinstance(value, str) and _WHOLE.fullmatch(value):
            raise self.refused("without quotes")
        if type(value) is not int or not self.low <= value <= self.high:
            raise self.refused()
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True)
class Real(Kind):
    """A number in a range; never infinite, never "not a number"."""

    textual = False
    low: float
    high: float

    @property
    def wanted(self) -> str:
        return f"a number from {self.low:g} to {self.high:g}"

    def read(self, value: object, setting: Setting | None) -> float:
        if isinstance(value, Plain) and _REAL.fullmatch(value):
            value = float(value)
        elif isinstance(value, str) and _REAL.fullmatch(value):
            raise self.refused("without quotes")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refused()
        if not self.low <= value <= self.high or not math.isfinite(value):
            raise self.refused()
        return float(value)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "number", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True)
class Flag(Kind):
    """Yes or no."""

    textual = False

    @property
    def wanted(self) -> str:
        return "true or false"

    def read(self, value: object, setting: Setting | None) -> bool:
        if isinstance(value, Plain) and value.lower() in _TRUE | _FALSE:
            return value.lower() in _TRUE
        if not isinstance(value, bool):
            raise self.refused()
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Text(Kind):
    """Text of one shape. `strip` is taken off the front; `lower` makes it small letters."""

    pattern: str
    phrase: str
    strip: str = ""
    lower: bool = False

    @property
    def wanted(self) -> str:
        return self.phrase

    def read(self, value: object, setting: Setting | None) -> str:
        if not isinstance(value, str):
            raise self.refused()
        if re.fullmatch(self.pattern, value) is None:
            raise self.refused()
        text = str(value).removeprefix(self.strip)
        return text.lower() if self.lower else text

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{self.pattern}$"}


@dataclass(frozen=True)
class Choice(Kind):
    """One of a few words, given as the Literal they are the values of."""

    options: object

    @property
    def words(self) -> tuple[str, ...]:
        return get_args(self.options)

    @property
    def wanted(self) -> str:
        return "one of " + ", ".join(self.words)

    def read(self, value: object, setting: Setting | None) -> str:
        if not isinstance(value, str) or value not in self.words:
            raise self.refused()
        return str(value)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.words)}


@dataclass(frozen=True)
class ControlName(Kind):
    """A control of a pad, in any case."""

    @property
    def wanted(self) -> str:
        return "one of " + ", ".join(Control)

    def read(self, value: object, setting: Setting | None) -> Control:
        if not isinstance(value, str) or value.upper() not in set(Control):
            raise self.refused()
        return Control(value.upper())

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": [str(control) for control in Control]}


@dataclass(frozen=True)
class ControllerName(Kind):
    """A controller that has a file. Which ones there are is asked only when a configuration is loaded."""

    @property
    def wanted(self) -> str:
        names = sorted(file.stem for file in CONTROLLERS.glob("*.yaml"))
        return "one of " + ", ".join(names) if names else "the name of a controller"

    def read(self, value: object, setting: Setting | None) -> str:
        if not isinstance(value, str) or re.fullmatch("[a-z0-9_]{1,32}", value) is None:
            raise self.refused()
        if setting is not None and not (CONTROLLERS / f"{value}.yaml").is_file():
            raise self.refused()
        return str(value)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[a-z0-9_]{1,32}$"}


@dataclass(frozen=True)
class FileName(Kind):
    """A file; a relative name starts from the folder of the configuration.

    private  it holds a secret: on POSIX nobody but its owner may be able to read it
    remedy   what makes such a file, with `{}` for its name
    """

    what: str
    private: bool = False
    remedy: str = ""

    @property
    def wanted(self) -> str:
        return f"the name of {self.what}"

    def read(self, value: object, setting: Setting | None) -> Path:
        if not isinstance(value, str | Path) or not str(value).strip():
            raise self.refused()
        if isinstance(value, str) and is_secret(value):
            raise self.refused("that looks like the secret itself; put it in a file of its own")
        try:
            path = Path(value).expanduser()
        except RuntimeError as error:
            raise self.refused("nobody of that name has a home folder here") from error
        if setting is None:
            return path
        path = setting.folder / path
        if setting.check_files:
            self._check(path)
        return path

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1}

    def _check(self, path: Path) -> None:
        short = _without_dots(path)
        try:
            mode = path.stat().st_mode
        except FileNotFoundError as error:
            remedy = f"; {self.remedy.format(short)}" if self.remedy else ""
            raise _file_error(f"{short} does not exist{remedy}") from error
        except (OSError, ValueError) as error:
            raise _file_error(f"{short} cannot be looked at: {error}") from error
        if not stat.S_ISREG(mode):
            raise _file_error(f"{short} is no file")
        if self.private and os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise _file_error(f"{short} can be read by others; chmod 600 {short}")


def _without_dots(path: Path) -> Path:
    """`examples/../keys/a.key` as `keys/a.key`, unless a symbolic link makes that another file."""
    short = Path(os.path.normpath(path))
    try:
        return short if short.resolve() == path.resolve() else path
    except (OSError, RuntimeError, ValueError):
        return path


def _file_error(text: str) -> PydanticCustomError:
    return PydanticCustomError("file", "{text}", {"text": text})
