"""Bytes on the wire, signature included, as a real session makes them."""

from __future__ import annotations

import functools

from bench.figures import Figure
from bench.world.simnet import CALM, World
from tunnel.envelope import Type, parse_header
from tunnel.frame import FRAME_SIZE, Frame


def measure() -> list[Figure]:
    """The sealed datagrams of a tap and of eight frames; the baseline is the frames alone."""
    world = World([CALM], 1)
    world.run(500)
    sizes: list[int] = []

    def watch(datagram: bytes) -> bytes:
        if parse_header(datagram).type is Type.INPUTS:
            sizes.append(len(datagram))
        return datagram

    world.paths[0].alter = watch
    for count in (2, 8):
        frame = Frame(1, 1300, int(world.now))
        world.act(functools.partial(world.sender.submit, (frame,) * count))
        world.run(1_000)
    tap, eight = sizes
    return [
        Figure("a tapped button on the wire", tap, "bytes", 2 * FRAME_SIZE, "its frames", 144),
        Figure("eight frames on the wire", eight, "bytes", 8 * FRAME_SIZE, "its frames", 240),
    ]
