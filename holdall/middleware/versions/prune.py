"""Dropping of old revisions, so that the remaining history stays whole."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby

from holdall.batches import split
from holdall.errors import Conflict
from holdall.keys import RawKey
from holdall.middleware.versions.head import Head
from holdall.middleware.versions.names import Name
from holdall.middleware.versions.records import Records, parse_names
from holdall.middleware.versions.resolve import Resolver
from holdall.middleware.versions.stamp import Stamp, micros_of
from holdall.store import Store

_KEYS = 1000  # keys whose records are dropped together


class Prune:
    """Drops the revisions of a key except the ``keep`` newest, if they were replaced before ``before``.

    Without ``before``, the time does not matter. The newest revision and the newest record are never dropped,
    and the others are dropped oldest first. From this order, a writer that paused can tell whether its claim
    is part of the history (see `SwapCommit`).
    """

    def __init__(
        self,
        store: Store[bytes],
        records: Records,
        resolver: Resolver,
        keep: int | None,
        before: datetime | None,
    ) -> None:
        if keep is None and before is None:
            raise ValueError(
                "give keep, the number of revisions to keep, or before, the time before which to drop them"
            )
        if keep is not None and keep < 1:
            raise ValueError(f"keep={keep} would drop the current values; keep at least 1")
        self._store = store
        self._records = records
        self._resolver = resolver
        self._keep = keep or 1
        self._before = None if before is None else micros_of(before)

    def run(self, prefix: str) -> int:
        """Drop the old records under ``prefix`` and return their number."""
        names = parse_names(self._records.raw.scan(prefix))
        keys = (list(names) for _, names in groupby(names, lambda name: name.key))
        dropped = 0
        for batch in split(keys, _KEYS):
            for round in _rounds(self._old(names) for names in batch):
                self._records.drop(round)
                dropped += len(round)
        return dropped

    def _old(self, names: list[Name]) -> list[Name]:
        """The ``names`` of a key that must be dropped, oldest first; ``names`` come newest first."""
        try:
            last = self._last(names)
        except Conflict:
            return []  # it is being written; the next prune will drop its records
        if last is None:
            return []
        most = min(names[0].number - 1, last.number - self._keep)
        old = {name.number for name in names if name.number <= most}
        if self._before is not None:
            replaced = {name.number - 2: name.before for name in names} | {last.number - 1: last.micros}
            old = {number for number in old if replaced.get(number, self._before) < self._before}
        return [name for name in reversed(names) if name.number in old]

    def _last(self, names: list[Name]) -> Stamp | None:
        """The current revision of the key; None if the key never existed, or has nothing to drop anyway."""
        if len(names) <= self._keep:
            return None
        return self._resolver.resolve(Head.read(self._store, RawKey(names[0].key))).last


def _rounds(keys: Iterable[list[Name]]) -> Iterator[list[Name]]:
    """Yield the oldest name of every key, then the next of every key, and so on."""
    waiting = [iter(names) for names in keys]
    while names := [name for rest in waiting if (name := next(rest, None)) is not None]:
        yield names
