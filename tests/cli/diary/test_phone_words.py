"""What two people on the phone are told."""

from __future__ import annotations

from typing import Any

import pytest

from cli.diary.phone_words import (
    answer_in_words,
    found_in_words,
    in_lines,
    not_found_in_words,
    offer_in_words,
    old_in_words,
)

TEXT = "-".join(f"{n:05}" for n in range(20))


def test_an_offer_says_what_to_do_with_it(pages: Any) -> None:
    assert offer_in_words(pages.page(connected=False), "1GC4T-0RZ8P-7Q", "21:14", "bot.yaml", 80) == (
        """The bot's offer, for the person at the receiver:

    1GC4T 0RZ8P 7Q

Send it by any chat or mail, or read it out: capitals, dashes and blanks do not
matter. There, while the receiver runs, they type this, all in one line:

    python3 run.py paths answer 1GC4T-0RZ8P-7Q --config receiver.yaml

It is good until 21:14: for so long the bot looks without a rest. It is sealed,
so nobody but that receiver can read it; keep it off the stream all the same."""
    )


def test_who_hears_the_other_end_is_told_that_it_is_not_needed(pages: Any) -> None:
    assert offer_in_words(pages.page(), "A", "21:14", "bot.yaml", 80).startswith(
        "The bot and the receiver hear each other already"
    )


def test_an_offer_that_helps_only_at_home_says_so(pages: Any) -> None:
    at_home = pages.link(own=(("own", ("192.168.1.20", 47_000)), ("own", ("fd00::2", 47_000))))
    said = offer_in_words(pages.page(links=(at_home,)), "A", "21:14", "bot.yaml", 80)
    assert "only addresses of this home network" in said
    assert " ".join(said.split()).endswith("`stun` under `direct` in bot.yaml, and start again.")
    seen = pages.page(links=(pages.link(),))
    assert "home network" not in offer_in_words(seen, "A", "21:14", "bot.yaml", 80)


def test_an_answer_names_the_machine_where_it_is_typed(pages: Any) -> None:
    page = pages.page(program="receiver")
    said = answer_in_words(page, "1GC4T-7Q", 80, shown=False)
    assert said.startswith("Taken. Now the other one needs this receiver's offer")
    assert "\n    python3 run.py paths answer 1GC4T-7Q --config bot.yaml\n" in said
    assert answer_in_words(page, "1GC4T-7Q", 80, shown=True).startswith(
        "Nothing yet. If the bot was started again since, ask for a new offer. If this\nreceiver's"
    )


def test_long_texts_are_read_out_in_lines_of_eight() -> None:
    assert [len(line.split()) for line in in_lines(TEXT)] == [8, 8, 4]
    assert " ".join(" ".join(in_lines(TEXT)).split()) == TEXT.replace("-", " ")


@pytest.mark.parametrize("shown", [True, False])
def test_no_sentence_is_wider_than_the_terminal(pages: Any, shown: bool) -> None:
    said = [
        offer_in_words(pages.page(), TEXT, "21:14", "bot.yaml", 80),
        answer_in_words(pages.page(), TEXT, 80, shown=shown),
        not_found_in_words(pages.page(paths=(pages.searching(),)), "bot.yaml", 80),
        old_in_words(7_200_000),
    ]
    lines = [line for text in said for line in text.splitlines() if "paths answer" not in line]
    assert all(len(line) <= 80 for line in lines)


def test_success_says_which_path_and_how_fast(pages: Any) -> None:
    assert (
        found_in_words(pages.direct())
        == "A direct path works: direct udp, to 203.0.113.9:47001, 12 ms one way."
    )
    assert found_in_words(pages.direct(delay_ms=None, address=None)) == "A direct path works: direct udp."


def test_failure_says_why_and_what_to_do(pages: Any) -> None:
    page = pages.page(paths=(pages.searching("No server answers."),), connected=False)
    said = not_found_in_words(page, "bot.yaml", 80)
    assert said.splitlines()[:2] == [
        "No direct path yet. The bot goes on looking.",
        "  - direct udp: No server answers.",
    ]
    assert said.endswith("Follow it: python3 run.py paths --watch --config bot.yaml")
    assert "paths offer" not in said
