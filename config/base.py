"""What every model of a configuration shares."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """What all of them share: nothing changes after loading, and no key is unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False)
