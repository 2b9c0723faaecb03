"""A small DHT of libtorrent's nodes, as the laboratory starts it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from bench.world import dht_net
from bench.world.dht_net import DhtNet, main
from tests.tunnel.rendezvous import krpc

needs_libtorrent = pytest.mark.skipif(
    importlib.util.find_spec("libtorrent") is None, reason="libtorrent is not installed"
)


@needs_libtorrent
@pytest.mark.parametrize("hosts", [("127.0.0.1",), ("127.0.0.1", "::1")])
def test_its_nodes_know_and_tell_of_each_other(hosts: tuple[str, ...]) -> None:
    net = DhtNet(hosts, 0, 4)
    net.start()
    try:
        assert tuple(host for host, _ in net.routers) == hosts
        for router in net.routers:
            answer = krpc.Writer(router).get(bytes(32))
            size, told = (38, answer[b"nodes6"]) if ":" in router[0] else (26, answer[b"nodes"])
            assert len(told) >= 3 * size
    finally:
        net.stop()


@needs_libtorrent
def test_a_killed_node_is_gone() -> None:
    net = DhtNet(["127.0.0.1"], 0, 3)
    net.start()
    first, second = net.routers[0], net._places[1][0]
    net.kill(0)
    assert net.routers == (second,)
    assert first != second
    assert len(net.sessions) == 2
    net.stop()
    assert net.sessions == []


@needs_libtorrent
def test_as_a_program_it_says_that_it_is_ready_and_ends_with_its_input() -> None:
    command = [sys.executable, "-m", "bench.world.dht_net", "127.0.0.1", "0", "3"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        word, host, port = program.stdout.readline().split()
        assert (word, host) == ("ready", "127.0.0.1")
        assert b"token" in krpc.Writer((host, int(port))).get(bytes(32))
        program.communicate(timeout=30)
        assert program.returncode == 0


@needs_libtorrent
def test_a_port_that_is_taken_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dht_net, "READY_S", 0.3)
    taken = krpc.Node()
    net = DhtNet(["127.0.0.1"], taken.place[1], 2)
    try:
        with pytest.raises(OSError, match="does not get up"):
            net.start()
    finally:
        net.stop()
        taken.close()


@pytest.mark.parametrize("arguments", [[], ["127.0.0.1", "no port", "3"], ["127.0.0.1", "0", "1"]])
def test_a_wrong_command_says_how_it_is_meant(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert "HOST PORT COUNT" in capsys.readouterr().err


def test_without_libtorrent_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "libtorrent", None)
    with pytest.raises(ValueError, match="not installed"):
        DhtNet(["127.0.0.1"], 0, 3)
