"""The commit on a store with transactions: heads and their records change together."""

import contextlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from holdall.errors import Conflict, HoldallError
from holdall.keys import RawKey
from holdall.middleware.versions.commit import Stamper, Written
from holdall.middleware.versions.head import Head
from holdall.middleware.versions.names import ROOT, Name
from holdall.middleware.versions.records import Records
from holdall.middleware.versions.resolve import Resolved, Resolver
from holdall.middleware.versions.stamp import is_deletion
from holdall.store import ABSENT, Change, Delete, Expect, Put, Store


class _Step(NamedTuple):
    """One key's part of a transaction: its new head, and all missing records up to it."""

    head: Head
    data: bytes
    records: list[tuple[Name, bytes]]

    def write_records(self) -> Iterator[Change[bytes]]:
        for name, data in self.records:
            record = RawKey(ROOT + name.text)
            if self.head.tag == ABSENT:  # ABSENT can occur again; other tags cannot
                yield Expect(record, ABSENT)
            yield Put(record, data)

    def write_head(self) -> Iterator[Change[bytes]]:
        key = self.head.key
        yield Expect(key, self.head.tag)
        yield Delete(key) if is_deletion(self.data) else Put(key, self.data)


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
        step = self._step(head, value, self._resolver.resolve(head))
        self._transact([step])
        return Written(head.key, step.data, None)

    def commit_many(
        self, changes: Iterable[tuple[Head, bytes | None]], expected: Iterable[Expect] = ()
    ) -> None:
        """Commit every pair of a head and its new value, if every ``expected`` tag still holds."""
        changes = list(changes)
        resolved = self._resolver.resolve_many([head for head, _ in changes])
        steps = [self._step(*change, each) for change, each in zip(changes, resolved, strict=True)]
        self._transact(steps, expected)

    def complete(self, head: Head, claim: Name) -> None:
        """See `Commit.complete`."""
        data = self._records.get(claim)
        if data is not None:
            with contextlib.suppress(Conflict):  # the head is there already
                self._transact([_Step(head, data, [])])

    def _transact(self, steps: list[_Step], expected: Iterable[Expect] = ()) -> None:
        """Write all records first and then all heads, so that stores which append keep the heads together."""
        parts = chain(map(_Step.write_records, steps), map(_Step.write_head, steps))
        try:
            self._store.transact(chain(expected, chain.from_iterable(parts)))
        except HoldallError as error:
            raise self._records.raw.reword(error) from error

    def _step(self, head: Head, value: bytes | None, resolved: Resolved) -> _Step:
        self._records.check(head.key)
        last, missing = resolved
        data = self._stamper.stamp_next(head.key, last, value)
        return _Step(head, data, [*missing, (Name.of(head.key, last), data)])
