from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tunnel.identity import Identity
from tunnel.links.relay import RelayLink
from tunnel.relay.login import Challenge, Login
from tunnel.relay.settings import TlsFiles
from tunnel.relay.stun_told import StunTold
from tunnel.room import DAY_MS

if TYPE_CHECKING:
    from tests.tunnel.links.conftest import Links
    from tests.tunnel.relay.conftest import World


def test_two_links_carry_datagrams_over_a_relay(world: World, links: Links) -> None:
    async def main() -> None:
        async with world.relay() as server:
            url = f"ws://127.0.0.1:{server.port}"
            bot, receiver = await links.up(url), await links.up(url)
            bot.link.send(bytes(1_200))
            await world.until(lambda: receiver.got == [bytes(1_200)])
            receiver.link.send(b"done")
            await world.until(lambda: bot.got == [b"done"])
            assert (bot.ups, bot.link.relay_name) == (1, "test relay")
            assert bot.link.counters == {"sent": 1}

    world.run(main())


def test_what_is_signed_is_the_login_and_nothing_else(world: World, links: Links) -> None:
    async def main() -> None:
        async with world.relay() as server:
            bot = await links.up(f"ws://127.0.0.1:{server.port}")
            (text,) = bot.identity.signed
            assert text.startswith("crowdpad relay login\nrelay: test relay\nnonce: ")

    world.run(main())


@pytest.mark.parametrize("allow", [frozenset({Identity(b"\x01" * 32).public.address})])
def test_a_link_that_is_not_listed_knows_it_is_not_wanted(
    world: World, links: Links, allow: frozenset[str]
) -> None:
    async def main() -> None:
        async with world.relay(allow=allow) as server:
            error = await links.ended(links.start(f"ws://127.0.0.1:{server.port}"))
            assert error.refused
            assert "not on the relay's list" in str(error)

    world.run(main())


def test_a_full_relay_is_worth_another_try(world: World, links: Links) -> None:
    async def main() -> None:
        async with world.relay(members_per_room=1) as server:
            url = f"ws://127.0.0.1:{server.port}"
            await links.up(url)
            error = await links.ended(links.start(url))
            assert not error.refused
            assert "full" in str(error)

    world.run(main())


def test_a_relay_that_stops_ends_the_link(world: World, links: Links) -> None:
    async def main() -> None:
        async with world.relay() as server:
            bot = await links.up(f"ws://127.0.0.1:{server.port}")
            await server.stop()
            error = await links.ended(bot)
            assert not error.refused
            assert "stopping" in str(error)

    world.run(main())


def test_a_link_runs_again_after_it_ended(world: World, links: Links) -> None:
    async def main() -> None:
        async with world.relay() as server:
            bot = await links.up(f"ws://127.0.0.1:{server.port}")
            bot.link.close()
            assert "closed" in str(await links.ended(bot))
            again = asyncio.create_task(bot.run())
            await world.until(lambda: bot.ups == 2)
            again.cancel()
            await asyncio.wait({again})

    world.run(main())


def test_closing_ends_a_link_in_the_middle_of_connecting(world: World, links: Links) -> None:
    async def mute(connection: ServerConnection) -> None:
        reached.set()

    async def main() -> None:
        async with links.lying_relay(mute) as url:
            bot = links.start(url)
            await reached.wait()
            bot.link.close()
            bot.link.close()
            assert "closed" in str(await links.ended(bot))

    reached = asyncio.Event()
    world.run(main())


def test_a_link_that_is_leaving_already_may_be_closed(
    world: World, links: Links, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relay that does not answer the goodbye draws that out, and an hour may be used up meanwhile."""
    monkeypatch.setattr("tunnel.links.strangers.CLOSE_S", 20.0)

    async def relay(connection: ServerConnection) -> None:
        await links.honest_login(connection)
        connection.transport.pause_reading()
        await connection.send("nonsense")
        await closed.wait()
        connection.transport.resume_reading()

    async def main() -> None:
        async with links.lying_relay(relay) as url:
            bot = await links.up(url)
            await world.until(lambda: bot.link._sender is None)
            for _ in range(2):
                bot.link.close()
                await asyncio.sleep(0)
            assert bot.error is None
            closed.set()
            assert "only datagrams" in str(await links.ended(bot))

    closed = asyncio.Event()
    world.run(main())


def test_cancelling_ends_a_link_and_leaves_the_relay(world: World, links: Links) -> None:
    async def main() -> None:
        async with world.relay() as server:
            bot = await links.up(f"ws://127.0.0.1:{server.port}")
            assert bot.task is not None
            bot.task.cancel()
            await asyncio.wait({bot.task})
            assert bot.task.cancelled()
            await world.until(lambda: server.snapshot()["connections"] == 0)

    world.run(main())


def test_while_down_datagrams_are_dropped_and_counted(links: Links, world: World) -> None:
    async def main() -> None:
        bot = links.start("ws://127.0.0.1:1/")
        bot.link.send(b"x")
        assert bot.link.counters == {"dropped_down": 1}
        error = await links.ended(bot)
        assert "Cannot reach" in str(error)
        assert not error.refused

    world.run(main())


def test_a_datagram_too_long_is_our_own_mistake(links: Links, world: World) -> None:
    async def main() -> None:
        bot = links.start("ws://127.0.0.1:1/")
        with pytest.raises(ValueError, match="1200"):
            bot.link.send(bytes(1_201))
        await links.ended(bot)

    world.run(main())


def test_tls_with_the_given_authority(world: World, links: Links, tls_files: TlsFiles) -> None:
    async def main() -> None:
        async with world.relay(tls=tls_files) as server:
            url = f"wss://127.0.0.1:{server.port}"
            bot = await links.up(url, tls_ca=tls_files.cert)
            receiver = await links.up(url, tls_ca=tls_files.cert)
            bot.link.send(b"press")
            await world.until(lambda: receiver.got == [b"press"])

    world.run(main())


def test_a_certificate_nobody_vouches_for_is_refused(world: World, links: Links, tls_files: TlsFiles) -> None:
    async def main() -> None:
        async with world.relay(tls=tls_files) as server:
            bot = links.start(f"wss://127.0.0.1:{server.port}")
            error = await links.ended(bot)
            assert error.refused
            assert "not trusted" in str(error)
            assert bot.identity.signed == []

    world.run(main())


@pytest.mark.parametrize("url", ["http://relay.example", "ws://", "ws://" + "x" * 70 + ".example:1/"])
def test_an_impossible_url_is_one_sentence(world: World, links: Links, url: str) -> None:
    async def main() -> None:
        assert str(await links.ended(links.start(url))).endswith(".")

    world.run(main())


def test_the_rooms_turn_at_the_relays_midnight(world: World, links: Links) -> None:
    heard: list[list[str]] = []

    async def relay(connection: ServerConnection) -> None:
        login = await links.honest_login(connection, time_ms=8 * DAY_MS - 60_000)
        heard.append(json.loads(login)["rooms"])
        heard.append(json.loads(await connection.recv())["rooms"])

    async def main() -> None:
        async with links.lying_relay(relay) as url:
            bot = await links.up(url, room_name=lambda relay, day: bytes([day]) * 16)
            world.clock.added_ms += 60_001
            await world.until(lambda: len(heard) == 2)
            assert heard == [["07" * 16, "08" * 16], ["08" * 16, "09" * 16]]
            bot.link.close()
            await links.ended(bot)

    world.run(main())


def test_a_relay_that_redirects_is_not_followed(world: World, links: Links) -> None:
    async def main() -> None:
        async with world.relay() as server:
            location = f"ws://127.0.0.1:{server.port}/"

            def redirect(connection: ServerConnection, request: Request) -> Response:
                return Response(HTTPStatus.FOUND, "Found", Headers(Location=location))

            async def never(connection: ServerConnection) -> None:
                raise AssertionError

            async with serve(never, "127.0.0.1", 0, process_request=redirect) as liar:
                port = liar.sockets[0].getsockname()[1]
                error = await links.ended(links.start(f"ws://127.0.0.1:{port}"))
                assert "HTTP 302" in str(error)
                assert server.snapshot()["connections"] == 0

    world.run(main())


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"datagram", "before the welcome"),
        ("hello", "no JSON"),
        (Challenge("a\nb", "00" * 16, 0).to_json(), "printable"),
        (Challenge("liar", "00", 0).to_json(), "nonce"),
        (Challenge("liar", "00" * 16, 2**64 - 1).to_json(), "time"),
    ],
)
def test_nothing_is_signed_for_a_relay_that_asks_wrongly(
    world: World, links: Links, said: str | bytes, reason: str
) -> None:
    async def relay(connection: ServerConnection) -> None:
        await connection.send(said)

    async def main() -> None:
        async with links.lying_relay(relay) as url:
            bot = links.start(url)
            assert reason in str(await links.ended(bot))
            assert bot.identity.signed == []

    world.run(main())


@pytest.mark.parametrize(
    ("said", "reason"),
    [("text", "only datagrams"), (bytes(1_201), "more than a datagram"), (b"", None), (b"x", None)],
)
def test_after_the_welcome_only_datagrams_are_borne(
    world: World, links: Links, said: str | bytes, reason: str | None
) -> None:
    async def relay(connection: ServerConnection) -> None:
        await links.honest_login(connection)
        await connection.send(said)

    async def main() -> None:
        async with links.lying_relay(relay) as url:
            bot = links.start(url)
            if reason is None:
                await world.until(lambda: bot.got == [said])
                bot.link.close()
            error = await links.ended(bot)
            assert (reason or "closed") in str(error)

    world.run(main())


def test_a_relay_that_floods_is_left(world: World, links: Links, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunnel.links.intake._MOST_PER_SECOND", 100)

    async def relay(connection: ServerConnection) -> None:
        await links.honest_login(connection)
        try:
            for _ in range(100_000):
                await connection.send(b"x")
        except ConnectionClosed:
            pass

    async def main() -> None:
        async with links.lying_relay(relay) as url:
            bot = links.start(url)
            await links.ended(bot)
            assert bot.link.counters["dropped_flood"] > 0

    world.run(main())


def test_a_relay_that_floods_instead_of_welcoming_is_left_and_what_it_sent_is_told(
    world: World, links: Links
) -> None:
    async def relay(connection: ServerConnection) -> None:
        await connection.send(Challenge("liar", "00" * 16, 0).to_json())
        await connection.recv()
        try:
            for _ in range(100_000):
                await connection.send(bytes(1_000))
        except ConnectionClosed:
            pass

    async def main() -> None:
        async with links.lying_relay(relay) as url:
            bot = links.start(url)
            error = await links.ended(bot)
            assert error.unheard > 1_000 * 1_000
            assert error.unheard % 1_000 == 0
            assert bot.link.counters["dropped_flood"] > 0
            assert (bot.ups, bot.got) == (0, [])

    world.run(main())


def test_what_a_relay_sends_before_it_refuses_is_told(world: World, links: Links) -> None:
    async def relay(connection: ServerConnection) -> None:
        await connection.send(Challenge("liar", "00" * 16, 0).to_json())
        await connection.recv()
        for n in range(30):
            await connection.send(bytes(n))
        await connection.send('{"welcome": "no"}')

    async def main() -> None:
        async with links.lying_relay(relay) as url:
            bot = links.start(url)
            assert (await links.ended(bot)).unheard == sum(range(30))
            again = asyncio.create_task(bot.run())
            await asyncio.wait({again})
            assert bot.error is not None
            assert bot.error.unheard == sum(range(30)), "each run tells its own"

    world.run(main())


def test_what_follows_the_welcome_at_once_is_not_lost(world: World, links: Links) -> None:
    async def relay(connection: ServerConnection) -> None:
        await connection.send(Challenge("busy", "00" * 16, 0).to_json())
        await connection.recv()
        broadcast([connection], '{"welcome": {"message_bytes": 1200, "messages_per_second": 1}}')
        for n in range(30):
            broadcast([connection], bytes([n]))

    async def main() -> None:
        async with links.lying_relay(relay) as url:
            bot = await links.up(url)
            await world.until(lambda: len(bot.got) == 30)
            assert bot.got == [bytes([n]) for n in range(30)]
            bot.link.close()
            assert (await links.ended(bot)).unheard == 0

    world.run(main())


def test_a_relay_that_bears_less_than_a_datagram_is_left(world: World, links: Links) -> None:
    async def relay(connection: ServerConnection) -> None:
        await connection.send(Challenge("small", "00" * 16, 0).to_json())
        await connection.recv()
        await connection.send('{"welcome": {"message_bytes": 100, "messages_per_second": 1}}')

    async def main() -> None:
        async with links.lying_relay(relay) as url:
            bot = links.start(url)
            error = await links.ended(bot)
            assert error.refused
            assert "less than 1200 bytes" in str(error)

    world.run(main())


def test_a_login_can_be_checked_by_anybody(world: World, links: Links) -> None:
    logins: list[str] = []

    async def relay(connection: ServerConnection) -> None:
        logins.append(await links.honest_login(connection))

    async def main() -> None:
        async with links.lying_relay(relay) as url:
            bot = await links.up(url)
            assert Login.parse(logins[0]).address == bot.identity.public.address
            bot.link.close()
            await links.ended(bot)

    world.run(main())


said = st.text(max_size=200) | st.binary(max_size=1_300)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=said, second=said, third=said)
def test_whatever_a_relay_says_the_link_ends_with_one_sentence(
    world: World, links: Links, first: str | bytes, second: str | bytes, third: str | bytes
) -> None:
    async def relay(connection: ServerConnection) -> None:
        try:
            await connection.send(first)
            await connection.send(second)
            await connection.send(third)
            await connection.close()
        except ConnectionClosed:
            pass

    async def main() -> None:
        async with links.lying_relay(relay) as url:
            bot = links.start(url)
            await links.ended(bot)
            assert bot.identity.signed == []

    world.run(main())


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=st.lists(said, max_size=4))
def test_whatever_a_relay_says_after_the_welcome_the_link_ends_with_one_sentence(
    world: World, links: Links, messages: list[str | bytes]
) -> None:
    async def relay(connection: ServerConnection) -> None:
        try:
            await links.honest_login(connection)
            for message in messages:
                await connection.send(message)
            await connection.close()
        except ConnectionClosed:
            pass

    async def main() -> None:
        async with links.lying_relay(relay) as url:
            bot = links.start(url)
            await links.ended(bot)
            assert all(len(datagram) <= 1_200 for datagram in bot.got)

    world.run(main())


def test_a_link_keeps_where_its_relay_answers_stun(world: World, links: Links) -> None:
    async def main() -> None:
        async with world.relay() as server:
            running = await links.up(f"ws://127.0.0.1:{server.port}")
            assert running.link.stun_places == (("127.0.0.1", server.port),)
            assert running.link.stun_tcp_places == (("127.0.0.1", server.port),)

    world.run(main())


@pytest.mark.parametrize(
    ("url", "told", "udp", "tcp"),
    [
        ("ws://relay.example.org:81", None, None, None),
        ("ws://relay.example.org:81", StunTold(), (), ()),
        ("ws://relay.example.org", StunTold(tcp=82), (), (("relay.example.org", 82),)),
        ("wss://[::1]:81", StunTold(udp=82), (("::1", 82),), ()),
        ("wss://a.example.org", StunTold(udp=82, host="b.example.org"), (("b.example.org", 82),), ()),
        ("wss://a.example.org", StunTold(udp=82, tcp=82, host="192.168.1.1"), None, None),
    ],
)
def test_what_a_relay_says_of_stun_is_kept_if_it_can_be_believed(
    world: World, url: str, told: StunTold | None, udp: object, tcp: object
) -> None:
    link = RelayLink(url, Identity.create(), lambda relay, day: bytes(16), world.clock)
    link.stun_places = link.stun_tcp_places = (("before", 1),)  # by the relay of another day
    link._keep_stun(told)
    assert (link.stun_places, link.stun_tcp_places) == (udp, tcp)
    assert link.counters["stun_elsewhere"] == (told is not None and udp is None)


def test_a_relay_of_before_says_nothing_of_stun(world: World, links: Links) -> None:
    async def welcome(connection: ServerConnection) -> None:
        await links.honest_login(connection)

    async def main() -> None:
        async with links.lying_relay(welcome) as url:
            running = await links.up(url)
            assert running.link.stun_places is None

    world.run(main())
