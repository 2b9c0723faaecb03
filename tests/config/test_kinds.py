from __future__ import annotations

import math
import os
import re
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from config.codes import Control
from config.kinds import Choice, ControllerName, ControlName, FileName, Flag, Kind, Real, Setting, Text, Whole
from config.positions import Plain

posix = pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
Colour = Literal["red", "blue"]

KINDS: tuple[Kind, ...] = (
    Whole(1, 4),
    Real(0, 1000),
    Flag(),
    Text("[a-z]{1,5}", "up to five letters"),
    Choice(Colour),
    ControlName(),
    ControllerName(),
    FileName("a file"),
)


def refusal(kind: Kind, value: object, setting: Setting | None = None) -> str:
    with pytest.raises(PydanticCustomError) as caught:
        kind.read(value, setting)
    return caught.value.message()


@pytest.mark.parametrize(("value", "expected"), [(3, 3), (Plain("3"), 3), (Plain("+1"), 1), (Plain("4"), 4)])
def test_a_whole_number_is_read_from_a_file_or_a_program(value: object, expected: int) -> None:
    assert Whole(1, 4).read(value, None) == expected


@pytest.mark.parametrize(
    "value",
    [0, 5, True, 2.0, None, "2", Plain("yes"), Plain("true"), Plain("2.0"), Plain("0x2"), Plain("02"),
     Plain("1_0"), Plain("٣"), Plain("9" * 30), Plain("2 "), math.nan, [2]],
)  # fmt: skip
def test_nothing_else_is_a_whole_number_in_that_range(value: object) -> None:
    assert refusal(Whole(1, 4), value).startswith("wanted a whole number from 1 to 4")


def test_a_number_in_quotes_is_told_so() -> None:
    assert "without quotes" in refusal(Whole(1, 4), "2")
    assert "without quotes" in refusal(Real(0, 4), "2.5")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1.0),
        (0.5, 0.5),
        (Plain("0.5"), 0.5),
        (Plain(".5"), 0.5),
        (Plain("1e2"), 100.0),
        (Plain("-0"), 0.0),
    ],
)
def test_a_number_is_read_from_a_file_or_a_program(value: object, expected: float) -> None:
    assert Real(0, 1000).read(value, None) == expected


@pytest.mark.parametrize(
    "value",
    [-1, 1001, True, None, math.nan, math.inf, Plain(".nan"), Plain(".inf"), Plain("nan"), Plain("inf"),
     Plain("1e99"), Plain("e5"), Plain("+e5"), Plain("."), Plain(""), Plain("0,5"), Plain("1:30"), "1"],
)  # fmt: skip
def test_nothing_else_is_a_number_in_that_range(value: object) -> None:
    assert refusal(Real(0, 1000), value).startswith("wanted a number from 0 to 1000")


@pytest.mark.parametrize("word", ["true", "yes", "on", "True", "NO", "off", "false"])
def test_yes_and_no_may_be_said_in_yaml_s_words(word: str) -> None:
    assert Flag().read(Plain(word), None) is (word.lower() in {"true", "yes", "on"})


@pytest.mark.parametrize("value", [1, 0, "true", Plain("1"), Plain("y"), None])
def test_nothing_else_is_yes_or_no(value: object) -> None:
    assert refusal(Flag(), value) == "wanted true or false"


def test_text_is_stripped_and_lowered_as_its_kind_says_and_is_plain_str() -> None:
    kind = Text("#?[A-Za-z]{1,5}", "letters", strip="#", lower=True)
    text = kind.read(Plain("#AbC"), None)
    assert text == "abc"
    assert type(text) is str
    assert refusal(kind, "##a") == "wanted letters"
    assert refusal(kind, "abc\n") == "wanted letters"
    assert refusal(kind, 5) == "wanted letters"


def test_a_choice_names_its_words() -> None:
    assert Choice(Colour).read(Plain("red"), None) == "red"
    assert refusal(Choice(Colour), "green") == "wanted one of red, blue"


def test_a_control_is_named_in_any_case() -> None:
    assert ControlName().read("guide", None) is Control.GUIDE
    assert ControlName().read(Control.A, None) is Control.A
    assert "one of A, B" in refusal(ControlName(), "Z")


def test_a_controller_must_have_a_file_once_a_configuration_is_loaded() -> None:
    setting = Setting(Path(), check_files=False)
    assert ControllerName().read("xbox", setting) == "xbox"
    assert "xbox" in refusal(ControllerName(), "dreamcast", setting)
    assert ControllerName().read("dreamcast", None) == "dreamcast"
    assert "xbox" in refusal(ControllerName(), "../xbox", setting)


def test_a_relative_file_starts_from_the_folder_of_the_configuration(tmp_path: Path) -> None:
    setting = Setting(tmp_path, check_files=False)
    assert FileName("a file").read("a/b", setting) == tmp_path / "a" / "b"
    assert FileName("a file").read(str(tmp_path / "c"), setting) == tmp_path / "c"
    assert FileName("a file").read("a/b", None) == Path("a/b")


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert FileName("a file").read(Plain("~/a"), Setting(Path("x"), check_files=False)) == tmp_path / "a"


def test_a_secret_where_a_file_s_name_belongs_is_refused_without_repeating_it() -> None:
    message = refusal(FileName("a key file"), "ab" * 32)
    assert "secret itself" in message
    assert "abab" not in message


@pytest.mark.parametrize("value", ["", " ", None, 5, b"a"])
def test_nothing_else_is_a_file_s_name(value: object) -> None:
    assert refusal(FileName("a key file"), value).startswith("wanted the name of a key file")


def test_a_file_that_is_not_there_is_answered_with_what_makes_it(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    setting = Setting(tmp_path / "sub" / "..", check_files=True)
    kind = FileName("a key file", private=True, remedy="`keys new {}` makes it")
    path = tmp_path / "bot.key"
    assert refusal(kind, "bot.key", setting) == f"{path} does not exist; `keys new {path}` makes it"
    assert "is no file" in refusal(kind, "sub", setting)


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610, 0o644])
def test_a_secret_file_that_others_can_use_is_refused_with_the_command_that_mends_it(
    tmp_path: Path, mode: int
) -> None:
    path = tmp_path / "bot.key"
    path.write_text("x")
    path.chmod(mode)
    setting = Setting(tmp_path, check_files=True)
    message = refusal(FileName("a key file", private=True), "bot.key", setting)
    assert message == f"{path} can be read by others; chmod 600 {path}"
    assert FileName("a file").read("bot.key", setting) == path


@posix
def test_a_secret_file_of_its_owner_alone_is_fine(tmp_path: Path) -> None:
    path = tmp_path / "bot.key"
    path.write_text("x")
    path.chmod(0o600)
    assert FileName("a key file", private=True).read("bot.key", Setting(tmp_path, check_files=True)) == path


@posix
def test_dots_stay_in_a_message_where_a_link_gives_them_another_meaning(tmp_path: Path) -> None:
    (tmp_path / "far" / "folder").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "far" / "folder")
    message = refusal(FileName("a file"), "link/../a", Setting(tmp_path, check_files=True))
    assert f"{tmp_path}/link/../a does not exist" in message


junk: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.text().map(Plain), st.lists(st.text())
)


@given(st.sampled_from(KINDS), junk)
def test_any_value_is_read_or_refused_with_what_is_wanted(kind: Kind, value: object) -> None:
    message = ""
    try:
        kind.read(value, None)
    except PydanticCustomError as error:
        message = error.message()
    assert not message or message.startswith(f"wanted {kind.wanted}")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: type(kind).__name__)
def test_every_kind_tells_editors_a_type_and_a_pattern_they_can_compile(kind: Kind) -> None:
    schema = kind.json_schema()
    assert schema["type"] in {"integer", "number", "boolean", "string"}
    re.compile(schema.get("pattern", ""))
