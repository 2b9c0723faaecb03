"""Letters as files: whole, private, bounded, whatever else lies in the folder."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tunnel.rendezvous.files import Files
from tunnel.rendezvous.place import MAX_LETTER, PlaceError

posix = pytest.mark.skipif(os.name != "posix", reason="file modes and pipes are POSIX's")


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path, Counter())


def test_a_letter_is_news_once_and_again_when_it_is_another(files: Files) -> None:
    files.write("a", b"one")
    assert files.news(["a", "b"]) == [b"one"]
    assert files.news(["a", "b"]) == []
    files.write("b", b"two")
    files.write("a", b"uno")
    assert files.news(["a", "b"]) == [b"uno", b"two"]


def test_what_lies_there_is_replaced_as_a_whole_and_nothing_else_is_left(
    files: Files, tmp_path: Path
) -> None:
    (tmp_path / ".a.new").write_bytes(b"of a program that was killed")
    files.write("a", b"long letter")
    files.write("a", b"short")
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"a": b"short"}


@posix
def test_only_the_owner_can_read_a_letter(files: Files, tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        files.write("a", b"one")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


@posix
def test_a_link_that_somebody_put_there_leads_our_letter_nowhere(files: Files, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_bytes(b"precious")
    for name in ("a", ".a.new"):
        (tmp_path / name).symlink_to(theirs)
    files.write("a", b"one")
    assert theirs.read_bytes() == b"precious"
    assert files.news(["a"]) == [b"one"]


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    files = Files(tmp_path / "deep" / "down", Counter())
    assert files.news(["a"]) == []
    files.make_folder()
    files.make_folder()
    files.write("a", b"one")
    assert files.has("a")
    assert not files.has("b")


def test_where_no_folder_can_be_we_say_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    files = Files(tmp_path / "file", Counter())
    with pytest.raises(PlaceError, match=r"^The folder .*file cannot be made: .*\.$"):
        files.make_folder()
    with pytest.raises(PlaceError, match="cannot be written"):
        files.write("a", b"one")
    with pytest.raises(PlaceError, match="cannot be made"):
        Files(tmp_path / "a\0b", Counter()).make_folder()


def test_a_letter_that_we_may_not_read_is_said(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root reads everything, so the system's word is put into its mouth."""

    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    files.write("a", b"one")
    monkeypatch.setattr("tunnel.rendezvous.files.os.open", refuse)
    with pytest.raises(PlaceError, match="cannot be read: permission denied"):
        files.news(["a"])


@posix
def test_what_is_no_file_is_counted_once_and_waits_for_nobody(tmp_path: Path) -> None:
    if sys.platform == "win32":
        return
    counters: Counter[str] = Counter()
    files = Files(tmp_path, counters)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for _ in range(3):
        assert files.news(["pipe", "folder"]) == []
    assert counters == {"dropped: no file": 2}


@posix
def test_of_a_huge_file_no_more_is_read_than_a_letter_has(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    os.truncate(tmp_path / "a", 1 << 40)  # takes no room on the disk, but would in memory
    counters: Counter[str] = Counter()
    assert Files(tmp_path, counters).news(["a"]) == []
    assert counters == {"dropped: too long": 1}


def test_what_is_longer_than_a_letter_is_counted_once(tmp_path: Path) -> None:
    counters: Counter[str] = Counter()
    files = Files(tmp_path, counters)
    (tmp_path / "a").write_bytes(bytes(MAX_LETTER + 1))
    (tmp_path / "b").write_bytes(bytes(MAX_LETTER))
    for _ in range(3):
        files.news(["a"])
    assert files.news(["b"]) == [bytes(MAX_LETTER)]
    assert counters == {"dropped: too long": 1}


def test_an_empty_file_is_one_that_is_being_written(files: Files, tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    assert files.news(["a"]) == []
    (tmp_path / "a").write_bytes(b"one")
    assert files.news(["a"]) == [b"one"]


def test_old_letters_are_removed_if_they_are_there(tmp_path: Path) -> None:
    counters: Counter[str] = Counter()
    files = Files(tmp_path, counters)
    files.write("a", b"one")
    (tmp_path / "folder").mkdir()
    files.remove(["a", "never", "folder"])
    assert not files.has("a")
    assert counters == {"old letters that stay": 1}


def test_what_is_remembered_does_not_grow(files: Files) -> None:
    for number in range(50):
        files.write(str(number), b"one")
        files.news([str(number)])
    assert len(files._read) == 1


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=2_000))
def test_any_file_is_a_letter_or_counted(tmp_path: Path, data: bytes) -> None:
    counters: Counter[str] = Counter()
    (tmp_path / "a").write_bytes(data)
    letters = Files(tmp_path, counters).news(["a"])
    assert letters == ([data] if 0 < len(data) <= MAX_LETTER else [])
    assert counters.total() == (len(data) > MAX_LETTER)
