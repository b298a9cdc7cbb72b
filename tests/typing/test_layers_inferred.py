"""What a layer of one's own shows is inferred from what it stands on, and so is what ill fits is refused."""

from collections.abc import Callable
from typing import Any, assert_type

import msgspec

import holdall
from holdall import Json, Memory, Prefix, ReadOnly, SnapshotFeed, SQLite, Store
from holdall.abc import ABSENT, Codec, Delete, Expect, Interceptor, Operation, PassThrough, Put, Tag
from holdall.testing import BYTES, DOCUMENTS, StoreTests, Values


class Reversed(Codec[bytes, bytes]):
    """Bytes below and above: stands under a serializer, as compression does."""

    def encode(self, key: str, value: bytes, /) -> bytes:
        return value[::-1]

    def decode(self, key: str, data: bytes, /) -> bytes:
        return data[::-1]


class Invoice(msgspec.Struct):
    """A document."""

    number: str


def test_a_codec_stands_between_bytes_and_documents() -> None:
    books = Json(Reversed(holdall.open("memory://")), type=Invoice)
    books["7"] = Invoice("7")
    assert_type(books, Json[Invoice])
    assert_type(books.get_tagged("7").value, Invoice)
    assert_type(books.raw(), Store[bytes])
    assert books.raw()["7"] == b'}"7":"rebmun"{'


def test_a_codec_of_bytes_stands_on_no_documents() -> None:
    Reversed(Json(Memory(), type=Invoice))  # type: ignore[arg-type]


def test_layers_that_change_no_value_keep_its_type() -> None:
    books = Json(Memory(), type=Invoice)
    assert_type(PassThrough(books), PassThrough[Invoice])
    assert_type(SnapshotFeed(books, Memory()), SnapshotFeed[Invoice])
    assert_type(Interceptor(books), Interceptor[Invoice])
    assert_type(Interceptor(books).typed(Invoice | None), Store[Invoice | None])
    assert_type(ReadOnly(Prefix(books, "app")), ReadOnly[Invoice])
    assert_type(Prefix(books, "app").typed(dict), Store[dict[Any, Any]])


def test_get_and_pop_keep_the_type_through_every_layer() -> None:
    books = Json(Memory(), type=Invoice)
    assert_type(Memory().get("7"), bytes | None)
    assert_type(SQLite(":memory:").pop("7", b""), bytes)
    assert_type(books.get("7"), Invoice | None)
    assert_type(books.pop("7", None), Invoice | None)
    assert_type(PassThrough(books).get("7", Invoice("7")), Invoice)
    assert_type(Prefix(books, "app").get("7", 0), Invoice | int)
    assert_type(ReadOnly(books).get("7"), Invoice | None)


def test_every_operation_has_the_type_of_its_values() -> None:
    books: Store[Invoice] = Json(Memory(), type=Invoice)
    tag = assert_type(books.swap("7", Invoice("7"), ABSENT), Tag)
    assert_type(books.modify("7", lambda bill: Invoice(bill.number * 2)), Invoice)
    assert_type(books.setdefault("7", Invoice("0")), Invoice)
    changes: list[Operation[Invoice]] = [Put("8", Invoice("8")), Delete("9"), Expect("9", ABSENT)]
    books.transact(changes)
    assert_type(books.pop("7"), Invoice)
    assert_type(books.pop("7", None), Invoice | None)
    assert_type(books.popitem(), tuple[str, Invoice])
    assert tag


def test_the_suite_is_of_the_values_that_it_is_given() -> None:
    class TestBooks(StoreTests[Any]):
        values = DOCUMENTS

    assert_type(BYTES, Values[bytes])
    assert_type(BYTES.of, Callable[[int], bytes])
    assert TestBooks().values is DOCUMENTS
