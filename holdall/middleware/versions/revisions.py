"""The history of a key: its revisions, newest first, and the value of each."""

import operator
from collections.abc import Iterator
from functools import partial
from itertools import chain, pairwise
from typing import NamedTuple

from holdall.errors import Conflict, NoRevision
from holdall.history import Note, Revision
from holdall.middleware.versions.head import Head
from holdall.middleware.versions.metadata import Notes, pages
from holdall.middleware.versions.names import Name
from holdall.middleware.versions.records import Records
from holdall.middleware.versions.resolve import Known, Lineage
from holdall.middleware.versions.sealing import Sealing
from holdall.middleware.versions.stamp import Stamp, moment
from holdall.store import ATTEMPTS, Store


class Line(NamedTuple):
    """A revision before the newest, as the listing shows it; ``name`` is the name of its record."""

    name: Name
    micros: int
    deleted: bool


class Trail:
    """Only reads the history of single keys; a claim is not a revision before the head is advanced to it."""

    def __init__(self, store: Store[bytes], records: Records, lineage: Lineage, sealing: Sealing) -> None:
        self._store = store
        self._records = records
        self._lineage = lineage
        self._sealing = sealing

    def revisions(self, key: str) -> Iterator[Revision]:
        """The revisions, newest first. Notes are read when they are asked for.

        It reads the head now; the other revisions cost one listing.
        """
        head, tip, known = self._tip(key)
        stamp, value = head.stamp or tip, head.value or b""
        newest = Revision(tip.number, tip.time, tip.deleted, lambda: self._sealing.note(key, stamp, value))
        return chain([newest], self._older(key, known))

    def _older(self, key: str, known: Known) -> Iterator[Revision]:
        for page in pages(self._lines(key, known)):
            notes = Notes(partial(self._notes, [line.name for line in page]))
            for name, micros, deleted in page:
                yield Revision(name.number, moment(micros), deleted, partial(notes.of, name))

    def _notes(self, names: list[Name]) -> dict[Name, Note]:
        return {name: self._sealing.note(name.key, *read) for name, read in self._records.stored_many(names)}

    def at(self, key: str, revision: int) -> bytes:
        """See `holdall.Store.at`."""
        number = operator.index(revision)
        head, tip, known = self._tip(key)
        if number == tip.number:
            return _value(head.key, head.value)
        if not 0 < number < tip.number:
            raise NoRevision(
                f"{key!r} has no revision {number}; its revisions are 1 to {tip.number}", key=key
            )
        if number in {name.number for name, _ in known.missing}:
            raise KeyError(key)
        name = self._records.named(key, number)
        return self._read(name or Name(key, number))

    def as_of(self, key: str, micros: int) -> bytes:
        """The value of the newest revision that is not later than ``micros``."""
        head, tip, known = self._tip(key)
        if tip.micros <= micros:
            return _value(key, head.value)
        oldest = tip.number
        for name, since, deleted in self._lines(key, known):
            if since <= micros:
                return _value(key, None if deleted else self._read(name))
            oldest = name.number
        if oldest > 1:
            raise dropped(key, oldest - 1)
        raise KeyError(key)

    def _tip(self, key: str) -> tuple[Head, Stamp, Known]:
        """The head of ``key`` and its revision. Raises KeyError if the key never existed."""
        for _ in range(ATTEMPTS):
            head = Head.read(self._store, key)
            try:
                known = self._lineage.of(head)
            except Conflict:
                continue
            if known.last is None:
                raise KeyError(key)
            return head, known.last, known
        raise Conflict(f"{key!r} changed {ATTEMPTS} times while it was read; try again", key=key)

    def _lines(self, key: str, known: Known) -> Iterator[Line]:
        """Yield the revisions before the newest; each name tells time and state of the one before it."""
        assert known.last is not None  # noqa: S101 - `_tip` has checked it
        missing = [name for name, _ in reversed(known.missing)]
        names = chain(missing, self._records.names(key, known.last.number))
        for later, name in pairwise(names):
            if name.number == later.number - 1:
                yield Line(name, max(later.before, name.before), later.before_deleted)
            elif found := self._records.read(name):  # a record between them is lost
                yield Line(name, found[0].micros, found[0].deleted)

    def _read(self, name: Name) -> bytes:
        found = self._records.read(name)
        if found is None:
            raise dropped(name.key, name.number)
        stamp, value = found
        return _value(name.key, None if stamp.deleted else value)


def _value(key: str, value: bytes | None) -> bytes:
    if value is None:
        raise KeyError(key)
    return value


def dropped(key: str, number: int) -> NoRevision:
    """The error for a revision that no longer has a record."""
    return NoRevision(f"revision {number} of {key!r} was dropped; its history begins later", key=key)
