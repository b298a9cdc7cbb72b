"""The whole store as it was at one moment, for reading."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby, islice, pairwise
from typing import NamedTuple, NoReturn

from holdall.errors import PermissionDenied
from holdall.keys import Span, check_key
from holdall.middleware.versions.names import Name
from holdall.middleware.versions.records import Records, named
from holdall.middleware.versions.stamp import (
    SMALLEST,
    bare,
    is_deletion,
    is_stamped,
    micros_of,
    peek,
)
from holdall.middleware.versions.trail import Line, Trail, dropped
from holdall.store import Feature, Store

_BATCH = 256  # records read at once


class _Group(NamedTuple):
    """What a listing tells of one key: the number of its newest record, the revision before it that held
    at the time, and the least number kept.
    """

    newest: int
    held: Line | None
    oldest: int


class AsOf(Store[bytes]):
    """``store`` as it was at ``time``. A scan reads the heads, lists the history, and reads what has changed since.

    It holds an entry a key of the scan's range in memory. Writing is PermissionDenied.
    """

    def __init__(self, store: Store[bytes], records: Records, trail: Trail, time: datetime) -> None:
        self._store = store
        self._records = records
        self._trail = trail
        self._time = time
        self._micros = micros_of(time)

    @property
    def features(self) -> Feature:
        return self._store.features & (Feature.SHARED | Feature.DURABLE)

    def __getitem__(self, key: str, /) -> bytes:
        check_key(key)
        return self._trail.as_of(key, self._micros)

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return (key for key, _ in self._rows(prefix, start, stop))

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, bytes]]:
        return self._filled(self._rows(prefix, start, stop))

    def _rows(self, prefix: str, start: str, stop: str | None) -> Iterator[tuple[str, bytes | Name]]:
        span = Span.of(prefix, start, stop)
        heads = self._store.scan_items(prefix, start=start, stop=stop)
        return self._then(heads, dict(self._groups(prefix, span)))

    def _then(
        self, heads: Iterator[tuple[str, bytes]], groups: dict[str, _Group]
    ) -> Iterator[tuple[str, bytes | Name]]:
        for key, data in _with_missing(heads, sorted(groups)):
            value = self._held(key, data, groups.get(key))
            if value is not None:
                yield key, value

    def _groups(self, prefix: str, span: Span) -> Iterator[tuple[str, _Group]]:
        texts = self._records.raw.scan(prefix, start=span.low)
        for key, names in groupby(named(texts), lambda name: name.key):
            if key in span:
                yield key, self._group(names)

    def _group(self, names: Iterator[Name]) -> _Group:
        newest = oldest = next(names)
        for later, name in pairwise((newest, *names)):
            if later.before <= self._micros:
                held = Line(name, later.before, later.before_deleted)
                return _Group(newest.number, held, name.number)
            oldest = name
        return _Group(newest.number, None, oldest.number)

    def _held(self, key: str, data: bytes | None, group: _Group | None) -> bytes | Name | None:
        """The value of ``key`` then, or the name of its record, or None where it was missing."""
        if data is not None and not is_stamped(data) and group is None:
            return data
        if data is None or not is_stamped(data) or len(data) < SMALLEST:
            return self._one(key)
        _, number, micros = peek(data)
        if micros <= self._micros:
            return None if is_deletion(data) else bare(key, data)
        if group is None or number not in (group.newest, group.newest - 1):
            return self._one(key)
        if group.held is not None:
            return None if group.held.deleted else group.held.name
        if group.oldest > 1:
            raise dropped(key, group.oldest - 1)
        return None

    def _one(self, key: str) -> bytes | None:
        """What the listings do not tell: found, lost, deleted and new keys, and what is being written."""
        try:
            return self._trail.as_of(key, self._micros)
        except KeyError:
            return None

    def _filled(self, rows: Iterator[tuple[str, bytes | Name]]) -> Iterator[tuple[str, bytes]]:
        while batch := list(islice(rows, _BATCH)):
            names = [value for _, value in batch if isinstance(value, Name)]
            values = {name: value for name, _, value in self._records.read_many(names)}
            for key, value in batch:
                if not isinstance(value, Name):
                    yield key, value
                elif value in values:
                    yield key, values[value]
                else:
                    raise dropped(key, value.number)

    def __setitem__(self, key: str, value: bytes, /) -> None:
        self._refuse(key)

    def __delitem__(self, key: str, /) -> None:
        self._refuse(key)

    def _refuse(self, key: str) -> NoReturn:
        raise PermissionDenied(f"{key!r} cannot be written: this is the store as of {self._time}")


def _with_missing(heads: Iterable[tuple[str, bytes]], keys: list[str]) -> Iterator[tuple[str, bytes | None]]:
    """``heads`` and, in order among them, those of ``keys`` that have none."""
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
