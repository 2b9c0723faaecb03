"""What may go into a chat as a line of ours, whatever it was made from. Pure."""

from __future__ import annotations

from typing import Final

# Twitch's limit, in characters.
LONGEST_SAID: Final = 500
# Twitch takes a line that begins with one of the first two for a command, and other bots the third.
_COMMAND_SIGNS: Final = "/.!"


def sayable(text: str, longest: int = LONGEST_SAID) -> str:
    """One line of at most `longest` characters that is nobody's command; empty if nothing is left.

    Whatever does not print becomes a blank: line ends, controls, surrogates, marks that turn the reading
    direction. What is too long is cut after a word, and ends with an ellipsis.
    """
    printed = "".join(letter if letter.isprintable() else " " for letter in text)
    line = " ".join(printed.split()).lstrip(_COMMAND_SIGNS + " ")
    return line if len(line) <= longest else _cut(line, longest)


def _cut(line: str, longest: int) -> str:
    kept = line[: longest - 1]
    if line[longest - 1] != " ":  # in the middle of a word: it goes too, unless there is no other
        kept = kept.rpartition(" ")[0] or kept
    return kept.rstrip(" ,;:") + "…"
