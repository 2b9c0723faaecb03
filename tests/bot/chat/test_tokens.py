from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from bot.chat.tokens import Login, LoginError, LoginFile, Tokens, check_place, read, write

LOGIN = Login("ourclient", "7", "arcade", Tokens("access", "refresh", frozenset({"user:read:chat"})))
NEWER = Login("ourclient", "7", "arcade", Tokens("access2", "refresh2", frozenset()))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "twitch.login"


def test_what_is_written_is_read(path: Path) -> None:
    write(path, LOGIN)
    assert read(path) == LOGIN
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_only_its_owner_can_read_it(path: Path) -> None:
    write(path, LOGIN)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    with pytest.raises(LoginError, match="chmod 600"):
        read(path)


def test_tokens_are_not_shown() -> None:
    assert "access" not in repr(LOGIN)
    assert "refresh" not in repr(LOGIN)


def test_a_write_that_fails_leaves_the_old_one_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(path, LOGIN)
    for call in ("replace", "fsync"):
        with monkeypatch.context() as patch:
            patch.setattr(os, call, refuse)
            with pytest.raises(LoginError, match=r"cannot be written: No space"):
                write(path, NEWER)
        assert read(path) == LOGIN
        assert list(path.parent.iterdir()) == [path]


def refuse(*arguments: object) -> None:
    raise OSError(28, "No space left on device")


def test_it_is_never_half_there_under_its_name(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(path, LOGIN)
    replaced: list[object] = []

    def look(new: Path, old: Path) -> None:
        replaced.append((read(new), read(old)))

    monkeypatch.setattr(os, "replace", look)
    write(path, NEWER)
    assert replaced == [(NEWER, LOGIN)]


def test_what_was_left_by_a_killed_run_is_no_obstacle(path: Path) -> None:
    path.with_name(f"{path.name}.{os.getpid()}.new").write_text("half")
    write(path, LOGIN)
    assert read(path) == LOGIN


def test_a_missing_file_says_how_to_make_it(path: Path) -> None:
    with pytest.raises(LoginError, match=r"run\.py login"):
        LoginFile(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b"0" * 100_000,
        b'{"client_id": 7}',
        json.dumps({"client_id": "a"}).encode(),
    ],
)
def test_what_is_no_login_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(LoginError, match="no login file"):
        read(path)


def test_a_folder_is_made_and_a_file_in_its_place_is_told(tmp_path: Path) -> None:
    check_place(tmp_path / "keys" / "twitch.login")
    assert list((tmp_path / "keys").iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(LoginError, match="cannot be written"):
        check_place(tmp_path / "file" / "twitch.login")


def test_a_login_that_could_not_be_stored_is_used_all_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(path, LOGIN)
    file = LoginFile(path)
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(LoginError):
        file.store(NEWER)
    assert file.login == NEWER


def test_somebody_else_may_log_in_anew(path: Path) -> None:
    write(path, LOGIN)
    file = LoginFile(path)
    write(path, NEWER)
    assert file.login == LOGIN
    file.reload()
    assert file.login == NEWER
