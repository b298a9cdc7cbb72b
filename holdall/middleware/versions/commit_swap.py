"""The commit on a store with compare-and-swap alone: claim a revision, then advance the head to it.

`docs/explanation/versions.md` draws the states and argues why the protocol is correct. In short: the name of
a record follows from the previous revision, so creating the record decides who writes the next revision. A
writer that finds a claim newer than the head advances the head to it. If the key does not exist, the head is
written first and its record afterwards.
"""

import contextlib
from itertools import islice

from holdall.errors import Conflict, HoldallError
from holdall.middleware.versions.commit import Stamper, Written
from holdall.middleware.versions.errors import REFUSALS, unrecorded_error, unsettled_error
from holdall.middleware.versions.head import Head
from holdall.middleware.versions.names import Name
from holdall.middleware.versions.records import Records
from holdall.middleware.versions.resolve import Resolved, Resolver
from holdall.middleware.versions.stamp import Stamp, is_deletion
from holdall.middleware.versions.tombstones import TombstoneMarks
from holdall.store import ABSENT, Feature, Store, Tag, conflict


class SwapCommit:
    """Commits one change at a time. ``tombstones`` are for a store without conditional deletes."""

    def __init__(
        self,
        store: Store[bytes],
        records: Records,
        resolver: Resolver,
        tombstones: TombstoneMarks,
        stamper: Stamper,
    ) -> None:
        self._store = store
        self._records = records
        self._resolver = resolver
        self._tombstones = tombstones
        self._stamper = stamper

    def commit(self, head: Head, value: bytes | None) -> Written:
        """See `Commit.commit`."""
        if head.tag == ABSENT:
            return self._create(head.key, value or b"")
        last = self._ensure_recorded(head)
        if head.stamp is None:
            head = self._stamp_found(head, last)
        data = self._stamper.stamp_next(head.key, last, value)
        name = Name.of(head.key, last)
        if not self._claim(name, data):
            self.complete(head, name)
            raise conflict(head.key)
        try:
            return self._settle(head, name, data)
        except Conflict:
            raise
        except HoldallError as error:
            raise unsettled_error(error, head.key) from error

    def _claim(self, name: Name, data: bytes) -> bool:
        try:
            return self._records.create(name, data)
        except REFUSALS:
            raise
        except HoldallError as error:
            raise unsettled_error(error, name.key) from error

    # ---- Creation: the head first ------------------------------------------------------------------

    def _create(self, key: str, value: bytes) -> Written:
        data = self._stamper.stamp_new(key, value)
        tag = self._store.swap(key, data, ABSENT)
        try:
            self._record_new(Head.of(key, data, tag))
        except Conflict:
            raise
        except HoldallError as error:
            raise unrecorded_error(error, key) from error
        return Written(key, data, tag)

    def _record_new(self, head: Head) -> None:
        try:
            self._record(head)
        except Conflict:
            self._record_late(head.key, head.data)

    def _record(self, head: Head) -> None:
        # The first name may be free although there is history: old records are dropped, but never the newest.
        names = list(islice(self._records.names(head.key), 2))
        if names:
            self._create_missing(head, self._resolver.resolve_by_records(head, names))
        elif not self._records.create(Name.of(head.key, None), head.data):
            raise conflict(head.key)

    def _record_late(self, key: str, data: bytes) -> None:
        """Record ``data``, which was the head.

        Raises Conflict if a writer without versions replaced it before it was recorded.
        """
        while (head := Head.read(self._store, key)).data == data:
            with contextlib.suppress(Conflict):
                self._ensure_recorded(head)
                return
        own, _ = Stamp.parse(key, data)
        recorded = self._records.read_many(self._records.names(key))
        if own.id not in (stamp.id for _, stamp, _ in recorded):
            raise conflict(key)

    def _ensure_recorded(self, head: Head) -> Stamp:
        """Make sure that ``head`` has a record, and return its revision."""
        return self._create_missing(head, self._resolver.resolve(head))

    def _create_missing(self, head: Head, resolved: Resolved) -> Stamp:
        for name, data in resolved.missing:
            if not self._records.create(name, data):
                raise conflict(head.key)
        assert resolved.last is not None  # noqa: S101 - there is a head
        return resolved.last

    def _stamp_found(self, head: Head, found: Stamp) -> Head:
        """Stamp a value that a writer without versions wrote, before anything is claimed on it.

        Such a writer may write the same value again. Without the stamp, its tag would then be the same again
        too.
        """
        data = found.prepend_to(head.data)
        return Head.of(head.key, data, self._store.swap(head.key, data, head.tag))

    # ---- All other changes: the claim first --------------------------------------------------------

    def _settle(self, head: Head, name: Name, data: bytes) -> Written:
        try:
            return Written(head.key, data, self._advance(head, data))
        except Conflict:
            if self._is_in_history(name):
                return Written(head.key, data, None)
            self._records.drop([name])
            raise

    def complete(self, head: Head, claim: Name) -> None:
        """See `Commit.complete`."""
        data = self._records.get(claim)
        if data is not None:
            with contextlib.suppress(Conflict):  # the head is there already
                self._advance(head, data)

    def _advance(self, head: Head, data: bytes) -> Tag:
        if not is_deletion(data):
            return self._store.swap(head.key, data, head.tag)
        if Feature.REMOVE in self._store.features:
            self._store.remove(head.key, head.tag)
        else:
            self._tombstones.add(head.key)
            self._store.swap(head.key, data, head.tag)
        return ABSENT

    def _is_in_history(self, name: Name) -> bool:
        """Whether the claim ``name`` is part of the history, although its writer failed to advance the head.

        It usually is, because another writer has advanced the head. The exception is a writer that paused
        while others continued and dropped old records, including the record with the same number. Then it
        claimed a name that was free again, and no record has the next number. Records are dropped oldest
        first, so a claim that is gone was part of the history too.
        """
        newest = self._records.newest(name.key)
        if newest is None or newest.number == name.number:
            return True
        around = {one.number for one in self._records.around(name)}
        return name.number not in around or name.number + 1 in around
