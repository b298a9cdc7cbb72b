"""Stores with one defect each as mappings, and the checks that must catch it."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from holdall import Memory
from holdall.errors import TooLarge
from holdall.store import MISSING, Missing, Store

S = TypeVar("S", bound=type[Store[Any]])


def caught_by(*checks: str) -> Callable[[S], S]:
    """Demand that each of ``checks`` rejects the store."""

    def declare(store: S) -> S:
        store.caught_by = checks  # type: ignore[attr-defined]
        return store

    return declare


@caught_by("test_the_last_write_wins", "test_a_store_and_a_dict_stay_equal")
class LosesLastWrite(Memory):
    def __setitem__(self, key: str, value: bytes, /) -> None:
        if key not in self:
            super().__setitem__(key, value)


@caught_by(
    "test_delete",
    "test_a_missing_key_raises_key_error_with_the_key",
    "test_a_store_and_a_dict_stay_equal",
)
class SwallowsDeleteOfMissing(Memory):
    def __delitem__(self, key: str, /) -> None:
        if key in self:
            super().__delitem__(key)


@caught_by("test_a_missing_key_raises_key_error_with_the_key")
class HidesWhichKeyIsMissing(Memory):
    def __getitem__(self, key: str, /) -> bytes:
        try:
            return super().__getitem__(key)
        except KeyError:
            raise KeyError("no such key") from None


@caught_by("test_reserved_keys_are_not_shown")
class CountsReservedKeys(Memory):
    def __len__(self) -> int:
        return len(self.raw())


@caught_by("test_a_new_store_is_empty", "test_clear")
class IsAlwaysTrue(Memory):
    def __bool__(self) -> bool:
        return True


@caught_by("test_set_many_takes_a_generator_of_any_length", "test_update_takes_what_a_dict_takes")
class WritesTheFirstOfMany(Memory):
    def set_many(self, items: Iterable[tuple[str, bytes]], /) -> None:
        for key, value in items:
            self[key] = value
            break


@caught_by("test_the_last_of_equal_keys_wins")
class KeepsTheFirstOfEqualKeys(Memory):
    def set_many(self, items: Iterable[tuple[str, bytes]], /) -> None:
        super().set_many(dict(reversed(list(items))).items())


@caught_by("test_get_many_keeps_the_order_of_its_keys", "test_get_many_of_many_keys")
class SortsGetMany(Memory):
    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, bytes]]:
        return super().get_many(sorted(set(keys)))


@caught_by("test_get_many_is_lazy")
class DrainsGetMany(Memory):
    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, bytes]]:
        asked = []
        for key in keys:
            asked.append(key)
            assert len(asked) < 100_000, "out of memory"
        return super().get_many(asked)


@caught_by("test_delete_many_deletes_the_existing_keys")
class StopsDeletingAtAMissingKey(Memory):
    def delete_many(self, keys: Iterable[str], /) -> None:
        for key in keys:
            if key not in self:
                break
            del self[key]


@caught_by("test_changing_a_written_value_changes_nothing_stored")
class KeepsTheCallersBuffer(Memory):
    def __setitem__(self, key: str, value: bytes, /) -> None:
        super().__setitem__(key, value)
        self._table.cells[key] = value, self._table.tick


@caught_by("test_a_value_that_cannot_be_kept_is_refused_and_changes_nothing")
class EncodesText(Memory):
    def __setitem__(self, key: str, value: Any, /) -> None:
        super().__setitem__(key, value.encode() if isinstance(value, str) else value)


@caught_by("test_special_values_are_read_back")
class StripsValues(Memory):
    def __setitem__(self, key: str, value: bytes, /) -> None:
        super().__setitem__(key, value.rstrip() if isinstance(value, bytes) else value)


@caught_by("test_special_values_are_read_back")
class StripsNulsOfLongValues(Memory):
    def __setitem__(self, key: str, value: bytes, /) -> None:
        long = isinstance(value, bytes) and len(value) > 16
        super().__setitem__(key, value.rstrip(b"\0") if long else value)


@caught_by("test_special_values_are_equal_for_every_way_of_reading")
class TakesEmptyForMissing(Memory):
    def _find(self, key: str, /) -> bytes | Missing:
        return super()._find(key) or MISSING


@caught_by("test_a_large_value")
class CutsLargeValues(Memory):
    def __getitem__(self, key: str, /) -> bytes:
        return super().__getitem__(key)[: 1 << 16]


@caught_by("test_a_huge_value_is_kept_whole_or_refused")
class LosesTheLastPartOfHugeValues(Memory):
    """Writes in parts of 8 MiB, and forgets the last."""

    def __setitem__(self, key: str, value: bytes, /) -> None:
        super().__setitem__(key, value[: 8 << 20] if isinstance(value, bytes) else value)


@caught_by("test_a_huge_value_is_kept_whole_or_refused")
class LosesTheOldValueOfWhatIsTooLarge(Memory):
    def __setitem__(self, key: str, value: bytes, /) -> None:
        if isinstance(value, bytes) and len(value) > 8 << 20:
            self.discard(key)
            raise TooLarge("8 MiB are the most; write less", key=key)
        super().__setitem__(key, value)


@caught_by("test_get_many_of_many_keys", "test_a_long_scan_is_complete")
class ListsOnePage(Memory):
    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return islice(super().scan(prefix, start=start, stop=stop), 1000)


@caught_by("test_get_many_of_many_keys")
class GetsOnePage(Memory):
    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, bytes]]:
        return islice(super().get_many(keys), 1000)


@caught_by("test_popitem_takes_the_first")
class PopsTheLast(Memory):
    def popitem(self) -> tuple[str, bytes]:
        for key in reversed(list(self.scan())):
            return key, self.pop(key)
        raise KeyError("popitem(): the store is empty")
