"""A file through a layer is the value of the key, in both directions, and damage of it is always noticed."""

import io
import lzma
import tracemalloc
from contextlib import suppress
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdall import (
    Cache,
    Conflict,
    Corrupt,
    Lzma,
    Memory,
    Prefix,
    Replicas,
    TooLarge,
    Unavailable,
    Unsupported,
    Zstd,
)
from holdall.files import Sink, ValueWriter
from holdall.middleware.dictionary import train
from holdall.store import ABSENT, WHOLE, Feature, Store, Tag
from tests.examples import share
from tests.middleware.bytes.damage import CORRUPT, check, flips, truncations
from tests.middleware.bytes.layers import COMPRESSING, LAYERS
from tests.soak import SOAK

VALUES = [b"", b"holdall " * 9, bytes(range(256))] if SOAK else [b"", b"holdall " * 9]


SIZE = 1 << 23


def write(store: Store[Any], key: str, *parts: bytes) -> None:
    with store.open(key, "wb") as file:
        for part in parts:
            file.write(part)


def read(store: Store[Any], key: str) -> object:
    """The value of ``key``, read as a file; `CORRUPT` if the store says so and says it well."""
    try:
        with store.open(key) as file:
            return file.read()
    except Corrupt as error:
        check(error, key)
        return CORRUPT


@pytest.mark.parametrize("name", LAYERS)
@settings(max_examples=share(6))
@given(value=st.binary(max_size=200), times=st.sampled_from([1, 1, 2, 700, 5000]), data=st.data())
def test_a_file_is_the_value(name: str, value: bytes, times: int, data: st.DataObject) -> None:
    value *= times
    store = LAYERS[name](Memory())
    cuts = sorted(data.draw(st.lists(st.integers(0, len(value)), max_size=4)))
    bounds = [0, *cuts, len(value)]
    write(store, "a", *(value[first:last] for first, last in pairwise(bounds)))
    store["b"] = value
    assert (store["a"], store.size("a"), store.size("b")) == (value, len(value), len(value))
    with store.open("a") as one, store.open("b") as other:
        for at in data.draw(st.lists(st.integers(0, len(value) + 3), max_size=4)):
            for file in (one, other):
                assert (file.seek(at), file.read(300), file.tell()) == (
                    at,
                    value[at : at + 300],
                    at + len(value[at : at + 300]),
                )
        assert (one.seek(0), one.read(), one.read()) == (0, value, b"")
        assert (other.seek(0, io.SEEK_END), other.read()) == (len(value), b"")


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("value", VALUES)
def test_a_damaged_file_is_corrupt(name: str, value: bytes) -> None:
    below = Memory()
    store = LAYERS[name](below)
    write(store, "a", value)
    store["b"] = value
    for data in (below["a"], below["b"]):
        for damaged in (*truncations(data), *flips(data)):
            below["a"] = damaged
            assert read(store, "a") is CORRUPT, damaged


@pytest.mark.parametrize("name", ["gzip", "lzma"])
def test_data_after_the_end_is_noticed_if_a_read_stops_at_the_end(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = Memory()
    store = LAYERS[name](below)
    store["a"] = b"holdall"
    monkeypatch.setattr(f"holdall.middleware.{name}.STEP", len(below["a"]))
    assert read(store, "a") == b"holdall"
    below["a"] += b"\0"
    assert read(store, "a") is CORRUPT


@pytest.mark.parametrize("name", COMPRESSING)
def test_the_end_of_a_damaged_file_is_never_reached(name: str) -> None:
    below = Memory()
    store = LAYERS[name](below)
    store["a"] = bytes(range(256)) * 5000
    below["a"] = below["a"][:-1]
    with store.open("a") as file:
        for _ in range(2):
            file.seek(0)
            with pytest.raises(Corrupt, match="'a'"):
                list(iter(partial(file.read, 100_000), b""))
            with pytest.raises(Corrupt, match="'a'"):
                file.read()
            with pytest.raises(Corrupt, match="'a'"):
                file.seek(-1, io.SEEK_END)


@pytest.mark.parametrize("name", LAYERS)
def test_a_file_that_is_given_up_changes_nothing(name: str) -> None:
    store = LAYERS[name](Memory())
    store["a"] = b"old"
    tag = store.tag("a")
    with suppress(ZeroDivisionError), store.open("a", "wb") as file:
        file.write(bytes(10**6))
        raise ZeroDivisionError
    for key, expected in (("a", ABSENT), ("b", tag)):
        with pytest.raises(Conflict), store.open(key, "wb", expected=expected) as file:
            file.write(b"new")
    assert dict(store.items()) == {"a": b"old"}
    with store.open("a", "wb", expected=tag) as file:
        file.write(b"new")
    assert (file.tag, store["a"]) == (store.tag("a"), b"new")


class Failing(Memory):
    """Files whose second write fails, once."""

    def open(self, key: str, /, mode: str = "rb", *, expected: Tag | None = None) -> Any:
        file = super().open(key, mode, expected=expected)
        return file if mode == "rb" else ValueWriter(FailingSink(file))


class FailingSink(Sink):
    def __init__(self, file: ValueWriter) -> None:
        self.file = file
        self.writes = 0

    def write(self, data: bytes) -> None:
        self.writes += 1
        if self.writes == 2:
            raise Unavailable("no answer")
        self.file.write(data)

    def commit(self) -> Tag | None:
        self.file.close()
        return self.file.tag

    def discard(self) -> None:
        self.file.discard()


STACKS: dict[str, Any] = {
    **LAYERS,
    "raw": Failing.raw,
    "prefix": partial(Prefix, prefix="in/"),
    "cache": partial(Cache, max_age=60),
    "replicas": lambda store: Replicas(store, Memory()),
}


@pytest.mark.parametrize("name", STACKS)
def test_a_file_whose_write_failed_writes_nothing(name: str) -> None:
    store = STACKS[name](Failing())
    store["a"] = b"old"
    file = store.open("a", "wb")
    lose_errors(file)
    with pytest.raises(Unavailable, match="no answer"):
        file.close()
    file.close()
    with pytest.raises(Unavailable, match="no answer"), store.open("a", "wb") as file:
        lose_errors(file)
    with store.open("a", "wb") as file:
        lose_errors(file)
        file.discard()
    assert store["a"] == b"old"
    store.close()


def lose_errors(file: Any) -> None:
    for _ in range(4):
        with suppress(Unavailable, ValueError):
            file.write(b"part")


class Opened(Memory):
    """Remembers the files that it opened."""

    files: list[Any]

    def open(self, key: str, /, *args: Any, **options: Any) -> Any:
        file = super().open(key, *args, **options)
        self.files.append(file)
        return file


@pytest.mark.parametrize("name", LAYERS)
def test_the_file_below_is_closed(name: str) -> None:
    below = Opened()
    below.files = []
    store = LAYERS[name](below)
    write(store, "small", b"holdall")
    write(store, "large", bytes(range(256)) * 400)
    for key in ("small", "large"):
        store.open(key).close()
        with store.open(key) as file:
            file.read(1)
        below[key] = below[key][:-1]
        assert read(store, key) is CORRUPT
        below[key] = b"\0" + below[key]
        assert read(store, key) is CORRUPT
    assert [file.closed for file in below.files] == [True] * 10


class WithoutFiles(Memory):
    """A store that lacks RANGES and STREAMS."""

    read = Store.read
    open = Store.open
    features = property(lambda self: Memory.features.fget(self) & ~WHOLE)  # type: ignore[attr-defined,assignment]


@pytest.mark.parametrize("name", LAYERS)
def test_a_store_without_files_has_none_through_a_layer(name: str) -> None:
    store = LAYERS[name](WithoutFiles())
    store["a"] = b"value"
    assert (store.size("a"), store.features & WHOLE) == (5, Feature.NONE)
    for call in (lambda: store.open("a"), lambda: store.open("a", "wb"), lambda: store.read("a", 1)):
        with pytest.raises(Unsupported):
            call()


@pytest.mark.parametrize("name", COMPRESSING)
def test_a_part_of_compressed_data_is_refused_with_the_way_by_a_file(name: str) -> None:
    store = COMPRESSING[name](Memory())
    store["a"] = b"value"
    with pytest.raises(
        Unsupported, match=r"cannot read a part of 'a': .* seek in the file store.open\(key\)"
    ):
        store.read("a", 1)
    with store.open("a") as file:
        file.seek(1)
        assert file.read() == b"alue"


@pytest.mark.parametrize("name", COMPRESSING)
def test_only_a_file_may_be_larger_than_the_bound(name: str) -> None:
    store = COMPRESSING[name](Memory(), max_size=1000)
    write(store, "a", bytes(1000))
    assert store["a"] == bytes(1000)
    write(store, "a", bytes(900), bytes(101))
    assert (read(store, "a"), store.size("a")) == (bytes(1001), 1001)
    with pytest.raises(
        Corrupt, match="'a' is or may be larger than max_size, which is 1,000 bytes; read it as"
    ):
        store["a"]
    with pytest.raises(TooLarge, match="write it as a file"):
        store["a"] = bytes(1001)


@pytest.mark.parametrize("name", COMPRESSING)
def test_a_bomb_that_is_read_as_a_file_takes_little_memory(name: str) -> None:
    store = LAYERS[name](Memory())
    store["a"] = bytes(SIZE)
    with store.open("a") as file:
        tracemalloc.start()
        try:
            size = sum(map(len, iter(partial(file.read, 1 << 20), b"")))
            assert (size, tracemalloc.get_traced_memory()[1] < 1 << 22) == (SIZE, True)
        finally:
            tracemalloc.stop()


def test_zstd_of_a_dictionary_is_read_as_a_file() -> None:
    below = Memory()
    documents = {f"k{n}": b"number %d of many, and some more text of each" % n for n in range(200)}
    plain = Zstd(below)
    plain.update(documents)
    store = Zstd(below, dictionary=train(plain, size=512))
    store.update(documents)
    assert {key: read(plain, key) for key in documents} == documents
    write(store, "file", b"without a dictionary")
    below.raw(".holdall/zstd/").clear()
    assert read(Zstd(below), "file") == b"without a dictionary"
    assert read(Zstd(below), "k7") is CORRUPT


def test_an_xz_file_that_takes_much_memory_or_checks_nothing_is_corrupt() -> None:
    store = Lzma(Memory())
    big = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 28}]
    store.raw()["a"] = lzma.compress(b"a", filters=big)
    assert read(store, "a") is CORRUPT
    store.raw()["a"] = lzma.compress(b"a", check=lzma.CHECK_NONE)
    assert read(store, "a") is CORRUPT


KNOWN = {
    "gzip": "1f8b08000000000000ffcbc8cf4949ccc90100a43248f007000000",
    "zstd": "28b52ffd2407390000686f6c64616c6c28586201",
    "zstd-file": "28b52ffd0458390000686f6c64616c6c28586201",
    "lzma": "fd377a585a000004e6d6b4460200210116000000742fe5a3010006686f6c64616c6c0000edd592cfc0a77bb200011f07162eb873"
    "1fb6f37d010000000004595a",
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_bytes_are_read(name: str) -> None:
    # Made once, so that a change of a format on the store shows.
    below = Memory()
    below["a"] = bytes.fromhex(KNOWN[name])
    store = LAYERS[name.removesuffix("-file")](below)
    assert (store["a"], read(store, "a"), store.size("a")) == (b"holdall", b"holdall", 7)
