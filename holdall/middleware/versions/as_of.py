"""A read-only view of the whole store as it was at one moment."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NoReturn

from holdall.batches import split
from holdall.errors import PermissionDenied
from holdall.keys import RawKey, Span, check_key
from holdall.layer import Wrapper
from holdall.middleware.versions.errors import dropped_error
from holdall.middleware.versions.names import BETWEEN, DELETED, format_time, number_of, time_of
from holdall.middleware.versions.records import Records
from holdall.middleware.versions.revisions import RevisionReader
from holdall.middleware.versions.stamp import (
    Stamp,
    is_deletion,
    is_stamped,
    micros_of,
    peek,
    strip,
)
from holdall.store import Feature, Store

_BATCH = 256  # records that are read together


class _Group:
    """The records of one key in a listing: the newest, the one current at the time, and the last listed.

    All are kept as the last segments of names. They are parsed only when they are needed, which is rare.
    """

    __slots__ = ("current", "last", "newest")

    def __init__(self, leaf: str) -> None:
        self.newest = self.last = leaf
        self.current: tuple[str, str] | None = None  # the record current at the time, and the next newer one

    def add(self, leaf: str, limit: str) -> None:
        """Add the next older record."""
        if self.current is None:
            if time_of(self.last) <= limit and time_of(leaf) <= limit:
                self.current = leaf, self.last
            self.last = leaf


class AsOf(Wrapper[bytes, bytes]):
    """Shows ``store`` as it was at ``time``.

    A scan reads the heads, lists the history, and reads the old values of the keys that have changed since.
    It holds one entry in memory for each key in its range. Writing raises PermissionDenied.
    """

    def __init__(
        self, store: Store[bytes], records: Records, revisions: RevisionReader, time: datetime
    ) -> None:
        super().__init__(store)
        self._store = store
        self._records = records
        self._revisions = revisions
        self._time = time
        self._micros = max(0, micros_of(time))

    @property
    def features(self) -> Feature:
        return self._store.features & (Feature.SHARED | Feature.DURABLE)

    def __getitem__(self, key: str, /) -> bytes:
        check_key(key)
        return self._revisions.as_of(key, self._micros)

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return (key for key, _ in self._rows(prefix, start, stop))

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, bytes]]:
        return self._read_values(self._rows(prefix, start, stop))

    def _rows(self, prefix: str, start: str, stop: str | None) -> Iterator[tuple[str, bytes | str]]:
        groups = self._groups(prefix, Span.of(prefix, start, stop))
        heads = self._store.scan_items(prefix, start=start, stop=stop)
        for key, data in _with_missing(heads, sorted(groups)):
            value = self._find_value(key, data, groups.get(key))
            if value is not None:
                yield key, value

    def _groups(self, prefix: str, span: Span) -> dict[str, _Group]:
        groups: dict[str, _Group] = {}
        limit = format_time(self._micros)
        for text in self._records.raw.scan(prefix, start=span.low):
            key, _, leaf = text.rpartition(BETWEEN)
            if key in groups:
                groups[key].add(leaf, limit)
            elif span.low <= key and (span.high is None or key < span.high):
                groups[key] = _Group(leaf)
        return groups

    def _find_value(self, key: str, data: bytes | None, group: _Group | None) -> bytes | str | None:
        """The value of ``key`` at the time, or the text of its record's name; None if the key was missing."""
        if data is None or not is_stamped(data):
            return data if group is None else self._read_alone(key)
        _, number, micros = peek(key, data)
        if not number and group is not None and number_of(group.newest) > 1:
            if not group.newest.endswith(DELETED):
                return self._read_alone(key)
            # The newest record belongs to the head, because only a creation follows a deletion.
            micros = max(micros, int(time_of(group.newest)))
        if micros <= self._micros:
            return None if is_deletion(data) else strip(key, data)
        if group is None or not 0 <= number_of(group.newest) - number <= 1:
            return self._read_alone(key)
        if group.current is not None:
            leaf, later = group.current
            return None if later.endswith(DELETED) else f"{key}{BETWEEN}{leaf}"
        if (oldest := number_of(group.last)) > 1:
            raise dropped_error(key, oldest - 1)
        return None

    def _read_alone(self, key: str) -> bytes | None:
        """Read one key by itself, for cases that the listings leave open; None if the key was missing.

        These are keys that were found, lost, deleted or created, and keys that are being written.
        """
        try:
            return self._revisions.as_of(RawKey(key), self._micros)
        except KeyError:
            return None

    def _read_values(self, rows: Iterator[tuple[str, bytes | str]]) -> Iterator[tuple[str, bytes]]:
        for batch in split(rows, _BATCH):
            records = dict(
                self._records.raw.get_many([found for _, found in batch if isinstance(found, str)])
            )
            for key, found in batch:
                if isinstance(found, bytes):
                    yield key, found
                elif found in records:
                    yield key, Stamp.parse(key, records[found])[1]
                else:
                    raise dropped_error(key, number_of(found.rpartition(BETWEEN)[2]))

    def __setitem__(self, key: str, value: bytes, /) -> None:
        self._refuse(key)

    def __delitem__(self, key: str, /) -> None:
        self._refuse(key)

    def _refuse(self, key: str) -> NoReturn:
        raise PermissionDenied(f"{key!r} cannot be written: this is the store as of {self._time}")


def _with_missing(heads: Iterable[tuple[str, bytes]], keys: list[str]) -> Iterator[tuple[str, bytes | None]]:
    """Yield ``heads`` and, in order among them, each of ``keys`` that has no head, with None."""
    waiting = iter(keys)
    key = next(waiting, None)
    for head, data in heads:
        while key is not None and key < head:
            yield key, None
            key = next(waiting, None)
        if key == head:
            key = next(waiting, None)
        yield head, data
    while key is not None:
        yield key, None
        key = next(waiting, None)
