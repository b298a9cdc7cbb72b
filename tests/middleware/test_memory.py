"""A few stored bytes cannot take much memory: documents are measured before they are decoded."""

import tracemalloc
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

import holdall
from holdall import (
    Corrupt,
    Gzip,
    Json,
    Lzma,
    MapReduce,
    Memory,
    MessagePack,
    Pickle,
    Text,
    TooLarge,
    Xml,
    Yaml,
    Zstd,
)
from holdall.errors import InvalidAddress
from holdall.middleware.codec import Codec
from holdall.middleware.documents.memory import LARGEST, _walk, of_json, of_msgpack, of_xml
from holdall.middleware.documents.yaml_text import size_of
from holdall.store import Store

MB = 2**20
N = 3000

DOCUMENTS: dict[str, Any] = {
    "lists": [[]] * N,
    "dicts": [{}] * N,
    "dicts of one": [{"a": 1}] * N,
    "dicts of names": [{f"{number:06}": []} for number in range(N)],
    "one dict": {f"{number:06}": number * 1000 for number in range(N)},
    "nulls": [None] * N,
    "numbers": [1000] * N,
    "floats": [1.5 * number for number in range(N)],
    "texts": [f"n{number}" for number in range(N)],
    "wide texts": ["é語"] * N,
    "nested": [[[[{"a": [number * 300, {}]}]]] for number in range(200)],
    "invoices": [
        {"number": f"2026-{n}", "lines": [{"text": "day rate", "price": "119.00"}] * 3} for n in range(200)
    ],
}
FORMATS: dict[str, tuple[Callable[..., Store[Any]], Callable[[bytes], int]]] = {
    "json": (Json, lambda data: of_json(data, 0)),
    "msgpack": (MessagePack, lambda data: of_msgpack(data, 10**12)),
    "yaml": (Yaml, lambda data: size_of(data, 10**12)),
    "xml": (Xml, of_xml),
}


def stored(layer: Callable[..., Store[Any]], document: Any) -> bytes:
    below = Memory()
    layer(below)["a"] = document
    return below["a"]


def peak(read: Callable[[], object]) -> int:
    """How many bytes of memory ``read`` takes at the most."""
    tracemalloc.start()
    try:
        read()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("name", ["json", "msgpack", "xml"])
def test_an_estimate_is_not_much_less_than_what_a_document_takes(name: str, document: str) -> None:
    layer, estimate = FORMATS[name]
    below = Memory()
    below["a"] = data = stored(layer, DOCUMENTS[document])
    store = layer(below)
    taken = peak(lambda: store["a"])
    assert estimate(data) * 1.3 > taken - len(data)
    assert taken < layer.dense * len(data) * 1.1  # type: ignore[attr-defined]  # below that it is not estimated


@pytest.mark.parametrize("name", FORMATS)
def test_a_document_over_the_budget_is_refused_both_ways_and_never_built(name: str) -> None:
    layer, _ = FORMATS[name]
    below = Memory()
    below["a"] = stored(layer, [{}] * N)
    small = layer(below, max_size=30_000)
    refusals: list[object] = []

    def read() -> None:
        with pytest.raises(Corrupt, match="30,000 bytes of memory; raise max_size") as refusal:
            small["a"]
        refusals.append(refusal.value.key)

    assert peak(read) < 250_000
    assert refusals == ["a"]
    with pytest.raises(TooLarge, match="max_size"):
        small["b"] = [{}] * N
    with pytest.raises(Corrupt):
        small.typed(list[Any])["a"]
    assert "b" not in below
    assert layer(below, max_size=10**8)["a"] == [{}] * N


@pytest.mark.parametrize("packed", [Zstd, Gzip, Lzma])
def test_a_few_bytes_that_unpack_to_a_large_tree_are_corrupt(
    packed: Callable[[Store[bytes]], Store[bytes]],
) -> None:
    below = Memory()
    packed(below)["a"] = b"[" + b"[]," * (2 * MB) + b"1]"
    assert len(below["a"]) < 10_000

    def read() -> None:
        with pytest.raises(Corrupt, match="max_size"):
            Json(packed(below))["a"]

    assert peak(read) < 40 * MB  # the text, and a pass over it; the tree takes 130


@pytest.mark.parametrize("document", ["1,2,{[" * 100_000, '\\"' * 300_000, "é,語:" * 100_000, "a\\\\"])
def test_a_long_text_is_not_taken_for_what_it_looks_like(document: str) -> None:
    for layer, _ in (FORMATS["json"], FORMATS["msgpack"]):
        store = layer(Memory(), max_size=8 * MB)
        store["a"] = {"text": document, "b": [document, 1, 2]}
        assert store["a"]["text"] == document


def test_marks_after_a_text_count_again() -> None:
    data = b'["' + b"x" * 100 + b'",' + b"[]," * 1000 + b'"\\\\",' + b"{}," * 1000 + b'""]'
    for enough in (0, 10_000):
        assert of_json(data, enough) >= peak(lambda: msgspec.json.decode(data)) - 2000
    assert of_json(b'["' + b"{" * 10_000 + b'"]', 10**6) < 12_000


@pytest.mark.parametrize(
    "part",
    [
        *(
            b"\xc0",
            b"\xc3",
            b"\xc4\x01a",
            b"\xc5\x00\x01a",
            b"\xc6\x00\x00\x00\x01a",
            b"\xca1234",
            b"\xcb12345678",
        ),
        *(
            b"\xcc1",
            b"\xcd12",
            b"\xce1234",
            b"\xcf12345678",
            b"\xd01",
            b"\xd112",
            b"\xd21234",
            b"\xd312345678",
        ),
        *(
            b"\xd6\xff1234",
            b"\xd7\xff" + bytes(8),
            b"\xc7\x0c\xff" + bytes(12),
            b"\xd9\x01a",
            b"\xda\x00\x01a",
        ),
        *(
            b"\xdb\x00\x00\x00\x01a",
            b"\xdc\x00\x01\x90",
            b"\xdd\x00\x00\x00\x01\x90",
            b"\xde\x00\x01\xa1a\x90",
        ),
        *(
            b"\xdf\x00\x00\x00\x01\xa1a\x90",
            b"\x81\xa1a\x90",
            b"\x91\x90",
            b"\xbf" + b"a" * 31,
            b"\x7f",
            b"\xff",
        ),
    ],
)
def test_every_part_of_messagepack_is_passed_over_whole(part: bytes) -> None:
    """So a list after it is counted, and what is in it is not."""
    msgspec.msgpack.decode(part)
    before, after = b"\x92\x90" + part, b"\x92" + part + b"\x90"
    assert _walk(before, 10**6) == _walk(after, 10**6)
    assert of_msgpack(part, 10**6) >= _walk(part, 10**6) > len(part)


def test_the_budget_is_64_mib_and_a_parameter_of_the_address() -> None:
    assert LARGEST == 64 * MB
    with holdall.open("memory://budget?serializer=json&compress=zstd&max_size=10kB") as store:
        store["a"] = ["x" * 5000]
        with pytest.raises(TooLarge, match="10,000 bytes of memory"):
            store["b"] = [[]] * 1000
        with pytest.raises(TooLarge, match="10,000"):
            store["b"] = "x" * 10_001
    with pytest.raises(InvalidAddress, match="has no effect here"):
        holdall.open("memory://?max_size=1MB")


# ---- No memory is no damage ---------------------------------------------------------------------------------


class Exhausted(Codec[bytes, bytes]):
    def encode(self, key: str, value: bytes) -> bytes:
        if key == "full":
            raise MemoryError
        return value

    def decode(self, key: str, data: bytes) -> bytes:
        raise MemoryError


@pytest.mark.parametrize(
    "use",
    [
        lambda store: store["a"],
        lambda store: store.get("a"),
        lambda store: list(store.items()),
        lambda store: list(store.get_many(["a"])),
        lambda store: store.pop("a"),
        lambda store: store.__setitem__("full", b"1"),
        lambda store: store.set_many([("full", b"1")]),
        lambda store: MapReduce(lambda key, value: [(key, 1)], "sum").run(store),
    ],
)
def test_a_memory_error_passes_as_it_is(use: Callable[[Store[bytes]], object]) -> None:
    below = Memory()
    below["a"] = b"1"
    with pytest.raises(MemoryError):
        use(Exhausted(below))


def test_a_memory_error_of_a_map_or_a_reducer_passes_as_it_is() -> None:
    store = Json(Memory())
    store["a"] = store["b"] = 1

    def fails(*args: Any) -> Any:
        raise MemoryError

    for query in (MapReduce(fails, "sum"), MapReduce(lambda key, value: [("all", value)], fails)):
        with pytest.raises(MemoryError):
            dict(query.run(store))


@pytest.mark.parametrize(
    "layer", [Json, MessagePack, Yaml, Xml, Text, lambda store: Pickle(store, trust=True)]
)
def test_a_memory_error_while_a_document_is_read_is_not_damage(
    layer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = layer(Memory())
    store["a"] = "x"

    def fails(*args: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(store, "_read" if hasattr(store, "_read") else "decode", fails)
    with pytest.raises(MemoryError):
        store["a"]
