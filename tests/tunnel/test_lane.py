from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from tunnel.lane import Lane
from tunnel.links.link import LinkError
from tunnel.path import Path, PathId


class Quiet:
    """A direct link that does nothing."""

    name = "direct udp"
    why: str | None = None

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter()

    async def run(self, on_up: Callable[[], None], on_datagram: Callable[[bytes], None]) -> None: ...
    def send(self, datagram: bytes) -> None: ...
    def close(self) -> None: ...
    def peer_came(self, *, fresh: bool) -> None: ...
    def signal_came(self, body: bytes) -> None: ...


def lane() -> Lane:
    link = Quiet()
    return Lane(PathId(0), "udp:", link, link)


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
    one, path = lane(), Path(PathId(0))
    assert (one.report(path).state, one.report(path).why) == ("connecting", None)
    one.failed(LinkError("It broke."), 0)
    assert (one.report(path).state, one.report(path).why) == ("waiting", "It broke.")
    one.state = "connecting"
    assert one.direct is not None
    one.direct.why = "A firewall."
    assert (one.report(path).state, one.report(path).why) == ("waiting", "A firewall.")
    one.went_up(1)
    assert (one.report(path).state, one.report(path).why) == ("up", None)
