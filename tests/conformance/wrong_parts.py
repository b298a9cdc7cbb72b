"""Stores with one defect each in parts, files and sizes of values and deletes by prefix, and checks that catch it."""

from typing import Any

from holdall import Memory
from holdall.files import InMemory, ValueWriter, open_value
from holdall.ranges import ByteRange
from holdall.store import Tag
from tests.conformance.wrong_stores import caught_by


@caught_by("test_a_part_is_a_slice_of_the_value", "test_a_part_of_a_large_value")
class TakesLengthForEnd(Memory):
    def read(self, key: str, /, start: int = 0, length: int | None = None) -> bytes:
        return self[key][start:length]


@caught_by("test_a_part_is_a_slice_of_the_value", "test_a_part_of_a_large_value")
class BeginsAtZeroIfNegative(Memory):
    def read(self, key: str, /, start: int = 0, length: int | None = None) -> bytes:
        return super().read(key, max(0, start), length)


@caught_by("test_a_part_of_a_missing_key_raises_key_error")
class ReadsNothingOfMissing(Memory):
    def read(self, key: str, /, start: int = 0, length: int | None = None) -> bytes:
        return super().read(key, start, length) if key in self else b""


@caught_by("test_the_size_of_a_value")
class MeasuresText(Memory):
    def size(self, key: str, /) -> int:
        return len(self[key].decode(errors="ignore"))


@caught_by("test_delete_prefix_deletes_what_a_scan_yields", "test_delete_prefix_deletes_many_keys")
class DeletesTheFolder(Memory):
    def delete_prefix(self, prefix: str, /) -> None:
        super().delete_prefix(prefix.rstrip("/"))


@caught_by("test_delete_prefix_leaves_reserved_keys", "test_clear_leaves_reserved_keys")
class DeletesReservedKeys(Memory):
    def delete_prefix(self, prefix: str, /) -> None:
        for key in [key for key in self._table.cells if key.startswith(prefix)]:
            del self._table.cells[key]


@caught_by("test_a_file_is_discarded_by_an_exception", "test_a_file_that_is_not_closed_is_not_a_value")
class CommitsWhatIsDiscarded(Memory):
    def open(self, key: str, /, mode: str = "rb", *, expected: Tag | None = None) -> Any:
        sink = InMemory(lambda data: self._write(key, expected, data))
        if mode != "wb":
            return super().open(key)
        sink.discard = sink.commit  # type: ignore[assignment,method-assign]
        return ValueWriter(sink)


@caught_by("test_a_file_becomes_a_value_when_it_is_closed", "test_a_file_that_loses_a_swap_changes_nothing")
class WritesThrough(Memory):
    def open(self, key: str, /, mode: str = "rb", *, expected: Tag | None = None) -> Any:
        if mode != "wb":
            return super().open(key)
        sink = InMemory(lambda data: self.tag(key))
        sink.write = lambda data: self.__setitem__(key, self.get(key, b"") + data)  # type: ignore[method-assign]
        return ValueWriter(sink)


@caught_by("test_a_reader_never_mixes_two_values")
class ReadsTheNewestValue(Memory):
    def open(self, key: str, /, mode: str = "rb", *, expected: Tag | None = None) -> Any:
        if mode == "wb":
            return super().open(key, "wb", expected=expected)

        def read(part: ByteRange) -> bytes:
            return part.of_value(self.get(key, bytes(1 << 24)))

        return open_value(self.size(key), read)


@caught_by("test_a_file_that_tells_its_size_and_tag_is_right")
class TellsTheTagOfAnotherKey(Memory):
    def open(self, key: str, /, mode: str = "rb", *, expected: Tag | None = None) -> Any:
        file: Any = super().open(key, mode, expected=expected)
        if mode == "rb":
            file.tag = Tag("of another key")
        return file


@caught_by("test_a_part_of_a_file_is_a_slice")
class CountsThePartsOfAFileFromItsPosition(Memory):
    def open(self, key: str, /, mode: str = "rb", *, expected: Tag | None = None) -> Any:
        file: Any = super().open(key, mode, expected=expected)
        if mode == "rb":
            file.read_part = lambda part: file.read(part.length)
        return file
