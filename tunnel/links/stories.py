"""What a direct link tells people (Story in direct.py), from what its search knows. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tunnel.links.direct import Story, Tried
from tunnel.nat.candidates import Candidate, Kind
from tunnel.nat.offer import Offer
from tunnel.nat.pairs import Pair, State
from tunnel.nat.stun import Address

NOTHING: Final = Story(address=None, own=(), tried=(), symmetric=(None, None), deaf=(None, None))

KIND_WORDS: Final = {
    Kind.HOST: "own",
    Kind.REFLEXIVE: "seen",
    Kind.MAPPED: "mapped",
    Kind.PEER: "met",
}


def tell(
    own: Offer, remote: Offer | None, pairs: Iterable[Pair], *, selected: Address | None, answers: int
) -> Story:
    """The story of a search.

    own, remote  what both ends offer; None: nothing came
    pairs        the other end's addresses, as they fare
    selected     where datagrams go
    answers      servers that have told how they see us
    """
    return Story(
        address=selected,
        own=tuple((KIND_WORDS[kind], address) for kind, address in own.candidates),
        tried=tuple(_tried(pair) for pair in pairs),
        symmetric=(
            _here(own.symmetric, answers >= 2),
            _there(remote, remote is not None and remote.symmetric),
        ),
        deaf=(_here(own.deaf, answers >= 1), _there(remote, remote is not None and remote.deaf)),
    )


def _tried(pair: Pair) -> Tried:
    if pair.state is State.FAILED:
        state = "silent"
    elif pair.state is State.WAITING:
        state = "asked" if pair.asked else "waiting"
    else:
        state = "in use" if pair.watched else "answers"
    return Tried(kind=KIND_WORDS[pair.kind], address=pair.address, state=state, asked=pair.asked)


def _here(said: bool, known: bool) -> bool | None:
    return said if said or known else None


def _there(remote: Offer | None, said: bool) -> bool | None:
    """An offer's flags say yes or nothing; that they say no needs a server that has seen the other end."""
    if remote is None:
        return None
    return _here(said, any(_is_seen(candidate) for candidate in remote.candidates))


def _is_seen(candidate: Candidate) -> bool:
    return candidate.kind is Kind.REFLEXIVE
