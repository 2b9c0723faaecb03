"""What commands may ask of the bot. Commands read what people typed; behind the desk it is done."""

from __future__ import annotations

from typing import Protocol


class Desk(Protocol):
    """The bot, as whoever types a command sees it.

    What is asked for is done at once, and the answer is one sentence for the chat, whether it was done or why
    not; an empty one is not said. No method raises. Who may ask has been checked, and the form of what they
    typed: names are single words without `@`, times are those of bot.commands.durations.

    `user` is an account's id, `name` what was typed for one: a login or a display name, in small letters.
    """

    # What there is

    def controls(self) -> tuple[str, ...]:
        """The words that press something, the usual ones first."""

    def macros(self) -> tuple[str, ...]:
        """The macros as they are called: `#mash(b,n)`."""

    def games(self) -> tuple[str, ...]:
        """The names of the games that can be set; the one in force first, if any is."""

    def mode_sentence(self, now: float) -> str:
        """Who decides at present, and how it stands."""

    def stats(self, now: float) -> str:
        """The bot's figures."""

    # For viewers

    def vote(self, user: str, mode: str, now: float) -> str:
        """This viewer wants this mode: anarchy or democracy."""

    def join(self, user: str, name: str, team: str, now: float) -> str:
        """This viewer, shown as `name`, wants a turn, or into a team; `team` is empty for any."""

    def me(self, user: str, now: float) -> str:
        """What is stored about this viewer."""

    def forget(self, user: str, now: float) -> str:
        """Deletes it."""

    # For moderators

    def pause(self, now: float) -> str:
        """Nothing is played from here on; what is held is let go of."""

    def resume(self, now: float) -> str:
        """Inputs are played again."""

    def neutral(self, now: float) -> str:
        """Everything waiting or held is taken back, on every pad, now."""

    def lock(self, words: tuple[str, ...], now: float) -> str:
        """Nobody may use these words of `controls`, and what presses them is let go of. At least one."""

    def unlock(self, words: tuple[str, ...]) -> str:
        """These may be used again; none given: all of them."""

    def set_mode(self, mode: str, now: float) -> str:
        """This mode, until somebody changes it. One of config.play.ModeName."""

    def auto_mode(self, now: float) -> str:
        """No moderator holds the mode any more."""

    def restrict(self, name: str, word: str, lasts_ms: int | None, now: float) -> str:
        """This person may not use this word of `controls` for so long; None: until released."""

    def silence(self, name: str, lasts_ms: int | None, now: float) -> str:
        """This person may play nothing, and has nothing waiting or held any more."""

    def release(self, name: str, now: float) -> str:
        """Nothing is forbidden to this person any more."""

    def define_macro(self, name: str, parameters: tuple[str, ...], body: str) -> str:
        """A new macro, or a new body for an old one; the answer names what is wrong with it, if anything."""

    def remove_macro(self, name: str) -> str:
        """No such macro any more."""

    def set_game(self, name: str, now: float) -> str:
        """One of `games` is played from here on."""

    def reload(self, now: float) -> str:
        """Reads the files again; one that is wrong is refused with its line, and the old one stays."""
