"""The running program, seen through the folder beside its configuration."""

from __future__ import annotations

import os
from typing import Any

import pytest

from cli.diary.folder import STATUS, Folder, system_ms
from cli.diary.program import Program, direct_path
from cli.errors import CommandError
from config.mistakes import ConfigError
from tunnel.rendezvous.folder import OWN_LETTER, PEER_LETTER


def test_a_program_that_never_ran_is_named_with_how_to_start_it(folder: Any) -> None:
    bot, receiver = folder.bot_config(1), folder.receiver_config(1)
    with pytest.raises(CommandError, match=r"no bot has run .* Start it: python3 run.py bot --config "):
        Program(bot).page()
    with pytest.raises(CommandError, match="no receiver has run"):
        Program(receiver).page()


def test_a_relay_has_no_paths_and_a_shopping_list_neither(folder: Any) -> None:
    with pytest.raises(CommandError, match="only a bot and a receiver have paths"):
        Program(folder.relay_config()).page()
    with pytest.raises(ConfigError):
        Program(folder.write("list.yaml", "- milk\n")).page()


def test_a_damaged_status_says_so(home: Any) -> None:
    home.place.write(STATUS, b"{")
    with pytest.raises(CommandError, match=r"status\.json cannot be read: it is damaged"):
        Program(home.config).page()


def test_a_file_that_is_being_replaced_is_read_a_moment_later(
    home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.tells()
    read, held = Folder.read, [True, True]

    def hold(self: Folder, name: str) -> bytes | None:
        if held and held.pop():
            raise PermissionError(13, "The process cannot access the file")
        return read(self, name)

    monkeypatch.setattr(Folder, "read", hold)
    monkeypatch.setattr("cli.diary.program._POLL_S", 0.0)
    assert Program(home.config).page().program == "bot"


def test_only_a_program_that_runs_with_direct_paths_takes_part(home: Any, pages: Any) -> None:
    program = Program(home.config)
    home.tells()
    assert program.running().program == "bot"
    home.tells(written_ms=system_ms() - 60_000)
    with pytest.raises(CommandError, match=r"the bot was last heard of 60 s ago\. Start it"):
        program.running()
    home.tells(ended=True)
    with pytest.raises(CommandError, match=r"the bot ended 0 s ago\. Start it"):
        program.running()
    home.tells(settings=pages.page().settings.model_copy(update={"enabled": False}))
    with pytest.raises(CommandError, match="direct paths are off"):
        program.running()


@pytest.mark.parametrize(
    ("forbid", "named"),
    [(("direct",), "direct"), (("direct tcp", "relays", "direct udp"), "direct udp and direct tcp")],
)
def test_an_offer_is_of_no_use_where_direct_paths_are_forbidden(
    home: Any, pages: Any, forbid: tuple[str, ...], named: str
) -> None:
    home.tells(settings=pages.page().settings.model_copy(update={"forbid": forbid}))
    with pytest.raises(CommandError, match=rf"`forbid` in .*bot\.yaml names {named}, so an offer would be"):
        Program(home.config).running()
    home.tells(settings=pages.page().settings.model_copy(update={"forbid": ("direct tcp",)}))
    assert Program(home.config).running().program == "bot"


def test_the_letter_of_an_earlier_run_is_nobody_s_offer(home: Any) -> None:
    home.tells()
    program = Program(home.config)
    assert program.own_letter() is None
    home.offers()
    assert program.own_letter() == home.place.read(OWN_LETTER)
    os.utime(home.place.path / OWN_LETTER, (1, 1))
    assert program.own_letter() is None


def test_a_letter_that_is_far_too_long_is_none(home: Any) -> None:
    home.tells()
    home.place.write(OWN_LETTER, b"x" * 5_000)
    assert Program(home.config).own_letter() is None


def test_what_was_shown_belongs_to_the_run_that_offered_it(home: Any) -> None:
    program = Program(home.config)
    home.tells()
    assert not program.was_shown(program.page())
    program.note_shown(program.page())
    assert program.was_shown(program.page())
    home.tells(pid=7)
    assert not program.was_shown(program.page())


def test_the_other_end_s_letter_lies_where_the_program_looks(home: Any) -> None:
    Program(home.config).hand_over(b"letter")
    assert home.place.read(PEER_LETTER) == b"letter"


def test_it_waits_until_it_is_so_and_no_longer_than_it_has_patience(
    home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.diary.program._POLL_S", 0.0)
    program, looks = Program(home.config), iter([False, False, True])
    assert program.wait(60_000, lambda: next(looks))
    assert not program.wait(0, lambda: False)


def test_a_relay_is_no_direct_path(pages: Any) -> None:
    assert direct_path(pages.page(paths=(pages.relay(), pages.searching()))) is None
    assert direct_path(pages.page()) == pages.direct()


def test_a_path_that_only_one_end_knows_of_does_not_work_yet(pages: Any) -> None:
    assert direct_path(pages.page(connected=False)) is None
