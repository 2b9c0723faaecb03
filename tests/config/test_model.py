from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from config.base import Model
from config.chats import TWITCH_URL, IrcChat, TerminalChat
from config.codes import Control
from config.model import (
    BotConfig,
    ChatLimits,
    ReceiverConfig,
    RelayConfig,
)

KEY = "02" + "1" * 64
RELAYS = ("ws://127.0.0.1:8765",)
MODELS = tuple(sorted(Model.__subclasses__(), key=lambda model: model.__name__))


def bot(**fields: Any) -> BotConfig:
    given = {"identity": "bot.key", "receiver": KEY, "relays": RELAYS, "chat": {"channel": "a"}}
    return BotConfig.model_validate({**given, **fields})


def receiver(**fields: Any) -> ReceiverConfig:
    return ReceiverConfig.model_validate({"identity": "r.key", "bot": KEY, "relays": RELAYS, **fields})


def relay(**fields: Any) -> RelayConfig:
    return RelayConfig.model_validate({"listen": "127.0.0.1:0", "name": "relay", **fields})


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_field_is_described_and_no_model_takes_unknown_keys_or_changes(model: type[BaseModel]) -> None:
    assert model.__doc__
    assert all(field.description for field in model.model_fields.values())
    assert model.model_config["frozen"]
    assert model.model_config["extra"] == "forbid"


def test_the_defaults_of_a_bot() -> None:
    config = bot()
    assert config.chat == IrcChat(channel="a")
    assert isinstance(config.chat, IrcChat)
    assert config.chat.url == TWITCH_URL
    assert config.chat.token_env == "CROWDPAD_TWITCH_TOKEN"
    assert (config.controller, config.queue, config.labels) == ("xbox", 1000, True)
    assert config.limits == ChatLimits(
        per_user_per_second=2, per_user_burst=5, global_per_second=2000, global_burst=4000
    )


def test_the_defaults_of_a_receiver() -> None:
    config = receiver()
    assert (config.device, config.pads, config.deny) == ("gamepad", 1, (Control.GUIDE,))
    assert (config.stale_after_ms, config.silence_after_ms, config.longest_hold_ms) == (1500, 1000, 60_000)
    assert config.gamepad.kind == "xbox360"
    assert config.screen.listen == "127.0.0.1:8080"
    assert config.iid.targets == ("127.0.0.1:3615",)


def test_the_limits_of_a_relay() -> None:
    limits = relay(open=True).limits
    assert limits.model_dump() == {
        "members_per_room": 8, "rooms": 4096, "members": 2000, "waiting": 256, "waiting_per_address": 64,
        "messages_per_second": 4000, "burst": 8000, "bytes_per_second": 4_000_000,
        "queue": 32, "login_seconds": 5,
    }  # fmt: skip


REQUIRED: dict[str, Any] = {
    "identity": "k", "receiver": KEY, "bot": KEY, "relays": RELAYS, "chat": {"channel": "a"},
    "channel": "a", "file": "f", "login": "l", "listen": "127.0.0.1:0", "name": "n", "cert": "c", "key": "k",
    "open": True, "address": "0x" + "1" * 40,
    "path": "p", "url": "https://store.example/{hole}",
    "title": "t", "inputs": {"a": "A"}, "kind": "cheer", "line": "a", "after_s": 1, "every_s": 1,
}  # fmt: skip


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_default_is_a_value_that_its_field_takes(model: type[BaseModel]) -> None:
    fields = {
        name: REQUIRED[name] if field.is_required() or name == "open" else field.get_default()
        for name, field in model.model_fields.items()
    }
    assert model.model_validate(fields)


def test_programs_may_pass_what_files_hold() -> None:
    config = BotConfig(identity=Path("x"), receiver=KEY, relays=RELAYS, chat=TerminalChat())
    assert config.identity == Path("x")
    assert config.chat == TerminalChat(name="you")


def test_a_bot_and_a_receiver_hold_ten_relays_at_most() -> None:
    for make in (bot, receiver):
        make(relays=tuple(f"ws://relay{n}" for n in range(10)))
        with pytest.raises(ValidationError):
            make(relays=tuple(f"ws://relay{n}" for n in range(11)))


def test_without_a_relay_there_is_a_direct_way_or_none() -> None:
    for make in (bot, receiver):
        assert make(relays=(), direct={"enabled": True}).relays == ()
        with pytest.raises(ValidationError, match="no relay, so nothing reaches the other end; name one, or"):
            make(relays=())


def test_the_same_relay_twice_is_refused() -> None:
    with pytest.raises(ValidationError, match="the same entry twice"):
        bot(relays=RELAYS * 2)


@pytest.mark.parametrize("pads", [0, 5, True, 1.0, "1"])
def test_there_are_one_to_four_pads(pads: object) -> None:
    with pytest.raises(ValidationError):
        receiver(pads=pads)


def test_denied_controls_are_read_in_any_case() -> None:
    assert receiver(deny=["start", "Back"]).deny == (Control.START, Control.BACK)
    assert receiver(deny=[]).deny == ()


def test_a_receiver_has_no_door_for_other_programs_unless_it_is_told() -> None:
    gateway = receiver().gateway
    assert (gateway.apint, gateway.singletunnel, gateway.clients) == (None, None, ())


ADDRESS = "0x" + "aB" * 20


@pytest.mark.parametrize(
    "fields", [{"allow": [ADDRESS]}, {"open": True}, {"allow": [ADDRESS], "open": False}]
)
def test_a_relay_has_one_way_in(fields: dict[str, Any]) -> None:
    config = relay(**fields)
    assert config.allow == ((ADDRESS.lower(),) if "allow" in fields else ())


@pytest.mark.parametrize("fields", [{}, {"open": False}, {"allow": []}])
def test_a_relay_with_no_way_in_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="neither `allow` nor `open: true`"):
        relay(**fields)


def test_a_relay_with_both_ways_in_is_refused() -> None:
    with pytest.raises(ValidationError, match="both `allow` and `open: true`"):
        relay(allow=[ADDRESS], open=True)


def test_an_address_that_is_none_is_one_mistake_and_not_two() -> None:
    with pytest.raises(ValidationError) as caught:
        relay(allow=["0x12"])
    assert caught.value.error_count() == 1


def test_nothing_changes_after_loading() -> None:
    with pytest.raises(ValidationError):
        bot().queue = 2


def test_the_store_is_beside_the_configuration_unless_said() -> None:
    assert bot().store == Path("crowdpad.sqlite")
    assert bot(game="racing", store="data/x.sqlite").store == Path("data/x.sqlite")


def test_a_game_is_a_name_or_a_file() -> None:
    assert bot().game is None
    assert bot(game="racing").game == "racing"
    assert bot(game="mine.yaml").game == Path("mine.yaml")


def test_step_needs_a_game_and_teams_a_pad_each() -> None:
    with pytest.raises(ValidationError, match=r"modes\.start: step needs a game"):
        bot(modes={"start": "step"})
    assert bot(modes={"start": "step"}, game="racing").modes.start == "step"
    with pytest.raises(ValidationError, match="2 teams need a pad each, but `pads` is 1"):
        bot(modes={"start": "teams"})
    with pytest.raises(ValidationError, match="3 teams need a pad each"):
        bot(modes={"teams": {"names": ["a", "b", "c"]}}, pads=2)
    assert bot(modes={"start": "teams"}, pads=2).pads == 2
    assert bot(modes={"teams": {"automatic": False}}).pads == 1  # nobody plays in teams


def test_the_metrics_of_a_relay_have_a_port_of_their_own_or_none() -> None:
    with pytest.raises(ValidationError, match="the same port as `listen`"):
        relay(open=True, listen="0.0.0.0:8765", metrics_listen="127.0.0.1:8765")
    assert relay(open=True, listen="127.0.0.1:8765", metrics_listen="127.0.0.1:8766").metrics_listen
    assert relay(open=True, metrics_listen="127.0.0.1:0").metrics_listen == "127.0.0.1:0"
