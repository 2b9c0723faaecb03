from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import subprocess
import sys
from collections.abc import Generator, Iterable
from pathlib import Path
from random import Random
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.changes import (
    Change,
    MacroDefined,
    MacroRemoved,
    PersonForgotten,
    PersonSeen,
    Released,
    Restricted,
    SettingChanged,
)
from bot.storage.schema import MIGRATIONS
from bot.store import RETENTION_MS, Memory, Store, StoreError

ROOT: Final = Path(__file__).resolve().parent.parent.parent
NOW: Final = 1_800_000_000_000.0
ADA: Final = PersonSeen("1", "ada", "Ada", 3, 2, NOW - 50, NOW)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "crowd.db"


@contextlib.contextmanager
def opened(path: Path) -> Generator[Store, None, None]:
    store = Store.open(path, busy_s=0.05)
    try:
        yield store
    finally:
        store.close()


def after(path: Path, *changes: Change, now: float = NOW) -> Memory:
    """What an empty store, or the one there is, remembers of these once it was closed and opened again."""
    with opened(path) as store:
        store.write(changes)
    with opened(path) as store:
        return store.load(now)


def test_a_new_store_is_empty(path: Path) -> None:
    assert after(path) == Memory([], True, [], [], [], {})


def test_counts_come_on_top_of_what_was_stored(path: Path) -> None:
    later = PersonSeen("1", "ada_2", "Ada2", 10, 0, NOW + 5, NOW + 5)
    assert after(path, ADA, later).people == [PersonSeen("1", "ada_2", "Ada2", 13, 2, NOW - 50, NOW + 5)]


def test_people_come_in_the_order_they_were_last_here(path: Path) -> None:
    bob = ADA._replace(user="2", last_ms=NOW - 7)
    assert [person.user for person in after(path, ADA, bob).people] == ["2", "1"]


def test_of_too_many_the_latest_are_loaded(path: Path) -> None:
    with opened(path) as store:
        store.write([ADA._replace(user=str(n), last_ms=NOW + n) for n in range(5)])
        assert [person.user for person in store.load(NOW, most=2).people] == ["3", "4"]
        assert not store.load(NOW, most=2).is_all
        assert store.load(NOW, most=5).is_all


def test_who_is_forgotten_leaves_the_wish_and_who_is_welcomed_not_even_that(path: Path) -> None:
    forgotten = after(path, ADA, PersonForgotten("1", opted_out=True))
    assert (forgotten.people, forgotten.wishes) == ([], ["1"])
    assert after(path, PersonForgotten("1", opted_out=False)).wishes == []


def test_nothing_of_a_forgotten_viewer_can_be_read_from_the_files(path: Path) -> None:
    with opened(path) as store:
        store.write([ADA._replace(user=str(n), login=f"login{n}") for n in range(500)])
        store.write([ADA._replace(user="kim", login="a_name_like_no_other")])
        assert any(b"a_name_like_no_other" in file.read_bytes() for file in path.parent.iterdir())
        store.write([PersonForgotten("kim", opted_out=True)])
        assert not any(b"a_name_like_no_other" in file.read_bytes() for file in path.parent.iterdir())
        assert store.counters["not_emptied"] == 0


def test_a_restriction_outlives_being_forgotten(path: Path) -> None:
    memory = after(path, ADA, Restricted("1", "start", None), PersonForgotten("1", opted_out=True))
    assert memory.restrictions == [Restricted("1", "start", None)]


def test_who_was_away_for_half_a_year_is_deleted_and_restrictions_run_out(path: Path) -> None:
    away = ADA._replace(user="2", last_ms=NOW - RETENTION_MS - 1)
    memory = after(path, ADA, away, Restricted("1", "a", NOW), Restricted("1", "b", NOW + 1))
    assert [person.user for person in memory.people] == ["1"]
    assert memory.restrictions == [Restricted("1", "b", NOW + 1)]
    with opened(path) as store:
        assert [person.user for person in store.load(0).people] == ["1"]


def test_all_changes_of_one_write_are_there_or_none(path: Path) -> None:
    with opened(path) as store:
        store.write([ADA])
        # No test can make a disk refuse; a table that is gone stops the second change all the same.
        store._connection.execute("ALTER TABLE macros RENAME TO gone")
        with pytest.raises(StoreError, match="cannot be written"):
            store.write([ADA, MacroRemoved("mash")])
        store._connection.execute("ALTER TABLE gone RENAME TO macros")
        store.write([MacroRemoved("mash")])
        assert store.load(NOW).people == [ADA]


@pytest.mark.parametrize(
    "unfit",
    [
        PersonSeen("2", "\ud800", "x", 1, 1, NOW, NOW),
        PersonSeen("2", "x", "x", 2**63, 1, NOW, NOW),
        PersonSeen("2", "x", "x", 1, 1, NOW, float("nan")),
    ],
)
def test_what_no_file_can_hold_is_left_out_counted_and_stops_nothing(
    path: Path, caplog: pytest.LogCaptureFixture, unfit: PersonSeen
) -> None:
    with opened(path) as store, caplog.at_level(logging.WARNING):
        store.write([SettingChanged("game", "nes"), unfit, ADA])
        memory = store.load(NOW)
        assert (memory.people, memory.settings) == ([ADA], {"game": "nes"})
        assert store.counters["unfit"] == 1
    assert "A PersonSeen cannot be stored" in caplog.text


# The file.


@pytest.mark.skipif(os.name != "posix", reason="modes are Unix's")
def test_only_the_owner_may_read_the_files(path: Path) -> None:
    with opened(path) as store:
        store.write([ADA])
        files = list(path.parent.iterdir())
        assert len(files) == 2
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    path.chmod(0o644)
    with opened(path):
        assert path.stat().st_mode & 0o777 == 0o600


def test_missing_folders_are_made(tmp_path: Path) -> None:
    assert after(tmp_path / "a" / "b" / "crowd.db", ADA).people == [ADA]


def test_a_store_that_was_closed_is_one_file_and_can_be_closed_again(path: Path) -> None:
    store = Store.open(path)
    store.write([ADA])
    store.close()
    store.close()
    assert list(path.parent.iterdir()) == [path]


def test_a_closed_store_says_so(path: Path) -> None:
    store = Store.open(path)
    store.close()
    with pytest.raises(StoreError, match="cannot be written"):
        store.write([ADA])
    with pytest.raises(StoreError, match="cannot be read"):
        store.load(NOW)


# Older files. One picture per version that was ever released, as SQL, so that a later step can be held to it.

OLDER: Final = (
    "",
    """
    PRAGMA application_id = 1668444260;
    CREATE TABLE people (user TEXT PRIMARY KEY NOT NULL, login TEXT NOT NULL, name TEXT NOT NULL,
        commands INTEGER NOT NULL, played INTEGER NOT NULL, first_ms REAL NOT NULL, last_ms REAL NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE wishes (user TEXT PRIMARY KEY NOT NULL) WITHOUT ROWID;
    CREATE TABLE restrictions (user TEXT NOT NULL, word TEXT NOT NULL, until_ms REAL,
        PRIMARY KEY (user, word)) WITHOUT ROWID;
    CREATE TABLE macros (name TEXT PRIMARY KEY NOT NULL, parameters TEXT NOT NULL, body TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE settings (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID;
    INSERT INTO people VALUES ('1', 'ada', 'Ada', 3, 2, 1799999999950, 1800000000000);
    INSERT INTO wishes VALUES ('2');
    INSERT INTO restrictions VALUES ('3', 'start', NULL);
    INSERT INTO macros VALUES ('mash', 'b n', '[<b>34ms #34ms]*<n>');
    INSERT INTO settings VALUES ('game', 'nes');
    """,
)
REMEMBERED: Final = Memory(
    [ADA],
    True,
    ["2"],
    [Restricted("3", "start", None)],
    [MacroDefined("mash", ("b", "n"), "[<b>34ms #34ms]*<n>")],
    {"game": "nes"},
)


def older(path: Path, version: int) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"{OLDER[version]}; PRAGMA user_version = {version}")


def test_there_is_a_picture_of_every_version() -> None:
    assert len(OLDER) == len(MIGRATIONS) + 1


@pytest.mark.parametrize("version", range(1, len(OLDER)))
def test_what_an_older_version_knew_is_known(path: Path, version: int) -> None:
    older(path, version)
    with opened(path) as store:
        assert store.load(NOW) == REMEMBERED


@pytest.mark.parametrize("version", range(len(OLDER)))
def test_an_older_file_ends_up_as_a_new_one_would(path: Path, tmp_path: Path, version: int) -> None:
    older(path, version)
    shapes = []
    for file in (path, tmp_path / "new.db"):
        Store.open(file).close()
        with contextlib.closing(sqlite3.connect(file)) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master ORDER BY name").fetchall()
            shapes.append([connection.execute(f"PRAGMA table_info({name})").fetchall() for (name,) in tables])
    assert shapes[0] == shapes[1]


# Whatever is written, what is loaded is what a plain model of it says.

_NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
_USERS = st.sampled_from(["1", "2", "3"])
_TIMES = st.integers(int(NOW), int(NOW) + 9).map(float)
_CHANGES: st.SearchStrategy[Change] = st.one_of(
    st.builds(PersonSeen, _USERS, _NAMES, _NAMES, st.integers(0, 99), st.integers(0, 99), _TIMES, _TIMES),
    st.builds(PersonForgotten, _USERS, st.booleans()),
    st.builds(
        Restricted, _USERS, st.sampled_from(["", "a", "start"]), st.none() | _TIMES.map(lambda t: t + 1)
    ),
    st.builds(Released, _USERS),
    st.builds(
        MacroDefined,
        st.sampled_from(["m", "n"]),
        st.lists(st.from_regex("[a-z]{1,3}", fullmatch=True)).map(tuple),
        _NAMES,
    ),
    st.builds(MacroRemoved, st.sampled_from(["m", "n"])),
    st.builds(SettingChanged, st.sampled_from(["game", "mode"]), st.none() | _NAMES),
)


class Model:
    """The store, as dictionaries."""

    def __init__(self) -> None:
        self.people: dict[str, PersonSeen] = {}
        self.wishes: set[str] = set()
        self.restrictions: dict[tuple[str, str], Restricted] = {}
        self.macros: dict[str, MacroDefined] = {}
        self.settings: dict[str, str] = {}

    def apply(self, change: Change) -> None:
        match change:
            case PersonSeen(user):
                self._add(self.people.get(user), change)
            case PersonForgotten(user, opted_out):
                self.people.pop(user, None)
                (self.wishes.add if opted_out else self.wishes.discard)(user)
            case Restricted(user, word):
                self.restrictions[user, word] = change
            case Released(user):
                self.restrictions = {key: one for key, one in self.restrictions.items() if key[0] != user}
            case MacroDefined(name):
                self.macros[name] = change
            case MacroRemoved(name):
                self.macros.pop(name, None)
            case SettingChanged(key, None):
                self.settings.pop(key, None)
            case SettingChanged(key, str(value)):
                self.settings[key] = value

    def _add(self, old: PersonSeen | None, new: PersonSeen) -> None:
        self.people[new.user] = new if old is None else PersonSeen(
            new.user, new.login, new.name, old.commands + new.commands, old.played + new.played,
            min(old.first_ms, new.first_ms), max(old.last_ms, new.last_ms),
        )  # fmt: skip


@given(st.lists(st.lists(_CHANGES, max_size=8), max_size=4))
def test_any_changes_load_back_as_the_model_says(
    tmp_path_factory: pytest.TempPathFactory, writes: list[list[Change]]
) -> None:
    path = tmp_path_factory.mktemp("store") / "crowd.db"
    model = Model()
    with opened(path) as store:
        for changes in writes:
            store.write(changes)
            for change in changes:
                model.apply(change)
    with opened(path) as store:
        memory = store.load(NOW)
    assert sorted(memory.people) == sorted(model.people.values())
    assert set(memory.wishes) == model.wishes
    assert {(one.user, one.word): one for one in memory.restrictions} == model.restrictions
    assert {macro.name: macro for macro in memory.macros} == model.macros
    assert memory.settings == model.settings


# kill -9. A program writes number after number, each with a count, and says each when it is written.

WRITE: Final = """
import sys
from pathlib import Path
from bot.changes import PersonForgotten, PersonSeen, Restricted, SettingChanged
from bot.store import Store
store = Store.open(Path(sys.argv[1]))
number = int(store.load(1.8e12).settings.get("number", 0))
print("open", flush=True)
while True:
    number += 1
    forgotten = [PersonForgotten(f"passer-by {number - 1}", number % 2 == 0)] if number % 20 == 0 else []
    store.write([
        PersonSeen("1", "ada", "Ada" * 30, 1, 0, 1.8e12, 1.8e12),
        PersonSeen(f"passer-by {number}", "x" * 50, "X" * 50, 1, 1, 1.8e12, 1.8e12),
        Restricted("kim", "start", 1.8e12 + number),
        SettingChanged("number", str(number)),
        *forgotten,
    ])
    print(number, flush=True)
"""


def kill_after(path: Path, lines: int) -> list[bytes]:
    """What the program said, all of it, when it was killed soon after so many lines."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITE, str(path)], cwd=ROOT, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(lines)]
        writer.kill()
        return said + writer.stdout.readlines()


def numbers(said: Iterable[bytes]) -> list[int]:
    return [int(line) for line in said if line.strip() != b"open"]


def test_everything_confirmed_survives_kill_9_at_any_moment(path: Path) -> None:
    dice = Random(9)
    known = 0
    for lines in (0, 1, *(dice.randrange(2, 300) for _ in range(8))):
        said = numbers(kill_after(path, lines))
        known = said[-1] if said else known
        with opened(path) as store:
            memory = store.load(NOW)
            [found] = store._connection.execute("PRAGMA integrity_check").fetchone()
        assert found == "ok"
        number = int(memory.settings.get("number", 0))
        assert number in (known, known + 1)  # written, and killed before saying so
        people = {person.user: person for person in memory.people}
        counted = people["1"].commands if number else 0
        assert counted == number
        assert len(people) == (number and 1 + number - number // 20)
        assert [one.until_ms for one in memory.restrictions] == ([NOW + number] if number else [])
        known = number
    assert known > 8


@pytest.mark.parametrize(
    "edit",
    [
        "INSERT INTO restrictions VALUES ('7', '', 'soon')",
        "INSERT INTO people VALUES ('7', 'kim', 'Kim', 1, 1, 1.0, 'yesterday')",
        "INSERT INTO people VALUES ('7', 'kim', 'Kim', 'many', 1, 1.0, 2.0)",
    ],
)
def test_a_value_edited_by_hand_that_is_no_number_is_found_when_the_file_is_opened(
    path: Path, edit: str
) -> None:
    Store.open(path).close()
    with contextlib.closing(sqlite3.connect(path)) as by_hand:
        by_hand.execute("PRAGMA ignore_check_constraints = ON")
        by_hand.execute(edit)
        by_hand.commit()
    with pytest.raises(StoreError, match="is damaged"):
        Store.open(path)


def test_a_clock_that_is_a_day_ahead_frees_nobody_for_good(path: Path) -> None:
    with contextlib.closing(Store.open(path)) as store:
        store.write([Restricted("7", "", NOW + 36_000_000.0)])
    with contextlib.closing(Store.open(path)) as store:
        assert store.load(NOW + 86_400_000.0).restrictions == []
    with contextlib.closing(Store.open(path)) as store:
        assert store.load(NOW).restrictions == [Restricted("7", "", NOW + 36_000_000.0)]
