"""One end of the conversation: handshakes, inputs, receipts, heartbeats, silence. No I/O, no clock of its
own.

Law of use: after any call that may change something (`path_up`, `path_down`, `receive`, `submit`, `cancel`,
`report`, `send_note`, `handle_timeout`), and before waiting for anything, take `events()`, send what
`collect(now)` returns and take `events()` again; then wait no longer than until `next_timeout()` and call
`handle_timeout(now)`. Calling too early or too often is harmless. `now` is in milliseconds and never
decreases.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from tunnel.channel import Channel
from tunnel.clock import PeerClock
from tunnel.envelope import DatagramError, Header, Type, parse_header
from tunnel.events import Connected, Event, NoteArrived, Outcome
from tunnel.evidence import Evidence
from tunnel.frame import Frame, SequenceId
from tunnel.handshake import Established, Initiator, Random, Responder
from tunnel.identity import Identity, PublicKey
from tunnel.keyring import Keyring
from tunnel.liveness import Liveness, Phase, Trigger
from tunnel.messages import (
    HEARTBEAT,
    INQUIRY,
    NOTE_BASE,
    NOTES_ROOM,
    RECEIPTS,
    SENT_SIZE,
    micros,
    near,
    pack_heartbeat,
    pack_inputs,
    pack_notes,
    packs,
    parse_heartbeat,
    parse_ids,
    parse_inputs,
    parse_notes,
    parse_receipts,
)
from tunnel.notes import Notes
from tunnel.offers import KNOCK, Offers
from tunnel.path import Path, PathId
from tunnel.pathset import PathSet, Transmit
from tunnel.receiving import Receiving
from tunnel.sending import Sending
from tunnel.timing import Timer, Timing

# How long after the last input heartbeats stay frequent, and how long the other end counts on that: less, so
# that slowing down never looks like a silence.
_LIVELY_MS: Final = 4_000.0
_EXPECTED_LIVELY_MS: Final = 1_000.0


class Role(enum.Enum):
    """Which end this is. The sender starts handshakes and sends inputs; the receiver answers both."""

    SENDER = "sender"
    RECEIVER = "receiver"


class Session:
    """See the law of use above. What came and was dropped is counted in `counters`, by reason."""

    def __init__(
        self,
        *,
        role: Role,
        identity: Identity,
        peer: PublicKey,
        paths: Iterable[PathId],
        random: Random,
        timing: Timing,
    ) -> None:
        self.counters: Counter[str] = Counter()
        self.paths = PathSet(paths)
        self._identity = identity
        self._timing = timing
        self._liveness = Liveness(timing)
        epoch = int.from_bytes(random(8), "little")
        self._offers: Offers | None = None
        self._responder: Responder | None = None
        self._sending: Sending | None = None
        self._receiving: Receiving | None = None
        if role is Role.SENDER:
            self._offers = Offers(Initiator(identity, peer, epoch, random), timing, self.paths)
            self._sending = Sending(timing)
        else:
            self._responder = Responder(identity, peer, epoch, random)
            self._receiving = Receiving(self.counters)
        self._keyring = Keyring(self._responder)
        self._clock: PeerClock | None = None
        self._peer_epoch: int | None = None
        self._events: list[Event] = []
        self._handshakes: list[Transmit] = []
        self._notes = Notes(self.counters)
        self._evidence = Evidence(peer)
        self._answer_on: set[PathId] = set()  # where the last inputs came from

    # What the program above says

    def path_up(self, id: PathId, now: float) -> None:
        """This path can carry datagrams."""
        self.paths.set_up(id, now)
        if self.phase is Phase.LIVE:
            return
        if self._offers is not None:
            self._offers.hurry(now)
        else:
            self._handshakes.append(Transmit(KNOCK, (id,)))

    def path_down(self, id: PathId) -> None:
        """This path carries nothing any more."""
        self.paths.set_down(id)

    def submit(self, frames: tuple[Frame, ...], now: float) -> SequenceId:
        """Sends a sequence (sender only). Raises OutboxFull, or FrameError for frames that are none."""
        assert self._sending is not None, "only the sender submits"
        id = self._sending.submit(frames, now)
        self.paths.hurry_heartbeats(now + self._timing.heartbeat)
        return id

    def cancel(self, ids: Iterable[SequenceId], now: float) -> None:
        """Takes sequences back (sender only); no ids means everything."""
        assert self._sending is not None, "only the sender cancels"
        self._sending.cancel(ids, now)

    def report(self, id: SequenceId, outcome: Outcome, now: float) -> None:
        """Says what became of a sequence (receiver only)."""
        assert self._receiving is not None, "only the receiver reports"
        if self._clock is not None:
            self._receiving.report(id, outcome, self._clock, now)

    def send_note(self, kind: int, body: bytes) -> None:
        """A small message, best effort: the oldest waiting one makes room. Raises ValueError if too big."""
        self._notes.put(kind, body)

    @property
    def phase(self) -> Phase:
        """What the link is worth right now."""
        return self._liveness.phase

    @property
    def in_flight(self) -> int:
        """Orders not yet settled (sender only)."""
        return 0 if self._sending is None else len(self._sending)

    @property
    def clock(self) -> PeerClock | None:
        """What is known of the peer's clock; None before the first handshake."""
        return self._clock

    # What comes from the network

    def receive(self, datagram: bytes, path: PathId, now: float) -> None:
        """Any bytes at all: used, or counted and dropped."""
        try:
            header = parse_header(datagram)
            if header.type is Type.HELLO:
                self._hello_came(header, datagram, path, now)
            elif header.type is Type.WELCOME:
                self._welcome_came(header, datagram, path, now)
            elif header.type is Type.KNOCK:
                self._knock_came(datagram, path, now)
            else:
                self._sealed_came(header, datagram, path, now)
        except DatagramError as error:
            self.counters[f"dropped: {error.reason}"] += 1

    def events(self) -> list[Event]:
        """What has happened since the last call, in order."""
        events, self._events = self._events, []
        return events

    def handle_timeout(self, now: float) -> None:
        """Does what has fallen due."""
        if self._sending is not None:
            self._events += self._sending.handle_timeout(now)
        if now >= self._silence_deadline():
            self._move(Trigger.SILENCE, now)
        self._keyring.expire(now)
        if self._keyring.current is None and self.phase is not Phase.DOWN:
            self._move(Trigger.EXPIRED, now)
        if self._offers is not None:
            self._handshakes += self._offers.take(now)

    def deadlines(self) -> dict[Timer, float]:
        """When each timer fires; infinity for those that are off."""
        can_send = self._keyring.current is not None
        return {
            Timer.OFFER: float("inf") if self._offers is None else self._offers.next_timeout,
            Timer.SILENCE: self._silence_deadline(),
            Timer.KEYS: self._keyring.next_expiry(),
            Timer.ORDERS: float("inf") if self._sending is None else self._sending.next_timeout(),
            Timer.HEARTBEAT: self.paths.next_heartbeat() if can_send else float("inf"),
        }

    def next_timeout(self) -> float:
        """When to call `handle_timeout` and `collect` at the latest; infinity if nothing is awaited."""
        return min(self.deadlines().values())

    def collect(self, now: float) -> list[Transmit]:
        """Everything that has to leave now, inputs before notes."""
        if not self._evidence.holds():
            self._disbelieve(now)
        transmits, self._handshakes = self._handshakes, []
        channel = self._keyring.current
        if channel is not None and not channel.expired(now) and self._clock is not None and self.paths.up:
            transmits += self._inputs(channel, self._clock, now)
            transmits += self._collect_notes(channel, now)
            transmits += self._due_heartbeats(channel, now)
        return transmits

    # Handshakes

    def _hello_came(self, header: Header, datagram: bytes, path: PathId, now: float) -> None:
        if self._responder is None:
            raise DatagramError("not for this end")
        answer = self._responder.hello(header, datagram, path, now)
        self._handshakes.append(Transmit(answer, (path,)))

    def _welcome_came(self, header: Header, datagram: bytes, path: PathId, now: float) -> None:
        if self._offers is None:
            raise DatagramError("not for this end")
        established = self._offers.answered(header, datagram, path, now)
        self._keyring.install(established, now)
        self._connect(established, established.peer_clock, now)

    def _knock_came(self, datagram: bytes, path: PathId, now: float) -> None:
        if self._offers is None:
            raise DatagramError("not for this end")
        self._offers.knocked(datagram, path, now, heard=self.phase is Phase.LIVE)

    def _connect(self, established: Established, peer_clock: float, now: float) -> None:
        """A channel has come alive: `peer_clock` is what the peer's clock showed when it answered us."""
        fresh = established.epoch != self._peer_epoch
        if fresh or self._clock is None:
            self._peer_epoch = established.epoch
            self._clock = PeerClock(now, peer_clock)
            self.paths.peer_restarted()
            if self._sending is not None:
                self._events += self._sending.peer_restarted()
            if self._receiving is not None:
                self._receiving.peer_restarted()
        self._clock.sample(sent=established.said_at, held=0.0, peer_time=peer_clock, now=now)
        self.paths.hurry_heartbeats(now)
        if fresh or self.phase is Phase.DOWN:
            self._events.append(Connected(fresh))
        self._events += self._liveness.established(now)

    # Sealed datagrams

    def _sealed_came(self, header: Header, datagram: bytes, id: PathId, now: float) -> None:
        channel, content, first, confirmed = self._keyring.open(header, datagram, now)
        sent = int.from_bytes(content[:SENT_SIZE], "little")
        if confirmed is not None:
            self._connect(confirmed, near(sent, confirmed.peer_clock), now)
        if not channel.first_on(id, header.counter):
            self.counters["replays"] += 1
            return
        path = self.paths.all[id]
        held_back = self._is_held_back(sent, now)
        is_inputs = header.type is Type.INPUTS
        path.copy_came(first=first and is_inputs, held_back=held_back, now=now)
        if not first:
            self.counters["copies"] += 1
            return
        if is_inputs:
            if self._receiving is None:
                raise DatagramError("not for this end")
            content = self._evidence.keep(channel, datagram, content)
            self._inputs_came(self._receiving, content, path, now)
        else:
            self._notes_came(content, path, now)
        if not held_back:
            self._events += self._liveness.heard(now)

    def _inputs_came(self, receiving: Receiving, content: bytes, path: Path, now: float) -> None:
        assert self._clock is not None, "a channel has come alive before it opens anything"
        sent, records = parse_inputs(content)
        self._answer_on.add(path.id)
        self.paths.hurry_heartbeats(now + self._timing.heartbeat)
        self._events += receiving.inputs_came(sent, records, self._clock, now)

    def _notes_came(self, content: bytes, path: Path, now: float) -> None:
        sent, items = parse_notes(content)
        assert self._clock is not None, "a channel has come alive before it opens anything"
        for kind, body in items:
            if kind == HEARTBEAT:
                self._heartbeat_came(body, sent, path, self._clock, now)
            elif kind == RECEIPTS and self._sending is not None:
                self._receipts_came(self._sending, body, sent, self._clock, now)
            elif kind == INQUIRY and self._receiving is not None:
                self._receiving.inquiry_came(parse_ids(body))
            elif kind >= NOTE_BASE:
                self._events.append(NoteArrived(kind - NOTE_BASE, body))
            else:
                raise DatagramError("content")

    def _heartbeat_came(self, body: bytes, sent: int, path: Path, clock: PeerClock, now: float) -> None:
        heartbeat = parse_heartbeat(body)
        round_trip = path.heartbeat_came(heartbeat, sent, now)
        if round_trip is not None:
            held, peer_time = heartbeat.held / 1000, near(sent, clock.to_peer(now))
            out = now - round_trip - held
            clock.sample(sent=out, held=held, peer_time=peer_time, now=now, first_copy=False)

    def _receipts_came(self, sending: Sending, body: bytes, sent: int, clock: PeerClock, now: float) -> None:
        receipts = parse_receipts(body)
        peer_time = near(sent, clock.to_peer(now))
        clock.sample(sent=near(receipts.echo, now), held=receipts.held / 1000, peer_time=peer_time, now=now)
        self._events += sending.receipts_came(receipts, now)

    # What leaves

    def _inputs(self, channel: Channel, clock: PeerClock, now: float) -> Iterator[Transmit]:
        if self._sending is None:
            return
        sent = micros(now)
        for records in self._sending.again(clock, now):
            self.paths.reconsider()
            yield self._transmit(
                channel.seal_signed(pack_inputs(sent, records), self._identity), self.paths.up
            )
        for records in self._sending.fresh(clock, now):
            datagram = channel.seal_signed(pack_inputs(sent, records), self._identity)
            yield self._transmit(datagram, self._carriers(now))

    def _transmit(self, datagram: bytes, paths: tuple[PathId, ...]) -> Transmit:
        """Counted at once, so that a heartbeat made next says a true count. Handshakes do not count."""
        self.paths.count_sent(paths)
        return Transmit(datagram, paths)

    def _collect_notes(self, channel: Channel, now: float) -> Iterator[Transmit]:
        items = [] if self._sending is None else self._sending.inquiries()
        paths = self._carriers(now) if items or self._notes else ()
        if self._receiving is not None and self._receiving.has_receipts():
            items += self._receiving.receipts(now)
            # Also where the inputs came from: that path works, whatever became of the ones we chose.
            paths = tuple(dict.fromkeys((*self._carriers(now), *(self._answer_on & set(self.paths.up)))))
        self._answer_on.clear()
        items += self._notes.take()
        for pack in packs(items, NOTES_ROOM):
            yield self._transmit(channel.seal(Type.NOTES, pack_notes(micros(now), pack)), paths)

    def _due_heartbeats(self, channel: Channel, now: float) -> Iterator[Transmit]:
        lively = now < self._last_date + _LIVELY_MS
        interval = self._timing.heartbeat if lively else self._timing.idle_heartbeat
        self._carriers(now)
        for id in self.paths.take_due_heartbeats(now, interval):
            item = pack_heartbeat(self.paths.all[id].make_heartbeat(now))
            yield self._transmit(channel.seal(Type.NOTES, pack_notes(micros(now), [item])), (id,))

    def _carriers(self, now: float) -> tuple[PathId, ...]:
        unanswered = 0.0 if self._sending is None else self._sending.unanswered_for(now)
        round_trip = self._clock.round_trip if self._clock else None
        return self.paths.carriers(now, unanswered_for=unanswered, round_trip=round_trip or 0.0)

    # Silence

    def _disbelieve(self, now: float) -> None:
        """A peer whose seal holds and whose signature does not: nothing it pressed may stay down."""
        self.counters["dropped: signature"] += 1
        self._keyring.drop()
        if self.phase is not Phase.DOWN:
            self._move(Trigger.EXPIRED, now)

    def _is_held_back(self, sent: int, now: float) -> bool:
        """Whether a relay kept it so long that it is no sign of life: what is stale says nothing about
        now.
        """
        assert self._clock is not None, "a channel has come alive before it opens anything"
        if self._clock.age(sent, now) <= self._timing.stale_after:
            return False
        self.counters["held back"] += 1
        return True

    def _silence_deadline(self) -> float:
        since = float("-inf") if self._sending is None else self._sending.lively_since
        return self._liveness.silence_deadline(since, self._last_date + _EXPECTED_LIVELY_MS)

    @property
    def _last_date(self) -> float:
        """When the last input under way or held is over."""
        end = self._receiving if self._sending is None else self._sending
        assert end is not None, "an end is one or the other"
        return end.last_date

    def _move(self, trigger: Trigger, now: float) -> None:
        self._events += self._liveness.move(trigger)
        if self._offers is not None and self.phase is not Phase.LIVE:
            self._offers.hurry(now)
