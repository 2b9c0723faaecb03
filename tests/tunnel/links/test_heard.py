"""What the other end has said, and when it is void."""

from __future__ import annotations

import pytest

from tunnel.links.heard import Heard
from tunnel.nat.checks import Credentials
from tunnel.nat.offer import NEVER, Edition, Offer

OWN = Offer(Edition(1, 1), NEVER, Credentials(b"a" * 4, b"b" * 16), ())


def heard(*, early: bool = False) -> Heard:
    one = Heard(early=early)
    one.came(b"an offer")
    return one


@pytest.mark.parametrize("early", [False, True])
def test_the_other_end_is_looked_for_once_it_is_known_to_be_there_or_may_find_a_letter(early: bool) -> None:
    one = heard(early=early)
    assert one.peer_here is early
    one.peer_came(fresh=False)
    assert one.peer_here
    assert one.signal == b"an offer"


@pytest.mark.parametrize("early", [False, True])
def test_another_run_of_its_program_voids_what_was_said_unless_letters_come_before_the_session(
    early: bool,
) -> None:
    one = heard(early=early)
    one.peer_came(fresh=True)
    assert one.signal == (b"an offer" if early else None)


def test_what_was_said_to_a_run_that_ended_is_no_news_for_the_next() -> None:
    closed, lost = heard(), heard()
    closed.closed()
    lost.lost(OWN, anew=False)
    assert closed.signal is lost.signal is None
    assert lost.take_offered() is None


def test_where_only_the_other_end_began_anew_our_offer_goes_on_once_and_its_words_count() -> None:
    one = heard()
    one.lost(OWN, anew=True)
    assert one.signal == b"an offer"
    assert one.take_offered() == OWN
    assert one.take_offered() is None
