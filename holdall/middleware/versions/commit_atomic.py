"""The commit on a store with transactions: heads and their records change together."""

import contextlib
import time
from itertools import islice

from holdall.batches import CheckedChanges, text
from holdall.errors import Conflict, HoldallError, TooLarge
from holdall.keys import RawKey
from holdall.middleware.versions.commit import Stamper, Written
from holdall.middleware.versions.head import Head
from holdall.middleware.versions.names import BETWEEN, ROOT, Name
from holdall.middleware.versions.records import Records
from holdall.middleware.versions.resolve import Resolved, Resolver
from holdall.middleware.versions.stamp import is_deletion
from holdall.store import ABSENT, ATTEMPTS, Store, Tag, pause

Writes = dict[str, bytes | None]
"""New values by key; None is a deletion."""


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
        after: Writes = {}
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

    def complete(self, head: Head, claim: Name) -> None:
        """See `Commit.complete`."""
        data = self._records.get(claim)
        if data is not None:
            key = text(head.key)
            with contextlib.suppress(Conflict):  # the head is there already
                self._transact({key: head.tag}, {key: None if is_deletion(data) else data})

    # ---- Many keys at once -------------------------------------------------------------------------

    def write_batch(self, writes: Writes) -> None:
        """Commit ``writes`` in one transaction, or in several if the store refuses them as too large."""
        try:
            self.write_together(writes, {})
        except TooLarge:
            if len(writes) == 1:
                raise
            items = iter(writes.items())
            self.write_batch(dict(islice(items, len(writes) // 2)))
            self.write_batch(dict(items))

    def write_together(self, writes: Writes, before: dict[str, Tag]) -> None:
        """Commit ``writes`` in one transaction, if every key of ``before`` has its tag. Retry after a conflict.

        The keys are checked. Raises Conflict if users see another tag, or after a thousand lost attempts.
        """
        for attempt in range(ATTEMPTS):
            heads = Head.read_many(self._store, {**before, **writes})
            for key, tag in before.items():
                heads[key].expect(tag)
            changing = [key for key, value in writes.items() if value is not None or heads[key].there]
            try:
                self._commit_all(heads, {key: writes[key] for key in changing})
            except Conflict:
                time.sleep(pause(attempt))
            else:
                return
        raise Conflict(f"other writers came first {ATTEMPTS} times; try again")

    def _commit_all(self, heads: dict[str, Head], writes: Writes) -> None:
        """Commit ``writes``, if no head of ``heads`` has changed.

        All records are written first and then all heads, so that stores which append keep the heads together.
        """
        before = {text(key): head.tag for key, head in heads.items()}
        records: Writes = {}
        changed: Writes = {}
        resolved = self._resolver.resolve_many([heads[key] for key in writes])
        for (key, value), each in zip(writes.items(), resolved, strict=True):
            data = self._record(heads[key], value, each, before, records)
            changed[text(key)] = None if value is None else data
        self._transact(before, records | changed)

    def _record(
        self,
        head: Head,
        value: bytes | None,
        resolved: Resolved,
        before: dict[str, Tag],
        after: Writes,
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

    def _transact(self, before: dict[str, Tag], after: Writes) -> None:
        try:
            self._store.transact(CheckedChanges(before, after))
        except HoldallError as error:
            raise self._records.raw.reword(error) from error
