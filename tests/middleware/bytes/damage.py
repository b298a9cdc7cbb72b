"""Damaged copies of stored bytes, and what a layer that checks makes of them."""

import random
from collections.abc import Callable, Iterator
from typing import Any

from holdall import Corrupt, Memory
from holdall.store import Store

CORRUPT = object()
Wrap = Callable[[Store[bytes]], Store[bytes]]


def read(store: Store[Any], key: str) -> object:
    """The value of ``key``, or `CORRUPT` where the store says so and says it well."""
    try:
        return store[key]
    except Corrupt as error:
        check(error, key)
        return CORRUPT


def check(error: Corrupt, key: str) -> None:
    """It names the key in one short line, and was found out before memory ran out."""
    assert error.key == key
    assert repr(key) in str(error)
    assert "\n" not in str(error)
    assert len(str(error)) < 400
    assert not isinstance(error.__cause__, MemoryError)


def stored(wrap: Wrap, value: bytes) -> tuple[Memory, Store[bytes], bytes]:
    """A store, the layer on it, and what the layer made of ``value`` under the key ``a``."""
    below = Memory()
    layer = wrap(below)
    layer["a"] = value
    return below, layer, below["a"]


def truncations(data: bytes) -> Iterator[bytes]:
    """Every proper prefix, every proper suffix, and more than there was."""
    yield from (data[:end] for end in range(len(data)))
    yield from (data[start:] for start in range(1, len(data)))
    yield from (data + more for more in (b"\0", b"\xff", data))


def flips(data: bytes) -> Iterator[bytes]:
    """Each byte in turn with all its bits turned over."""
    for place in range(len(data)):
        yield changed(data, place, data[place] ^ 0xFF)


def bytewise(data: bytes) -> Iterator[bytes]:
    """Each byte in turn as each of the 255 others."""
    for place, byte in enumerate(data):
        yield from (changed(data, place, other) for other in range(256) if other != byte)


def piece(drawn: random.Random) -> bytes:
    """What a disk may put among them."""
    return drawn.choice([bytes(8), b"\xff" * 8, drawn.randbytes(drawn.randint(1, 9))])


def changed(data: bytes, place: int, byte: int) -> bytes:
    return data[:place] + bytes([byte]) + data[place + 1 :]
