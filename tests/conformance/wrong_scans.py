"""Stores with one defect each in their scans, and the checks that must catch it."""

from collections.abc import Iterator
from itertools import chain

from holdall import Memory, Prefix
from holdall.keys import RawKey
from tests.conformance.wrong_stores import caught_by


@caught_by(
    "test_order_is_by_code_point",
    "test_views_show_the_store_as_it_is",
    "test_a_store_and_a_dict_stay_equal",
)
class ScansInOrderOfWriting(Memory):
    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        found = set(super().scan(prefix, start=start, stop=stop))
        return (key for key in list(self._table.cells) if key in found)


@caught_by("test_order_is_by_code_point")
class OrdersByUtf16(Memory):
    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        found = super().scan(prefix, start=start, stop=stop)
        return iter(sorted(found, key=lambda key: key.encode("utf-16-be")))


@caught_by("test_a_prefix_may_end_within_a_segment")
class TakesPrefixesForFolders(Memory):
    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        folder = prefix.rstrip("/") + "/" if prefix else ""
        return super().scan(type(prefix)(folder), start=start, stop=stop)


@caught_by("test_start_is_inclusive_and_stop_exclusive")
class IncludesStop(Memory):
    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        found = super().scan(prefix, start=start, stop=stop)
        return chain(
            found,
            [stop] if stop and self._table.cells.get(stop) and stop.startswith(prefix) else [],
        )


@caught_by("test_start_is_inclusive_and_stop_exclusive")
class ExcludesStart(Memory):
    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return (key for key in super().scan(prefix, start=start, stop=stop) if key != start)


@caught_by("test_bounds_are_whole_keys_and_combine")
class TakesStartAsRelative(Memory):
    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return super().scan(prefix, start=prefix + start, stop=stop)


@caught_by("test_a_scan_during_writes_and_deletes")
class ScansTheLiveDict(Memory):
    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        found = set(super().scan(prefix, start=start, stop=stop))
        self._table.cells = dict(sorted(self._table.cells.items()))
        return (key for key in self._table.cells if key in found)


@caught_by(
    "test_a_scan_of_items_during_writes_and_deletes",
    "test_a_key_deleted_in_the_middle_of_a_scan",
)
class RaisesWhereAKeyVanished(Memory):
    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, bytes]]:
        keys = list(self.scan(prefix, start=start, stop=stop))
        return ((key, self[RawKey(key)]) for key in keys)


@caught_by("test_a_scan_during_writes_and_deletes")
class PagesByOffset(Memory):
    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        offset = 0
        while page := list(super().scan(prefix, start=start, stop=stop))[offset : offset + 10]:
            yield from page
            offset += 10


@caught_by("test_a_new_store_is_empty", "test_new_stores_share_no_data")
class CrossesItsBoundary(Prefix[bytes]):
    def __init__(self) -> None:
        store = Memory("crossed")
        store["app/a"] = store["apps"] = b"a neighbour's"
        super().__init__(store, "app")
        self._prefix = "app"
        self._length = 3
