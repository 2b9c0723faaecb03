"""How a command ends when it cannot go on: one sentence for the person who typed it, and an exit status."""

from __future__ import annotations

from typing import Final

EXIT_TROUBLE: Final = 1  # whatever is neither fine nor wrong usage
EXIT_USAGE: Final = 2  # wrong usage or configuration; argparse's own choice too


class CommandError(Exception):
    """Ends the command. The text follows the command's name."""

    def __init__(self, text: str, status: int = EXIT_TROUBLE) -> None:
        super().__init__(text)
        self.status = status
