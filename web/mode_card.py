"""The mode in force, as the page is told of it: a ModeView in plain JSON. It is the bot's word."""

from __future__ import annotations

from typing import TypedDict

from config.views import ModeView


class CandidateCard(TypedDict):
    """Something to vote for: {"text": "left*2", "votes": 14}."""

    text: str
    votes: int


class TeamCard(TypedDict):
    """A team, its pad (from 1) and its size."""

    name: str
    pad: int
    members: int


class ModeCard(TypedDict):
    """Every field as in config.views.ModeView, and one more.

    number  how many views came so far. A page counts `ends_in_ms` down by itself, anew with each number; so
            nothing need be sent while nothing but the time changes.
    """

    number: int
    mode: str
    headline: str
    ends_in_ms: float | None
    candidates: list[CandidateCard]
    voters: int
    quorum: int
    result: str
    player: str
    queue: list[str]
    waiting: int
    delay_ms: float
    teams: list[TeamCard]
    democracy_share: float | None
    democracy_from: float | None
    anarchy_below: float | None
    pinned: bool
    paused: bool


def mode_card(view: ModeView, number: int) -> ModeCard:
    """The card of this view, the `number`th that came."""
    return {
        "number": number,
        "mode": view.mode,
        "headline": view.headline,
        "ends_in_ms": view.ends_in_ms,
        "candidates": [{"text": text, "votes": votes} for text, votes in view.candidates],
        "voters": view.voters,
        "quorum": view.quorum,
        "result": view.result,
        "player": view.player,
        "queue": list(view.queue),
        "waiting": view.waiting,
        "delay_ms": view.delay_ms,
        "teams": [{"name": name, "pad": pad, "members": members} for name, pad, members in view.teams],
        "democracy_share": view.democracy_share,
        "democracy_from": view.democracy_from,
        "anarchy_below": view.anarchy_below,
        "pinned": view.pinned,
        "paused": view.paused,
    }
