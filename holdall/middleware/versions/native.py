"""The store of bytes below `Versions` if the lowest store keeps versions itself, and its state at one moment."""

import operator
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import NoReturn

from holdall.batches import split, split_growing
from holdall.errors import NoRevision, PermissionDenied, Unsupported
from holdall.history import Note, Past, Remembers, Revision, Version, require_moment
from holdall.keys import check_key
from holdall.layer import Wrapper
from holdall.middleware.passthrough import PassThrough
from holdall.middleware.versions.errors import dropped_error
from holdall.middleware.versions.revisions import PAGE, LazyNotes
from holdall.store import Feature, Store

_BATCH = 256  # values that are read together


class NativeStore(PassThrough[bytes]):
    """Shows ``store`` unchanged, and the versions that it keeps as revisions, numbered from the oldest.

    If the store drops versions by its own rules, they are gone, and the remaining ones are numbered from 1
    again. A deletion of a missing key is not a revision. Raises Unsupported if ``store`` keeps no versions.
    """

    def __init__(self, store: Store[bytes], author: str = "") -> None:
        super().__init__(store)
        if not isinstance(store, Remembers):
            raise Unsupported(
                f"{store!r} does not keep versions by itself; use history=on, which works on any store"
            )
        self.past: Past = store.past(author)

    @property
    def features(self) -> Feature:
        return self._inner.features | Feature.HISTORY

    def history(self, key: str, /) -> Iterator[Revision]:
        found = self._revisions(key)
        return _list_revisions(self.past, list(enumerate(found, 1))[::-1])

    def at(self, key: str, revision: int, /) -> bytes:
        number = operator.index(revision)
        found = self._revisions(key)
        if not 0 < number <= len(found):
            raise NoRevision(
                f"{key!r} has no revision {number}; its revisions are 1 to {len(found)}", key=key
            )
        if found[number - 1].deleted:
            raise KeyError(key)
        for value in self.past.read([found[number - 1]]):
            if value is not None:
                return value
        raise dropped_error(key, number)

    def as_of(self, time: datetime, /) -> Store[bytes]:
        return NativeAsOf(self, time)

    def _revisions(self, key: str) -> list[Version]:
        """The revisions, oldest first. Raises KeyError if there are none."""
        check_key(key)
        found = order_revisions(self.past.of(key))
        if not found:
            raise KeyError(key)
        return found

    def prune(self, keep: int | None, before: datetime | None, prefix: str) -> NoReturn:
        """See `Versions.prune`."""
        raise Unsupported(f"{self._inner!r} keeps its versions by itself; give its bucket a lifecycle rule")

    def fsck(self, *, mend: bool) -> NoReturn:
        """See `Versions.fsck`."""
        raise Unsupported(f"{self._inner!r} keeps its versions by itself: there are no records to check")


class NativeAsOf(Wrapper[bytes, bytes]):
    """Shows ``store`` as it was at ``time``.

    A scan lists all versions and reads only those that were current at the time. A version that the store has
    dropped is missing. Writing raises PermissionDenied. The constructor raises the errors of `require_moment`
    for ``time``.
    """

    def __init__(self, store: NativeStore, time: datetime) -> None:
        require_moment(time)
        super().__init__(store)
        self._store = store
        self._time = time

    @property
    def features(self) -> Feature:
        return self._store.features & (Feature.SHARED | Feature.DURABLE)

    def __getitem__(self, key: str, /) -> bytes:
        check_key(key)
        current = self._find_current(self._store.past.of(key))
        for value in self._store.past.read(current):
            if value is not None:
                return value
        raise KeyError(key)

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return (version.key for version in self._rows(prefix, start, stop))

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, bytes]]:
        rows = self._rows(prefix, start, stop)
        for batch in split(rows, _BATCH):
            for version, value in zip(batch, self._store.past.read(batch), strict=True):
                if value is not None:
                    yield version.key, value

    def _rows(self, prefix: str, start: str, stop: str | None) -> Iterator[Version]:
        versions = self._store.past.scan(prefix, start, stop)
        for _, found in groupby(versions, lambda version: version.key):
            yield from self._find_current(found)

    def _find_current(self, versions: Iterable[Version]) -> list[Version]:
        """The version of one key that was current at the time, in a list.

        ``versions`` are those of the key, newest first. The list is empty if the key was missing or deleted
        at the time.
        """
        past = [version for version in order_revisions(versions) if version.time <= self._time]
        return [version for version in past[-1:] if not version.deleted]

    def __setitem__(self, key: str, value: bytes, /) -> None:
        self._refuse(key)

    def __delitem__(self, key: str, /) -> None:
        self._refuse(key)

    def _refuse(self, key: str) -> NoReturn:
        raise PermissionDenied(f"{key!r} cannot be written: this is the store as of {self._time}")


def order_revisions(versions: Iterable[Version]) -> list[Version]:
    """The ``versions`` of one key, oldest first; their times never go back.

    The argument lists them newest first. Deletions of a missing key are left out.

    >>> from datetime import UTC, datetime
    >>> day = lambda day: datetime(2026, 9, day, tzinfo=UTC)
    >>> found = order_revisions([Version("a", "2", day(1), False), Version("a", "1", day(2), False),
    ...                          Version("a", "0", day(1), True)])
    >>> [(version.id, version.time.day) for version in found]
    [('1', 2), ('2', 2)]
    """
    found: list[Version] = []
    for version in reversed(list(versions)):
        if not version.deleted or (found and not found[-1].deleted):
            since = max(version.time, found[-1].time) if found else version.time
            found.append(version._replace(time=since))
    return found


def _list_revisions(past: Past, numbered: list[tuple[int, Version]]) -> Iterator[Revision]:
    for page in split_growing(numbered, PAGE):
        notes = LazyNotes(partial(_read_notes, past, page))
        for number, version in page:
            yield Revision(number, version.time, version.deleted, partial(notes.of, number))


def _read_notes(past: Past, page: list[tuple[int, Version]]) -> dict[int, Note]:
    numbers, versions = zip(*page, strict=True)
    return dict(zip(numbers, past.notes(versions), strict=True))
