"""`paths offer` and `paths answer`, with a program that seems to run."""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cli.diary import phone as paths_phone
from cli.diary.folder import LOOK_HARD, system_ms
from cli.diary.program import Program
from cli.errors import EXIT_TROUBLE, EXIT_USAGE, CommandError
from tunnel.rendezvous.folder import PEER_LETTER
from tunnel.rendezvous.letter import to_text

Crowdpad = Callable[..., Any]


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LETTER_MS", "SOON_MS", "LATER_MS", "PATIENCE_MS", "TYPING_MS"):
        monkeypatch.setattr(paths_phone, name, 0.0)
    monkeypatch.setattr("cli.diary.program._POLL_S", 0.001)


@pytest.fixture
def when_it_has_the_letter(home: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Plays the program's part: once the other end's letter lies there, it tells this."""
    monkeypatch.setattr(paths_phone, "PATIENCE_MS", 60_000.0)
    threads: list[threading.Thread] = []

    def tell_then(**said: Any) -> None:
        def work() -> None:
            while home.place.read(PEER_LETTER) is None:
                pass
            home.tells(**said)

        threads.append(threading.Thread(target=work, daemon=True))
        threads[-1].start()

    yield tell_then
    for thread in threads:
        thread.join(60)


def test_an_offer_is_the_running_program_s_letter(crowdpad: Crowdpad, home: Any) -> None:
    home.tells()
    text = home.offers()
    said = crowdpad("paths", "offer", "--config", home.config)
    assert (said.status, said.err) == (0, "")
    assert f"paths answer {text} --config receiver.yaml" in said.out
    until_ms = float(home.place.read(LOOK_HARD))
    assert 0 < until_ms - system_ms() <= 600_000
    assert paths_phone.time_of_day(until_ms) in said.out


def test_a_program_without_an_address_has_no_offer(crowdpad: Crowdpad, home: Any) -> None:
    home.tells()
    said = crowdpad("paths", "offer", "--config", home.config)
    assert said.status == EXIT_TROUBLE
    assert said.err.startswith("crowdpad paths: the bot has no offer yet: it knows no address")


def test_an_offer_can_wait_for_what_comes_of_it(crowdpad: Crowdpad, home: Any, pages: Any) -> None:
    home.tells(paths=(pages.direct(),))
    home.offers()
    said = crowdpad("paths", "offer", "--wait", "--config", home.config)
    assert said.status == 0
    assert said.out.endswith("A direct path works: direct udp, to 203.0.113.9:47001, 12 ms one way.\n")


def test_a_picture_says_the_same(crowdpad: Crowdpad, home: Any, tmp_path: Any) -> None:
    home.tells()
    home.offers()
    assert "\u2588" in crowdpad("paths", "offer", "--qr", "--config", home.config).out
    for kind, start in (("png", b"\x89PNG"), ("svg", b"<?xml")):
        file = tmp_path / f"offer.{kind}"
        said = crowdpad("paths", "offer", "--qr", file, "--config", home.config)
        assert said.out.endswith(f"The same as a QR code is in {file}.\n")
        assert file.read_bytes().startswith(start)


def test_a_picture_that_cannot_be_made_is_told_before_anything_else(
    crowdpad: Crowdpad, home: Any, tmp_path: Any
) -> None:
    home.tells()
    text = home.offers()
    for name, piece in (
        (tmp_path / "offer.jpg", "ends in .png or .svg"),
        (tmp_path / "no/o.png", "no folder"),
    ):
        for words in (("offer",), ("answer", text)):
            said = crowdpad("paths", *words, "--qr", name, "--config", home.config)
            assert (said.status, said.out) == (EXIT_USAGE, "")
            assert piece in said.err


def test_a_console_without_blocks_is_offered_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    with pytest.raises(CommandError, match=r"--qr offer\.png"):
        paths_phone.show_picture("ABC", "")


def test_an_answer_is_handed_to_the_program_and_asks_for_the_other_half(
    crowdpad: Crowdpad, home: Any
) -> None:
    home.tells()
    own, letter = home.offers(), home.letter_of_the_receiver()
    said = crowdpad("paths", "answer", *to_text(letter).lower().split("-"), "--config", home.config)
    assert home.place.read(PEER_LETTER) == letter
    assert home.place.looking_hard_until(system_ms()) is not None
    assert "Taken. Now the other one needs this bot's offer" in said.out
    assert f"paths answer {own} --config receiver.yaml" in said.out
    assert said.status == EXIT_TROUBLE  # nothing came of it within no time
    assert "No direct path yet. The bot goes on looking." in said.out


def test_an_answer_that_leads_to_a_path_says_so_and_asks_for_nothing(
    crowdpad: Crowdpad, home: Any, pages: Any, monkeypatch: pytest.MonkeyPatch, when_it_has_the_letter: Any
) -> None:
    monkeypatch.setattr(paths_phone, "SOON_MS", 60_000.0)
    home.tells()
    home.offers()
    when_it_has_the_letter(paths=(pages.direct(),))
    said = crowdpad("paths", "answer", to_text(home.letter_of_the_receiver()), "--config", home.config)
    assert (said.status, said.err) == (0, "")
    assert said.out == "A direct path works: direct udp, to 203.0.113.9:47001, 12 ms one way.\n"


def test_who_has_shown_an_offer_before_is_not_told_to_show_it_at_once(crowdpad: Crowdpad, home: Any) -> None:
    home.tells()
    home.offers()
    crowdpad("paths", "offer", "--config", home.config)
    said = crowdpad("paths", "answer", to_text(home.letter_of_the_receiver()), "--config", home.config)
    assert said.out.startswith("Nothing yet. If the receiver was started again since, ask for")


def test_an_answer_may_come_on_stdin(crowdpad: Crowdpad, home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    home.tells()
    home.offers()
    letter = home.letter_of_the_receiver()
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"crowdpad:{to_text(letter)}\r\n"))
    crowdpad("paths", "answer", "-", "--config", home.config)
    assert home.place.read(PEER_LETTER) == letter


def test_an_old_offer_is_taken_with_a_word(crowdpad: Crowdpad, home: Any) -> None:
    home.tells()
    home.offers()
    said = crowdpad(
        "paths", "answer", to_text(home.letter_of_the_receiver(7_260_000)), "--config", home.config
    )
    assert said.out.startswith("This offer is 2 h old. If nothing comes of it, ask for a new one.")


def wrong_letters(home: Any) -> Iterator[tuple[str, str]]:
    """What people type, and a piece of what they are told."""
    text = to_text(home.letter_of_the_receiver())
    yield text[:-1] + ("0" if text[-1] != "0" else "1"), "a typing error"
    yield text.replace("-", "")[:20], "a typing error"
    yield "hello", "a typing error"
    yield "", "there is nothing there"
    yield "A" * 9_000, "far too long"
    yield home.offers(), "this machine's own offer"
    yield to_text(b"\x02" + b"x" * 60), "this offer does not open"
    yield to_text(home.letter_of_the_receiver(3 * 86_400_000)), "older than yesterday"


def test_whatever_is_wrong_with_a_text_is_told_before_it_is_handed_over(
    crowdpad: Crowdpad, home: Any
) -> None:
    home.tells()
    for text, piece in wrong_letters(home):
        said = crowdpad("paths", "answer", text, "--config", home.config)
        assert (said.status, said.out) == (EXIT_USAGE, ""), text
        assert said.err.startswith("crowdpad paths: ")
        assert piece in said.err
        assert said.err.count("\n") == 1
    assert home.place.read(PEER_LETTER) is None


def test_nothing_is_offered_or_taken_while_the_program_does_not_run(crowdpad: Crowdpad, home: Any) -> None:
    home.tells(written_ms=system_ms() - 30_000)
    text = home.offers()
    for words in (("offer",), ("answer", text)):
        said = crowdpad("paths", *words, "--config", home.config)
        assert (said.status, said.out) == (EXIT_TROUBLE, "")
        assert "the bot was last heard of 30 s ago. Start it: python3 run.py bot" in said.err


def test_ctrl_c_ends_the_waiting_and_not_the_search(
    crowdpad: Crowdpad, home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.tells()
    home.offers()

    def interrupt(*_: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(Program, "wait", interrupt)
    said = paths_phone._follow(Program(home.config), 60_000, 80)
    assert said == EXIT_TROUBLE
