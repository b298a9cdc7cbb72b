"""Compression: what other programs read, what is bounded, and what threads and levels may do."""

import gzip
import lzma
import threading
import tracemalloc
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import zstandard

from holdall import Corrupt, Gzip, Lzma, Memory, TooLarge, Zstd
from holdall.store import ABSENT
from tests.middleware.bytes.layers import COMPRESSING

TEXT = "Grüezi mitenand. ".encode() * 500
OTHERS = {"gzip": gzip.decompress, "lzma": lzma.decompress, "zstd": zstandard.decompress}
LEVELS = {"gzip": range(10), "lzma": range(6), "zstd": (-7, -1, 1, 3, 9, 22)}


@contextmanager
def bounded(size: int) -> Iterator[None]:
    """Fails where the block takes more than ``size`` bytes at once of what Python allocates."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < size
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", COMPRESSING)
@pytest.mark.parametrize("value", [b"", b"a", TEXT])
def test_other_programs_read_what_is_written(name: str, value: bytes) -> None:
    for level in LEVELS[name]:
        store = COMPRESSING[name](Memory(), level)
        store["a"] = value
        assert OTHERS[name](store.raw()["a"]) == value


@pytest.mark.parametrize("name", COMPRESSING)
@pytest.mark.parametrize("value", [b"", b"a", TEXT])
def test_every_level_reads_every_other(name: str, value: bytes) -> None:
    below = Memory()
    stores = [COMPRESSING[name](below, level) for level in LEVELS[name]]
    for writer in (stores[0], stores[-1]):
        writer["a"] = value
        assert [store["a"] for store in stores] == [value] * len(stores)


@pytest.mark.parametrize("name", COMPRESSING)
def test_equal_values_are_equal_bytes(name: str) -> None:
    store = COMPRESSING[name](Memory())
    store.update(a=TEXT, b=TEXT)
    assert store.raw()["a"] == store.raw()["b"]


@pytest.mark.parametrize("name", COMPRESSING)
def test_a_value_over_the_bound_is_too_large_by_every_door(name: str) -> None:
    store = COMPRESSING[name](Memory(), max_size=1000)
    store["a"] = bytes(1000)
    tag = store.get_tagged("a").tag
    writes = [
        lambda: store.__setitem__("a", bytes(1001)),
        lambda: store.update(b=bytes(1001)),
        lambda: store.swap("a", bytes(1001), tag),
        lambda: store.swap("b", bytes(1001), ABSENT),
        lambda: store.modify("a", lambda value: value + b"a"),
        lambda: store.setdefault("b", bytes(1001)),
    ]
    for write in writes:
        with pytest.raises(TooLarge, match="1,001 bytes; max_size is 1,000"):
            write()
    assert dict(store.items()) == {"a": bytes(1000)}


def zstd_frames(size: int) -> list[bytes]:
    """Frames of ``size`` zeros: honest, silent of their size, and lying about it."""
    honest = zstandard.ZstdCompressor(write_checksum=True).compress(bytes(size))
    silent = zstandard.ZstdCompressor(write_checksum=True, write_content_size=False).compress(bytes(size))
    assert honest.count(size.to_bytes(4, "little")) == 1
    lies = [stated.to_bytes(4, "little") for stated in (1, 1000, 2**32 - 1)]
    return [honest, silent, *(honest.replace(size.to_bytes(4, "little"), lie) for lie in lies)]


BOMB = 1 << 27
BOMBS = {
    "gzip": lambda: [b"\x1f\x8b\x08" + bytes(6) + b"\xff" + zlib.compress(bytes(BOMB), wbits=-15) + bytes(8)],
    "lzma": lambda: [lzma.compress(bytes(BOMB), preset=0)],
    "zstd": lambda: zstd_frames(BOMB),
}


@pytest.mark.parametrize("name", COMPRESSING)
def test_a_bomb_is_corrupt_and_takes_no_memory(name: str) -> None:
    store = COMPRESSING[name](Memory(), max_size=1 << 20)
    for bomb in BOMBS[name]():
        store.raw()["a"] = bomb
        with bounded(1 << 23), pytest.raises(Corrupt, match="'a'"):
            store["a"]


def test_xz_that_takes_much_memory_or_checks_nothing_is_corrupt() -> None:
    store = Lzma(Memory())
    big = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 28}]
    store.raw()["big"] = lzma.compress(b"a", filters=big)
    store.raw()["unchecked"] = lzma.compress(b"a", check=lzma.CHECK_NONE)
    for key in ("big", "unchecked"):
        with pytest.raises(Corrupt, match=key):
            store[key]


def test_a_frame_without_checksum_is_corrupt() -> None:
    store = Zstd(Memory())
    store.raw()["a"] = zstandard.compress(TEXT)
    with pytest.raises(Corrupt, match="no checksum"):
        store["a"]


@pytest.mark.parametrize("name", COMPRESSING)
def test_threads_share_a_store(name: str) -> None:
    store = COMPRESSING[name](Memory())
    failed: list[object] = []

    def work(number: int) -> None:
        for turn in range(50):
            value = b"%d %d " % (number, turn) * 300
            store[f"k{number}"] = value
            if store[f"k{number}"] != value:
                failed.append((number, turn))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(store) == 4


@pytest.mark.parametrize("kind", [Gzip, Lzma, Zstd])
def test_what_is_no_bytes_is_refused(kind: type) -> None:
    store = kind(Memory())
    store["a"] = bytearray(b"a")
    store["b"] = memoryview(b"xbx")[1:2]
    assert dict(store.items()) == {"a": b"a", "b": b"b"}
