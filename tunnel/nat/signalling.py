"""The two ends' offers: ours until the other end says it has it, theirs if it is newer than what we know.

Notes may be lost, late or doubled, so an offer asks for an answer and is repeated until one says that it was
heard. Whoever hears an offer that asks, answers with its own. The seal around the notes says who they are
from; a relay that holds one back for an hour brings nothing but an edition that is no longer news.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Final

from tunnel.bucket import TokenBucket
from tunnel.nat.candidates import MAX_CANDIDATES, Candidate
from tunnel.nat.checks import Credentials
from tunnel.nat.offer import MAX_REVISION, NEVER, Edition, Offer, OfferError, parse

# The first repetition waits for a round trip over a distant relay, or it would mostly be too early.
_REPEAT_MS: Final = 300.0
_REPEAT_GROWTH: Final = 1.6
# The last one 8 s after the first: who is silent so long is told in the next search.
_REPEATS: Final = 6
# What we say of it: enough for each end's five changes in a second, too little to be worth provoking.
_PER_SECOND: Final = 5.0
_BURST: Final = 8.0
# What we read of it: ten times that, and ten thousand a second cost next to nothing.
_READ_PER_SECOND: Final = 50.0
_READ_BURST: Final = 100.0


class Signalling:
    """`now` in milliseconds. What came and was dropped is counted in `counters`.

    edition  of our first offer: a new attempt, or the next revision of one that the other end knows
    """

    def __init__(self, own: Credentials, edition: Edition, counters: Counter[str]) -> None:
        self.remote: Offer | None = None  # the newest that came
        self._counters = counters
        self._own = Offer(edition, NEVER, own, ())
        self._expects_anew = False
        self._confirmed = NEVER  # the newest of ours that the other end says it has
        self._due = float("inf")
        self._repeats = 0
        self._saying = TokenBucket(_PER_SECOND, _BURST)
        self._reading = TokenBucket(_READ_PER_SECOND, _READ_BURST)

    @property
    def own(self) -> Offer:
        """What we offer."""
        return self._own

    def announce(
        self,
        candidates: tuple[Candidate, ...],
        *,
        symmetric: bool,
        deaf: bool,
        now: float,
        birthday: bool = False,
        guessing: bool = False,
    ) -> None:
        """What we have to offer; news is sent at once. That we guess no more is none."""
        before = self._own
        self._own = replace(
            before,
            candidates=candidates,
            symmetric=symmetric,
            deaf=deaf,
            birthday=birthday,
            guessing=guessing,
        )
        if self._own != replace(before, guessing=before.guessing and guessing):
            self.renew(now)

    def renew(self, now: float) -> None:
        """A new edition, sent at once: the other end is to look again."""
        self._own = replace(self._own, edition=following(self._own.edition))
        self._due, self._repeats = now, 0

    def insist(self, now: float) -> None:
        """Says our offer again, unless the other end has it: by now there may be a way for it."""
        if self._asks:
            self._due, self._repeats = min(self._due, now), 0

    def expect_anew(self) -> None:
        """The other end has begun anew, perhaps with an earlier clock: then its next attempt is lower."""
        self._expects_anew = True

    def came(self, body: bytes, now: float) -> Offer | None:
        """A note of the other end. Returns its offer if that is news: an edition we do not have, or more of
        one than a brief letter (tunnel/rendezvous/brief.py) had room for.
        """
        if not self._reading.take(now):
            self._counters["offers over the rate"] += 1
            return None
        try:
            offer = parse(body)
        except OfferError:
            self._counters["dropped: offer"] += 1
            return None
        if offer.credentials == self._own.credentials:
            self._counters["dropped: our own offer"] += 1
            return None
        if self._is_old(offer):
            self._counters["dropped: old offer"] += 1
            return None
        if offer.heard <= self._own.edition:
            self._confirmed = max(self._confirmed, offer.heard)
        if not self._asks:
            self._due = float("inf")
        if offer.asks:
            self._due = min(self._due, now)
        offer = _merged(self.remote, offer)
        is_news = self.remote is None or _content(offer) != _content(self.remote)
        self._expects_anew = self._expects_anew and not is_news
        self.remote = offer
        return offer if is_news else None

    def take_due(self, now: float) -> bytes | None:
        """Our offer as a note, if it has to be sent now."""
        if now < self._due:
            return None
        if not self._saying.take(now):
            self._due = now + 1000 / _PER_SECOND
            return None
        asks = self._asks
        self._due = float("inf")
        if asks and self._repeats < _REPEATS:
            self._due = now + _REPEAT_MS * _REPEAT_GROWTH**self._repeats
            self._repeats += 1
        heard = NEVER if self.remote is None else self.remote.edition
        return replace(self._own, heard=heard, asks=asks).pack()

    def next_timeout(self) -> float:
        """When our offer is due; infinity if it is not."""
        return self._due

    def _is_old(self, offer: Offer) -> bool:
        if self.remote is None or offer.edition >= self.remote.edition:
            return False
        return not self._expects_anew or offer.edition.attempt == self.remote.edition.attempt

    @property
    def _asks(self) -> bool:
        return self._confirmed < self._own.edition


def following(edition: Edition) -> Edition:
    """The one after it."""
    attempt, revision = edition
    return Edition(attempt, revision + 1) if revision < MAX_REVISION else Edition(attempt + 1, 0)


def _merged(known: Offer | None, offer: Offer) -> Offer:
    """With all that any note has said of this edition: a brief one, or a late one, takes nothing back."""
    if known is None or (known.edition, known.credentials) != (offer.edition, offer.credentials):
        return offer
    return replace(
        offer,
        candidates=tuple(dict.fromkeys((*known.candidates, *offer.candidates)))[:MAX_CANDIDATES],
        symmetric=known.symmetric or offer.symmetric,
        deaf=known.deaf or offer.deaf,
        birthday=known.birthday or offer.birthday,
        guessing=known.guessing or offer.guessing,
    )


def _content(offer: Offer) -> Offer:
    """What it says of its sender: not what it has heard of us, or wants of us."""
    return replace(offer, heard=NEVER, asks=False)
