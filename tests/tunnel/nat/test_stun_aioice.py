"""Somebody else's STUN and ICE (aioice): each understands the other, and its agent joins with ours."""

from __future__ import annotations

import asyncio
import os
from typing import Final

import aioice
import aioice.ice
import pytest
from aioice import stun as theirs

from tunnel.links.direct import DirectOptions
from tunnel.links.stun_servers import StunServers
from tunnel.links.udp import DirectUdpLink
from tunnel.nat import stun
from tunnel.nat.candidates import Candidate
from tunnel.nat.candidates import Kind as CandidateKind
from tunnel.nat.checks import FRAGMENT_SIZE, PASSWORD_SIZE, Checks, Credentials, Verdict
from tunnel.nat.offer import NEVER, Edition, Offer, parse
from tunnel.wallclock import WallClock

HOST: Final = "127.0.0.1"
OURS: Final = Credentials(b"\x01\x02\x03\x04", bytes(range(16)))
THEIRS: Final = Credentials(b"\xa1\xa2\xa3\xa4", bytes(range(16, 32)))


@pytest.mark.parametrize("address", [("192.0.2.1", 32853), ("2001:db8::1", 65535)])
def test_it_reads_our_answer_and_we_read_its_own(address: tuple[str, int]) -> None:
    said = stun.Message(kind=stun.Kind.SUCCESS, transaction=bytes(12), xor_mapped=address)
    read = theirs.parse_message(stun.build(said, OURS.key))
    assert read.message_class is theirs.Class.RESPONSE
    assert read.attributes["XOR-MAPPED-ADDRESS"] == address
    assert read.check_message_integrity(OURS.key)
    assert not read.check_message_integrity(THEIRS.key)
    answer = theirs.Message(theirs.Method.BINDING, theirs.Class.RESPONSE, bytes(12))
    answer.attributes["XOR-MAPPED-ADDRESS"] = address
    answer.add_message_integrity(OURS.key)
    data = bytes(answer)
    assert stun.is_stun(data)
    assert stun.parse(data).xor_mapped == address
    assert stun.verify(data, OURS.key)
    assert not stun.verify(data, THEIRS.key)


def test_it_reads_our_check_and_we_judge_its_own() -> None:
    checks = Checks(OURS, controlling=True, tie_breaker=7)
    check = theirs.parse_message(checks.request(THEIRS, ("192.0.2.1", 9), os.urandom(12), nominate=True))
    assert check.attributes["USERNAME"] == f"{THEIRS.name}:{OURS.name}"
    assert check.attributes["ICE-CONTROLLING"] == 7
    assert "USE-CANDIDATE" in check.attributes
    assert check.check_message_integrity(THEIRS.key)
    back = theirs.Message(theirs.Method.BINDING, theirs.Class.REQUEST)
    back.attributes.update({"USERNAME": f"{OURS.name}:{THEIRS.name}", "PRIORITY": 1, "ICE-CONTROLLED": 9})
    back.add_message_integrity(OURS.key)
    assert checks.judge(stun.parse(bytes(back)), bytes(back)) is Verdict.FINE
    back.add_message_integrity(THEIRS.key)
    assert checks.judge(stun.parse(bytes(back)), bytes(back)) is Verdict.STRANGER


@pytest.mark.parametrize("controlling", [True, False])
def test_its_agent_and_ours_join_and_carry_datagrams(
    controlling: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda **_: [HOST])

    async def main() -> None:
        offered: asyncio.Future[Offer] = asyncio.get_running_loop().create_future()
        up, came = asyncio.Event(), asyncio.Queue[bytes]()

        def signal(body: bytes) -> None:
            if not offered.done():
                offered.set_result(parse(body))

        link = DirectUdpLink(
            DirectOptions(hosts=(HOST,)),
            controlling=controlling,
            servers=StunServers(),
            send_signal=signal,
            clock=WallClock(),
        )
        running = asyncio.create_task(link.run(up.set, came.put_nowait))
        link.peer_came(fresh=True)
        ours = await offered
        other = aioice.Connection(
            ice_controlling=not controlling,
            local_username=THEIRS.name,
            local_password=THEIRS.key.decode(),
            use_ipv6=False,
        )
        await other.gather_candidates()
        other.remote_username, other.remote_password = ours.credentials.name, ours.credentials.key.decode()
        for number, (_, address) in enumerate(ours.candidates):
            line = f"{number} 1 udp {2_000_000_000 - number} {address[0]} {address[1]} typ host"
            await other.add_remote_candidate(aioice.Candidate.from_sdp(line))
        await other.add_remote_candidate(None)
        places = [Candidate(CandidateKind.HOST, (c.host, c.port)) for c in other.local_candidates]
        link.signal_came(Offer(Edition(1, 1), NEVER, THEIRS, tuple(places), asks=True).pack())
        await other.connect()
        await up.wait()
        await other.send(b"\x13 from them")
        assert await came.get() == b"\x13 from them"
        link.send(b"\x13 from us")
        assert await other.recv() == b"\x13 from us"
        await other.close()
        running.cancel()
        await asyncio.wait([running])

    asyncio.run(asyncio.wait_for(main(), 60))


def test_our_credentials_are_as_long_as_theirs_must_be() -> None:
    """RFC 8445, 5.3: 4 to 256 characters of a name, 22 to 256 of a password, letters and digits."""
    assert (FRAGMENT_SIZE, PASSWORD_SIZE) == (4, 16)
    assert 4 <= len(OURS.name) <= 256
    assert 22 <= len(OURS.key) <= 256
    assert (OURS.name + OURS.key.decode()).isalnum()
