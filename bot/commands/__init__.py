"""The ! commands: what may be typed (table), what it asks of the bot (desk), and when it is answered."""

from __future__ import annotations

from bot.commands.commands import Commands
from bot.commands.desk import Desk
from bot.commands.table import COMMANDS

__all__ = ["COMMANDS", "Commands", "Desk"]
