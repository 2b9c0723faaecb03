from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.changes import Change, PersonForgotten, PersonSeen
from bot.chat.line import ChatLine
from bot.viewers.people import LONGEST, People
from config.levels import Level

Write = Callable[..., None]


class Told(list[Change]):
    """What was to be written down at once, in order."""


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def people(told: Told) -> People:
    return People(told.append)


@pytest.fixture
def write(say: Callable[..., ChatLine]) -> Write:
    """write(people, "ada", now=5, name="Ada", login="ada"): this viewer writes something."""

    def written(people: People, user: str, now: float = 0, **changed: object) -> None:
        people.seen(replace(say("a", user), **({"login": user} | changed)), now)  # type: ignore[arg-type]

    return written


def test_a_viewer_s_inputs_are_counted(people: People, write: Write) -> None:
    write(people, "ada", now=5)
    write(people, "ada", now=9, level=Level.VIP)
    people.acted("ada")
    people.acted("ada")
    people.played("ada")
    ada = people.me("ada")
    assert ada is not None
    assert (ada.commands, ada.played) == (2, 1)
    assert (ada.first_ms, ada.last_ms) == (5, 9)
    assert (ada.level, ada.is_whole) == (Level.VIP, True)


def test_nobody_is_counted_before_they_are_seen(people: People) -> None:
    people.acted("ghost")
    people.played("ghost")
    assert people.me("ghost") is None
    assert people.changes() == []


@pytest.mark.parametrize("typed", ["kim_42", "@kim_42", "KIM_42", "  @Kim_42 ", "김", "@김"])
def test_people_are_found_by_login_and_by_display_name(people: People, write: Write, typed: str) -> None:
    write(people, "1001", login="kim_42", name="김")
    found = people.find(typed)
    assert found is not None
    assert (found.user, found.name) == ("1001", "김")


def test_where_there_are_no_logins_people_are_found_by_name(people: People, write: Write) -> None:
    write(people, "you", login="", name="You")
    found = people.find("@YOU")
    assert found is not None
    assert found.user == "you"


@pytest.mark.parametrize("typed", ["", "@", "nobody", "10"])
def test_a_name_nobody_has_finds_nobody(people: People, write: Write, typed: str) -> None:
    write(people, "10", login="kim", name="Kim")
    write(people, "11", login="", name="")
    assert people.find(typed) is None


def test_a_login_comes_before_another_s_display_name(people: People, write: Write) -> None:
    write(people, "1", login="kim", name="Kim")
    write(people, "2", login="mallory", name="kim")
    found = people.find("kim")
    assert found is not None
    assert found.user == "1"


def test_who_is_renamed_is_found_by_the_new_name_alone(people: People, write: Write) -> None:
    write(people, "1", login="kim", name="Kim")
    write(people, "1", login="kim2", name="키미")
    assert people.find("kim") is None
    assert [getattr(people.find(name), "user", None) for name in ("kim2", "키미")] == ["1", "1"]


def test_a_name_that_changed_hands_is_its_new_owner_s(people: People, write: Write) -> None:
    write(people, "1", login="kim")
    write(people, "2", login="kim")
    write(people, "1", login="old_kim")
    found = people.find("kim")
    assert found is not None
    assert found.user == "2"


# What is written down.


def test_what_changed_is_returned_once_and_counts_come_on_top(people: People, write: Write) -> None:
    write(people, "ada", now=5)
    people.acted("ada")
    assert people.changes() == [PersonSeen("ada", "ada", "Ada", 1, 0, 5, 5)]
    assert people.changes() == []
    people.acted("ada")
    people.played("ada")
    assert people.changes() == [PersonSeen("ada", "ada", "Ada", 1, 1, 5, 5)]
    ada = people.me("ada")
    assert ada is not None
    assert (ada.commands, ada.played) == (2, 1)


def test_a_batch_is_bounded_and_the_longest_waiting_come_first(people: People, write: Write) -> None:
    for user in ("ada", "bob", "cyd", "ada"):
        write(people, user)
    assert [change.user for change in people.changes(most=2)] == ["ada", "bob"]
    assert [change.user for change in people.changes(most=2)] == ["cyd"]


def test_what_was_stored_is_known_and_not_written_again(people: People, write: Write) -> None:
    people.load([PersonSeen("ada", "ada", "Ada", 40, 30, 1, 2)], [])
    assert people.changes() == []
    write(people, "ada", now=9)
    people.acted("ada")
    ada = people.find("ada")
    assert ada is not None
    assert (ada.commands, ada.played, ada.first_ms, ada.last_ms) == (41, 30, 1, 9)
    assert people.changes() == [PersonSeen("ada", "ada", "Ada", 1, 0, 1, 9)]


# Being forgotten.


def test_who_is_forgotten_leaves_only_the_wish(people: People, write: Write, told: Told) -> None:
    write(people, "kim", name="Kim")
    people.acted("kim")
    people.forget("kim")
    assert people.me("kim") is None
    assert people.find("kim") is None
    assert people.changes() == []
    assert people.has_opted_out("kim")
    assert told == [PersonForgotten("kim", opted_out=True)]


def test_who_was_forgotten_plays_on_unwritten_but_can_be_named_by_moderators(
    people: People, write: Write, told: Told
) -> None:
    people.forget("kim")
    write(people, "kim", name="Kim")
    people.acted("kim")
    people.played("kim")
    assert people.changes() == []
    assert people.me("kim") is None
    found = people.find("@kim")
    assert found is not None
    assert (found.user, found.opted_out, found.commands, found.played) == ("kim", True, 0, 0)


def test_asking_twice_changes_nothing_more(people: People, write: Write, told: Told) -> None:
    people.forget("kim")
    write(people, "kim")
    people.forget("kim")
    assert len(told) == 1
    assert people.find("kim") is not None


def test_a_wish_from_an_earlier_run_holds(people: People, write: Write) -> None:
    people.load([], ["kim"])
    write(people, "kim")
    assert people.changes() == []


def test_who_is_welcomed_is_known_from_the_next_line_on(people: People, write: Write, told: Told) -> None:
    people.forget("kim")
    write(people, "kim")
    people.welcome("kim")
    people.welcome("kim")
    assert told == [PersonForgotten("kim", opted_out=True), PersonForgotten("kim", opted_out=False)]
    write(people, "kim", now=9)
    assert people.changes() == [PersonSeen("kim", "kim", "Kim", 0, 0, 9, 9)]


# Bounds.


def test_past_the_bound_whoever_was_here_longest_ago_leaves_memory(write: Write) -> None:
    people = People(most=2)
    for user in ("ada", "bob", "ada", "cyd"):
        write(people, user)
    assert len(people) == 2
    assert people.find("bob") is None
    assert people.find("ada") is not None


def test_who_comes_back_is_not_whole_and_adds_to_what_the_store_has(write: Write) -> None:
    people = People(most=1)
    write(people, "ada")
    people.acted("ada")
    people.changes()
    write(people, "bob")
    write(people, "ada", now=9)
    people.acted("ada")
    ada = people.me("ada")
    assert ada is not None
    assert (ada.commands, ada.is_whole) == (1, False)
    assert PersonSeen("ada", "ada", "Ada", 1, 0, 9, 9) in people.changes()


def test_who_leaves_memory_unsaved_is_saved_all_the_same(write: Write) -> None:
    people = People(most=2)
    write(people, "ada")
    write(people, "bob")
    people.changes()
    people.played("ada")
    write(people, "cyd")
    assert people.me("ada") is None
    write(people, "ada")
    ada = people.me("ada")
    assert ada is not None
    assert (ada.played, ada.is_whole) == (1, True)
    assert {change.user: change.played for change in people.changes()} == {"ada": 1, "cyd": 0}


def test_unsaved_people_are_bounded_and_those_dropped_are_counted(write: Write) -> None:
    people = People(most=10)
    for n in range(1_000):
        write(people, f"viewer {n}")
    assert len(people) == 10
    assert len(people.changes()) == 10
    assert people.counters["unsaved_dropped"] == 990


def test_wishes_are_bounded_and_the_oldest_is_dropped_and_counted(told: Told) -> None:
    people = People(told.append, most_wishes=2)
    for user in ("ada", "bob", "cyd"):
        people.forget(user)
    assert not people.has_opted_out("ada")
    assert people.has_opted_out("cyd")
    assert people.counters == {"wishes_dropped": 1}
    assert PersonForgotten("ada", opted_out=False) in told


def test_names_and_ids_of_any_length_take_little_room(people: People, write: Write) -> None:
    write(people, "kim", login="k" * 10_000, name="K" * 10_000)
    [change] = people.changes()
    assert len(change.login) == len(change.name) == LONGEST
    write(people, "u" * (LONGEST + 1))
    write(people, "")
    assert len(people) == 1
    assert people.counters == {"odd_user": 2}


class Books:
    """Counts what People should, in the plainest way; and adds up what a store would be told."""

    def __init__(self) -> None:
        self.people = People(self.save, most=3)
        self.people.load([PersonSeen("1", "kim", "Kim", 5, 0, 0, 0)], [])
        self.expected = {"1": 5}
        self.stored = {"1": 5}

    def save(self, change: Change) -> None:
        if isinstance(change, PersonSeen):
            self.stored[change.user] = self.stored.get(change.user, 0) + change.commands + change.played
        elif isinstance(change, PersonForgotten):
            self.stored.pop(change.user, None)
            self.expected.pop(change.user, None)

    def seen(self, user: str, login: str, name: str) -> None:
        self.people.seen(ChatLine("", user, name, Level.VIEWER, "", None, 0, "", login), 0)
        if not self.people.has_opted_out(user):
            self.expected.setdefault(user, 0)

    def counted(self, user: str, count: Callable[[str], None]) -> None:
        if self.people.me(user) is not None:
            self.expected[user] += 1
        count(user)

    def saved(self, most: int) -> int:
        batch = self.people.changes(most)
        for change in batch:
            self.save(change)
        return len(batch)


_STEP = st.tuples(
    st.sampled_from(["seen", "seen", "acted", "played", "forget", "welcome", "changes"]),
    st.sampled_from(["1", "2", "3", "4"]),
    st.sampled_from(["kim", "ada", ""]),
    st.sampled_from(["Kim", "ADA", "키미", ""]),
)


@given(st.lists(_STEP, max_size=60))
def test_whatever_happens_no_count_is_lost_and_no_name_leads_astray(
    steps: list[tuple[str, str, str, str]],
) -> None:
    books = Books()
    people = books.people
    for what, user, login, name in steps:
        if what == "seen":
            books.seen(user, login, name)
        elif what in ("acted", "played"):
            books.counted(user, getattr(people, what))
        elif what == "changes":
            books.saved(2)
        else:
            getattr(people, what)(user)
        for typed in ("kim", "ada", "키미", ""):
            found = people.find(typed)
            assert found is None or typed in (found.login, found.name.casefold())
    while books.saved(2):
        pass
    if not people.counters["unsaved_dropped"]:
        assert books.stored == books.expected
