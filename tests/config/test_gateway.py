"""The door for programs that speak only IID: closed unless somebody is named, and local unless it is TLS."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from config.codes import Control
from config.gateway import GatewayClient, GatewayOptions

ADDRESS = "0x" + "aB" * 20
CLIENT = {"address": ADDRESS}


def gateway(**fields: Any) -> GatewayOptions:
    return GatewayOptions.model_validate({"clients": [CLIENT], **fields})


def test_a_client_plays_any_pad_and_listens_unless_it_is_told_otherwise() -> None:
    assert gateway(apint="127.0.0.1:4615").clients == (
        GatewayClient(address=ADDRESS.lower(), index=0, plays=True, hears=True),
    )


def test_menus_and_home_are_off_by_default() -> None:
    assert gateway().deny == (Control.START, Control.BACK, Control.GUIDE)


@pytest.mark.parametrize("listen", ["0.0.0.0:4615", "192.168.1.2:4615", "example.org:4615", "[::]:4615"])
def test_other_machines_come_in_by_tls_alone(listen: str) -> None:
    with pytest.raises(ValidationError, match="or `tls` as well"):
        gateway(apint=listen)
    assert gateway(apint=listen, tls={"cert": "c", "key": "k"}).apint == listen


def test_a_door_that_nobody_may_use_is_a_mistake() -> None:
    with pytest.raises(ValidationError, match="nobody may come in"):
        gateway(apint="127.0.0.1:4615", clients=[])


def test_one_port_has_one_door() -> None:
    with pytest.raises(ValidationError, match="the same port as `apint`"):
        gateway(apint="127.0.0.1:4615", singletunnel="127.0.0.1:4615")


def test_nobody_is_named_twice() -> None:
    with pytest.raises(ValidationError, match="the same address twice"):
        gateway(clients=[CLIENT, {"address": ADDRESS.lower()}])
