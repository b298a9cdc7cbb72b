"""Layers from bytes to bytes stand between a store and a serializer, and nowhere else."""

from typing import Any, assert_type

import pytest

from holdall import Checksum, Encrypt, Escape, Expires, Gzip, Invalid, Json, Lzma, Memory, Store, Zstd
from holdall.middleware.keyring import new_key


def test_a_stack_is_inferred() -> None:
    key = new_key("2026")
    store = assert_type(Zstd(Encrypt(Checksum(Gzip(Lzma(Memory()))), lambda: key)), Zstd)
    store["a"] = b"1"
    assert_type(store["a"], bytes)
    books = assert_type(Escape(Json(Expires(store, 60), type=dict[str, int])), Escape[dict[str, int]])
    books["a\n"] = {"n": 1}
    assert_type(books["a\n"], dict[str, int])


def test_a_stack_in_the_wrong_order_is_refused_by_type_and_when_written() -> None:
    documents: Store[Any] = Json(Memory())
    assert_type(Zstd(documents), Zstd)  # of any type: nothing is known to be wrong
    wrong = Zstd(Json(Memory(), type=dict[str, int]))  # type: ignore[arg-type]
    with pytest.raises(Invalid):
        wrong["a"] = {"n": 1}  # type: ignore[assignment]
