"""What an end does to be found and to find, whatever carries the path: the part that agents share.

It knows where this end may be reached, offers that to the other end and hears its offer, and looks in rounds.
How the other end's addresses are tried is each agent's own: agent.py over UDP, tcp/agent.py over TCP.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable
from typing import Final

from tunnel.bucket import TokenBucket
from tunnel.nat.checks import FRAGMENT_SIZE, PASSWORD_SIZE, Credentials
from tunnel.nat.gathering import Random
from tunnel.nat.offer import Edition, Offer
from tunnel.nat.own import OwnAddresses
from tunnel.nat.search import Search, Stage
from tunnel.nat.signalling import Signalling, following
from tunnel.nat.stun import Address, Message

# How often the other end's offers may start a search of ours, in the long run and at once.
_WOKEN_PER_SECOND: Final = 1 / 60
_WOKEN_BURST: Final = 4.0
# While people wait, servers are asked again before a router forgets us: RFC 4787 wants two minutes at least
# for UDP, many give 30 s. With rounds of 3 s that is every 12 to 15 s. Over TCP relays hang up on whoever
# asks where it comes from, and a router that keeps our port only for them may forget us as soon.
_ASK_AGAIN_MS: Final = 12_000.0


class Seeker(ABC):
    """`now` in milliseconds. What came and was dropped is counted in `counters`, by reason.

    loopback  whether this machine's own addresses may be candidates: both ends run on it
    counters  where to count; None: its own
    before    what we offered last, if only the other end began anew: it goes on being our offer. With another
              one we would look as if we had begun anew ourselves, the other end would begin anew because of
              that, and so on without end
    """

    def __init__(
        self,
        random: Random,
        now: float,
        *,
        loopback: bool,
        counters: Counter[str] | None,
        before: Offer | None,
    ) -> None:
        self.counters: Counter[str] = Counter() if counters is None else counters
        if before is None:
            own = Credentials(random(FRAGMENT_SIZE), random(PASSWORD_SIZE))
            edition = Edition(int(now), 0)
        else:
            own, edition = before.credentials, following(before.edition)
        self._signalling = Signalling(own, edition, self.counters)
        self._own = OwnAddresses(random, loopback=loopback)
        self._search = Search()
        self._waking = seldom()
        self._questions: list[tuple[Address, bytes]] = []

    @property
    def offered(self) -> Offer:
        """What we offer."""
        return self._signalling.own

    @property
    def remote(self) -> Offer | None:
        """What the other end offers, as far as we know."""
        return self._signalling.remote

    @property
    def answers(self) -> int:
        """How many servers have said how they see us: two must, to tell whether they see the same."""
        return self._own.answers

    # What the shell knows

    def set_hosts(self, addresses: Iterable[Address], now: float) -> None:
        """The addresses of our own ports; when they change while we look, everything is looked at anew."""
        if self._own.set_hosts(addresses) and self._has_begun and not self._is_content:
            self._begin(now)

    def set_mapped(self, addresses: Iterable[Address], now: float) -> None:
        """What the router keeps open for us."""
        self._own.set_mapped(addresses)
        if self._has_begun:
            self._tell(now)

    def set_servers(self, servers: Iterable[Address]) -> None:
        """The STUN servers to ask from the next search on."""
        self._own.set_servers(servers)

    def start(self, now: float) -> None:
        """Signals reach the other end: looks for a path. If it does already, its offer is said again."""
        if self._has_begun:
            self._signalling.insist(now)
        else:
            self._begin(now)

    def look_hard(self, until: float, now: float) -> None:
        """Until then no rests, and our mapping stays open: somebody carries our offer to the other end."""
        self._search.look_hard(until)
        if self._search.stage is Stage.RESTING and not self._is_content:
            self._begin(now)

    def peer_began_anew(self) -> None:
        """Its session says so. What we have found is used until its offer says so too, for the session may
        have been found by this very path; while there is none, even an offer by an earlier clock is news.
        """
        if not self._has_path:
            self._signalling.expect_anew()

    # What an agent adds

    @property
    @abstractmethod
    def _has_path(self) -> bool:
        """Whether there is one."""

    @property
    def _is_content(self) -> bool:
        """Whether it looks no further, because a path is there and no other would be taken."""
        return False

    @abstractmethod
    def _begin_trying(self, now: float) -> None:
        """A search begins: all of the other end's addresses are worth another try."""

    @abstractmethod
    def _forget_peer(self) -> None:
        """It began anew: its old addresses and password are void."""

    # What agents use

    @property
    def _has_begun(self) -> bool:
        return self._search.stage is not Stage.IDLE

    def _begin(self, now: float, *, patiently: bool = False) -> None:
        """A search of our own; the other end is told to look too."""
        self._look(now, patiently=patiently)
        self._signalling.renew(now)
        self._announce(now)

    def _wake(self, now: float, *, patiently: bool) -> bool:
        """The other end has begun a search, or has more addresses. Returns whether that ends our rest."""
        if self._search.stage is not Stage.RESTING or not self._waking.take(now):
            return False
        self._look(now, patiently=patiently)
        return True

    def _hear(self, body: bytes, now: float) -> tuple[Offer, bool] | None:
        """Its offer, if that is news, and whether it is of an attempt that we know: else all is forgotten."""
        before = self.remote
        offer = self._signalling.came(body, now)
        if offer is None:
            return None
        is_known = before is not None and before.edition.attempt == offer.edition.attempt
        if before is not None and not is_known:
            self._forget_peer()
        return offer, is_known

    def _tell(self, now: float) -> None:
        """More is known of how we may be reached. It is told unless there is nothing to look for."""
        if not self._is_content:
            self._announce(now)

    def _announce(self, now: float) -> None:
        own = self._own
        self._signalling.announce(own.candidates(), symmetric=own.symmetric, deaf=own.deaf(now), now=now)

    def _answered(self, message: Message, server: Address, now: float) -> bool:
        """Whether this is a server's answer to us."""
        if not self._own.answered(message, server):
            return False
        self._tell(now)
        return True

    def _ask_again(self, now: float) -> None:
        """Between two rounds, while people wait."""
        if self._search.is_hard(now) and now >= self._own.asked + _ASK_AGAIN_MS:
            self._own.ask(now)
            self._ask(now)

    def _ask(self, now: float) -> None:
        self._questions += self._own.take_questions(now)

    def _take_questions(self) -> list[tuple[Address, bytes]]:
        questions, self._questions = self._questions, []
        return questions

    def _next_timeout(self) -> float:
        return min(self._search.next_timeout(), self._own.next_timeout(), self._signalling.next_timeout())

    def _look(self, now: float, *, patiently: bool) -> None:
        self._search.begin(now, patiently=patiently)
        self._begin_trying(now)
        self._own.ask(now)
        self._ask(now)


def seldom() -> TokenBucket:
    """How often the other end's offers may cause what costs both of us something."""
    return TokenBucket(_WOKEN_PER_SECOND, _WOKEN_BURST)
