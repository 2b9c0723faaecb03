"""Pages edited while the bot runs. Each test says when a file was written, so that no clock is waited for."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.game.keeper import LOOK_MS, GameKeeper, Rejected, Reloaded
from config.codes import Control
from config.controllers import ControllerError
from config.games import MOST_GAMES, GameError, game_names
from config.mistakes import ConfigError

Write = Callable[[str], Path]
GOOD = "title: Mine\nwords: {jump: b}\n"
BETTER = "title: Mine\nwords: {hop: b}\n"
BAD = "title: Mine\nwords: {jump: bb}\n"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the page; each time a second later than before, as far as the file's date tells."""
    seconds = iter(range(1_000_000, 2_000_000))
    file = tmp_path / "mine.yaml"

    def now(text: str) -> Path:
        file.write_text(text, encoding="utf-8")
        second = next(seconds)
        os.utime(file, (second, second))
        return file

    return now


class Watch:
    """A keeper and the time of day."""

    def __init__(self, keeper: GameKeeper) -> None:
        self.keeper = keeper
        self.now = 0.0

    def look(self) -> Reloaded | Rejected | None:
        self.now += LOOK_MS
        return self.keeper.check(self.now)

    def twice(self) -> list[Reloaded | Rejected | None]:
        return [self.look(), self.look()]


@pytest.fixture
def watch(write: Write) -> Watch:
    return Watch(GameKeeper(write(GOOD), "snes", 1))


def test_a_page_left_alone_is_not_read_again(watch: Watch) -> None:
    game = watch.keeper.game
    assert [watch.look() for _ in range(5)] == [None] * 5
    assert watch.keeper.game is game


def test_an_edit_counts_once_it_has_looked_the_same_twice(watch: Watch, write: Write) -> None:
    watch.look()
    write(BETTER)
    first, second = watch.twice()
    assert first is None
    assert isinstance(second, Reloaded)
    assert second.game is watch.keeper.game
    assert "hop" in watch.keeper.game.controller.words
    assert second.sentence == "Mine is on, played with the words of Super Nintendo."
    assert watch.look() is None


def test_a_page_that_is_still_being_written_is_waited_for(watch: Watch, write: Write) -> None:
    for part in ("title: Mi", "title: Mine\nwords: {", BETTER):
        write(part)
        assert watch.look() is None
    assert isinstance(watch.look(), Reloaded)


def test_a_bad_edit_is_said_once_with_its_line_and_the_old_game_stays(watch: Watch, write: Write) -> None:
    game, file = watch.keeper.game, write(BAD)
    _, said = watch.twice()
    assert isinstance(said, Rejected)
    assert said.text.startswith(f'{file}:2:15: words.jump: "bb" is no word of the controller snes')
    assert said.sentence.startswith('mine.yaml, line 2, words.jump: "bb" is no word')
    assert said.sentence.endswith('did you mean "b"?')
    assert str(file.parent) not in said.sentence
    assert watch.keeper.game is game
    assert watch.twice() == [None, None]


def test_a_bad_line_of_the_page_is_a_bad_edit_too(watch: Watch, write: Write) -> None:
    write(GOOD + "pause: strat\n")
    _, said = watch.twice()
    assert isinstance(said, Rejected)
    assert "pause" in said.text


def test_a_mended_page_counts(watch: Watch, write: Write) -> None:
    write(BAD)
    watch.twice()
    write(BETTER)
    assert isinstance(watch.twice()[1], Reloaded)


def test_a_page_that_goes_away_is_said_and_taken_again_when_it_is_back(watch: Watch, write: Write) -> None:
    file = write(GOOD)
    watch.twice()
    file.unlink()
    _, said = watch.twice()
    assert isinstance(said, Rejected)
    assert "there is no such file" in said.sentence
    assert watch.twice() == [None, None]
    write(BETTER)
    assert isinstance(watch.twice()[1], Reloaded)


def test_a_page_replaced_between_two_looks_is_no_missing_page(watch: Watch, write: Write) -> None:
    file = write(BETTER)
    file.unlink()
    assert watch.look() is None
    write(BETTER)
    assert watch.twice()[0] is None
    assert "hop" in watch.keeper.game.controller.words


def test_it_looks_once_a_second_however_often_it_is_asked(watch: Watch, write: Write) -> None:
    watch.look()
    write(BETTER)
    assert [watch.keeper.check(watch.now + part) for part in (1, 500, 999)] == [None] * 3
    assert "jump" in watch.keeper.game.controller.words


def test_the_controller_s_page_is_watched_too(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    controllers = tmp_path / "controllers"
    controllers.mkdir()
    page = controllers / "pad.yaml"
    page.write_text("title: Pad\ninputs: {a: A, b: B}\n", encoding="utf-8")
    monkeypatch.setattr("config.controllers._FOLDER", controllers)
    watch = Watch(GameKeeper(write(GOOD), "pad", 1))
    page.write_text("title: Pad\ninputs: {a: A, b: X, extra: Y}\n", encoding="utf-8")
    assert isinstance(watch.twice()[1], Reloaded)
    assert watch.keeper.game.controller.words["jump"].moves == ((Control.X, 1),)
    page.write_text("title: Pad\ninputs: {a: A, b: TURBO}\n", encoding="utf-8")
    _, said = watch.twice()
    assert isinstance(said, Rejected)
    assert "pad.yaml:2:19: inputs.b" in said.text
    assert str(tmp_path) not in said.sentence


def test_a_reload_on_request_waits_for_nothing(watch: Watch, write: Write) -> None:
    write(BETTER)
    assert isinstance(watch.keeper.reload(), Reloaded)
    assert watch.twice() == [None, None]
    write(BAD)
    assert isinstance(watch.keeper.reload(), Rejected)
    assert watch.twice() == [None, None]
    assert "hop" in watch.keeper.game.controller.words


def test_switching_takes_the_pages_beside_the_configured_one_and_ours(watch: Watch, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("title: Other\ncontroller: gb\n", encoding="utf-8")
    (tmp_path / "relay.yaml").write_text("listen: 127.0.0.1:1\nname: x\nopen: true\n", encoding="utf-8")
    (tmp_path / "Notes.yaml").touch()
    assert watch.keeper.names() == tuple(sorted((*game_names(), "mine", "other")))
    said = watch.keeper.switch("other")
    assert isinstance(said, Reloaded)
    assert watch.keeper.game.controller.name == "gb"
    assert isinstance(watch.keeper.switch("racing"), Reloaded)
    assert isinstance(watch.keeper.switch("mine"), Reloaded)
    assert watch.keeper.game.controller.name == "snes"
    assert watch.twice() == [None, None]


def test_a_game_switched_to_is_watched_from_then_on(watch: Watch, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("title: Other\n", encoding="utf-8")
    watch.keeper.switch("other")
    other.write_text("title: Another\n", encoding="utf-8")
    assert isinstance(watch.twice()[1], Reloaded)
    assert watch.keeper.game.title == "Another"


@pytest.mark.parametrize("name", ["relay", "../mine", "mine.yaml", "", "MINE", "x" * 500])
def test_a_name_that_is_no_game_s_changes_nothing(watch: Watch, tmp_path: Path, name: str) -> None:
    (tmp_path / "relay.yaml").write_text("listen: 127.0.0.1:1\nname: x\nopen: true\n", encoding="utf-8")
    game = watch.keeper.game
    said = watch.keeper.switch(name)
    assert isinstance(said, Rejected)
    assert said.sentence.startswith("There is no game ")
    assert len(said.sentence) < 450
    assert watch.keeper.game is game


def test_a_broken_page_may_be_switched_to_and_says_what_is_broken(watch: Watch, tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("title: [\n", encoding="utf-8")
    game = watch.keeper.game
    said = watch.keeper.switch("broken")
    assert isinstance(said, Rejected)
    assert said.sentence.startswith("broken.yaml, line ")
    assert watch.keeper.game is game
    assert watch.twice() == [None, None]


def test_without_a_game_there_is_the_controller_alone(watch: Watch) -> None:
    keeper = GameKeeper(None, "nes", 1)
    assert keeper.game.title == "Nintendo Entertainment System"
    assert keeper.names() == game_names()
    assert keeper.check(0) is None
    assert isinstance(watch.keeper.switch(None), Reloaded)
    assert watch.keeper.game.title == "Super Nintendo"


def test_a_game_is_known_by_its_name() -> None:
    assert GameKeeper("racing", "xbox", 1).game.title == "Racing"


def test_what_cannot_begin_says_so_at_once(write: Write, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        GameKeeper(write(BAD), "snes", 1)
    with pytest.raises(ConfigError, match="pause"):
        GameKeeper(write(GOOD + "pause: strat\n"), "snes", 1)
    with pytest.raises(ConfigError, match="no such file"):
        GameKeeper(tmp_path / "none.yaml", "snes", 1)
    with pytest.raises(GameError):
        GameKeeper("nonesuch", "snes", 1)
    with pytest.raises(ControllerError):
        GameKeeper(None, "sness", 1)


def test_a_folder_that_is_named_like_a_page_is_no_game(watch: Watch, tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    assert "folder" not in watch.keeper.names()
    assert isinstance(watch.keeper.switch("folder"), Rejected)


def test_other_pages_in_the_folder_are_no_games(watch: Watch, tmp_path: Path) -> None:
    (tmp_path / "bot.yaml").write_text("identity: bot.key\nchat: {channel: a}\n")
    (tmp_path / "pad.yaml").write_text("title: A pad\ninputs: {a: A}\n")
    (tmp_path / "other.yaml").write_text(GOOD)
    names = watch.keeper.names()
    assert "other" in names
    assert not {"bot", "pad"} & set(names)


def test_a_page_that_is_gone_since_it_was_listed_is_a_sentence(
    watch: Watch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = watch.keeper.names()
    monkeypatch.setattr(watch.keeper, "names", lambda: (*names, "gone"))
    said = watch.keeper.switch("gone")
    assert isinstance(said, Rejected)
    assert said.sentence.startswith('There is no game "gone"')


def test_a_folder_of_thousands_of_pages_is_not_gone_through_to_its_end(tmp_path: Path) -> None:
    for place in range(MOST_GAMES + 50):
        (tmp_path / f"g{place:04}.yaml").write_text(GOOD)
    assert len(game_names(tmp_path)) == MOST_GAMES
