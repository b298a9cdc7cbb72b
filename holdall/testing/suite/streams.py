"""Tests of `open`: a value is read and written as a file, wholly or not at all."""

import io
import shutil
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from holdall.errors import Conflict, Invalid, InvalidKey
from holdall.files import ValueReader
from holdall.ranges import ByteRange
from holdall.store import ABSENT, Feature, Store, Tag
from holdall.testing.suite.case import StoreCase, expect_error, needs

V = TypeVar("V")


class StreamTests(StoreCase[V]):
    """Tests of the feature STREAMS. The values of a store that has it are bytes."""

    @needs(Feature.STREAMS)
    def test_a_file_becomes_a_value_when_it_is_closed(self, store: Store[Any]) -> None:
        with store.open("a/b", "wb") as file:
            assert (file.write(b"one, "), file.write(memoryview(b"two")), file.tell()) == (5, 3, 8)
            assert "a/b" not in store
        assert store["a/b"] == b"one, two"
        assert file.tag in (None, store.tag("a/b"))
        with store.open("a/b", "wb") as file:
            file.write(b"three")
            assert store["a/b"] == b"one, two"
        assert list(store.items()) == [("a/b", b"three")]

    @needs(Feature.STREAMS)
    def test_a_file_without_bytes_is_an_empty_value(self, store: Store[Any]) -> None:
        store.open("a", "wb").close()
        assert (store["a"], store.open("a").read()) == (b"", b"")

    @needs(Feature.STREAMS)
    def test_a_file_is_discarded_by_an_exception(self, store: Store[Any]) -> None:
        store["a"] = b"old"
        for key, data in (("a", b"new"), ("new", b"new"), ("a", self._large())):
            expect_error(ZeroDivisionError, self._break, store, key, data)
        forgotten = store.open("a", "wb")
        forgotten.write(b"forgotten")
        forgotten.discard()
        expect_error(ValueError, forgotten.write, b"more")
        assert list(store.items()) == [("a", b"old")]

    @needs(Feature.STREAMS)
    def test_a_file_that_is_not_closed_is_not_a_value(self, store: Store[Any]) -> None:
        file: Any = store.open("a", "wb")
        file.write(b"not complete")
        del file
        assert list(store) == []

    @needs(Feature.STREAMS)
    def test_a_large_value_is_copied_as_a_file(self, store: Store[Any]) -> None:
        large = self._large()
        with store.open("a", "wb") as file:
            shutil.copyfileobj(io.BytesIO(large), file, 700_000)
        assert store.size("a") == len(large)
        with store.open("a") as source, store.open("b", "wb") as target:
            shutil.copyfileobj(source, target)
        is_equal = store["b"] == large
        assert is_equal, "the copy differs"

    @needs(Feature.STREAMS)
    def test_a_file_reads_and_seeks(self, store: Store[Any]) -> None:
        value = store["a"] = b"".join(b"%07d\n" % number for number in range(1000))
        with store.open("a", "rb") as file:
            assert (file.readable(), file.seekable(), file.writable()) == (True, True, False)
            assert (file.read(4), file.tell(), file.readline()) == (value[:4], 4, b"000\n")
            assert (file.seek(-8, io.SEEK_END), file.read(), file.read(1)) == (7992, b"0000999\n", b"")
            assert (file.seek(80), file.peek(1)[:1], file.read(8)) == (80, b"0", b"0000010\n")
            assert (file.seek(9000), file.read(), file.seek(0), file.read() == value) == (9000, b"", 0, True)
        expect_error(ValueError, file.read)

    @needs(Feature.STREAMS)
    def test_a_reader_never_mixes_two_values(self, store: Store[Any]) -> None:
        old = self._large()
        new = old[::-1]
        replaces: list[Callable[[], object]] = [
            lambda: store.__setitem__("a", new),
            lambda: store.discard("a"),
        ]
        for replace in replaces:
            store["a"] = old
            with store.open("a") as file:
                parts = [file.read(1000)]
                replace()
                try:
                    while part := file.read(1 << 20):
                        parts.append(part)
                except Conflict:
                    continue
                is_old = b"".join(parts) == old
                assert is_old, "a reader got a part of another value"

    @needs(Feature.STREAMS | Feature.TAGS)
    def test_a_file_that_tells_its_size_and_tag_is_right(self, store: Store[Any]) -> None:
        store["a"] = b"one"
        with store.open("a") as file:
            if isinstance(file, ValueReader):
                assert (file.size, file.tag in (None, store.tag("a"))) == (3, True)
                store["a"] = b"other"
                assert (file.size, file.tag == store.tag("a")) == (3, False)

    @needs(Feature.STREAMS)
    def test_a_part_of_a_file_is_a_slice(self, store: Store[Any]) -> None:
        value = store["a"] = bytes(range(256))
        with store.open("a") as file:
            if isinstance(file, ValueReader):
                for start, length in ((0, None), (3, 4), (250, 9), (-5, 2), (300, 1), (7, 0)):
                    assert file.read_part(ByteRange(start, length)) == value[start:][:length]

    @needs(Feature.STREAMS)
    def test_a_file_of_a_missing_key_raises_key_error(self, store: Store[Any]) -> None:
        store["a/b"] = b"value"
        for key in ("a", "a/b/c", "x"):
            assert expect_error(KeyError, store.open, key).args == (key,)

    @needs(Feature.STREAMS)
    def test_a_file_is_opened_to_read_or_to_write(self, store: Store[Any]) -> None:
        store["a"] = b"value"
        anything: Any = store
        for mode in ("r", "w", "ab", "rb+", "xb"):
            expect_error(Invalid, anything.open, "a", mode)
        with pytest.raises(Invalid):
            anything.open("a", "rb", expected=ABSENT)
        expect_error((InvalidKey, KeyError), anything.open, "../b")
        with store.open("a", "wb") as file:
            expect_error(TypeError, anything.open("a", "wb").write, "text")
            expect_error(OSError, file.read)

    @needs(Feature.STREAMS | Feature.TAGS | Feature.SWAP)
    def test_a_file_is_swapped(self, store: Store[Any]) -> None:
        with store.open("a", "wb", expected=ABSENT) as file:
            file.write(b"one")
        first = store.tag("a")
        assert file.tag == first
        with store.open("a", "wb", expected=first) as file:
            file.write(b"two")
        assert (store["a"], file.tag) == (b"two", store.tag("a"))
        for wrong in (ABSENT, first, Tag("never")):
            self._lose(store, wrong, b"three")
        assert list(store.items()) == [("a", b"two")]

    @needs(Feature.STREAMS | Feature.TAGS | Feature.SWAP)
    def test_a_file_that_loses_a_swap_changes_nothing(self, store: Store[Any]) -> None:
        store["a"] = b"old"
        tag = store.tag("a")
        file = store.open("a", "wb", expected=tag)
        file.write(b"late")
        store["a"] = b"newer"
        expect_error(Conflict, file.close)
        assert list(store.items()) == [("a", b"newer")]

    def _large(self) -> bytes:
        return bytes(range(256)) * (self.streamed // 256) + b"end"

    def _break(self, store: Store[Any], key: str, data: bytes) -> None:
        with store.open(key, "wb") as file:
            file.write(data)
            raise ZeroDivisionError

    def _lose(self, store: Store[Any], expected: Tag, data: bytes) -> None:
        with pytest.raises(Conflict), store.open("a", "wb", expected=expected) as file:
            file.write(data)
