from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunnel.relay.rooms import Member, OverRateError, Rooms, RoomsFullError
from tunnel.relay.settings import RelayLimits

A, B, C = (bytes([n]) * 16 for n in (1, 2, 3))
SIZE = 100


def open_rooms(
    rooms: int = 100, members_per_room: int = 8, messages: float = 1_000, size: float = 1e6
) -> Rooms[str]:
    return Rooms(
        RelayLimits(
            rooms=rooms,
            members_per_room=members_per_room,
            messages_per_second=messages,
            messages_burst=messages,
            bytes_per_second=size,
            bytes_burst=size,
        )
    )


def enter(rooms: Rooms[str], who: str, *names: bytes) -> Member[str]:
    member, replaced = rooms.enter(who, names, who)
    assert not replaced
    return member


def receivers(rooms: Rooms[str], sender: Member[str], now: float = 0) -> list[str]:
    return [peer.outlet for peer in rooms.forward(sender, SIZE, now)]


def test_a_datagram_goes_to_the_others_in_the_room_and_to_nobody_else() -> None:
    rooms = open_rooms()
    bot, _, _ = enter(rooms, "bot", A), enter(rooms, "receiver", A), enter(rooms, "stranger", B)
    assert receivers(rooms, bot) == ["receiver"]


def test_two_shared_rooms_still_mean_one_copy() -> None:
    rooms = open_rooms()
    bot, _ = enter(rooms, "bot", A, B), enter(rooms, "receiver", A, B)
    assert receivers(rooms, bot) == ["receiver"]


def test_ends_meet_across_midnight() -> None:
    rooms = open_rooms()
    bot, receiver = enter(rooms, "bot", A, B), enter(rooms, "receiver", A, B)
    assert not rooms.move(bot, (B, C))
    assert receivers(rooms, bot) == ["receiver"]
    assert not rooms.move(receiver, (B, C))
    assert receivers(rooms, receiver) == ["bot"]
    assert rooms.rooms == 2


def test_who_moves_away_hears_nothing_more() -> None:
    rooms = open_rooms()
    bot, receiver = enter(rooms, "bot", A), enter(rooms, "receiver", A)
    rooms.move(receiver, (B,))
    assert receivers(rooms, bot) == []
    assert rooms.counters["dropped_alone"] == 1


def test_whoever_comes_later_is_heard_at_once() -> None:
    rooms = open_rooms()
    bot = enter(rooms, "bot", A)
    assert receivers(rooms, bot) == []
    enter(rooms, "receiver", A)
    assert receivers(rooms, bot) == ["receiver"]


def test_leaving_twice_is_leaving_once_and_empty_rooms_are_forgotten() -> None:
    rooms = open_rooms()
    bot = enter(rooms, "bot", A, B)
    rooms.leave(bot)
    rooms.leave(bot)
    assert (rooms.members, rooms.rooms) == (0, 0)


def test_who_has_left_reaches_nobody_and_moves_nowhere() -> None:
    rooms = open_rooms()
    gone = enter(rooms, "gone", A)
    enter(rooms, "other", A)
    rooms.leave(gone)
    assert receivers(rooms, gone) == []
    assert rooms.move(gone, (A,)) == []
    assert receivers(rooms, gone) == []


def test_a_full_room_lets_the_same_address_take_its_oldest_place() -> None:
    rooms = open_rooms(members_per_room=3)
    old, new, other = enter(rooms, "bot", A), enter(rooms, "bot", A), enter(rooms, "receiver", A)
    newest, replaced = rooms.enter("bot", (A,), "bot")
    assert replaced == [old]
    assert rooms.members == 3
    assert set(rooms.forward(other, SIZE, 0)) == {new, newest}


def test_a_full_room_refuses_anybody_else_and_stays_as_it_was() -> None:
    rooms = open_rooms(members_per_room=1)
    enter(rooms, "bot", A)
    with pytest.raises(RoomsFullError):
        rooms.enter("stranger", (B, A), "stranger")
    assert (rooms.members, rooms.rooms) == (1, 1)


def test_there_is_a_limit_to_rooms() -> None:
    rooms = open_rooms(rooms=2)
    bot = enter(rooms, "bot", A, B)
    with pytest.raises(RoomsFullError):
        rooms.enter("stranger", (C,), "stranger")
    enter(rooms, "receiver", A, B)
    with pytest.raises(RoomsFullError):
        rooms.move(bot, (A, C))
    assert receivers(rooms, bot) == ["receiver"]


def test_who_is_alone_turns_the_day_even_at_the_limit() -> None:
    rooms = open_rooms(rooms=2)
    bot = enter(rooms, "bot", A, B)
    rooms.move(bot, (B, C))
    assert rooms.rooms == 2


def test_messages_over_the_rate_are_dropped_and_counted() -> None:
    rooms = open_rooms(messages=2)
    bot = enter(rooms, "bot", A)
    enter(rooms, "receiver", A)
    assert [len(receivers(rooms, bot)) for _ in range(4)] == [1, 1, 0, 0]
    assert rooms.counters["dropped_rate"] == 2
    assert len(receivers(rooms, bot, now=1_000)) == 1


def test_bytes_over_the_rate_are_dropped_too() -> None:
    rooms = open_rooms(size=1_200)
    bot = enter(rooms, "bot", A)
    enter(rooms, "receiver", A)
    assert [len(rooms.forward(bot, 1_000, 0)) for _ in range(2)] == [1, 0]


def test_who_stays_far_over_the_rate_has_to_go() -> None:
    rooms = open_rooms(messages=2)
    bot = enter(rooms, "bot", A)
    for _ in range(4):
        rooms.forward(bot, SIZE, 0)
    with pytest.raises(OverRateError):
        rooms.forward(bot, SIZE, 0)


def test_one_member_over_its_rate_costs_the_others_nothing() -> None:
    rooms = open_rooms(messages=1)
    bot, receiver = enter(rooms, "bot", A), enter(rooms, "receiver", A)
    assert [len(receivers(rooms, bot)), len(receivers(rooms, bot))] == [1, 0]
    assert receivers(rooms, receiver) == ["bot"]


def test_the_oldest_of_what_waits_gives_way() -> None:
    rooms = open_rooms()
    slow = enter(rooms, "slow", A)
    for n in range(40):
        rooms.park(slow, bytes([n]))
    assert rooms.parked == 32
    assert rooms.counters["dropped_queue"] == 8
    assert [rooms.unpark(slow) for _ in range(33)] == [*(bytes([n]) for n in range(8, 40)), None]


def test_what_waited_for_one_who_left_is_counted() -> None:
    rooms = open_rooms()
    slow = enter(rooms, "slow", A)
    rooms.park(slow, b"x")
    rooms.leave(slow)
    assert rooms.parked == 0
    assert rooms.counters["dropped_left"] == 1


names = st.lists(st.sampled_from([A, B, C]), min_size=1, max_size=2, unique=True).map(tuple)
moves = st.tuples(st.sampled_from(["enter", "move", "leave", "forward"]), st.integers(0, 9), names)


@given(st.lists(moves, max_size=60))
def test_whatever_members_do_receivers_are_exactly_those_who_share_a_room(
    script: list[tuple[str, int, tuple[bytes, ...]]],
) -> None:
    rooms = open_rooms(rooms=2, members_per_room=3)
    inside: list[Member[str]] = []
    for what, which, where in script:
        member = inside[which % len(inside)] if inside else None
        try:
            if what == "enter":
                new, replaced = rooms.enter(f"0x{which % 2}", where, "")
                inside = [m for m in inside if m not in replaced] + [new]
            elif member is not None and what == "move":
                replaced = rooms.move(member, where)
                inside = [m for m in inside if m not in replaced]
            elif member is not None and what == "leave":
                rooms.leave(member)
                inside.remove(member)
        except RoomsFullError:
            pass
        assert rooms.members == len(inside)
        assert rooms.rooms == len({name for m in inside for name in m.rooms}) <= 2
        for m in inside:
            expected = {p for p in inside if p is not m and set(p.rooms) & set(m.rooms)}
            peers = rooms.forward(m, 1, 0)
            assert len(peers) == len(expected)
            assert set(peers) == expected
