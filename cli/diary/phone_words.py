"""What two people on the phone are told: an offer, what to do with it, what came of it. Pure."""

from __future__ import annotations

from cli.diary.advice import advice
from cli.diary.layout import bullet, paragraph, place, span
from cli.diary.network import is_private
from cli.diary.page import Page, PathEntry
from config.mistakes import CALL
from tunnel.verdict import milliseconds

_GROUPS_IN_A_LINE = 8


def offer_in_words(page: Page, text: str, until: str, config: str, width: int) -> str:
    """What `paths offer` prints. `until` is a time of day, `config` the file's name."""
    other = page.other
    return "\n".join(
        [
            *paragraph(_why_at_all(page), width),
            f"The {page.program}'s offer, for the person at the {other}:",
            "",
            *in_lines(text),
            "",
            *paragraph(
                "Send it by any chat or mail, or read it out: capitals, dashes and blanks do not matter. "
                f"There, while the {other} runs, they type this, all in one line:",
                width,
            ),
            "",
            command(other, text),
            "",
            *paragraph(
                f"It is good until {until}: for so long the {page.program} looks without a rest. It is "
                f"sealed, so nobody but that {other} can read it; keep it off the stream all the same.",
                width,
            ),
            *paragraph(_what_it_lacks(page, config), width),
        ]
    ).lstrip("\n")


def answer_in_words(page: Page, text: str, width: int, *, shown: bool) -> str:
    """What the other one has to type, once theirs is taken. `shown`: they may have ours already."""
    own = f"this {page.program}'s offer"
    first = (
        f"Nothing yet. If the {page.other} was started again since, ask for a new offer. If {own} has not "
        f"been typed at the {page.other}, that is missing, all in one line:"
        if shown
        else f"Taken. Now the other one needs {own}: let them type this at the {page.other}, all in one line:"
    )
    read_out = ["To read it out:", "", *in_lines(text)]
    return "\n".join([*paragraph(first, width), "", command(page.other, text), "", *read_out])


def waiting_in_words(until: str) -> str:
    """`until` is a time of day."""
    return f"\nWaiting for a direct path, until {until}. Ctrl-C ends the waiting, not the search."


def found_in_words(path: PathEntry) -> str:
    """It worked."""
    delay = f", {milliseconds(path.delay_ms)} one way" if path.delay_ms is not None else ""
    where = f", to {place(path.address)}" if path.address is not None else ""
    return f"A direct path works: {path.name}{where}{delay}."


def not_found_in_words(page: Page, config: str, width: int) -> str:
    """It did not, so far."""
    reasons = [f"{path.name}: {path.why}" for path in page.paths if path.kind != "relay" and path.why]
    items = [*reasons, *advice(page, config, on_the_phone=True)]
    return "\n".join(
        [
            f"No direct path yet. The {page.program} goes on looking.",
            *(line for item in items for line in bullet(item, width)),
            f"Follow it: {CALL} paths --watch --config {config}",
        ]
    )


def old_in_words(age_ms: float) -> str:
    """About an offer that was made a while ago."""
    return f"This offer is {span(age_ms)} old. If nothing comes of it, ask for a new one."


def command(program: str, text: str) -> str:
    """For the other machine. One line, however long: it is copied."""
    return f"    {CALL} paths answer {text} --config {program}.yaml"


def in_lines(text: str) -> list[str]:
    """The groups of a letter's text, as people read them to each other."""
    groups = text.split("-")
    return [
        "    " + " ".join(groups[at : at + _GROUPS_IN_A_LINE])
        for at in range(0, len(groups), _GROUPS_IN_A_LINE)
    ]


def _what_it_lacks(page: Page, config: str) -> str:
    """Whether it helps anybody outside this home."""
    own = [host for link in page.links for _, (host, _) in link.own]
    if not own or not all(is_private(host) for host in own):
        return ""
    return (
        "But it holds only addresses of this home network, so it helps only within it: nobody tells how the "
        f"internet sees this machine. Name a server that does, `stun` under `direct` in {config}, and start "
        "again."
    )


def _why_at_all(page: Page) -> str:
    if not page.connected:
        return ""
    return (
        f"The {page.program} and the {page.other} hear each other already and look for direct paths by "
        "themselves, so this is not needed; it does no harm."
    )
