"""Runs an exchange over real links: sends what it says, hands it what arrives, wakes it up in time.

All relays are used at once, as everywhere here. A relay that was there and is lost is tried again as long as
the exchange lasts. One that never was there, or does not want us, is given up; after the last one it is over.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence

from tunnel import backoff
from tunnel.links.link import Link, LinkError
from tunnel.pairing.exchange import Exchange
from tunnel.pairing.outcome import Failure, Paired
from tunnel.relay.refusal import NOT_LISTED
from tunnel.wallclock import WallClock

_log = logging.getLogger(__name__)


class PairingError(Exception):
    """Nobody was paired. One sentence, or some, for the person who waits."""


class Meeting:
    """One exchange over some links. `run` once."""

    def __init__(self, exchange: Exchange, links: Sequence[Link], address: str, clock: WallClock) -> None:
        """`address` is our own, for the sentence that says what a relay's owner has to do."""
        self._exchange = exchange
        self._links = links
        self._address = address
        self._clock = clock
        self._stirred = asyncio.Event()
        self._given_up: list[str] = []
        self._ready: Callable[[], None] | None = None

    async def run(self, on_ready: Callable[[], None], on_paired: Callable[[Paired], None]) -> None:
        """Until both sides know each other, and the last word is said. Raises PairingError.

        on_ready   called once, when the first relay is there: now is the time to show the code
        on_paired  called once; what is to be kept must be on the disk when it returns. Whatever it raises
                   ends this, and is raised here; the other side then waits in vain, and says so
        """
        self._ready = on_ready
        carrying = [asyncio.create_task(self._carry(link)) for link in self._links]
        try:
            await self._talk(on_paired)
        finally:
            for task in carrying:
                task.cancel()
            await asyncio.gather(*carrying, return_exceptions=True)

    async def _talk(self, on_paired: Callable[[Paired], None]) -> None:
        exchange, told = self._exchange, False
        while not exchange.over:
            self._stirred.clear()
            if isinstance(exchange.outcome, Paired) and not told:
                told = True
                on_paired(exchange.outcome)
                exchange.stored(self._clock.now())
            for datagram in exchange.datagrams(self._clock.now()):
                for link in self._links:
                    link.send(datagram)
            if len(self._given_up) == len(self._links) and exchange.outcome is None:
                raise PairingError("\n".join(self._given_up))
            await self._pause(exchange.next_timeout())
            exchange.handle_timeout(self._clock.now())
        if isinstance(exchange.outcome, Failure):
            raise PairingError(exchange.outcome.value)

    async def _pause(self, until: float | None) -> None:
        """Until something arrives, or `until`."""
        if until is None:
            return
        try:
            async with asyncio.timeout(max(0.0, until - self._clock.now()) / 1000):
                await self._stirred.wait()
        except TimeoutError:
            pass  # that is what we waited for

    async def _carry(self, link: Link) -> None:
        """Keeps one link up for as long as that makes sense."""
        was_up, failures = False, 0

        def up() -> None:
            nonlocal was_up, failures
            was_up, failures = True, 0
            self._exchange.reconnected(self._clock.now())
            if self._ready is not None:
                ready, self._ready = self._ready, None
                ready()
            self._stirred.set()

        while True:
            try:
                await link.run(up, self._receive)
            except LinkError as error:
                if error.refused or not was_up:
                    self._give_up(str(error))
                    return
                failures += 1
                if failures == 1:
                    _log.warning("%s Trying again.", error)
            wait_ms = backoff.next_wait_ms(failures, others_up=False, draw=random.random())
            await asyncio.sleep(wait_ms / 1000)

    def _receive(self, datagram: bytes) -> None:
        self._exchange.receive(datagram, self._clock.now())
        self._stirred.set()

    def _give_up(self, text: str) -> None:
        if NOT_LISTED.text in text:
            text += (
                " Pairing needs a relay that lets anybody in (`open: true`), or one whose owner adds "
                f"{self._address} to its `allow`."
            )
        self._given_up.append(text)
        if len(self._given_up) < len(self._links):
            _log.warning("%s Going on without it.", text)
        self._stirred.set()
