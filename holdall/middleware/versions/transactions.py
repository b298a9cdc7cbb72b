"""The protocol on a store with transactions: heads and their records change together."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from holdall.errors import Conflict
from holdall.middleware.versions.claims import Claims, Written
from holdall.middleware.versions.head import Head
from holdall.middleware.versions.names import ROOT, Name
from holdall.middleware.versions.stamp import is_deletion
from holdall.store import ABSENT, Change, Delete, Expect, Put


class _Step(NamedTuple):
    """One key's part of a transaction: its new head, and every record that is missing up to it."""

    head: Head
    data: bytes
    records: list[tuple[Name, bytes]]

    def changes(self) -> Iterator[Change[bytes]]:
        yield Expect(self.head.key, self.head.tag)
        for name, data in self.records:
            yield Expect(ROOT + name.text, ABSENT)
            yield Put(ROOT + name.text, data)
        key = self.head.key
        yield Delete(key) if is_deletion(self.data) else Put(key, self.data)


class Transactions(Claims):
    """Commits any number of changes at once, all or nothing.

    There is nothing to repair after a crash; but a store that was copied from one without transactions
    may hold a claim, which is brought forward as there.
    """

    def commit(self, head: Head, value: bytes | None) -> Written:
        return self.commit_all([(head, value)])[0]

    def commit_all(
        self, changes: Iterable[tuple[Head, bytes | None]], expected: Iterable[Expect] = ()
    ) -> list[Written]:
        """Commit every pair of a head and its new value, where also what is ``expected`` holds."""
        steps = [self._step(head, value) for head, value in changes]
        try:
            self._raw.transact(chain(expected, *(step.changes() for step in steps)))
        except Conflict:
            for step in steps:
                self.help(step.head, step.records[-1][0])
            raise
        return [Written(step.head.key, step.data, None) for step in steps]

    def _step(self, head: Head, value: bytes | None) -> _Step:
        last, missing = self._past.of(head)
        data = self._after(last, value)
        return _Step(head, data, [*missing, (Name.of(head.key, last), data)])
