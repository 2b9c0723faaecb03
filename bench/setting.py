"""How bot and receiver are set while they are measured, where it is not as people find them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from config.play import AnarchyOptions, ModesConfig


@dataclass(frozen=True, slots=True)
class Setting:
    """What differs from one chapter to the next.

    game  the name of a page, or None for the controller alone
    """

    modes: ModesConfig
    pads: int = 1
    controller: str = "xbox"
    game: str | None = None


# The figures of throughput, latency and failover are about the way from chat to the pad. Anarchy lets eight
# inputs play at a time, and more wait for their turn there, on purpose; so for these it is opened as far as
# it goes. 4,096 are enough for 10,000 presses/s of 200 ms each, of which 2,000 are down at a time.
AT_ONCE: Final = Setting(modes=ModesConfig(anarchy=AnarchyOptions(together=4096)))
