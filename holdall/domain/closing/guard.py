"""Writes documents so that no write lands in a closed period after `close` has returned.

On a store with ATOMIC, each write is a transaction that needs the record of the closing as it was when the write was
checked. So a write is before the close, or it is refused.

On another store with SWAP, the writer checks before its write, and again after it. If somebody closed the period in
between, the writer takes its write back. So a write may be there for a moment after `close` has returned, and it stays
only if its writer is killed in that moment. Nothing can be taken back on a store without REMOVE that adds a document;
the error then tells so.

On another mapping, this holds within one thread.
"""

import time
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from typing import Any, Final

from msgspec.structs import replace

from holdall.domain.closing.period import Period
from holdall.domain.closing.record import KEY
from holdall.domain.model import Invoice
from holdall.errors import Conflict, Invalid
from holdall.store import ABSENT, ATTEMPTS, Expect, Feature, Put, Store, Tag, pause

_FRESH: Final = 1.0  # seconds for which a closed period that was read counts as that of now


class _Stays(Invalid):
    """A document that may not be added was added, and cannot be taken back."""


class Guard:
    """Writes documents of the books in ``store`` that are not in the closed period, which it remembers.

    >>> Guard({}).period().until is None
    True
    """

    def __init__(self, store: MutableMapping[str, Any]) -> None:
        self._store = store
        self._known: Period | None = None
        self._read_at = 0.0

    def period(self, *, fresh: bool = False) -> Period:
        """Return the closed period. Without ``fresh``, somebody may have changed it since it was read."""
        is_old = time.monotonic() - self._read_at > _FRESH
        if fresh or is_old or self._known is None or not isinstance(self._store, Store):
            self._known, self._read_at = Period.of(self._store), time.monotonic()
        return self._known

    def require_open(self, before: Invoice | None, after: Invoice | None) -> Period:
        """Return the closed period. Raises Invalid if the change from ``before`` to ``after`` is not allowed."""
        try:
            self.period().require_open(before, after)
        except Invalid:
            # It may have been reopened.
            self.period(fresh=True).require_open(before, after)
        return self.period()

    def create(self, key: str, document: Invoice) -> Invoice | None:
        """Store ``document`` if ``key`` is free, and return None. Otherwise return the document at ``key``."""
        try:
            self.replace(key, None, ABSENT, document)
        except _Stays:
            raise
        except (Conflict, Invalid):
            kept: Invoice | None = self._store.get(key)
            if kept is None:
                raise
            return kept
        return None

    def modify(self, key: str, function: Callable[[Invoice], Invoice]) -> Invoice:
        """Replace the document at ``key`` by ``function`` of it, and return the new one, as `Store.modify` does."""
        if not isinstance(self._store, Store):
            changed = function(before := self._store[key])
            self.replace(key, before, ABSENT, changed)
            return changed
        for attempt in range(ATTEMPTS):
            before, tag = self._store.get_tagged(key)
            changed = function(before)
            try:
                self.replace(key, before, tag, changed)
            except Conflict:
                time.sleep(pause(attempt))
            else:
                return changed
        raise Conflict(f"{key!r} changed {ATTEMPTS} times while it was modified; try again", key=key)

    def replace(self, key: str, before: Invoice | None, tag: Tag, after: Invoice) -> None:
        """Replace ``before``, which is at ``key`` under ``tag``, by ``after``. If they are equal, nothing is written.

        Raises Conflict if ``key`` has another tag, and Invalid if the change is not allowed.
        """
        if before == after:
            return
        self.require_open(before, after)
        store: Any = self._store
        if not isinstance(store, Store):
            if before is None and key in store:
                raise Conflict(f"{key!r} is there already", key=key)
            store[key] = after
        elif Feature.ATOMIC in store.features:
            self._transact(store, key, before, tag, after)
        else:
            self._swap(store, key, before, tag, after)

    def _transact(
        self, store: Store[Any], key: str, before: Invoice | None, tag: Tag, after: Invoice
    ) -> None:
        for _ in range(ATTEMPTS):
            period = self.require_open(before, after)
            try:
                store.transact([period.expect, Expect(key, tag), Put(key, after)])
            except Conflict:
                if self.period(fresh=True) == period:
                    raise
            else:
                return
        raise Conflict(f"{KEY!r} changed {ATTEMPTS} times while {key!r} was written; try again", key=key)

    def _swap(self, store: Store[Any], key: str, before: Invoice | None, tag: Tag, after: Invoice) -> None:
        period = self.period()
        new = store.swap(key, after, tag)
        now = self.period(fresh=True)
        if now == period:
            return
        try:
            now.require_open(before, after)
        except Invalid as problem:
            if not self._take_back(store, key, before, new, after):
                message = f"{problem}; it was written while somebody closed the books: check {key!r}"
                raise _Stays(message, key=key) from None
            raise

    def _take_back(
        self, store: Store[Any], key: str, before: Invoice | None, tag: Tag, after: Invoice
    ) -> bool:
        """Undo the change to ``after``, which is at ``key`` under ``tag``. Return whether this worked."""
        with suppress(Conflict):
            if before is not None:
                store.swap(key, before, tag)
            elif Feature.REMOVE in store.features:
                store.remove(key, tag)
            else:
                return False
            return True
        if before is None or replace(before, payments=()) != replace(after, payments=()):
            return False
        # Another writer was faster. Its entries stay.
        added = {each.id for each in after.payments} - {each.id for each in before.payments}
        store.modify(key, lambda found: replace(found, payments=_without(found, added)))
        return True


def _without(invoice: Invoice, ids: set[str]) -> tuple[Any, ...]:
    return tuple(each for each in invoice.payments if each.id not in ids)
