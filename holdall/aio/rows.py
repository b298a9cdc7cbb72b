"""The operations of an asynchronous store that yield rows, or wait for them."""

import time
from collections.abc import Iterable
from functools import partial
from typing import Final, TypeVar

from holdall.aio.face import Face
from holdall.aio.scan import AsyncChanges, AsyncScan
from holdall.batches import BATCH
from holdall.history import Revision
from holdall.store import Tag

V = TypeVar("V")

_SLICE: Final = 5.0  # seconds after which a `watch` gives its thread to the next one that waits
_VALUES: Final = 128  # the most rows of a page with values
_REVISIONS: Final = 16  # the most revisions of a page: each may cost a request


class Rows(Face[V]):
    """The methods of `Store` that yield rows, as asynchronous iterators, and `watch`."""

    def get_many(self, keys: Iterable[str], /) -> AsyncScan[tuple[str, V]]:
        """Yield ``(key, value)`` for each of ``keys`` that exists, in their order.

        A thread reads ``keys``, a page ahead.
        """
        return self._scan(lambda: self._store.get_many(keys), _VALUES)

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> AsyncScan[str]:
        """Yield the keys that begin with ``prefix``, from ``start`` on and before ``stop``, in order."""
        return self._scan(partial(self._store.scan, prefix, start=start, stop=stop), BATCH)

    def __aiter__(self) -> AsyncScan[str]:
        return self.scan()

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> AsyncScan[tuple[str, V]]:
        """Yield keys and values in the order of `scan`."""
        return self._scan(partial(self._store.scan_items, prefix, start=start, stop=stop), _VALUES)

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> AsyncScan[tuple[str, Tag]]:
        """Yield keys and tags in the order of `scan`, without reading values. Needs TAGS."""
        return self._scan(partial(self._store.scan_tags, prefix, start=start, stop=stop), BATCH)

    def scan_names(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> AsyncScan[str]:
        """Yield the keys of `scan`, and among them the foreign names: see `Store.scan_names`."""
        return self._scan(partial(self._store.scan_names, prefix, start=start, stop=stop), BATCH)

    def history(self, key: str, /) -> AsyncScan[Revision]:
        """Yield the revisions of ``key``, newest first. Needs HISTORY.

        Their authors, messages and ids are read already, up to 16 revisions ahead. Raises KeyError at the first
        revision if ``key`` never existed.
        """
        return self._scan(lambda: map(_read_whole, self._store.history(key)), _REVISIONS)

    async def changes(self, since: str | None = None, *, prefix: str = "") -> AsyncChanges:
        """Return the keys under ``prefix`` that changed since the position ``since``. Needs CHANGES.

        Read them with ``async for change in await store.changes(since)``.
        """
        changes = await self._run(self._store.changes, since, prefix=prefix)
        return AsyncChanges(self._pools(), changes, BATCH)

    async def watch(self, since: str, *, prefix: str = "", timeout: float | None = None) -> bool:
        """Wait until a key under ``prefix`` changes after the position ``since``. Needs CHANGES.

        Returns False after ``timeout`` seconds, or when the store is closed. Up to four tasks are told of a change
        at once. If more tasks watch the store, they take turns of five seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        threads = self._pools().watches
        while not threads.ending:
            rest = _SLICE if deadline is None else max(0.0, min(_SLICE, deadline - time.monotonic()))
            if await threads.run(self._store.watch, since, prefix=prefix, timeout=rest):
                return True
            if deadline is not None and time.monotonic() >= deadline:
                break
        return False


def _read_whole(revision: Revision) -> Revision:
    """Return ``revision`` with its note and id, which may cost a request."""
    note, id = revision.note, revision.id
    return Revision(revision.number, revision.time, revision.deleted, lambda: note, lambda: id)
