"""What the direct link over TCP tells people (Story in direct.py), from what its search knows. Pure."""

from __future__ import annotations

from dataclasses import replace

from tunnel.links import stories
from tunnel.links.direct import Story, Tried
from tunnel.nat.stun import Address
from tunnel.nat.tcp.agent import TcpAgent
from tunnel.nat.tcp.targets import Target


def tell(agent: TcpAgent, used: Address | None) -> Story:
    """The story of a search. `used` is where the path leads; an address that was not offered was met."""
    story = stories.tell(agent.offered, agent.remote, (), selected=used, answers=agent.answers)
    tried = [_tried(target, used) for target in agent.tried]
    if used is not None and all(target.address != used for target in agent.tried):
        tried.append(Tried(kind="met", address=used, state="in use", asked=0))
    return replace(story, tried=tuple(tried))


def _tried(target: Target, used: Address | None) -> Tried:
    if target.address == used:
        state = "in use"
    elif target.connected or target.met:
        state = "answers"
    elif target.is_open:
        state = "asked" if target.asked else "waiting"
    else:
        state = "silent" if target.asked else "waiting"
    return Tried(
        kind=stories.KIND_WORDS[target.kind], address=target.address, state=state, asked=target.asked
    )
