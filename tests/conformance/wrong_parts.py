"""Stores with one defect each in parts and sizes of values and deletes by prefix, and the checks that must catch it."""

from holdall import Memory
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
