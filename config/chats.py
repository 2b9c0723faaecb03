"""Where chat comes from: one model per source, each field with its meaning."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from config.addresses import WebSocketUrl
from config.base import Model
from config.kinds import FileName, Flag, Real, Text
from config.mistakes import CALL

TWITCH_URL: Final = "wss://irc-ws.chat.twitch.tv:443"
TWITCH_API_URL: Final = "https://api.twitch.tv/helix/"
TWITCH_ID_URL: Final = "https://id.twitch.tv/"
TWITCH_EVENTSUB_URL: Final = "wss://eventsub.wss.twitch.tv/ws"

_LOGIN: Final = "[A-Za-z0-9_]{1,25}"  # Twitch's rule for login names, which are also the channels' names
_CHANNEL: Final = Text(f"#?{_LOGIN}", "a channel's name: up to 25 of a-z 0-9 _", strip="#", lower=True)
_LOGIN_FILE: Final = FileName(
    "a login file", private=True, remedy=f"`{CALL} login --client-id ID {{}}` makes it"
)
_HTTP_URL: Final = Text("https?://[!-~]{1,400}", "a web address such as https://api.twitch.tv/helix/")
_NICK: Final = Text(_LOGIN, "an account's login name: up to 25 of a-z 0-9 _", lower=True)


class IrcChat(Model):
    """Twitch chat, over IRC. Without a token the bot reads as nobody in particular, which is enough."""

    source: Literal["irc"] = Field(default="irc", description="Chat comes from Twitch's IRC.")
    url: Annotated[str, WebSocketUrl()] = Field(
        default=TWITCH_URL, description="The chat server; Twitch's own unless a test wants another."
    )
    channel: Annotated[str, _CHANNEL] = Field(description="The Twitch channel whose chat plays.")
    nick: Annotated[str, _NICK] | None = Field(
        default=None, description="The account the token belongs to; needed only together with a token."
    )
    token_file: Annotated[Path, FileName("a file that holds a token", private=True)] | None = Field(
        default=None, description="A file whose only line is the chat token. Wins over token_env."
    )
    token_env: Annotated[str, Text("[A-Za-z_][A-Za-z0-9_]{0,99}", "an environment variable's name")] = Field(
        default="CROWDPAD_TWITCH_TOKEN", description="The environment variable that may hold the chat token."
    )
    shared_chat: Annotated[bool, Flag()] = Field(
        default=False, description="Whether lines from other channels of a Shared Chat session play too."
    )

    @field_validator("token_file")
    @classmethod
    def _a_token_is_somebody_s(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        """`nick` stands before `token_file`: a wrong one is not in the data, and is reported by itself."""
        if value is not None and info.data.get("nick", "") is None:
            raise PydanticCustomError("nick", "a token needs `nick` too: the account it belongs to")
        return value


class LogChat(Model):
    """A recorded chat, played again."""

    model_config = ConfigDict(json_schema_extra={"required": ["source", "file"]})

    source: Literal["log"] = Field(default="log", description="Chat comes from a recorded file.")
    file: Annotated[Path, FileName("a recorded chat file")] = Field(description="The recording.")
    speed: Annotated[float, Real(0, 1000)] = Field(
        default=1.0, description="How many times real speed; 0 is as fast as possible."
    )


class TerminalChat(Model):
    """What is typed into the terminal the bot runs in."""

    model_config = ConfigDict(json_schema_extra={"required": ["source"]})

    source: Literal["terminal"] = Field(default="terminal", description="Chat is typed into this terminal.")
    name: Annotated[str, Text("[^ ](.{0,30}[^ ])?", "a name of up to 32 characters")] = Field(
        default="you", description="The name the typed lines appear under."
    )


# What both sources that need a login ask for.
Channel = Annotated[str, _CHANNEL, Field(description="The Twitch channel whose chat plays.")]
LoginFile = Annotated[
    Path, _LOGIN_FILE, Field(description=f"The login file, made by `{CALL} login --client-id ID FILE`.")
]
SharedChat = Annotated[
    bool,
    Flag(),
    Field(description="Whether lines from other channels of a Shared Chat session play too."),
]
ApiUrl = Annotated[
    str, _HTTP_URL, Field(description="Twitch's API; Twitch's own unless a test wants another.")
]
IdUrl = Annotated[
    str, _HTTP_URL, Field(description="Twitch's login; Twitch's own unless a test wants another.")
]
SocketUrl = Annotated[
    str,
    WebSocketUrl(),
    Field(description="Twitch's EventSub; Twitch's own unless a test wants another."),
]


class EventSubChat(Model):
    """Twitch chat, over EventSub: with rewards, cheers and subscriptions, and a way to answer."""

    model_config = ConfigDict(json_schema_extra={"required": ["source", "channel", "login"]})

    source: Literal["eventsub"] = Field(default="eventsub", description="Chat comes from Twitch's EventSub.")
    channel: Channel
    login: LoginFile
    shared_chat: SharedChat = False
    api_url: ApiUrl = TWITCH_API_URL
    id_url: IdUrl = TWITCH_ID_URL
    socket_url: SocketUrl = TWITCH_EVENTSUB_URL


class TwitchChat(Model):
    """Twitch chat, over IRC and EventSub at once: while one of them fails, nothing is missed."""

    model_config = ConfigDict(json_schema_extra={"required": ["source", "channel", "login"]})

    source: Literal["twitch"] = Field(
        default="twitch", description="Chat comes from Twitch's IRC and EventSub, each line once."
    )
    channel: Channel
    login: LoginFile
    shared_chat: SharedChat = False
    irc_url: Annotated[str, WebSocketUrl()] = Field(
        default=TWITCH_URL, description="The IRC server; Twitch's own unless a test wants another."
    )
    api_url: ApiUrl = TWITCH_API_URL
    id_url: IdUrl = TWITCH_ID_URL
    socket_url: SocketUrl = TWITCH_EVENTSUB_URL


Chat = Annotated[IrcChat | EventSubChat | TwitchChat | LogChat | TerminalChat, Field(discriminator="source")]
