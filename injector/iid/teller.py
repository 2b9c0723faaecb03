"""Tells one WebSocket connection what the pads do, and keeps no queue for it.

A listener that reads slowly is not told everything later: once it reads again it is told how to get from what
it was told last to what is true now. So a stalled one costs four reports of memory and nobody else's time.
"""

from __future__ import annotations

from collections import Counter

from websockets.asyncio.connection import broadcast

from injector.iid.speech import Speech
from injector.report import Report
from tunnel.links.fast import FastConnection


class Teller:
    """It takes the connection's `on_writable` for itself."""

    def __init__(self, connection: FastConnection, speech: Speech, counters: Counter[str]) -> None:
        self._connection = connection
        self._speech = speech
        self._counters = counters
        self._wanted: dict[int, Report] = {}  # the pads that differ, or may, from what was told
        self._owes_rest = False
        connection.on_writable = self._catch_up

    def show(self, pad: int, report: Report) -> None:
        """This pad looks like this now."""
        self._wanted[pad] = report
        self._catch_up()

    def rest(self) -> None:
        """Every pad is at rest now: said in full, whatever the listener believes."""
        self._wanted.clear()
        self._owes_rest = True
        self._catch_up()

    def _catch_up(self) -> None:
        if self._connection.paused:
            self._counters["held_back"] += 1
            return
        if self._owes_rest:
            self._owes_rest = False
            self._tell(self._speech.rest())
        wanted, self._wanted = self._wanted, {}
        for pad, report in wanted.items():
            self._tell(self._speech.say(pad, report))

    def _tell(self, records: list[bytes]) -> None:
        for record in records:
            broadcast((self._connection,), record)
        self._counters["records_sent"] += len(records)
