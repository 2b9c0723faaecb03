"""All paths of one session: which are up, which carry, and which is due for a heartbeat."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from tunnel.path import RELAX_MS, Path, PathId, choose, entitled, is_suffering
from tunnel.verdict import verdict

# A choice is kept this long: hundreds of datagrams a second need no new opinion each.
_CHOICE_MS: Final = 20.0


class Transmit(NamedTuple):
    """Put these bytes on these paths, now."""

    datagram: bytes
    paths: tuple[PathId, ...]


class PathSet:
    """`now` in milliseconds."""

    def __init__(self, ids: Iterable[PathId]) -> None:
        self.all = {id: Path(id) for id in ids}
        self._heartbeats: dict[PathId, float] = {}  # of the paths that are up: when the next one is due
        self._trouble_until = float("-inf")
        self._choice: tuple[PathId, ...] = ()
        self._choice_until = float("-inf")

    @property
    def up(self) -> tuple[PathId, ...]:
        """The paths that can carry datagrams now."""
        return tuple(self._heartbeats)

    def set_up(self, id: PathId, now: float) -> None:
        """This path can carry datagrams; its first heartbeat is due at once."""
        self.all[id].up = True
        self._heartbeats[id] = now
        self.reconsider()

    def set_down(self, id: PathId) -> None:
        """It cannot any more."""
        path = self.all[id]
        path.up = path.carrying = False
        self._heartbeats.pop(id, None)
        self.reconsider()

    def peer_restarted(self) -> None:
        """Another run of the peer: its counts begin anew."""
        for path in self.all.values():
            path.peer_restarted()

    def count_sent(self, ids: Iterable[PathId]) -> None:
        """A datagram was put on each of these."""
        for id in ids:
            self.all[id].sent += 1

    def carriers(self, now: float, *, unanswered_for: float, round_trip: float) -> tuple[PathId, ...]:
        """The paths for the next datagram; decided anew every 20 ms, or at once after a change."""
        if now < self._choice_until:
            return self._choice
        views = [self.all[id].view(now) for id in self._heartbeats]
        losses = [view.loss for view in entitled(views)]
        if is_suffering(unanswered_for=unanswered_for, round_trip=round_trip, losses=losses):
            self._trouble_until = now + RELAX_MS
        self._choice = choose(views, suffering=now < self._trouble_until)
        self._choice_until = now + _CHOICE_MS
        for view in views:
            self.all[view.id].carrying = view.id in self._choice
        return self._choice

    def verdicts(self, now: float) -> dict[PathId, str]:
        """Of each path that is up, why it carries or not, for people."""
        views = [self.all[id].view(now) for id in self._heartbeats]
        suffering = now < self._trouble_until
        return {view.id: verdict(view, views, suffering=suffering) for view in views}

    def reconsider(self) -> None:
        """Something has just gone wrong or right: the next datagram's paths are chosen anew."""
        self._choice_until = float("-inf")

    def take_due_heartbeats(self, now: float, interval: float) -> list[PathId]:
        """The paths whose heartbeat is due; the next one is due after `interval`."""
        due = [id for id, moment in self._heartbeats.items() if now >= moment]
        for id in due:
            self._heartbeats[id] = now + interval
        return due

    def hurry_heartbeats(self, by: float) -> None:
        """None is due later than `by`."""
        for id, moment in self._heartbeats.items():
            if moment > by:
                self._heartbeats[id] = by

    def next_heartbeat(self) -> float:
        """When the next path is due for one; infinity if none is up."""
        return min(self._heartbeats.values(), default=float("inf"))
