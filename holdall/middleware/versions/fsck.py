"""The check whether heads and records fit together, key by key, and the repair of problems."""

import contextlib
from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import NamedTuple

from holdall.errors import Conflict, Corrupt
from holdall.history import UNKNOWN, Note
from holdall.keys import RawKey
from holdall.middleware.versions.commit import Commit
from holdall.middleware.versions.head import Head
from holdall.middleware.versions.names import ROOT, Name
from holdall.middleware.versions.records import Records, parse_record
from holdall.middleware.versions.resolve import Resolver
from holdall.middleware.versions.sealing import SEALED, Sealing
from holdall.middleware.versions.stamp import SMALLEST, Stamp, is_stamped, to_datetime
from holdall.store import ABSENT, Store

Stored = dict[Name, bytes]


class Problem(NamedTuple):
    """A problem of ``key``, at ``revision`` if it belongs to one; ``mended`` is true if it was repaired."""

    key: str
    revision: int | None
    what: str
    mended: bool = False


class Fsck:
    """Checks every record and every head. With ``commit`` it also repairs them.

    It repairs as any writer would, and replaces damaged copies by intact ones.
    """

    def __init__(
        self,
        store: Store[bytes],
        records: Records,
        resolver: Resolver,
        sealing: Sealing,
        commit: Commit | None,
    ) -> None:
        self._store = store
        self._records = records
        self._resolver = resolver
        self._sealing = sealing
        self._commit = commit

    def run(self) -> Iterator[Problem]:
        """Yield every problem, key by key, in the order of the records.

        Keys that should have records, but have none, come last.
        """
        seen = set()
        for key, items in groupby(self._records.raw.scan_items(), lambda item: _key_of(item[0])):
            if key is None:
                yield from (Problem(ROOT + text, None, "it is not the name of a record") for text, _ in items)
                continue
            seen.add(key)
            found = ((Name.parse(text), data) for text, data in items)
            yield from self._check_key(RawKey(key), {name: data for name, data in found if name})
        for key, data in self._store.scan_items():
            if is_stamped(data) and key not in seen:
                yield from self._check_key(RawKey(key), {})

    def _check_key(self, key: str, kept: Stored) -> Iterator[Problem]:
        yield from _check_numbers(key, list(kept))
        stamps = _parse_intact(kept)
        yield from _check_times(stamps)
        whole = {name: kept[name] for name in stamps}
        yield from self._check_notes(key, whole)
        try:
            head = Head.read(self._store, key)
        except Corrupt:
            yield self._mend_head(key, whole)
            return
        for name in kept.keys() - whole.keys():
            yield self._mend_record(name, head)
        if kept.keys() == whole.keys():
            yield from self._check_head(head, whole)

    def _check_notes(self, key: str, whole: Stored) -> Iterator[Problem]:
        """Yield the stamps that were changed, and those without a seal if all should have one."""
        seal = self._sealing.of(key)
        if seal is None:
            return
        sealed = seal.only_bound
        for name, data in reversed(whole.items()):
            stamp, value = Stamp.parse(key, data)
            sealed = sealed or bool(stamp.sealed)
            if stamp.number not in (0, name.number):
                yield Problem(key, name.number, f"its stamp belongs to revision {stamp.number}")
            elif sealed and not stamp.sealed and stamp.note != Note(UNKNOWN):
                yield Problem(
                    key, name.number, "author and message are not sealed: anyone may have written them"
                )
            try:
                self._sealing.note(key, stamp, value)
            except Corrupt:
                yield Problem(key, name.number, "its stamp was changed, or belongs to another revision")

    def _mend_head(self, key: str, whole: Stored) -> Problem:
        """The problem of a damaged head, which is repaired if possible.

        The stamp contains the check of the value. So an undamaged record with the same stamp has the head's
        value.
        """
        data, tag = self._store.get_tagged(key)
        what = "its current value is damaged"
        for name, record in whole.items():
            if self._commit and record[:SMALLEST] == data[:SMALLEST]:
                self._store.swap(key, record, tag)
                return Problem(key, name.number, what, mended=True)
        return Problem(key, None, what)

    def _mend_record(self, name: Name, head: Head) -> Problem:
        what = "its record is damaged"
        if self._commit and head.stamp and head.stamp.number == name.number:
            self._records.raw[name.text] = head.data
            return Problem(name.key, name.number, what, mended=True)
        return Problem(name.key, name.number, what)

    def _check_head(self, head: Head, kept: Stored) -> Iterator[Problem]:
        """Yield problems that a crash or a writer without versions left.

        The next writer of the key would repair these problems too.
        """
        try:
            last, missing = self._resolver.resolve(head)
        except Conflict:
            return  # another writer is writing it, and so repairs it
        for name, data in missing:
            stamp, _ = Stamp.parse(head.key, data)
            author = SEALED if stamp.sealed else stamp.note.author
            what = f"{author!r} wrote it, but it has no record"
            mended = self._commit is not None and self._records.create(name, data)
            yield Problem(head.key, name.number, what, mended)
        newest = next(iter(kept), None)
        if last is None or missing:
            return
        if newest is not None and newest.number > last.number:
            yield self._finish_claim(head, newest)
        if head.tag != ABSENT and last.number not in {name.number for name in kept}:
            yield self._mend_lost_record(head, last, newest)

    def _finish_claim(self, head: Head, name: Name) -> Problem:
        if self._commit:
            self._commit.complete(head, name)
        what = "its write was begun, but not finished"
        return Problem(head.key, name.number, what, mended=self._commit is not None)

    def _mend_lost_record(self, head: Head, last: Stamp, newest: Name | None) -> Problem:
        before = self._records.read(newest) if newest else None
        name = Name.of(head.key, before[0] if before else None)._replace(number=last.number)
        mended = self._commit is not None and self._records.create(name, head.data)
        return Problem(head.key, last.number, "its record is lost", mended)


def _key_of(text: str) -> str | None:
    name = Name.parse(text)
    return name.key if name else None


def _parse_intact(kept: Stored) -> dict[Name, Stamp]:
    """The stamps of the undamaged records, newest first, in the order of ``kept``."""
    found = {}
    for name, data in kept.items():
        with contextlib.suppress(Corrupt):
            found[name], _ = parse_record(name, data)
    return found


def _check_times(stamps: dict[Name, Stamp]) -> Iterator[Problem]:
    """Yield times that go back. `as_of` picks the newest revision up to a time, so times must be in order."""
    before = 0
    for name, stamp in reversed(stamps.items()):
        before = max(before, name.before)
        if stamp.micros < before:
            what = (
                f"its time is {stamp.time}, before the time of the revision before it, {to_datetime(before)}"
            )
            yield Problem(name.key, name.number, what)
        before = stamp.micros


def _check_numbers(key: str, names: list[Name]) -> Iterator[Problem]:
    for later, name in pairwise(names):
        if name.number == later.number:
            yield Problem(key, name.number, "it has two records")
        elif name.number < later.number - 1:
            yield Problem(key, later.number - 1, "its record is lost, and perhaps others before it")
