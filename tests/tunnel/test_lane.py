from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime

import pytest

from tunnel.lane import Lane, PathReport, used_up
from tunnel.links.direct import Story
from tunnel.links.link import LinkError
from tunnel.meter import HOUR_MS, Caps
from tunnel.minutes import Standing
from tunnel.path import Path, PathId
from tunnel.session import Role

NOON = 500_000 * HOUR_MS


class Quiet:
    """A direct link that does nothing."""

    name = "direct udp"
    why: str | None = None
    address: tuple[str, int] | None = None

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter()

    async def run(self, on_up: Callable[[], None], on_datagram: Callable[[bytes], None]) -> None: ...
    def send(self, datagram: bytes) -> None: ...
    def close(self) -> None: ...
    def peer_came(self, *, fresh: bool) -> None: ...
    def signal_came(self, body: bytes) -> None: ...
    def look_hard(self, until: float) -> None: ...
    def story(self) -> Story:
        raise NotImplementedError


def lane(cap: int | None = None) -> Lane:
    link = Quiet()
    bill = Caps({} if cap is None else {"direct": cap}).bill("direct udp", "")
    return Lane(PathId(0), "udp:", link, link, kind="direct udp", bill=bill)


def report(one: Lane, path: Path | None = None, verdict: str | None = None) -> PathReport:
    return one.report(path or Path(PathId(0)), NOON, verdict)


@pytest.mark.parametrize(("steady", "failures"), [(4_999, 2), (5_000, 1)])
def test_failures_in_a_row_are_counted_and_a_link_that_held_begins_afresh(steady: int, failures: int) -> None:
    one = lane()
    one.failed(LinkError("no"), 0)
    one.went_up(0)
    one.failed(LinkError("no"), steady)
    assert one.failures == failures
    assert one.state == "waiting"


def test_the_same_complaint_is_news_once() -> None:
    one = lane()
    said = [one.failed(LinkError(text), 0) for text in ("no", "no", "never", "never")]
    one.went_up(1)
    said.append(one.failed(LinkError("never"), 2))
    assert said == [True, False, True, False, True]


def test_who_does_not_want_us_is_told_apart() -> None:
    one = lane()
    one.failed(LinkError("no", refused=True), 0)
    assert one.state == "refused"


def test_the_report_says_what_is_in_the_way_until_the_path_is_up() -> None:
    one = lane()
    assert (report(one).state, report(one).why, report(one).verdict) == ("connecting", None, "connecting")
    one.failed(LinkError("It broke."), 0)
    assert (report(one).state, report(one).why, report(one).verdict) == ("waiting", "It broke.", "It broke.")
    one.state = "connecting"
    assert one.direct is not None
    one.direct.why = "A firewall."
    assert (report(one).state, report(one).why) == ("waiting", "A firewall.")
    one.went_up(1)
    assert (report(one).state, report(one).why) == ("up", None)
    assert report(one, verdict="fastest, 12 ms").verdict == "fastest, 12 ms"


def test_the_report_says_what_kind_of_path_it_is_where_it_leads_and_what_it_cost() -> None:
    one = lane(cap=5_000)
    one.link.address = ("192.0.2.1", 47_000)  # type: ignore[attr-defined]  # it is a Quiet one
    one.bill.count(52, NOON)
    told = report(one)
    assert (told.kind, told.address, told.bytes, told.cap) == (
        "direct udp",
        ("192.0.2.1", 47_000),
        100,
        5_000,
    )
    relay = Lane(PathId(1), "wss://relay.example.org", Quiet())
    told = report(relay)
    assert (told.kind, told.address, told.bytes, told.cap) == ("relay", None, 0, None)
    json.dumps(asdict(told))


def test_a_path_whose_hour_is_used_up_is_down_until_it_turns_and_nothing_is_wrong_with_it() -> None:
    one = lane(cap=100)
    one.went_up(NOON)
    one.failed(LinkError("no"), NOON)
    one.bill.count(52, NOON)
    one.rests()
    told = report(one, verdict="fastest, 12 ms")
    assert (told.state, one.failures) == ("waiting", 0)
    assert told.verdict == used_up(NOON)
    assert told.why == f"I{used_up(NOON)[1:]}."
    assert one.report(Path(PathId(0)), NOON + HOUR_MS, "fastest, 12 ms").verdict == "fastest, 12 ms"


def test_the_turn_of_the_hour_is_told_by_the_clock_on_the_wall() -> None:
    turn = datetime.fromtimestamp((NOON + HOUR_MS) / 1000, UTC).astimezone()
    assert used_up(NOON + 5) == f"its hour is used up until {turn.hour:02}:{turn.minute:02}"


@pytest.mark.parametrize(("role", "first"), [(Role.SENDER, 7), (Role.RECEIVER, 3)])
def test_who_brought_inputs_first_the_receiver_sees_and_the_sender_is_told(role: Role, first: int) -> None:
    path = Path(PathId(0))
    path.first, path.peer_first, path.up, path.delay = 3, 7, True, 12.0
    expected = Standing(PathId(0), "direct udp", first, True, False, False, 12.0, 0.0)
    assert lane().standing(path, role) == expected
