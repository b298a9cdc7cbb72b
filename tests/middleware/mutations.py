"""Damaged copies of stored bytes: what disks, people and attackers make of them, the same at each run."""

import random
from collections.abc import Callable, Iterator

Piece = Callable[[random.Random], bytes]
"""Draws what is put among the bytes."""


def mutations(seeds: list[bytes], count: int, piece: Piece) -> Iterator[bytes]:
    """``count`` damaged copies of ``seeds`` in turn, by one to four changes each."""
    drawn = random.Random(20261122)
    for number in range(count):
        data = seeds[number % len(seeds)]
        for _ in range(drawn.randint(1, 4)):
            data = _changed(data, drawn, piece(drawn))
        yield data


def _changed(data: bytes, drawn: random.Random, piece: bytes) -> bytes:
    start, stop = sorted(drawn.randint(0, len(data)) for _ in range(2))
    place = drawn.randint(0, len(data))
    flipped = bytes([byte ^ 1 << drawn.randrange(8) for byte in data[place : place + 1]])
    return drawn.choice(
        [
            data[:start],
            data[:start] + data[stop:],
            data[:place] + data[start:stop] + data[place:],
            data[:place] + piece + data[place:],
            data[:place] + piece + data[place + len(piece) :],
            data[:place] + piece + data[place + 1 :],
            data[:place] + drawn.randbytes(1) + data[place + 1 :],
            data[:place] + flipped + data[place + 1 :],
        ]
    )
