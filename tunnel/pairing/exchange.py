"""Two machines that know the same code become acquainted: the state machine of one of them. No I/O.

    guest (types the code)                                    host (shows the code)
      KNOCKING  -- KNOCK: its SPAKE2 element ----------------->  WAITING
                <- ANSWER: the host's element -----------------  ANSWERED
      PROVING   -- PROOF: HMAC, who I am, sealed ------------->             wrong: the code is used up
                <- REPLY: HMAC, who I am, sealed --------------  PROVEN
      PAIRED    -- STORED: HMAC, once it is written down ----->  PAIRED

Law of use: after every call of `receive`, `reconnected`, `handle_timeout` and `stored`, send all of
`datagrams()` over every link, look at `outcome`, and be back at `next_timeout()`. When `outcome` is a Paired,
write it down and call `stored`; stay until `over`. `now` is in milliseconds.

One guess per code. The host answers one knock ever, and judges one proof ever; until that proof was right it
says nothing that a guess could be compared with. The guest takes one answer, says one proof and judges one
reply. Whatever goes wrong after the knock uses the code up, and both people are told: nobody guesses unseen.

What others in the room, or the relay, can do with messages of their own: make this exchange fail, seen by
both. What they send costs a parse each, and for a whole code at most one run of SPAKE2, about 10 ms, and one
decryption; what leaves, leaves by the clock and not in answer. BURNT cannot be authenticated, as there is no
common key then; so it is believed only where the worst it does is to end an exchange before either side has
written anything down.

The last message of any protocol may be lost: if STORED never comes, the guest has written down the host, and
the host nothing. It says so, and the next code mends it.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from tunnel.identity import Identity, PublicKey
from tunnel.pairing.code import Code
from tunnel.pairing.introduction import MOST_RELAYS, Introduction, IntroductionError, check_relays
from tunnel.pairing.messages import RUN_SIZE, Kind, Message, MessageError
from tunnel.pairing.outcome import Failure, Paired
from tunnel.pairing.pake import Keys, Pake, PakeError, Side

# A person reads the code out, another one starts a program and types it.
HOST_PATIENCE_MS: Final = 600_000.0
# The host is there before there is a code: a minute is for a relay it has just lost.
GUEST_PATIENCE_MS: Final = 60_000.0
# From then on only machines speak. Several reconnects of a bad line fit.
_STEP_MS: Final = 20_000.0
_REPEAT_MS: Final = 1_000.0  # what gets no answer is said again
_LINGER_MS: Final = 1_500.0  # the last word is said twice: a link may be down at the first time


class State(enum.Enum):
    """See the picture above."""

    WAITING = enum.auto()
    ANSWERED = enum.auto()
    PROVEN = enum.auto()
    KNOCKING = enum.auto()
    PROVING = enum.auto()
    PAIRED = enum.auto()
    FAILED = enum.auto()


# What may come when. What is not here is somebody else's, late or made up: counted and dropped.
_MOVES: Final[Mapping[tuple[State, Kind], State]] = MappingProxyType(
    {
        (State.WAITING, Kind.KNOCK): State.ANSWERED,
        (State.ANSWERED, Kind.PROOF): State.PROVEN,
        (State.ANSWERED, Kind.BURNT): State.FAILED,
        (State.PROVEN, Kind.STORED): State.PAIRED,
        (State.KNOCKING, Kind.ANSWER): State.PROVING,
        (State.PROVING, Kind.REPLY): State.PAIRED,
        (State.PROVING, Kind.BURNT): State.FAILED,
    }
)

# What it means when nothing comes.
_SILENCE: Final[Mapping[State, Failure]] = MappingProxyType(
    {
        State.WAITING: Failure.NOBODY_CAME,
        State.KNOCKING: Failure.NOBODY_ANSWERED,
        State.ANSWERED: Failure.SILENT,
        State.PROVING: Failure.SILENT,
        State.PROVEN: Failure.UNFINISHED,
    }
)


class Exchange:
    """One side of one pairing: see the law of use above. `counters` has what came and was dropped."""

    def __init__(
        self,
        side: Side,
        code: Code,
        identity: Identity,
        relays: Sequence[str],
        now: float,
        *,
        random: Callable[[int], bytes],
        patience_ms: float | None = None,
    ) -> None:
        """`relays` are told to the other side; IntroductionError if they are too many or too long.

        random  gives so many unpredictable bytes
        """
        check_relays(relays)
        self.outcome: Paired | Failure | None = None
        self.counters: Counter[str] = Counter()
        self._side = side
        self._role = code.shown_by if side is Side.HOST else code.shown_by.other
        self._identity = identity
        self._relays = tuple(relays)
        self._pake = Pake(side, code, random)
        self._keys: Keys | None = None
        self._paired: Paired | None = None
        self._run = bytes(RUN_SIZE)
        self._saying: Message | None = None
        self._say_at = now
        if side is Side.HOST:
            self._state, patience = State.WAITING, HOST_PATIENCE_MS
        else:
            self._state, patience = State.KNOCKING, GUEST_PATIENCE_MS
            self._run = random(RUN_SIZE)
            self._say(Kind.KNOCK, self._pake.element, now)
        self._deadline = now + (patience if patience_ms is None else patience_ms)

    @property
    def over(self) -> bool:
        """Nothing more will be said, and nothing heard."""
        return self.outcome is not None and self._deadline == float("inf")

    @property
    def state(self) -> State:
        """How far it is."""
        return self._state

    def receive(self, datagram: bytes, now: float) -> None:
        """Something came out of the room, from whomever."""
        try:
            message = Message.parse(datagram)
        except MessageError as error:
            self.counters[str(error)] += 1
            return
        if (self._state, message.kind) not in _MOVES:
            self.counters["out_of_turn"] += 1
        elif self._state is not State.WAITING and message.run != self._run:
            self.counters["another_run"] += 1
        else:
            self._hear(message, now)

    def stored(self, now: float) -> None:
        """What was found out is written down: the guest says so. Only once `outcome` is a Paired."""
        assert self._keys is not None, "there are keys once there is a Paired"
        assert self._paired is not None, "stored() follows an outcome that is a Paired"
        if self._side is Side.GUEST:
            mac = self._keys.stored(self._paired.key, self._identity.public)
            self._say(Kind.STORED, mac, now)
            self._deadline = now + _LINGER_MS
        else:
            self._fall_silent()

    def reconnected(self, now: float) -> None:
        """A link came up that did not carry what was said last."""
        self._say_at = now

    def datagrams(self, now: float) -> list[bytes]:
        """What to send now, to everybody in the room."""
        if self._saying is None or now < self._say_at:
            return []
        self._say_at = now + _REPEAT_MS
        return [self._saying.pack()]

    def next_timeout(self) -> float | None:
        """When to call `handle_timeout` if nothing happens before; None: never again."""
        if self.over:
            return None
        return self._deadline if self._saying is None else min(self._deadline, self._say_at)

    def handle_timeout(self, now: float) -> None:
        """Time has passed. Harmless if it is too early."""
        if now < self._deadline:
            return
        if self.outcome is None:
            self._fail(_SILENCE[self._state], now)
        else:
            self._fall_silent()

    def _hear(self, message: Message, now: float) -> None:
        """`message` is what this state waits for. Whether it is true is seen here."""
        after = _MOVES[self._state, message.kind]
        if after is State.FAILED:
            self._fail(Failure.WRONG, now)
        elif message.kind is Kind.STORED:
            self._hear_stored(message.body)
        else:
            try:
                if self._keys is None:
                    self._hear_element(message, now)
                else:
                    self._hear_proof(self._keys, message.body, now)
            except PakeError:
                self._fail(Failure.WRONG, now)
            except IntroductionError:
                self._fail(Failure.NONSENSE, now)

    def _hear_element(self, message: Message, now: float) -> None:
        """A knock or an answer; there is never a second one."""
        self._run = message.run
        self._keys = self._pake.finish(message.body, message.run)
        if self._side is Side.HOST:
            self._enter(State.ANSWERED, now)
            self._say(Kind.ANSWER, self._pake.element, now)
        else:
            self._enter(State.PROVING, now)
            self._say(Kind.PROOF, self._introduce(self._keys, met=None), now)

    def _hear_proof(self, keys: Keys, body: bytes, now: float) -> None:
        """A proof or a reply. The first one is the last one."""
        theirs = Introduction.unpack(keys.opened(self._side.other, body))
        # The guest cannot sign whom it met before it knows.
        met = None if self._side is Side.HOST else self._identity.public
        if theirs.key == self._identity.public:
            self._fail(Failure.OURSELVES, now)
        elif theirs.role is not self._role.other or not theirs.is_proven(keys.transcript, met):
            self._fail(Failure.NONSENSE, now)
        else:
            first, more = self._relays, theirs.relays
            if self._side is Side.GUEST:
                first, more = more, first
            relays = tuple(dict.fromkeys(first + more))[:MOST_RELAYS]
            self._paired = Paired(theirs.role, theirs.key, relays)
            if self._side is Side.HOST:
                self._enter(State.PROVEN, now)
                self._say(Kind.REPLY, self._introduce(keys, met=theirs.key), now)
            else:
                self._enter(State.PAIRED, now)
                self._saying = None
                self.outcome = self._paired

    def _hear_stored(self, body: bytes) -> None:
        """Wrong ones end nothing: the guest may have written everything down by now."""
        assert self._keys is not None, "a proven guest has keys"
        assert self._paired is not None, "a proven guest is known"
        if not self._keys.is_stored(body, self._identity.public, self._paired.key):
            self.counters["forged"] += 1
            return
        self._state = State.PAIRED
        self._saying = None
        self.outcome = self._paired

    def _introduce(self, keys: Keys, met: PublicKey | None) -> bytes:
        own = Introduction.sign(self._identity, self._role, self._relays, keys.transcript, met)
        return keys.sealed(self._side, own.pack())

    def _enter(self, state: State, now: float) -> None:
        self._state = state
        self._deadline = now + _STEP_MS

    def _say(self, kind: Kind, body: bytes, now: float) -> None:
        self._saying = Message(kind, self._run, body)
        self._say_at = now

    def _fail(self, failure: Failure, now: float) -> None:
        """Ends it. Once the code was tried the other side is told, for a while."""
        tried = self._state not in (State.WAITING, State.KNOCKING) or failure is Failure.WRONG
        self._state = State.FAILED
        self.outcome = failure
        if tried:
            self._say(Kind.BURNT, b"", now)
            self._deadline = now + _LINGER_MS
        else:
            self._fall_silent()

    def _fall_silent(self) -> None:
        self._saying = None
        self._deadline = float("inf")
