"""The history of a key: its revisions, newest first, and the value of each."""

import hashlib
import operator
from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import partial
from itertools import chain, pairwise
from typing import Generic, NamedTuple, TypeVar

from holdall.batches import split_growing
from holdall.errors import Conflict, NoRevision
from holdall.history import UNKNOWN, Note, Revision
from holdall.middleware.versions.errors import dropped_error
from holdall.middleware.versions.head import Head
from holdall.middleware.versions.names import Name, prefix_of
from holdall.middleware.versions.records import Records
from holdall.middleware.versions.resolve import Resolved, Resolver
from holdall.middleware.versions.sealing import Sealing
from holdall.middleware.versions.stamp import FOUND, LOST, Stamp, to_datetime
from holdall.store import ATTEMPTS, Store

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

PAGE = 64  # the most notes that are read together


class Listed(NamedTuple):
    """A revision before the newest, as the listing shows it; ``name`` is the name of its record."""

    name: Name
    micros: int
    deleted: bool


class RevisionReader:
    """Only reads the history of single keys; a claim is not a revision before the head is advanced to it."""

    def __init__(self, store: Store[bytes], records: Records, resolver: Resolver, sealing: Sealing) -> None:
        self._store = store
        self._records = records
        self._resolver = resolver
        self._sealing = sealing

    def read(self, key: str) -> Iterator[Revision]:
        """The revisions, newest first. Notes are read when they are asked for.

        It reads the head now; the other revisions cost one listing.
        """
        head, tip, resolved = self._tip(key)
        stamp, value = head.stamp or tip, head.value or b""
        newest = Revision(
            tip.number,
            tip.time,
            tip.deleted,
            lambda: self._sealing.note(key, stamp, value),
            lambda: identify(self._last_name(key, resolved), tip, value),
        )
        return chain([newest], self._older(key, resolved))

    def _last_name(self, key: str, resolved: Resolved) -> Name:
        """The name of the record of a revision; only that of a loss is needed, and a loss has one."""
        if resolved.missing:
            return resolved.missing[-1][0]
        lost = resolved.last is not None and resolved.last.kind == LOST
        return (self._records.newest(key) if lost else None) or Name(key, 0)

    def _older(self, key: str, resolved: Resolved) -> Iterator[Revision]:
        for page in split_growing(self._list_older(key, resolved), PAGE):
            notes = LazyNotes(partial(self._notes, [listed.name for listed in page]))
            for name, micros, deleted in page:
                note, id = partial(notes.of, name), partial(self._id, name)
                yield Revision(name.number, to_datetime(micros), deleted, note, id)

    def _notes(self, names: list[Name]) -> dict[Name, Note]:
        return {name: self._sealing.note(name.key, *read) for name, read in self._records.read_stored(names)}

    def _id(self, name: Name) -> str:
        read = self._records.read(name)
        return "" if read is None else identify(name, *read)

    def at(self, key: str, revision: int) -> bytes:
        """See `holdall.Store.at`."""
        number = operator.index(revision)
        head, tip, resolved = self._tip(key)
        if number == tip.number:
            return _value(head.key, head.value)
        if not 0 < number < tip.number:
            raise NoRevision(
                f"{key!r} has no revision {number}; its revisions are 1 to {tip.number}", key=key
            )
        if number in {name.number for name, _ in resolved.missing}:
            raise KeyError(key)
        name = self._records.find(key, number)
        return self._read(name or Name(key, number))

    def as_of(self, key: str, micros: int) -> bytes:
        """The value of the newest revision that is not later than ``micros``."""
        head, tip, resolved = self._tip(key)
        if tip.micros <= micros:
            return _value(key, head.value)
        oldest = tip.number
        for name, since, deleted in self._list_older(key, resolved):
            if since <= micros:
                return _value(key, None if deleted else self._read(name))
            oldest = name.number
        if oldest > 1:
            raise dropped_error(key, oldest - 1)
        raise KeyError(key)

    def _tip(self, key: str) -> tuple[Head, Stamp, Resolved]:
        """The head of ``key`` and its revision. Raises KeyError if the key never existed."""
        for _ in range(ATTEMPTS):
            head = Head.read(self._store, key)
            try:
                resolved = self._resolver.resolve(head)
            except Conflict:
                continue
            if resolved.last is None:
                raise KeyError(key)
            return head, resolved.last, resolved
        raise Conflict(f"{key!r} changed {ATTEMPTS} times while it was read; try again", key=key)

    def _list_older(self, key: str, resolved: Resolved) -> Iterator[Listed]:
        """Yield the revisions before the newest; each name tells time and state of the one before it."""
        assert resolved.last is not None  # noqa: S101 - `_tip` has checked it
        missing = [name for name, _ in reversed(resolved.missing)]
        names = chain(missing, self._records.names(key, resolved.last.number))
        for later, name in pairwise(names):
            if name.number == later.number - 1:
                yield Listed(name, max(later.before, name.before), later.before_deleted)
            elif found := self._records.read(name):  # a record between them is lost
                yield Listed(name, found[0].micros, found[0].deleted)

    def _read(self, name: Name) -> bytes:
        found = self._records.read(name)
        if found is None:
            raise dropped_error(name.key, name.number)
        stamp, value = found
        return _value(name.key, None if stamp.deleted else value)


def _value(key: str, value: bytes | None) -> bytes:
    if value is None:
        raise KeyError(key)
    return value


def identify(name: Name, stamp: Stamp, value: bytes) -> str:
    """The id of a revision in hex digits: that of its stamp, if a writer with versions wrote it.

    The stamp of a found value has a digest of a tag, and another store may have the same tag for another value.
    The stamp of a found loss is different for each process that finds it, until it is recorded.
    """
    if stamp.kind == FOUND:
        return hashlib.blake2b(stamp.id + value, digest_size=8).hexdigest()
    if stamp.kind == LOST:
        leaf = name.text.removeprefix(prefix_of(name.key))
        return hashlib.blake2b(leaf.encode(), digest_size=8).hexdigest()
    return stamp.id.hex()


# ---- Notes, read many at once when they are needed -------------------------------------------------------


class LazyNotes(Generic[K]):
    """The notes by revision that ``read`` returns; it is called when the first note is asked for.

    >>> LazyNotes(lambda: {2: Note("Ann")}).of(1)
    Note(author='unknown', message='')
    """

    def __init__(self, read: Callable[[], Mapping[K, Note]]) -> None:
        self._read = read
        self._found: Mapping[K, Note] | None = None  # not a cached_property: in 3.11 that locks threads

    def of(self, revision: K) -> Note:
        """The note of ``revision``; if there is none, a note by UNKNOWN."""
        if self._found is None:
            self._found = self._read()
        return self._found.get(revision, Note(UNKNOWN))
