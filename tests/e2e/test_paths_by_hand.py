"""Two people on the phone: no relay, nobody's server, a text that one shows and the other types."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Literal

import pytest

from cli.__main__ import main
from cli.diary.diary import Diary, Facts, Sources
from cli.diary.folder import STATUS, Folder
from cli.diary.page import Settings, read_page
from tunnel.endpoint import Endpoint
from tunnel.identity import Identity
from tunnel.links.direct import DirectOptions
from tunnel.rendezvous.board import Board
from tunnel.rendezvous.folder import OWN_LETTER, by_hand
from tunnel.rendezvous.keys import MeetingKeys
from tunnel.rendezvous.letter import to_text
from tunnel.session import Role
from tunnel.wallclock import WallClock

PATIENCE_S: Final = 60.0
Program = Literal["bot", "receiver"]
KEYS: Final[dict[Program, Program]] = {"bot": "receiver", "receiver": "bot"}


class End:
    """One end as its program runs it, on the loopback: an endpoint without relays, and its diary."""

    def __init__(self, home: Path, program: Program, own: Identity, peer: Identity) -> None:
        extra = "chat: {source: terminal}\n" if program == "bot" else "device: events\n"
        own.save(home / f"{program}.key")
        self.config = home / f"{program}.yaml"
        self.config.write_text(
            f"relays: [ws://127.0.0.1:9]\nidentity: {program}.key\n{KEYS[program]}: {peer.public.hex}\n"
            f"direct: {{enabled: true}}\n{extra}",
            encoding="utf-8",
        )
        self.folder = Folder(self.config)
        self._program: Program = program
        self._own, self._peer = own, peer
        self._cancel: Callable[[], Any] = lambda: None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)
        self._thread.start()

    async def _main(self) -> None:
        clock = WallClock()
        keys = MeetingKeys(self._own, self._peer.public)
        endpoint = Endpoint(
            role=Role.SENDER if self._program == "bot" else Role.RECEIVER,
            identity=self._own,
            peer=self._peer.public,
            relays=[],
            on_event=lambda event: None,
            clock=clock,
            direct=DirectOptions(hosts=("127.0.0.1",)),
            meeting=lambda on: Board(keys, [], clock, on, by_hand=[by_hand(self.folder.path, clock)]),
        )
        facts = Facts(
            self._program, self._own.public.address, self._peer.public.address, Settings(enabled=True)
        )
        sources = Sources(
            paths=endpoint.paths,
            connected=lambda: endpoint.connected,
            stories=endpoint.stories,
            minutes=endpoint.minutes,
            places=endpoint.places,
            look_hard=endpoint.look_hard,
        )
        program = asyncio.create_task(Diary(self.folder, facts, sources, clock, None).beside(endpoint.run()))
        loop = asyncio.get_running_loop()
        self._cancel = lambda: loop.call_soon_threadsafe(program.cancel)
        await asyncio.wait([program])

    def is_ready(self) -> bool:
        return None not in (self.folder.read(STATUS), self.folder.read(OWN_LETTER))

    def end(self) -> None:
        self._cancel()
        self._thread.join(PATIENCE_S)


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[tuple[End, End]]:
    bot, receiver = Identity.create(), Identity.create()
    both = End(tmp_path, "bot", bot, receiver), End(tmp_path, "receiver", receiver, bot)
    yield both
    for end in both:
        end.end()


def until(met: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not met():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)


def test_two_people_bring_their_programs_together(
    ends: tuple[End, End], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.diary.phone.SOON_MS", 0.0)
    bot, receiver = ends
    for end in ends:
        until(end.is_ready)
    assert main(["paths", "offer", "--config", str(bot.config)]) == 0
    offered = re.search(r"paths answer (\S+) --config receiver\.yaml", capsys.readouterr().out)
    assert offered is not None
    letter = receiver.folder.read(OWN_LETTER)
    assert letter is not None
    answers: list[int] = []
    call = ["paths", "answer", offered[1].lower(), "--config", str(receiver.config)]
    at_the_receiver = threading.Thread(target=lambda: answers.append(main(call)), daemon=True)
    at_the_receiver.start()
    until(lambda: receiver.folder.read("shown"))  # its own text stands on that screen
    assert main(["paths", "answer", to_text(letter), "--config", str(bot.config)]) == 0
    at_the_receiver.join(PATIENCE_S)
    assert answers == [0]
    said = capsys.readouterr().out
    assert said.count("A direct path works: direct ") == 2
    assert "Taken. Now the other one needs this receiver's offer" in said
    for end in ends:
        page = read_page(end.folder.read(STATUS) or b"")
        assert page.connected
        assert [place.read for place in page.places] == [1]
