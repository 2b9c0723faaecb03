"""Puts a distance before a relay: `python -m bench.lab.distance HOST PORT TO_HOST TO_PORT MILLISECONDS`.

Forwards TCP, and every byte takes so long each way. Without it all ways of the laboratory would take the same
time, none, and which of them is first would be a matter of luck. (The kernel's own means for this, netem, is
not in every kernel.)
"""

from __future__ import annotations

import asyncio
import sys


class Distance:
    """`seconds` is what a byte takes one way."""

    def __init__(self, host: str, port: int, seconds: float) -> None:
        self._host = host
        self._port = port
        self._seconds = seconds

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection; either end's end is the end of both."""
        try:
            far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
        except OSError:
            writer.close()
            return
        done, waiting = await asyncio.wait(
            [
                asyncio.create_task(self._carry(reader, far_writer)),
                asyncio.create_task(self._carry(far_reader, writer)),
            ],
            return_when=asyncio.FIRST_COMPLETED,
        )
        for task in (*done, *waiting):
            task.cancel()
        await asyncio.gather(*done, *waiting, return_exceptions=True)
        writer.close()
        far_writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while data := await reader.read(65_536):
            loop.call_later(self._seconds, _put, writer, data)


def _put(writer: asyncio.StreamWriter, data: bytes) -> None:
    if not writer.is_closing():
        writer.write(data)


async def main(host: str, port: str, to_host: str, to_port: str, milliseconds: str) -> None:
    """Until killed."""
    distance = Distance(to_host, int(to_port), float(milliseconds) / 1000)
    server = await asyncio.start_server(distance.serve, host, int(port))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
