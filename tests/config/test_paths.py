from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from config.kinds import Kind
from config.model import BotConfig, ReceiverConfig
from config.paths import PathName, PathsConfig, Size, size_text
from config.positions import Plain

Said = Callable[[Any, type[BaseModel]], list[str]]
SIZE = Size(2 * 10**6, 10**12)
RELAY = "ws://127.0.0.1:8765"


def refusal(kind: Kind, value: object) -> str:
    with pytest.raises(PydanticCustomError) as caught:
        kind.read(value, None)
    return caught.value.message()


@pytest.mark.parametrize(
    ("text", "size"),
    [("50 MB", 50 * 10**6), ("50MB", 50 * 10**6), ("50 mb", 50 * 10**6), ("1.5 GB", 1_500 * 10**6),
     ("2500 kB", 2_500_000), ("1000 GB", 10**12), (3_000_000, 3_000_000)],
)  # fmt: skip
def test_a_size_is_a_number_with_its_unit(text: str | int, size: int) -> None:
    assert SIZE.read(Plain(text) if isinstance(text, str) else text, None) == size
    assert SIZE.read(text, None) == size


@pytest.mark.parametrize(
    "value",
    ["", "MB", "50 XB", "50 MiB", "-50 MB", "1e3 MB", "50  MB", "5,5 MB", "1 MB", "2000 GB",
     "1.2345 GB", "9" * 400 + " MB", "٥ MB", None, True, 2.5e7, 10**13, ["50 MB"]],
)  # fmt: skip
def test_nothing_else_is_a_size_in_that_range(value: object) -> None:
    assert refusal(SIZE, value) == "wanted a size from 2 MB to 1000 GB, such as 50 MB"


@pytest.mark.parametrize("value", ["0 MB", "0kB", "0.0 GB", "0", 0])
def test_who_wants_none_at_all_is_pointed_to_forbid(value: object) -> None:
    assert refusal(SIZE, value).endswith("(what is never to be used stands under `forbid`)")


@pytest.mark.parametrize("number", ["50", Plain("50"), "1.5"])
def test_a_number_without_its_unit_is_told_so(number: str) -> None:
    assert refusal(SIZE, number).endswith(f"such as 50 MB (with its unit: {number} MB?)")


@pytest.mark.parametrize(
    ("size", "text"), [(50_000, "50 kB"), (2_000_000, "2 MB"), (1_500_000_000, "1.5 GB"), (10**12, "1000 GB")]
)
def test_a_size_is_told_as_it_would_be_written(size: int, text: str) -> None:
    assert size_text(size) == text
    assert Size(0, 10**13).read(text, None) == size


@pytest.mark.parametrize("name", ["relays", "direct", "direct udp", "direct tcp", RELAY, "wss://a.example/b"])
def test_a_path_is_named_by_its_kind_or_its_address(name: str) -> None:
    assert PathName().read(Plain(name), None) == name


@pytest.mark.parametrize("name", ["relay", "udp", "Direct", "", None, 5, ["direct"], "a.example.org:8765"])
def test_nothing_else_names_a_path(name: object) -> None:
    assert refusal(PathName(), name) == (
        "wanted one of relays, direct, direct udp, direct tcp, or a relay's address as it stands in `relays`"
    )
    assert "WebSocket address" in refusal(PathName(), "http://a.example")


junk = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.text().map(Plain))


@given(st.sampled_from((PathName(), SIZE)), junk)
def test_any_value_is_read_or_refused_with_what_is_wanted(kind: Kind, value: object) -> None:
    message = "wanted nothing"
    try:
        kind.read(value, None)
    except PydanticCustomError as error:
        message = error.message()
    assert message.startswith("wanted ")


@pytest.mark.parametrize("kind", [PathName(), SIZE], ids=lambda kind: type(kind).__name__)
def test_editors_get_a_pattern_they_can_compile(kind: Kind) -> None:
    schema = kind.json_schema()
    assert schema["type"] == "string"
    pattern = re.compile(schema["pattern"])
    fits = ["50 MB", "1.5GB"] if kind is SIZE else ["direct udp", RELAY]
    assert all(pattern.fullmatch(text) for text in fits)
    assert not pattern.fullmatch("50")


def test_nobody_has_wishes_until_somebody_says_so() -> None:
    config = PathsConfig()
    assert (config.forbid, config.pin, config.caps) == ((), (), {})


@pytest.mark.parametrize("key", ["forbid", "pin"])
def test_naming_a_path_twice_is_a_slip(key: str) -> None:
    with pytest.raises(ValidationError):
        PathsConfig.model_validate({key: ["direct", "direct"]})


@pytest.mark.parametrize(
    ("forbid", "pin"), [("direct", "direct udp"), ("relays", RELAY), (RELAY, RELAY), ("direct", "direct")]
)
def test_nothing_is_forbidden_and_wanted_at_once(forbid: str, pin: str) -> None:
    with pytest.raises(ValidationError, match="under `forbid` too"):
        PathsConfig.model_validate({"forbid": [forbid], "pin": [pin]})


@pytest.mark.parametrize(
    ("forbid", "pin"), [("direct tcp", "direct"), (RELAY, "relays"), ("direct", "relays")]
)
def test_a_kind_may_be_wanted_without_one_of_its_paths(forbid: str, pin: str) -> None:
    assert PathsConfig.model_validate({"forbid": [forbid], "pin": [pin]}).pin == (pin,)


DIRECT = "{enabled: true}"


def test_both_files_take_the_same_wishes(
    bot_lines: dict[str, str], receiver_lines: dict[str, str], said: Said
) -> None:
    wishes = f"{{forbid: [direct tcp], pin: [direct udp], caps: {{relays: 50 MB, {RELAY}: 10 MB}}}}"
    assert said({**bot_lines, "direct": DIRECT, "paths": wishes}, BotConfig) == []
    assert said({**receiver_lines, "direct": DIRECT, "paths": wishes}, ReceiverConfig) == []


@pytest.mark.parametrize(
    ("wishes", "sentence"),
    [
        ("{forbid: [wss://a.example]}", "paths.forbid[0]: wss://a.example is none of `relays`"),
        ("{pin: [direct, wss://a.example]}", "paths.pin[1]: wss://a.example is none of `relays`"),
        ("{caps: {wss://a.example: 50 MB}}", "wss://a.example is none of `relays`"),
        ("{caps: {relays: 50}}", "with its unit: 50 MB?"),
        ("{caps: {relays: 50 TB}}", "wanted a size from 2 MB to 1000 GB"),
        ("{caps: {relais: 50 MB}}", "relays"),
        ("{forbid: [udp]}", "one of relays, direct, direct udp, direct tcp"),
        ("{forbid: [relays]}", "nothing is left that could carry (`direct` is not enabled)"),
        (f"{{forbid: [{RELAY}]}}", "nothing is left that could carry (`direct` is not enabled)"),
    ],
)
def test_a_wish_that_cannot_be_is_answered_with_what_can(
    wishes: str, sentence: str, bot_lines: dict[str, str], said: Said
) -> None:
    answers = said({**bot_lines, "paths": wishes}, BotConfig)
    assert len(answers) == 1
    assert sentence in answers[0]


@pytest.mark.parametrize(
    ("forbid", "fits"),
    [("relays", True), ("direct", True), ("relays, direct udp", True), ("relays, direct", False),
     ("relays, direct udp, direct tcp", False), (f"{RELAY}, direct", False)],
)  # fmt: skip
def test_something_must_be_left_to_carry(
    forbid: str, fits: bool, receiver_lines: dict[str, str], said: Said
) -> None:
    answers = said({**receiver_lines, "direct": DIRECT, "paths": f"{{forbid: [{forbid}]}}"}, ReceiverConfig)
    assert [("nothing is left" in answer, "not enabled" in answer) for answer in answers] == (
        [] if fits else [(True, False)]
    )
