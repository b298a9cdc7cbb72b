"""What a stack of layers holds is inferred, and a stack in the wrong order is a type error.

`make check` reads this file strictly, where an ignored error that is none counts as one. Run, it proves
that the stacks stand.
"""

from collections.abc import ItemsView, Iterator
from typing import Any, assert_type

import msgspec
import pytest

import holdall
from holdall import Invalid, Json, Memory, Prefix, Store, Tagged


class Invoice(msgspec.Struct):
    """A document."""

    number: str


def test_an_address_is_a_store_of_what_its_layers_make() -> None:
    assert_type(holdall.open("memory://"), Store[Any])
    assert_type(holdall.open("memory://", type=Invoice), Store[Invoice])
    assert_type(Json(holdall.open("memory://"), type=Invoice), Json[Invoice])


def test_an_adapter_is_a_store_of_bytes() -> None:
    store = Memory()
    store["a"] = b"1"
    assert_type(store["a"], bytes)
    assert_type(store.get("b"), bytes | None)
    assert_type(store.get("b", 0), bytes | int)
    assert_type(store.get_tagged("a"), Tagged[bytes])
    assert_type(store.items(), ItemsView[str, bytes])


def test_documents_are_of_the_declared_type_through_every_layer() -> None:
    books = Prefix(Json(Memory(), type=Invoice), "books")
    books["7"] = Invoice("7")
    assert_type(books["7"], Invoice)
    assert_type(books.scan_items(), Iterator[tuple[str, Invoice]])
    assert_type(Json(Memory()), Json[Any])


def test_a_stack_in_the_wrong_order_is_refused_by_type_and_when_written() -> None:
    wrong = Json(Json(Memory(), type=Invoice), type=Invoice)  # type: ignore[arg-type]
    with pytest.raises(Invalid):
        wrong["7"] = Invoice("7")


def test_other_values_and_keys_are_refused_by_type_and_when_used() -> None:
    store = Memory()
    with pytest.raises(TypeError):
        store["a"] = "text"  # type: ignore[assignment]
    with pytest.raises(TypeError):
        store[7] = b"1"  # type: ignore[index]
