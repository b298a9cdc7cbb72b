"""The commit on a store with transactions: heads and their records change together."""

import contextlib
from collections.abc import Iterable

from holdall.batches import CheckedChanges, text
from holdall.errors import Conflict, HoldallError
from holdall.keys import RawKey
from holdall.middleware.versions.commit import Stamper, Written
from holdall.middleware.versions.head import Head
from holdall.middleware.versions.names import BETWEEN, ROOT, Name
from holdall.middleware.versions.records import Records
from holdall.middleware.versions.resolve import Resolved, Resolver
from holdall.middleware.versions.stamp import is_deletion
from holdall.store import ABSENT, Store, Tag


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
        resolved = self._resolve_missing(head) if head.tag == ABSENT else self._resolver.resolve(head)
        before: dict[str, Tag] = {}
        after: dict[str, bytes | None] = {}
        data = self._record(head, value, resolved, before, after)
        key = text(head.key)
        before[key] = head.tag
        after[key] = None if value is None else data
        self._transact(before, after)
        return Written(head.key, data, None)

    def _resolve_missing(self, head: Head) -> Resolved:
        """The revision of a missing key. Most such keys are new, and one listing says so."""
        try:
            found = next(self._store.scan(RawKey(f"{ROOT}{head.key}{BETWEEN}")), None)
        except HoldallError as error:
            raise self._records.raw.reword(error) from error
        return Resolved(None, []) if found is None else self._resolver.resolve(head)

    def commit_many(
        self, changes: Iterable[tuple[Head, bytes | None]], expected: Iterable[tuple[str, Tag]] = ()
    ) -> None:
        """Commit every pair of a head and its new value, if every key of ``expected`` still has its tag.

        It writes all records first and then all heads, so that stores which append keep the heads together.
        """
        changes = list(changes)
        before = {text(key): tag for key, tag in expected}
        after: dict[str, bytes | None] = {}
        heads: dict[str, bytes | None] = {}
        resolved = self._resolver.resolve_many([head for head, _ in changes])
        for (head, value), each in zip(changes, resolved, strict=True):
            data = self._record(head, value, each, before, after)
            key = text(head.key)
            before[key] = head.tag
            heads[key] = None if value is None else data
        self._transact(before, after | heads)

    def complete(self, head: Head, claim: Name) -> None:
        """See `Commit.complete`."""
        data = self._records.get(claim)
        if data is not None:
            key = text(head.key)
            with contextlib.suppress(Conflict):  # the head is there already
                self._transact({key: head.tag}, {key: None if is_deletion(data) else data})

    def _record(
        self,
        head: Head,
        value: bytes | None,
        resolved: Resolved,
        before: dict[str, Tag],
        after: dict[str, bytes | None],
    ) -> bytes:
        """Add all records up to the revision of ``value`` to a transaction; return the data of this one."""
        last, missing = resolved
        data = self._stamper.stamp_next(head.key, last, value)
        records = [*missing, (Name.of(head.key, last), data)]
        for name, record in records:
            key = ROOT + name.text
            if head.tag == ABSENT:  # ABSENT can occur again; other tags cannot
                before[key] = ABSENT
            after[key] = record
        return data

    def _transact(self, before: dict[str, Tag], after: dict[str, bytes | None]) -> None:
        try:
            self._store.transact(CheckedChanges(before, after))
        except HoldallError as error:
            raise self._records.raw.reword(error) from error
