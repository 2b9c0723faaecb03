"""The diary's page in a streamer's words. Pure: the page, the system's time and a width give the text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from cli.diary.advice import advice
from cli.diary.layout import bullet, count, listed, paragraph, place, span, table
from cli.diary.network import network_in_words, search_in_words
from cli.diary.page import MinuteEntry, Page, PathEntry, PlaceEntry
from config.mistakes import CALL
from tunnel.verdict import milliseconds, percent

# The diary is written every 2 s. Three missed in a row on a busy machine are no reason to frighten anybody.
FRESH_MS: Final = 7_000.0
_MINUTES_SHOWN: Final = 10
_MINUTE_MS: Final = 60_000.0

_STATES: Final = {
    ("relay", "connecting"): "dialling",
    ("relay", "waiting"): "down",
    ("relay", "refused"): "turned us away",
    ("direct", "connecting"): "looking",
    ("direct", "waiting"): "none yet",
    ("direct", "refused"): "none yet",
}


Row = tuple[str, str, str, str, str, str]
_HEAD: Final[Row] = ("path", "state", "delay", "loss", "minutes won", "this hour")


def page_in_words(page: Page, config: str, now_ms: float, width: int, *, details_last: bool = False) -> str:
    """All of it. `config` is the file's name, as the person wrote it.

    details_last  what to do comes before the networks and what was tried: for a window that may be small
    """
    summary = [
        paragraph(program_in_words(page, config, now_ms), width),
        paths_in_words(page, now_ms, width),
        minutes_in_words(page, now_ms, width),
    ]
    details = _details(page, config, now_ms, width) if page.settings.enabled else []
    meaning: list[list[str]] = []
    if is_alive(page, now_ms):
        said = [line for item in advice(page, config) for line in bullet(item, width)]
        meaning = [["What it means, and what you can do", *said]]
    warning = (
        paragraph("Addresses tell where people live: keep them off the stream.", width) if details else []
    )
    order = [*meaning, *details] if details_last else [*details, *meaning]
    return "\n\n".join("\n".join(part) for part in (*summary, *order, warning) if part)


def is_alive(page: Page, now_ms: float) -> bool:
    """Whether the program has written lately, and not its last word."""
    return not page.ended and abs(now_ms - page.written_ms) <= FRESH_MS


def program_in_words(page: Page, config: str, now_ms: float) -> str:
    """Whether it runs, and whether the two ends hear each other."""
    ago = now_ms - page.written_ms
    start = f"Start it: {CALL} {page.program} --config {config}"
    if page.ended:
        return (
            f"The {page.program} does not run: it ended {span(ago)} ago. Below is how it stood then. {start}"
        )
    if ago < -FRESH_MS:
        return (
            f"The {page.program}'s last word is dated {span(-ago)} in the future: this machine's clock was "
            "changed. If it runs, it says something new within seconds."
        )
    if ago > FRESH_MS:
        return (
            f"The {page.program} was last heard of {span(ago)} ago: it is gone or hangs. Below is how it "
            f"stood then. {start}"
        )
    since = f"The {page.program} has been running for {span(now_ms - page.started_ms)}"
    heard = f"and it hears the {page.other}" if page.connected else f"but it does not hear the {page.other}"
    is_found = page.connected and any(path.kind != "relay" and path.state == "up" for path in page.paths)
    if page.look_hard_until_ms is None or is_found:
        return f"{since}, {heard}."
    left = span(page.look_hard_until_ms - now_ms)
    return f"{since}, {heard}. Because of an offer it looks without a rest for {left} more."


def paths_in_words(page: Page, now_ms: float, width: int) -> list[str]:
    """The table, with a line of reasons below each path."""
    if not page.paths:
        return ["No path is known."]
    recent = _recent(page, now_ms)
    rows = [_HEAD, *(_row(path, recent) for path in page.paths)]
    head, *lines = [f"  {line}" for line in table(rows, frozenset((2, 3, 4, 5)))]
    told = [head]
    for path, line in zip(page.paths, lines, strict=True):
        told += [line, *paragraph(_reason(path), width, indent=6)]
    for names, what in ((page.settings.forbid, "are never used"), (page.settings.pin, "come first")):
        if names:
            told += paragraph(f"The file says that these {what}: {listed(names)}.", width, indent=2)
    return ["Paths", *told]


def minutes_in_words(page: Page, now_ms: float, width: int) -> list[str]:
    """Who won the last minutes; those alike in one line."""
    minutes = [each for each in page.minutes if each.inputs or each.winner][-_MINUTES_SHOWN:]
    if not page.minutes:
        return []
    if not minutes:
        return paragraph("No inputs have come lately, so no path has won a minute.", width)
    told = ["Which path won the last minutes (most inputs arrived on it first), and why"]
    runs = [list(run) for _, run in groupby(reversed(minutes), key=lambda each: (each.winner, each.why))]
    for run in runs:
        told += paragraph(_run(run, now_ms), width, indent=2)
    return told


def _details(page: Page, config: str, now_ms: float, width: int) -> list[list[str]]:
    """The networks, what was tried over each kind of direct path, and the meeting places."""
    parts = [
        network_in_words(page, config, width) if page.networks or is_alive(page, now_ms) else [],
        *[search_in_words(page, link, width) for link in page.links],
        places_in_words(page, now_ms, width),
    ]
    return [part for part in parts if part]


def places_in_words(page: Page, now_ms: float, width: int) -> list[str]:
    """Where the ends leave word for each other without a relay."""
    if not page.places:
        return []
    told = ["Meeting places, where the ends leave word for each other without a relay"]
    for meeting in page.places:
        told += bullet(_place(meeting, page.other, now_ms), width)
    return told


def _place(meeting: PlaceEntry, other: str, now_ms: float) -> str:
    if meeting.state == "waiting":
        return f"{meeting.name}: does not work, and is tried again. {meeting.why or ''}".rstrip()
    if meeting.state == "connecting":
        return f"{meeting.name}: is being tried."
    if meeting.last_ms is None:
        return f"{meeting.name}: works. Nothing from the {other} has come there first."
    return f"{meeting.name}: works. Word from the {other} came {span(now_ms - meeting.last_ms)} ago."


def _row(path: PathEntry, recent: Sequence[MinuteEntry]) -> Row:
    up = path.state == "up"
    family = "relay" if path.kind == "relay" else "direct"
    if up:
        state = "in use" if path.carrying else "spare"
    else:
        state = "used up" if path.used_up_until else _STATES.get((family, path.state), path.state)
    won = sum(each.winner == path.name for each in recent)
    return (
        path.name,
        state,
        milliseconds(path.delay_ms) if up and path.delay_ms is not None else "-",
        percent(path.loss) if up else "-",
        f"{won} of {len(recent)}" if recent else "-",
        _amount(path.bytes) + (f" of {_amount(path.cap)}" if path.cap is not None else ""),
    )


def _reason(path: PathEntry) -> str:
    """Why it carries or does not; where the other end is, if there is no relay between."""
    if path.state != "up":
        return path.why or ""
    if path.address is None:
        return path.verdict
    where = f"the other end is at {place(path.address)}"
    return f"{path.verdict}; {where}" if path.verdict else where


def _run(run: Sequence[MinuteEntry], now_ms: float) -> str:
    """One line for minutes that went alike, the latest first."""
    first, last = _minutes_ago(run[0], now_ms), _minutes_ago(run[-1], now_ms)
    if first == last:
        when = f"{last} min ago" if last else "this minute"
    else:
        when = f"{first} to {last} min ago" if first else f"the last {last + 1} min"
    inputs = sum(each.inputs for each in run)
    won = sum(each.inputs * each.share for each in run)
    share = percent(won / inputs) if inputs else "-"
    return f"{when}:  {run[0].winner}, {share} of {count(inputs, 'input')} ({run[0].why})"


def _recent(page: Page, now_ms: float) -> list[MinuteEntry]:
    """The last minutes in which anything came."""
    return [each for each in page.minutes if each.inputs][-_MINUTES_SHOWN:]


def _minutes_ago(minute: MinuteEntry, now_ms: float) -> int:
    return max(0, int((now_ms - minute.start_ms) // _MINUTE_MS))


def _amount(size: int) -> str:
    """`640 kB`, `1.2 MB`."""
    return f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{size // 1000} kB"
