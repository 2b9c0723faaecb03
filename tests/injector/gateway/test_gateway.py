"""The gateway's sockets: where it listens, and how it stops."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.codes import Control
from config.gateway import GatewayOptions
from config.model import ReceiverConfig
from injector.devices.iid_server import IidServer, Place
from injector.gateway import gateway as gateway_module
from injector.gateway.gateway import Gateway, GatewayError
from injector.iid.handshake import Dialect
from injector.report import BUTTON_BIT, Report
from tunnel.identity import Identity
from tunnel.wallclock import WallClock

ADDRESS = "0x" + "1" * 40
KEY = Identity(bytes(31) + b"\x03")


def gateway(**options: Any) -> Gateway:
    config = ReceiverConfig(
        identity="r.key",  # type: ignore[arg-type]  # a name is enough
        bot="02" + "1" * 64,
        relays=("ws://127.0.0.1:1",),
        gateway=GatewayOptions.model_validate({"clients": [{"address": ADDRESS}], **options}),
    )
    return Gateway(config, WallClock())


def start(made: Gateway) -> dict[Dialect, int]:
    async def main() -> dict[Dialect, int]:
        try:
            await made.start(lambda moves: None)
            return made.ports
        finally:
            await made.stop()

    return asyncio.run(asyncio.wait_for(main(), 30))


def test_without_an_address_there_is_no_door() -> None:
    assert start(gateway()) == {}


def test_each_family_has_its_own_door() -> None:
    ports = start(gateway(apint="127.0.0.1:0", singletunnel="127.0.0.1:0"))
    assert set(ports) == {Dialect.APINT, Dialect.SINGLETUNNEL}
    assert len(set(ports.values())) == 2


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(GatewayError, match=f"the gateway cannot listen on 127.0.0.1:{port}: "):
            start(gateway(singletunnel="127.0.0.1:0", apint=f"127.0.0.1:{port}"))


def test_certificates_that_do_not_load_are_one_sentence() -> None:
    with pytest.raises(GatewayError, match="cannot read the TLS file"):
        start(gateway(apint="127.0.0.1:0", tls={"cert": "missing.pem", "key": "missing.key"}))


def test_a_client_that_answers_no_ping_holds_nothing_any_more(
    live: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_module, "PING_INTERVAL_S", 0.05)
    monkeypatch.setattr(gateway_module, "PING_TIMEOUT_S", 0.1)

    async def test(house: Any) -> None:
        client = await house.open()
        await client.log_in()
        await client.send(1, 1300)
        await client.hears({1300})
        client.connection.transport.pause_reading()  # it hangs, and its line is as good as ever
        await house.until(lambda: house.pressed(0))

    live(test, longest_hold_ms=60_000)  # longer than this test may take


def test_stopping_lets_go_of_what_clients_hold_and_says_goodbye(live: Callable[..., Any]) -> None:
    async def test(house: Any) -> None:
        client = await house.open()
        await client.log_in()
        await client.send(1, 1300)
        await client.hears({1300})
        await house.gateway.stop()
        assert house.pressed(0)
        await client.ends()

    live(test)


@pytest.mark.parametrize("dialect", list(Dialect), ids=lambda dialect: dialect.value)
def test_our_own_device_is_a_client_of_our_own_gateway_over_tls(
    live: Callable[..., Any], certificate: dict[str, Path], dialect: Dialect
) -> None:
    async def test(house: Any) -> None:
        place = Place(dialect, "127.0.0.1", house.gateway.ports[dialect], secure=True)
        ours = IidServer(place, KEY, pads=2, tls_ca=certificate["cert"])
        ours.show(2, Report(BUTTON_BIT[Control.A]))
        await house.until(lambda: house.pressed(1, pad=2))
        ours.close()
        await house.until(lambda: house.pressed(0, pad=2))

    live(test, clients=[{"address": KEY.public.address}], tls=certificate, longest_hold_ms=60_000)


def test_a_certificate_that_nobody_vouches_for_gets_no_signature(
    live: Callable[..., Any], certificate: dict[str, Path], caplog: pytest.LogCaptureFixture
) -> None:
    async def test(house: Any) -> None:
        place = Place(Dialect.APINT, "127.0.0.1", house.gateway.ports[Dialect.APINT], secure=True)
        ours = IidServer(place, KEY, pads=2)
        ours.rest()
        await house.until(lambda: ours.counters["visits_ended"])
        ours.close()
        assert house.counters["admitted"] == 0

    live(test, clients=[{"address": KEY.public.address}], tls=certificate)
    assert "is not trusted" in caplog.text
