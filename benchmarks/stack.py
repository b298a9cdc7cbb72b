"""The cost of layers over the calls that they make: compressed documents in SQLite, and two serializers."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import zstandard

import holdall
from benchmarks.invoices import invoices
from benchmarks.measure import Goal, Row, Work, at_most, compare
from holdall import Json, Memory, MessagePack, Store
from holdall.domain.model import Invoice

ROUNDS = 31
DOCUMENTS = list(invoices(2000))
GROUP = "stack / by hand"

Bytes = Callable[[Any], bytes]
Get = Callable[[str], object]
Put = Callable[[str, Invoice], object]


def stack(folder: Path) -> Iterator[Row]:
    """Typed JSON and zstd on SQLite by one address; then typed serializers alone, on memory and on a dict."""
    address = f"sqlite:///{folder}/ours.db?durability=os&serializer=json&compress=zstd"
    with (
        holdall.open(address, type=Invoice) as store,
        closing(sqlite3.connect(folder / "hand.db", isolation_level=None)) as connection,
    ):
        put, get = _by_hand(connection)
        yield from _rows("Json, zstd, SQLite", store, put, get, at_most(1.2))
    for kind, format in ((Json, msgspec.json), (MessagePack, msgspec.msgpack)):
        encode, decode = format.Encoder().encode, format.Decoder(Invoice).decode
        serializer: Any = kind
        yield from _encoded(serializer.__name__, serializer(Memory(), type=Invoice), encode, decode)


def _by_hand(connection: sqlite3.Connection) -> tuple[Put, Get]:
    connection.executescript(
        "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
        "CREATE TABLE documents (key TEXT PRIMARY KEY, value BLOB NOT NULL)"
    )
    encode, decode = msgspec.json.Encoder().encode, msgspec.json.Decoder(Invoice).decode
    pack = zstandard.ZstdCompressor(3, write_checksum=True).compress
    unpack = zstandard.ZstdDecompressor().decompress
    execute = connection.execute

    def put(key: str, invoice: Invoice) -> object:
        return execute("INSERT OR REPLACE INTO documents VALUES (?, ?)", (key, pack(encode(invoice))))

    def get(key: str) -> object:
        row = execute("SELECT value FROM documents WHERE key = ?", (key,)).fetchone()
        return decode(unpack(row[0]))

    return put, get


def _rows(name: str, store: Store[Invoice], put: Put, get: Get, goal: Goal) -> Iterator[Row]:
    for task, ours, theirs in (
        ("insert", _writes(store.__setitem__), _writes(put)),
        ("get", _reads(store.__getitem__), _reads(get)),
    ):
        yield compare(GROUP, f"{name}: {task}", ours, theirs, rounds=ROUNDS, goal=goal)


def _encoded(name: str, layer: Any, encode: Bytes, decode: Callable[[bytes], Invoice]) -> Iterator[Row]:
    """The layer's two functions, against the functions of msgspec that they call."""
    data = [(number, encode(invoice)) for number, invoice in DOCUMENTS]
    for task, ours, pairs, peer in (
        ("encode", layer.encode, DOCUMENTS, encode),
        ("decode", layer.decode, data, decode),
    ):
        yield compare(
            "typed / msgspec",
            f"{name}: {task}",
            _calls(ours, pairs),
            _calls(peer, [(value,) for _, value in pairs]),
            rounds=ROUNDS,
            goal=at_most(1.1),
        )


def _calls(function: Callable[..., object], arguments: Sequence[tuple[Any, ...]]) -> Work:
    def work(round: int) -> int:
        for each in arguments:
            function(*each)
        return len(arguments)

    return work


def _writes(put: Put) -> Work:
    def work(round: int) -> int:
        for number, invoice in DOCUMENTS:
            put(number, invoice)
        return len(DOCUMENTS)

    return work


def _reads(get: Get) -> Work:
    def work(round: int) -> int:
        for number, _ in DOCUMENTS:
            get(number)
        return len(DOCUMENTS)

    return work
