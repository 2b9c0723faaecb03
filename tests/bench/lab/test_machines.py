"""Machines of the laboratory, and what keeps one from having it."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from bench.lab.machines import LabError, Machine, cpu_s, end, run, why_not
from bench.lab.world import world

REASON = why_not()
needs_a_laboratory = pytest.mark.skipif(REASON is not None, reason=str(REASON))


def test_a_command_returns_what_it_prints_and_complains_as_the_laboratory() -> None:
    assert run(sys.executable, "-c", "print(input())", text="hello") == "hello\n"
    with pytest.raises(LabError, match="no such luck"):
        run(sys.executable, "-c", "raise SystemExit('no such luck')")


@needs_a_laboratory
def test_what_a_process_has_computed_is_told_while_it_runs() -> None:
    busy = "import time\nwhile time.process_time() < 0.1: pass\nprint('done', flush=True); input()"

    async def main() -> None:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", busy, stdin=pipe, stdout=pipe)
        try:
            assert process.stdout is not None
            await process.stdout.readline()
            assert 0.05 <= cpu_s(process.pid) < 10
        finally:
            await end(process)
        with pytest.raises(OSError, match=str(process.pid)):
            cpu_s(process.pid)

    asyncio.run(asyncio.wait_for(main(), 30))


@needs_a_laboratory
def test_a_machine_counts_what_leaves_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as lab:
            machine = lab.host(lab.ipv4)
            before = machine.sent_bytes()
            code = "import socket; s = socket.socket(type=2); s.sendto(bytes(1000), ('203.0.113.1', 9))"
            program = await machine.start(sys.executable, "-c", code)
            await program.wait()
            assert 1_000 <= machine.sent_bytes() - before < 2_000

    asyncio.run(asyncio.wait_for(main(), 30))


@needs_a_laboratory
def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path: Path) -> None:
    async def killed() -> int:
        program = await asyncio.create_subprocess_exec("true")
        await program.wait()
        return program.pid

    async def main() -> None:
        orphan = Machine(f"crowdpad-lab-{await killed()}-0-host1")
        ours = Machine(f"crowdpad-lab-{os.getpid()}-0-host1")
        try:
            async with world(tmp_path):
                names = os.listdir("/run/netns")
            assert orphan.name not in names
            assert ours.name in names
        finally:
            await ours.remove()

    asyncio.run(main())
