from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from config.addresses import (
    EthereumAddress,
    HostPort,
    PublicKeyHex,
    WebSocketUrl,
    is_loopback,
    no_repeats,
    same_port,
    split_host_port,
)
from config.kinds import Kind

KEY = "02" + "aB" * 32
ADDRESS = "0x001d3F1ef827552Ae1114027BD3ECF1f086bA0F9"
KINDS: tuple[Kind, ...] = (
    PublicKeyHex(),
    EthereumAddress(),
    WebSocketUrl(),
    HostPort(),
    HostPort(listening=True),
    HostPort(loopback=True),
)


def refusal(kind: Kind, value: object) -> str:
    with pytest.raises(PydanticCustomError) as caught:
        kind.read(value, None)
    message = caught.value.message()
    assert message.startswith(f"wanted {kind.wanted}")
    return message


@pytest.mark.parametrize("text", [KEY, KEY.upper(), "0x" + KEY, "03" + "00" * 32, "02" + "1" * 64])
def test_a_public_key_is_kept_in_small_letters_without_prefix(text: str) -> None:
    assert PublicKeyHex().read(text, None) == text.lower().removeprefix("0x")


@pytest.mark.parametrize("text", ["", "04" + "a" * 64, "02" + "a" * 63, "02" + "g" * 64, KEY + "0", None, 2])
def test_what_is_no_public_key_is_refused(text: object) -> None:
    refusal(PublicKeyHex(), text)


def test_an_address_or_a_private_key_in_place_of_a_public_key_is_recognised() -> None:
    assert "that is an address" in refusal(PublicKeyHex(), ADDRESS)
    assert "private key" in refusal(PublicKeyHex(), "ab" * 32)


def test_an_address_is_read_in_any_case_and_kept_in_small_letters() -> None:
    assert EthereumAddress().read(ADDRESS, None) == ADDRESS.lower()
    assert EthereumAddress().read(ADDRESS.upper(), None) == ADDRESS.lower()
    assert "that is a public key" in refusal(EthereumAddress(), KEY)


@pytest.mark.parametrize("text", ["", ADDRESS[2:], ADDRESS[:-1], ADDRESS + "0", "0x" + "g" * 40, None])
def test_what_is_no_address_is_refused(text: object) -> None:
    refusal(EthereumAddress(), text)


@pytest.mark.parametrize(
    "url",
    ["ws://127.0.0.1:8765", "wss://irc-ws.chat.twitch.tv:443", "wss://relay.example.org/room", "ws://localhost",
     "ws://[::1]:8765", "WSS://Relay.Example.org", "ws://a_b.local:1"],
)  # fmt: skip
def test_a_websocket_address_is_kept_as_it_stood(url: str) -> None:
    assert WebSocketUrl().read(url, None) == url


@pytest.mark.parametrize(
    "url",
    ["", "relay.example.org", "http://x", "https://x", "ws://", "ws:///x", "ws://:80", "ws://a:0", "ws://a:70000",
     "ws://a:abc", "ws://a:", "ws://u:p@a", "ws://u@a", "ws://a?x=1", "ws://a#x", "ws://a b", "ws://a\n",
     "ws://[::1", "ws://[zz]:1", "ws://999.1.1.1", "ws://1.2.3", "ws://-a", "ws://a..b", "ws://ä",
     "ws://" + "a" * 600, None],
)  # fmt: skip
def test_what_is_no_websocket_address_is_refused(url: object) -> None:
    refusal(WebSocketUrl(), url)


@pytest.mark.parametrize(
    "text", ["127.0.0.1:8765", "0.0.0.0:1", "[::]:80", "[::1]:65535", "relay.example.org:443"]
)
def test_a_host_and_a_port_are_kept_as_they_stood(text: str) -> None:
    assert HostPort().read(text, None) == text


@pytest.mark.parametrize(
    "text",
    ["", ":80", "8080", "a", "a:", "a:0", "a:70000", "a:65536", "a:abc", "a:080", "a:-1", "a:+1",
     "a: 1", " a:1", "a:1\n", "::1:80", "[::1]", "[a]:1", "[]:1", "300.0.0.1:1", "1.2.3:1", "a b:1", "a:٣",
     "[fe80::1%x]:1", None, 8080],
)  # fmt: skip
def test_what_is_no_host_and_port_is_refused(text: object) -> None:
    refusal(HostPort(), text)


def test_port_0_is_one_to_listen_on_and_none_to_send_to() -> None:
    assert HostPort(listening=True).read("127.0.0.1:0", None) == "127.0.0.1:0"
    assert "ports go from 1 to 65535" in refusal(HostPort(), "127.0.0.1:0")
    assert "ports go from 0 to 65535" in refusal(HostPort(listening=True), "127.0.0.1:70000")


@pytest.mark.parametrize("text", ["127.0.0.1:3615", "127.9.8.7:1", "localhost:1", "[::1]:7000"])
def test_unprotected_integers_may_go_to_this_machine(text: str) -> None:
    assert HostPort(loopback=True).read(text, None) == text


@pytest.mark.parametrize(
    "text", ["10.0.0.1:1", "0.0.0.0:1", "[::]:1", "localhost.example.org:1", "128.0.0.1:1"]
)
def test_unprotected_integers_may_go_nowhere_else(text: str) -> None:
    assert "another machine" in refusal(HostPort(loopback=True), text)


def test_a_host_and_port_come_apart_again() -> None:
    assert split_host_port("127.0.0.1:8765") == ("127.0.0.1", 8765)
    assert split_host_port("[::1]:80") == ("::1", 80)


def test_a_name_is_never_looked_up_to_see_whether_it_is_this_machine() -> None:
    assert not is_loopback("127.0.0.1.example.org")


def test_a_list_that_names_something_twice_is_refused() -> None:
    assert no_repeats(("a", "b")) == ("a", "b")
    with pytest.raises(PydanticCustomError, match="the same entry twice: a"):
        no_repeats(("a", "b", "a"))


@given(st.sampled_from(KINDS), st.text(alphabet="wsx:/[]@?#%.-_0123456789abfé \n٣", max_size=70))
def test_any_text_is_read_or_refused_with_what_is_wanted(kind: Kind, text: str) -> None:
    try:
        read = kind.read(text, None)
    except PydanticCustomError as error:
        read, message = None, error.message()
    if read is None:
        assert message.startswith(f"wanted {kind.wanted}")
    else:
        assert isinstance(read, str)
        assert re.fullmatch("[!-~]+", read)


@given(st.from_regex(r"\A(\[[0-9a-f:.]{0,12}\]|[a-z0-9.]{0,10}):[0-9]{0,6}\Z"))
def test_what_is_let_through_comes_apart_into_a_host_and_a_real_port(text: str) -> None:
    try:
        HostPort().read(text, None)
    except PydanticCustomError:
        return
    host, port = split_host_port(text)
    assert host
    assert 1 <= port <= 65535


@pytest.mark.parametrize("kind", KINDS, ids=repr)
def test_every_kind_tells_editors_a_pattern_they_can_compile(kind: Kind) -> None:
    re.compile(kind.json_schema()["pattern"])


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("127.0.0.1:80", "127.0.0.1:80", True),
        ("127.0.0.1:80", "127.0.0.1:81", False),
        ("127.0.0.1:80", "127.0.0.2:80", False),
        ("0.0.0.0:80", "127.0.0.1:80", True),
        ("[::1]:80", "[::]:80", True),
        ("Localhost:80", "localhost:80", True),
        ("127.0.0.1:0", "127.0.0.1:0", False),
    ],
)
def test_two_servers_want_the_same_port_of_a_network_or_not(one: str, other: str, same: bool) -> None:
    assert same_port(one, other) is same
    assert same_port(other, one) is same
