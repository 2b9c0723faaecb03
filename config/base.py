"""What every model of a configuration shares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Self

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError


class Misfit(NamedTuple):
    """Two values of a model that are right by themselves but not together: where to say so, and what.

    path   the keys from the model down to the value, as in `("democracy", "window_s")`
    other  those of the value it does not fit, to be named instead where only that one is written down
    """

    path: tuple[str | int, ...]
    text: str
    other: tuple[str | int, ...] = ()


class Model(BaseModel):
    """What all of them share: nothing changes after loading, and no key is unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False)

    def misfits(self) -> Iterable[Misfit]:
        """What does not fit together. Asked once all values are right by themselves."""
        return ()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        misfits = tuple(self.misfits())
        if misfits:
            text = "; ".join(f"{'.'.join(map(str, misfit.path))}: {misfit.text}" for misfit in misfits)
            raise PydanticCustomError("misfit", "{text}", {"text": text, "misfits": misfits})
        return self
