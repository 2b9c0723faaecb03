"""Letters as text: what comes out goes in again, however it was pasted, and slips are told as slips."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunnel.rendezvous.place import MAX_LETTER
from tunnel.rendezvous.text import MAX_TEXT, LetterError, _check, from_text, to_text

LETTERS = st.binary(min_size=1, max_size=MAX_LETTER)
LETTER = bytes(range(40, 120))


def mistake(text: str) -> str:
    with pytest.raises(LetterError) as caught:
        from_text(text)
    assert caught.value.reason == "typing"
    return str(caught.value)


@given(LETTERS)
def test_a_text_is_its_letter(letter: bytes) -> None:
    assert from_text(to_text(letter)) == letter


@given(LETTERS)
def test_a_text_fits_the_alphanumeric_mode_of_a_qr_code(letter: bytes) -> None:
    assert re.fullmatch("[0-9A-Z-]+", to_text(letter))


def test_a_text_is_what_the_documentation_describes() -> None:
    assert to_text(b"\x01crowdpad") == "05HQ4-VVQCH-R62S0-2M9"


def test_the_longest_letter_can_be_pasted_with_all_its_blanks() -> None:
    text = to_text(bytes(MAX_LETTER))
    assert len(" ".join(text)) < MAX_TEXT
    assert from_text(" ".join(text)) == bytes(MAX_LETTER)


@pytest.mark.parametrize(
    "mangle",
    [
        str.lower,
        lambda text: f"crowdpad:{text}",
        lambda text: f"  CrowdPad: {text} \r\n",
        lambda text: text.replace("-", " "),
        lambda text: text.replace("-", ""),
        lambda text: text.replace("-", "\n> "),
        lambda text: text.replace("-", "–"),
        lambda text: text.replace("0", "O").replace("1", "l"),
        lambda text: text.replace("0", "o").replace("1", "I"),
        lambda text: f"`{text}`",
        "\u200b".join,
    ],
)
def test_how_it_was_pasted_does_not_matter(mangle: object) -> None:
    assert callable(mangle)
    for start in range(60):
        letter = bytes(range(start, start + 90))
        assert from_text(mangle(to_text(letter))) == letter


def test_nothing_is_told_as_nothing() -> None:
    for text in ("", " \n", "---", "crowdpad:"):
        assert mistake(text) == (
            "There is nothing there. Paste what `paths offer` shows on the other machine."
        )


def test_a_character_that_never_occurs_is_named() -> None:
    text = to_text(LETTER)
    assert mistake(text[:7] + "U" + text[8:]).startswith('A typing error: "U" never occurs')
    assert mistake(text + "\x00").startswith("A typing error: an unprintable character never occurs")


@given(st.data())
def test_one_wrong_character_is_a_typing_error(data: st.DataObject) -> None:
    symbols = to_text(data.draw(LETTERS)).replace("-", "")
    at = data.draw(st.integers(0, len(symbols) - 1))
    other = data.draw(st.sampled_from([s for s in "0123456789ABCDEFGHJKMNPQRSTVWXYZ" if s != symbols[at]]))
    assert "Compare it with the other screen" in mistake(symbols[:at] + other + symbols[at + 1 :])


def test_two_characters_the_wrong_way_round_are_a_typing_error() -> None:
    symbols = to_text(LETTER).replace("-", "")
    for at in range(len(symbols) - 1):
        swapped = symbols[:at] + symbols[at + 1] + symbols[at] + symbols[at + 2 :]
        if swapped != symbols:
            mistake(swapped)


def test_a_missing_end_or_beginning_is_a_typing_error() -> None:
    groups = to_text(LETTER).split("-")
    for count in range(1, len(groups)):
        mistake("-".join(groups[:count]))
        mistake("-".join(groups[count:]))


def test_a_last_line_that_was_overlooked_is_thought_of() -> None:
    short = "the last line may hold one group only"
    symbols = to_text(LETTER).replace("-", "")
    assert f"some of it is missing; {short}" in mistake(symbols[:20])
    assert short in mistake(symbols[:80])
    assert short not in mistake(symbols[:79])


def test_whoever_pastes_what_surrounds_it_is_told_to_leave_that_out() -> None:
    text = f"python3 run.py paths answer {to_text(LETTER)} --config bot.yaml"
    assert "Paste the offer alone" in mistake(text)


def test_bits_that_no_letter_has_are_a_typing_error() -> None:
    """The last character of this letter has a bit to spare; its sum here is right."""
    symbols = "05HQ4VVQCHR62S1"
    mistake(symbols + _check(symbols))
    symbols = "0" * (8 * (MAX_LETTER + 5) // 5)
    mistake(symbols + _check(symbols))


def test_what_is_far_too_long_is_not_looked_at() -> None:
    assert mistake("0" * (MAX_TEXT + 1)).startswith("That is far too long.")
    with pytest.raises(ValueError, match="at most 960 bytes"):
        to_text(bytes(MAX_LETTER + 1))


@given(st.one_of(st.text(), st.text("0123456789abcdefghjkmnpqrstvwxyz -", max_size=60)))
def test_any_text_is_a_letter_or_a_letter_error(text: str) -> None:
    try:
        letter = from_text(text)
    except LetterError:
        return
    assert 0 < len(letter) <= MAX_LETTER
