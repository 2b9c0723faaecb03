"""What the three programs can be told: one model each, every field with its meaning and a default that works.

The models are frozen. Relative paths are relative to the folder of the file they stand in (`config.load`
sees to it). Secrets are never fields: a field names the file or the environment variable that holds one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from config.addresses import EthereumAddress, HostPort, PublicKeyHex, WebSocketUrl, no_repeats, same_port
from config.base import Misfit, Model
from config.chats import Chat
from config.codes import Control
from config.direct import DirectConfig
from config.files import KeyFile, PassphraseFile, TlsFiles
from config.gateway import GatewayOptions
from config.iid import IidOptions
from config.kinds import Choice, ControllerName, ControlName, Flag, Real, Text, Whole
from config.mistakes import CALL
from config.paths import PathsConfig
from config.places import GamePlace, NewFileName
from config.play import CommandsConfig, ModesConfig
from config.stun import stun_misfits

PeerKey = Annotated[str, PublicKeyHex()]
# Ten is what an endpoint holds at once; past that a home line carries more copies than content.
Relays = Annotated[
    tuple[Annotated[str, WebSocketUrl()], ...],
    Field(max_length=10),
    AfterValidator(no_repeats),
]
Device = Literal["events", "gamepad", "screen", "iid"]
PadKind = Literal["xbox360", "dualshock4"]


class ChatLimits(Model):
    """How much chat may ask for. A rate of 0 is no limit. What is over is dropped and counted."""

    per_user_per_second: Annotated[float, Real(0, 1000)] = Field(
        default=2.0, description="Commands a second that one viewer may send, in the long run; 0 is no limit."
    )
    per_user_burst: Annotated[int, Whole(1, 10_000)] = Field(
        default=5, description="Commands that one viewer may send at once after a pause."
    )
    global_per_second: Annotated[float, Real(0, 1_000_000)] = Field(
        default=2000.0, description="Commands a second that all viewers together may send; 0 is no limit."
    )
    global_burst: Annotated[int, Whole(1, 1_000_000)] = Field(
        default=4000, description="Commands that all viewers together may send at once after a pause."
    )


class BotConfig(Model):
    """The bot: reads chat at the streamer's home and sends what it means to the receiver."""

    identity: KeyFile = Field(description=f"The bot's key file, made by `{CALL} keys new FILE`.")
    identity_passphrase_file: PassphraseFile | None = Field(
        default=None, description="A file whose first line opens the key file, if that is encrypted."
    )
    receiver: PeerKey = Field(
        description=f"The receiver's public key; `{CALL} keys show FILE` prints it there."
    )
    relays: Relays = Field(
        description="The relays to use, at most 10, the receiver's too; none only with direct.enabled."
    )
    direct: DirectConfig = Field(
        default=DirectConfig(), description="Direct paths to the other end, beside the relays."
    )
    paths: PathsConfig = Field(
        default=PathsConfig(), description="Which paths are used, which come first, what they may cost."
    )
    chat: Chat = Field(description="Where chat comes from.")
    controller: Annotated[str, ControllerName()] = Field(
        default="xbox", description="The controller whose words chat uses; docs/controllers.md has them all."
    )
    game: Annotated[str | Path, GamePlace()] | None = Field(
        default=None,
        description="The game: the name of a page in config/games, or the file of your own. Without it, the "
        "controller alone.",
    )
    pads: Annotated[int, Whole(1, 4)] = Field(
        default=1, description="How many pads chat may play; the receiver needs as many."
    )
    first_word: Annotated[bool, Flag()] = Field(
        default=False, description="Whether only a line's first word counts, so that `a lol` is an input."
    )
    modes: ModesConfig = Field(default=ModesConfig(), description="The modes: who decides what is played.")
    commands: CommandsConfig = Field(
        default=CommandsConfig(), description="What people may type with a `!`, and what is answered."
    )
    store: Annotated[Path, NewFileName("a file to keep things in")] = Field(
        default=Path("crowdpad.sqlite"),
        validate_default=True,
        description="Where the bot keeps what moderators and viewers have set; made where there is none.",
    )
    limits: ChatLimits = Field(default=ChatLimits(), description="How much chat may ask for.")
    queue: Annotated[int, Whole(1, 1_000_000)] = Field(
        default=1000, description="Commands that may wait for the tunnel; past that the oldest is dropped."
    )
    labels: Annotated[bool, Flag()] = Field(
        default=True, description="Whether the receiver is told who sent what, for the page it shows."
    )

    @model_validator(mode="before")
    @classmethod
    def _irc_unless_said(cls, data: Any) -> Any:
        """`source` may be left out: then it is irc."""
        chat = data.get("chat") if isinstance(data, dict) else None
        if isinstance(chat, dict) and "source" not in chat:
            return {**data, "chat": {"source": "irc", **chat}}
        return data

    def misfits(self) -> Iterator[Misfit]:
        """A mode that the rest of the file does not provide for, and paths that there are none of."""
        yield from _without_a_way(self.relays, self.direct)
        yield from self.paths.misfits_among(self.relays, direct=self.direct.enabled)
        modes, start = self.modes, ("modes", "start")
        if modes.start == "step" and self.game is None:
            yield Misfit(start, "step needs a game: its page says which input is the `pause`")
        wanted = modes.start == "teams" or "names" in modes.teams.model_fields_set
        if wanted and len(modes.teams.names) > self.pads:
            text = f"{len(modes.teams.names)} teams need a pad each, but `pads` is {self.pads}"
            yield Misfit(("modes", "teams", "names"), text, start)


def _without_a_way(relays: tuple[str, ...], direct: DirectConfig) -> Iterator[Misfit]:
    """No relay, and no other way either."""
    if not relays and not direct.enabled:
        text = "no relay, so nothing reaches the other end; name one, or set direct.enabled to true"
        yield Misfit(("relays",), text)


class GamepadOptions(Model):
    """The virtual gamepad the system shows to games."""

    kind: Annotated[PadKind, Choice(PadKind)] = Field(
        default="xbox360", description="Which pad games believe to see."
    )


class ScreenOptions(Model):
    """The page that shows the pad instead of moving one."""

    listen: Annotated[str, HostPort(listening=True)] = Field(
        default="127.0.0.1:8080", description="Where the page is served; port 0 is any free one."
    )


class ReceiverConfig(Model):
    """The receiver: runs beside the game and plays what the bot sends."""

    identity: KeyFile = Field(description=f"The receiver's key file, made by `{CALL} keys new FILE`.")
    identity_passphrase_file: PassphraseFile | None = Field(
        default=None, description="A file whose first line opens the key file, if that is encrypted."
    )
    bot: PeerKey = Field(description="The bot's public key; nobody else is obeyed.")
    relays: Relays = Field(
        description="The relays to use, at most 10, the bot's too; none only with direct.enabled."
    )
    direct: DirectConfig = Field(
        default=DirectConfig(), description="Direct paths to the other end, beside the relays."
    )
    paths: PathsConfig = Field(
        default=PathsConfig(), description="Which paths are used, which come first, what they may cost."
    )
    device: Annotated[Device, Choice(Device)] = Field(
        default="gamepad",
        description="What is played on: gamepad (virtual), screen (a page), events (JSON on stdout), iid.",
    )
    pads: Annotated[int, Whole(1, 4)] = Field(default=1, description="How many pads there are.")
    gamepad: GamepadOptions = Field(default=GamepadOptions(), description="For device: gamepad.")
    screen: ScreenOptions = Field(default=ScreenOptions(), description="For device: screen.")
    iid: IidOptions = Field(default=IidOptions(), description="For device: iid.")
    gateway: GatewayOptions = Field(
        default=GatewayOptions(), description="Programs that speak only IID, which may play and listen too."
    )
    deny: Annotated[tuple[Annotated[Control, ControlName()], ...], Field(max_length=len(Control))] = Field(
        default=(Control.GUIDE,), description="Controls that are never moved, whatever the bot says."
    )
    stale_after_ms: Annotated[int, Whole(100, 60_000)] = Field(
        default=1500, description="An input older than this, in milliseconds, is dropped whole."
    )
    silence_after_ms: Annotated[int, Whole(200, 60_000)] = Field(
        default=1000, description="When the bot is silent this long, in milliseconds, all pads go neutral."
    )
    longest_hold_ms: Annotated[int, Whole(100, 600_000)] = Field(
        default=60_000, description="No control is held longer than this, in milliseconds."
    )

    def misfits(self) -> Iterator[Misfit]:
        """Paths that there are none of."""
        yield from _without_a_way(self.relays, self.direct)
        yield from self.paths.misfits_among(self.relays, direct=self.direct.enabled)


class RelayLimits(Model):
    """What a relay gives at most, so that no stranger can use it up."""

    members_per_room: Annotated[int, Whole(2, 100)] = Field(
        default=8, description="Members in one room: two ends, and room for their reconnects."
    )
    rooms: Annotated[int, Whole(1, 1_000_000)] = Field(default=4096, description="Rooms at once.")
    members: Annotated[int, Whole(2, 1_000_000)] = Field(
        default=2000, description="Members at once, all rooms."
    )
    waiting: Annotated[int, Whole(1, 100_000)] = Field(
        default=256, description="Connections at once that have not logged in yet."
    )
    waiting_per_address: Annotated[int, Whole(1, 100_000)] = Field(
        default=64, description="The same from one network address."
    )
    messages_per_second: Annotated[int, Whole(1, 1_000_000)] = Field(
        default=4000, description="Messages a second from one member, in the long run."
    )
    burst: Annotated[int, Whole(1, 1_000_000)] = Field(
        default=8000, description="Messages from one member at once after a pause."
    )
    bytes_per_second: Annotated[int, Whole(1200, 1_000_000_000)] = Field(
        default=4_000_000, description="Bytes a second from one member, in the long run."
    )
    queue: Annotated[int, Whole(1, 10_000)] = Field(
        default=32, description="Messages that wait for one member; past that its oldest is dropped."
    )
    login_seconds: Annotated[float, Real(0.1, 60)] = Field(
        default=5.0, description="How long a connection may take to log in, in seconds."
    )


class RelayConfig(Model):
    """The relay: hands sealed bytes from one member of a room to the others, and can read none of them."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["allow"]},
                {"required": ["open"], "properties": {"open": {"const": True}}},
            ]
        }
    )

    listen: Annotated[str, HostPort(listening=True)] = Field(
        description="HOST:PORT to listen on; 0.0.0.0 is every network, port 0 any free one."
    )
    name: Annotated[
        str, Text("[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", "a name of up to 64 of a-z 0-9 . _ : -")
    ] = Field(description="The relay's name, which members sign when they log in; best its host name.")
    allow: Annotated[tuple[Annotated[str, EthereumAddress()], ...], Field(max_length=8000)] = Field(
        # Stands before `open`, which looks at it.
        default=(),
        description=f"The addresses that may log in, as `{CALL} keys show FILE` prints them.",
    )
    open: Annotated[bool, Flag()] = Field(
        default=False,
        validate_default=True,
        description="true: anybody with a key may log in, within the limits.",
    )
    tls: TlsFiles | None = Field(default=None, description="Certificate files; without them it speaks ws://.")
    limits: RelayLimits = Field(default=RelayLimits(), description="What it gives at most.")
    metrics_listen: Annotated[str, HostPort(listening=True)] | None = Field(
        default=None, description="HOST:PORT for /healthz and /metrics; without it they share `listen`."
    )
    stun: Annotated[bool, Flag()] = Field(
        default=True,
        description="Whether it tells whoever asks what address they have: over UDP and TCP, at its port.",
    )
    stun_at: Annotated[str, HostPort()] | None = Field(
        default=None,
        description="HOST:PORT where members ask that, if a proxy stands before the port they come to.",
    )
    stun_alternate: Annotated[str, HostPort()] | None = Field(
        default=None,
        description="HOST:PORT of a second address of this machine and a second port, to show what routers "
        "let in (RFC 5780).",
    )

    @field_validator("open")
    @classmethod
    def _one_way_in(cls, value: bool, info: ValidationInfo) -> bool:
        """Exactly one of `allow` and `open: true`, so that no relay is open, or shut, by oversight."""
        if "allow" in info.data and bool(info.data["allow"]) == value:
            said = "both `allow` and `open: true`" if value else "neither `allow` nor `open: true`"
            raise PydanticCustomError("way_in", "{text}", {"text": f"{said}; wanted one of them"})
        return value

    def misfits(self) -> Iterator[Misfit]:
        """Two servers on one port."""
        if self.metrics_listen is not None and same_port(self.listen, self.metrics_listen):
            text = "the same port as `listen`; wanted another, or leave this out and they share it"
            yield Misfit(("metrics_listen",), text)
        yield from stun_misfits(self.listen, self.stun_at, self.stun_alternate, stun=self.stun)


ProgramConfig = BotConfig | ReceiverConfig | RelayConfig
