"""The commit on a store with transactions: heads and their records change together."""

import contextlib
from collections.abc import Iterable

from holdall.errors import Conflict, HoldallError
from holdall.keys import RawKey
from holdall.middleware.versions.commit import Stamper, Written
from holdall.middleware.versions.head import Head
from holdall.middleware.versions.names import ROOT, Name
from holdall.middleware.versions.records import Records
from holdall.middleware.versions.resolve import Resolved, Resolver
from holdall.middleware.versions.stamp import is_deletion
from holdall.store import ABSENT, Change, Delete, Expect, Put, Store


class AtomicCommit:
    """Commits any number of changes at once, all or nothing; a crash leaves nothing to repair.

    A store that was copied from one without transactions may contain a claim that the head never reached. No
    caller was told that this write succeeded, and the next revision takes its place.
    """

    def __init__(self, store: Store[bytes], records: Records, resolver: Resolver, stamper: Stamper) -> None:
        self._store = store
        self._records = records
        self._resolver = resolver
        self._stamper = stamper

    def commit(self, head: Head, value: bytes | None) -> Written:
        """See `Commit.commit`."""
        changes: list[Change[bytes]] = []
        data = self._record(head, value, self._resolver.resolve(head), changes)
        key = head.key
        changes += (Expect(key, head.tag), Delete(key) if value is None else Put(key, data))
        self._transact(changes)
        return Written(key, data, None)

    def commit_many(
        self, changes: Iterable[tuple[Head, bytes | None]], expected: Iterable[Expect] = ()
    ) -> None:
        """Commit every pair of a head and its new value, if every ``expected`` tag still holds.

        It writes all records first and then all heads, so that stores which append keep the heads together.
        """
        changes = list(changes)
        records: list[Change[bytes]] = []
        heads: list[Change[bytes]] = []
        resolved = self._resolver.resolve_many([head for head, _ in changes])
        for (head, value), each in zip(changes, resolved, strict=True):
            data = self._record(head, value, each, records)
            key = head.key
            heads += (Expect(key, head.tag), Delete(key) if value is None else Put(key, data))
        self._transact([*expected, *records, *heads])

    def complete(self, head: Head, claim: Name) -> None:
        """See `Commit.complete`."""
        data = self._records.get(claim)
        if data is not None:
            key = head.key
            change = Delete(key) if is_deletion(data) else Put(key, data)
            with contextlib.suppress(Conflict):  # the head is there already
                self._transact([Expect(key, head.tag), change])

    def _record(
        self, head: Head, value: bytes | None, resolved: Resolved, changes: list[Change[bytes]]
    ) -> bytes:
        """Add to ``changes`` all records up to the revision of ``value``, and return the data of this one."""
        last, missing = resolved
        data = self._stamper.stamp_next(head.key, last, value)
        for name, record in (*missing, (Name.of(head.key, last), data)):
            key = RawKey(ROOT + name.text)
            if head.tag == ABSENT:  # ABSENT can occur again; other tags cannot
                changes.append(Expect(key, ABSENT))
            changes.append(Put(key, record))
        return data

    def _transact(self, changes: list[Change[bytes]]) -> None:
        try:
            self._store.transact(changes)
        except HoldallError as error:
            raise self._records.raw.reword(error) from error
