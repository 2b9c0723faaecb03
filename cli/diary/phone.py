"""`paths offer` and `paths answer`: two people on the phone bring two programs together."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import segno

from cli import programs
from cli.diary.folder import LONGEST_MS, system_ms
from cli.diary.page import Page
from cli.diary.phone_words import (
    answer_in_words,
    found_in_words,
    not_found_in_words,
    offer_in_words,
    old_in_words,
    waiting_in_words,
)
from cli.diary.program import Program, direct_path
from cli.errors import EXIT_TROUBLE, EXIT_USAGE, CommandError
from config.load import load
from config.model import BotConfig, ReceiverConfig
from tunnel.identity import PublicKey
from tunnel.rendezvous.keys import MeetingKeys
from tunnel.rendezvous.letter import LetterError, from_text, open_letter, to_text
from tunnel.rendezvous.text import MAX_TEXT

# Servers are asked for half a second, and names may have to be looked up first.
LETTER_MS: Final = 15_000.0
# With both letters in place a search takes under a second; the diary tells of it every two.
SOON_MS: Final = 4_000.0
# Where the other one has ours already, theirs is the last that is missing.
LATER_MS: Final = 15_000.0
PATIENCE_MS: Final = 60_000.0
# A hundred and sixty characters, spelt out over the phone and typed, take two or three minutes.
TYPING_MS: Final = LONGEST_MS
# Then the other end may have found another network meanwhile.
OLD_MS: Final = 3_600_000.0


def offer(program: Program, width: int, *, qr: str | None, wait: bool) -> int:
    """Prints the running program's letter. `qr` is a file, or empty for the terminal; None: no picture.

    0, or if it is to wait, 1 if no direct path works in time. Raises CommandError.
    """
    page = program.running()
    picture = None if qr is None else _picture(qr)
    until_ms = program.look_hard()
    text = to_text(_own_letter(program, page))
    print(offer_in_words(program.page(), text, time_of_day(until_ms), str(program.file), width))
    if picture is not None:
        show_picture(text, picture)
    program.note_shown(page)
    if not wait:
        return 0
    print(waiting_in_words(time_of_day(until_ms)), flush=True)
    return _follow(program, TYPING_MS, width)


def answer(program: Program, said: str, width: int, *, qr: str | None) -> int:
    """Takes the other end's text. 0 once a direct path works, 1 if none does in time. Raises CommandError."""
    page = program.running()
    picture = None if qr is None else _picture(qr)
    letter, written_ms = _read(program, said)
    if system_ms() - written_ms > OLD_MS:
        print(old_in_words(system_ms() - written_ms))
    until_ms, patience_ms = program.look_hard(), PATIENCE_MS
    program.hand_over(letter)
    shown = program.was_shown(page)
    if not program.wait(LATER_MS if shown else SOON_MS, lambda: direct_path(program.page()) is not None):
        text = to_text(_own_letter(program, page))
        print(answer_in_words(page, text, width, shown=shown), flush=True)
        if picture is not None:
            show_picture(text, picture)
        program.note_shown(page)
        patience_ms = TYPING_MS
        print(waiting_in_words(time_of_day(until_ms)), flush=True)
    return _follow(program, patience_ms, width)


def show_picture(text: str, where: str) -> None:
    """A QR code in a file, or of blocks. Raises CommandError."""
    code = segno.make_qr(text, error="m")
    if where:
        code.save(where, scale=8)
        print(f"The same as a QR code is in {where}.")
        return
    drawn = io.StringIO()
    code.terminal(drawn, compact=True)
    try:
        drawn.getvalue().encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError as error:
        raise CommandError("this console cannot draw it; write it into a file: --qr offer.png") from error
    # White on black, whatever colours the terminal has: some cameras read nothing else.
    before, after = ("\x1b[97;40m", "\x1b[0m") if sys.stdout.isatty() else ("", "")
    print("\n".join(f"{before}{line}{after}" for line in drawn.getvalue().splitlines()))


def time_of_day(moment_ms: float) -> str:
    """As the clock on the wall shows it."""
    return datetime.fromtimestamp(moment_ms / 1000, UTC).astimezone().strftime("%H:%M")


def _picture(where: str) -> str:
    if where and Path(where).suffix.lower() not in (".png", ".svg"):
        raise CommandError(f"--qr {where}: the file's name ends in .png or .svg", EXIT_USAGE)
    if not Path(where).parent.is_dir():
        raise CommandError(f"--qr {where}: there is no folder {Path(where).parent}", EXIT_USAGE)
    return where


def _own_letter(program: Program, page: Page) -> bytes:
    program.wait(LETTER_MS, lambda: program.own_letter() is not None)
    letter = program.own_letter()
    if letter is None:
        raise CommandError(
            f"the {page.program} has no offer yet: it knows no address at which it could be reached. Is this "
            "machine connected to a network?"
        )
    return letter


def _read(program: Program, said: str) -> tuple[bytes, float]:
    """The letter, and when it was written. It is opened here too, so that whoever typed it learns at once."""
    config = load(program.file, ReceiverConfig if program.page().program == "receiver" else BotConfig)
    assert isinstance(config, BotConfig | ReceiverConfig)
    identity = programs.identity(program.file, config)
    peer = config.receiver if isinstance(config, BotConfig) else config.bot
    try:
        letter = from_text(said)
        return letter, open_letter(letter, MeetingKeys(identity, PublicKey.parse(peer)), system_ms()).written
    except LetterError as error:
        raise CommandError(_lower(str(error)), EXIT_USAGE) from error


def _follow(program: Program, patience_ms: float, width: int) -> int:
    """Waits for a direct path, and tells."""
    try:
        program.wait(patience_ms, lambda: direct_path(program.page()) is not None)
    except KeyboardInterrupt:
        print(f"\nStopped waiting. The {program.page().program} goes on looking.")
        return EXIT_TROUBLE
    page = program.page()
    path = direct_path(page)
    if path is not None:
        print(found_in_words(path))
        return 0
    print(not_found_in_words(page, str(program.file), width))
    return EXIT_TROUBLE


def typed(words: list[str]) -> str:
    """TEXT as it stands in the call, or on stdin for `-`. Raises CommandError."""
    if words != ["-"]:
        return " ".join(words)
    return sys.stdin.read(MAX_TEXT + 1)


def _lower(sentence: str) -> str:
    """It follows the command's name."""
    return sentence[:1].lower() + sentence[1:]
