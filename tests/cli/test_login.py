"""Logging in with a code, against a Twitch on this machine."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.world.eventsub import LocalEventSub
from bench.world.helix import LocalHelix
from bench.world.twitch_lines import account_number
from bot.chat.eventsub_wishes import READ_CHAT, SCOPES
from bot.chat.tokens import Login, Tokens, read, write
from cli.errors import EXIT_TROUBLE, EXIT_USAGE

Crowdpad = Callable[..., Any]
CLIENT = "ourclientid0123456789abcdefghi"


class Page:
    """Twitch's login page: what somebody there does with the first code that appears."""

    def __init__(self) -> None:
        self.helix = LocalHelix(LocalEventSub("arcade"), client_id=CLIENT, poll_every_s=1)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> None:
        self._thread.start()
        self.call(self.helix.start())

    def stop(self) -> None:
        self.call(self.helix.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def call(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def then(self, act: Callable[[str], None], *, polls: int = 0) -> None:
        """`act` with the code, once there is one and it has been asked for so often."""

        async def wait() -> None:
            await self.helix.requested("POST /oauth2/token", polls)
            act(await self.helix.shown())

        asyncio.run_coroutine_threadsafe(wait(), self._loop)

    @property
    def arguments(self) -> tuple[str, ...]:
        return ("--id-url", self.helix.id_url)


@pytest.fixture
def page() -> Iterator[Page]:
    page = Page()
    page.start()
    yield page
    page.stop()


def test_a_code_becomes_a_login(crowdpad: Crowdpad, page: Page, tmp_path: Path) -> None:
    file = tmp_path / "twitch.login"
    page.then(lambda code: page.helix.agree(code, "Arcade"), polls=1)
    said = crowdpad("login", "--client-id", CLIENT, file, *page.arguments)
    assert said.status == 0, said.err
    assert re.search(r"Open +https://www\.twitch\.tv/activate", said.out)
    assert re.search(r"the code +ABCD\d+", said.out)
    assert "Logged in as arcade. The bot may: read the chat, write into the chat, see redeemed" in said.out
    login = read(file)
    assert (login.user, login.user_id, login.client_id) == ("arcade", account_number("arcade"), CLIENT)
    assert login.tokens.scopes == frozenset(SCOPES)
    assert login.tokens.refresh in page.helix.refresh
    assert login.tokens.access not in said.out + said.err
    assert login.tokens.refresh not in said.out + said.err
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_next_time_the_client_id_is_known(crowdpad: Crowdpad, page: Page, tmp_path: Path) -> None:
    file = tmp_path / "twitch.login"
    write(file, Login(CLIENT, "7", "old", Tokens("a", "r")))
    page.then(lambda code: page.helix.agree(code, "helper"))
    assert crowdpad("login", file, *page.arguments).status == 0
    assert read(file).user == "helper"


def test_what_twitch_did_not_grant_is_told(crowdpad: Crowdpad, page: Page, tmp_path: Path) -> None:
    page.then(lambda code: page.helix.agree(code, "arcade", scopes=["user:write:chat"]))
    said = crowdpad(
        "login", "--client-id", CLIENT, tmp_path / "l", "--scope", "channel:moderate", *page.arguments
    )
    assert said.status == 0
    assert "Twitch did not grant channel:moderate, channel:read:redemptions" in said.out
    assert f"Without {READ_CHAT} it cannot read the chat" in said.out


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("access_denied", "the request was declined on Twitch's page"),
        ("expired_token", "the code was not used in time"),
        ("invalid device code", "the code is no longer good"),
    ],
)
def test_a_code_that_came_to_nothing_leaves_nothing(
    crowdpad: Crowdpad, page: Page, tmp_path: Path, word: str, sentence: str
) -> None:
    page.then(lambda code: page.helix.answer_codes(word))
    said = crowdpad("login", "--client-id", CLIENT, tmp_path / "l", *page.arguments)
    assert said.status == EXIT_TROUBLE
    assert sentence in said.err
    assert "Traceback" not in said.err
    assert list(tmp_path.iterdir()) == []


def test_an_application_twitch_does_not_know_is_told(crowdpad: Crowdpad, page: Page, tmp_path: Path) -> None:
    said = crowdpad("login", "--client-id", "x" * 30, tmp_path / "l", *page.arguments)
    assert said.status == EXIT_TROUBLE
    assert "invalid client" in said.err


@pytest.mark.parametrize("words", [[], ["--client-id", "no id!"], ["--scope", "everything"]])
def test_half_a_command_is_wrong_usage(crowdpad: Crowdpad, tmp_path: Path, words: list[str]) -> None:
    assert crowdpad("login", tmp_path / "l", *words).status == EXIT_USAGE


def test_another_file_is_never_replaced(crowdpad: Crowdpad, tmp_path: Path) -> None:
    key = tmp_path / "bot.key"
    key.write_text("ab" * 32)
    key.chmod(0o600)
    said = crowdpad("login", "--client-id", CLIENT, key)
    assert said.status == EXIT_USAGE
    assert "no login file" in said.err
    assert key.read_text() == "ab" * 32


def test_a_place_that_cannot_be_written_is_told_before_anybody_types_a_code(
    crowdpad: Crowdpad, page: Page, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    said = crowdpad("login", "--client-id", CLIENT, tmp_path / "file" / "l", *page.arguments)
    assert said.status == EXIT_TROUBLE
    assert "cannot be written" in said.err
    assert page.helix.requests == []


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_ctrl_c_ends_it_and_stores_nothing(start: Callable[..., Any], page: Page, tmp_path: Path) -> None:
    program = start("login", "--client-id", CLIENT, tmp_path / "l", *page.arguments)
    program.wait_for("Ctrl-C ends it")
    assert program.end(signal.SIGINT) == EXIT_TROUBLE
    assert list(tmp_path.iterdir()) == []
    assert "Traceback" not in "".join(program.said)
