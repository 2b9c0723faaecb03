from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from config.direct import DirectConfig
from config.kinds import Setting
from config.rendezvous import DhtMeeting, FolderMeeting, FolderName, HoleUrl, Meeting, WebMeeting

STORE = "https://store.example.org/crowdpad/{hole}"


def meetings(*entries: dict[str, Any]) -> tuple[Meeting, ...]:
    return DirectConfig.model_validate({"rendezvous": entries}).rendezvous


def refusal(kind: HoleUrl | FolderName, value: object, setting: Setting | None = None) -> str:
    with pytest.raises(ValueError, match=r"\S") as caught:
        kind.read(value, setting)
    return str(caught.value)


def test_the_ends_meet_nowhere_else_until_somebody_says_so() -> None:
    assert DirectConfig().rendezvous == ()
    assert not DirectConfig().birthday


def test_the_kind_chooses_where_letters_lie() -> None:
    found = meetings(
        {"kind": "dht", "bootstrap": ["node.example:6881", "[2001:db8::1]:6881"]},
        {"kind": "folder", "path": "shared"},
        {"kind": "web", "url": STORE, "json": True, "headers_env": "STORE"},
    )
    assert found == (
        DhtMeeting(bootstrap=("node.example:6881", "[2001:db8::1]:6881")),
        FolderMeeting(path=Path("shared")),
        WebMeeting(url=STORE, json=True, headers_env="STORE"),
    )
    assert isinstance(found[0], DhtMeeting)
    assert found[0].nodes == (("node.example", 6_881), ("2001:db8::1", 6_881))


def test_eight_places_are_enough() -> None:
    entries = [{"kind": "folder", "path": str(n)} for n in range(9)]
    assert len(meetings(*entries[:8])) == 8
    with pytest.raises(ValidationError):
        meetings(*entries)


@pytest.mark.parametrize(
    "entry",
    [
        {"kind": "dht", "bootstrap": ["node.example"]},
        {"kind": "dht", "bootstrap": ["node.example:1"] * 2},
        {"kind": "dht", "path": "x"},
        {"kind": "folder"},
        {"kind": "web"},
        {"kind": "web", "url": STORE, "headers_env": "no name"},
        {"kind": "carrier pigeon"},
        {"path": "x"},
        {},
    ],
)
def test_what_is_no_place_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        meetings(entry)


def test_the_same_place_twice_is_refused() -> None:
    with pytest.raises(ValidationError, match="the same web twice"):
        meetings({"kind": "web", "url": STORE}, {"kind": "dht"}, {"kind": "web", "url": STORE})


@pytest.mark.parametrize(
    "url",
    [
        STORE,
        "HTTP://127.0.0.1:8080/{hole}",
        "https://x.firebaseio.com/crowdpad/{hole}.json",
        "https://[2001:db8::1]/a?name={hole}&print=silent",
    ],
)
def test_an_address_names_the_hole_behind_the_host(url: str) -> None:
    assert HoleUrl().read(url, None) == url


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://a/{hole}", "it begins with http:// or https://"),
        ("https://a/", "{hole} stands there once"),
        ("https://a/{hole}/{hole}", "{hole} stands there once"),
        ("https://{hole}.example/", "the host or the port is none"),
        ("https://a/{hole}/{x}", "no other braces"),
        ("https://a/{hole}#x", "no #"),
        ("https://a:0/{hole}", "ports go from 1 to 65535"),
        ("https:///{hole}", "the host or the port is none"),
        ("https://me:pass@a/{hole}", "without a name or password"),
        ("https://a/{hole}?auth=abc", "headers_file is for those"),
        ("https://a/{hole}?x=1&access_token=abc", "headers_file is for those"),
        ("https://a/ {hole}", "wanted a web address with {hole} in it"),
        ("https://a/{hole}" + "a" * 500, "wanted a web address with {hole} in it"),
        (3, "wanted a web address with {hole} in it"),
    ],
)
def test_an_address_that_is_none_says_why(url: object, why: str) -> None:
    assert why in refusal(HoleUrl(), url)


def test_secrets_go_over_https_or_to_this_machine_alone() -> None:
    for url in (STORE, "http://127.0.0.1:8080/{hole}", "http://localhost/{hole}"):
        meetings({"kind": "web", "url": url, "headers_env": "STORE"})
    meetings({"kind": "web", "url": "http://store.example/{hole}"})
    for secret in ({"headers_env": "STORE"}, {"headers_file": "f"}):
        with pytest.raises(ValidationError, match="headers over http:// can be read on the way"):
            meetings({"kind": "web", "url": "http://store.example/{hole}", **secret})


def test_a_folder_is_made_later_but_is_no_file(tmp_path: Path) -> None:
    kind, setting = FolderName("a folder"), Setting(tmp_path, True)
    assert kind.read("not/there", setting) == tmp_path / "not" / "there"
    assert kind.read(".", setting) == tmp_path
    (tmp_path / "file").touch()
    assert refusal(kind, "file", setting) == f"{tmp_path / 'file'} is no folder"
    assert kind.read("file", None) == Path("file")
