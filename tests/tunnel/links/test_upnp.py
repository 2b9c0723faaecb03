from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tunnel.links import upnp
from tunnel.links.upnp import UpnpError, UpnpRouter
from tunnel.nat.portmap import LIFETIME_S, Want
from tunnel.nat.portmap_message import Transport

WANT = Want(Transport.UDP, 50_000)


class FakeUpnp:
    """What the library does, with a router that is scripted. Raises plain Exception, as the library does."""

    devices = 1
    permanent_only = False
    error: str | None = None

    def __init__(self) -> None:
        self.discoverdelay = 0
        self.lanaddr = "10.0.0.2"
        self.held: dict[tuple[int, str], tuple[str, int, int]] = {}

    def discover(self) -> int:
        return self.devices

    def selectigd(self) -> str:
        self.fail_if_told()
        return "http://10.0.0.1/"

    def externalipaddress(self) -> str:
        self.fail_if_told()
        return "1.2.3.4"

    def getspecificportmapping(self, port: int, protocol: str) -> tuple[str, int] | None:
        held = self.held.get((port, protocol))
        return None if held is None else held[:2]

    def addportmapping(
        self, port: int, protocol: str, host: str, inner: int, told: str, remote: str, lease: int
    ) -> bool:
        if self.permanent_only and lease:
            raise Exception("OnlyPermanentLeasesSupported")
        self.held[port, protocol] = (host, inner, lease)
        return True

    def deleteportmapping(self, port: int, protocol: str) -> bool:
        del self.held[port, protocol]
        return True

    def fail_if_told(self) -> None:
        if self.error is not None:
            raise Exception(self.error)


@pytest.fixture
def fake() -> FakeUpnp:
    return FakeUpnp()


def router(fake: FakeUpnp) -> UpnpRouter:
    return UpnpRouter(SimpleNamespace(UPnP=lambda: fake))


def test_a_port_is_opened_for_twenty_minutes_and_closed(fake: FakeUpnp) -> None:
    one = router(fake)
    one.find()
    assert one.map(WANT) == ("1.2.3.4", 50_000)
    assert fake.held == {(50_000, "UDP"): ("10.0.0.2", 50_000, LIFETIME_S)}
    one.unmap(WANT, 50_000)
    assert not fake.held


def test_mapping_again_renews(fake: FakeUpnp) -> None:
    one = router(fake)
    assert one.map(WANT) == one.map(WANT)
    assert len(fake.held) == 1


def test_a_router_that_knows_no_lifetimes_maps_for_good(fake: FakeUpnp) -> None:
    fake.permanent_only = True
    router(fake).map(WANT)
    assert fake.held[50_000, "UDP"][2] == 0


def test_the_port_of_another_machine_is_never_taken_nor_closed(fake: FakeUpnp) -> None:
    theirs = ("10.0.0.9", 50_000, 0)
    fake.held[50_000, "UDP"] = theirs
    one = router(fake)
    assert one.map(WANT) == ("1.2.3.4", 50_001)
    one.unmap(WANT, 50_000)
    assert fake.held[50_000, "UDP"] == theirs


def test_if_others_have_all_of_them_that_is_one_sentence(fake: FakeUpnp) -> None:
    for port in range(50_000, 50_010):
        fake.held[port, "UDP"] = ("10.0.0.9", port, 0)
    with pytest.raises(UpnpError, match="others have"):
        router(fake).map(WANT)


@pytest.mark.parametrize("step", ["find", "map"])
def test_what_the_library_raises_is_one_kind_of_error(fake: FakeUpnp, step: str) -> None:
    fake.error = "Unknown error"
    one = router(fake)
    with pytest.raises(UpnpError, match="Unknown error"):
        one.find() if step == "find" else one.map(WANT)


def test_no_router_is_one_sentence(fake: FakeUpnp) -> None:
    fake.devices = 0
    with pytest.raises(UpnpError, match="no router answers"):
        router(fake).find()


def test_the_library_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr("importlib.import_module", missing)
    assert upnp.library() is None
