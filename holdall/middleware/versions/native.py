"""The store of bytes below `Versions` if the lowest store keeps versions itself."""

import operator
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import NoReturn

from holdall.errors import NoRevision, Unsupported
from holdall.history import Note, Past, Remembers, Revision, Version
from holdall.keys import check_key
from holdall.middleware.passthrough import PassThrough
from holdall.middleware.versions.metadata import Notes, pages
from holdall.middleware.versions.native_as_of import NativeAsOf
from holdall.middleware.versions.native_revisions import revisions
from holdall.middleware.versions.revisions import dropped
from holdall.store import Feature, Store


class Native(PassThrough[bytes]):
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
        return _told(self.past, list(enumerate(found, 1))[::-1])

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
        raise dropped(key, number)

    def as_of(self, time: datetime, /) -> Store[bytes]:
        return NativeAsOf(self, time)

    def _revisions(self, key: str) -> list[Version]:
        """The revisions, oldest first. Raises KeyError if there are none."""
        check_key(key)
        found = revisions(self.past.of(key))
        if not found:
            raise KeyError(key)
        return found

    def prune(self, keep: int | None, before: datetime | None, prefix: str) -> NoReturn:
        """See `Versions.prune`."""
        raise Unsupported(f"{self._inner!r} keeps its versions by itself; give its bucket a lifecycle rule")

    def fsck(self, *, mend: bool) -> NoReturn:
        """See `Versions.fsck`."""
        raise Unsupported(f"{self._inner!r} keeps its versions by itself: there are no records to check")


def _told(past: Past, numbered: list[tuple[int, Version]]) -> Iterator[Revision]:
    for page in pages(numbered):
        notes = Notes(partial(_notes, past, page))
        for number, version in page:
            yield Revision(number, version.time, version.deleted, partial(notes.of, number))


def _notes(past: Past, page: list[tuple[int, Version]]) -> dict[int, Note]:
    numbers, versions = zip(*page, strict=True)
    return dict(zip(numbers, past.notes(versions), strict=True))
