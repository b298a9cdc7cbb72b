"""The store of bytes below `Versions`: every write keeps the value that it replaces."""

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from holdall.batches import split, split_by_bytes
from holdall.errors import Conflict, HoldallError, Unsupported
from holdall.history import Revision
from holdall.keys import check_key
from holdall.middleware.versions.as_of import AsOf
from holdall.middleware.versions.commit import Commit, Stamper, Written
from holdall.middleware.versions.commit_atomic import AtomicCommit
from holdall.middleware.versions.commit_swap import SwapCommit
from holdall.middleware.versions.errors import untagged_error, whole_error
from holdall.middleware.versions.fsck import Fsck, Problem
from holdall.middleware.versions.head import Head
from holdall.middleware.versions.prune import Prune
from holdall.middleware.versions.reads import StampedReads
from holdall.middleware.versions.records import Records
from holdall.middleware.versions.resolve import Resolver
from holdall.middleware.versions.revisions import RevisionReader
from holdall.middleware.versions.sealing import Seal, Sealing
from holdall.store import (
    ABSENT,
    ATTEMPTS,
    MISSING,
    WHOLE,
    Expect,
    Feature,
    Missing,
    Operation,
    Put,
    Store,
    Tag,
    conflict,
    key_of,
    pause,
    to_bytes,
    unsupported,
)

_BATCH = 200  # the most keys that one transaction writes
Decide = Callable[[Head], bytes | None]


class VersionedStore(StampedReads):
    """Keeps every value of ``store`` as a revision, in the same store or in ``history``.

    >>> from holdall import Memory
    >>> store = VersionedStore(Memory())
    >>> store["a"], store["a"] = b"1", b"2"
    >>> [revision.number for revision in store.history("a")], store.at("a", 1)
    ([2, 1], b'1')
    """

    def __init__(self, store: Store[bytes], author: str = "", history: Store[bytes] | None = None) -> None:
        super().__init__(store)
        self._history = history
        self._records = Records(store if history is None else history)
        self._resolver = Resolver(store, self._records)
        self.sealing = Sealing()
        self._stamper = Stamper(self.sealing, author)
        self._revisions = RevisionReader(store, self._records, self._resolver, self.sealing)
        self._chosen: Commit | None = None

    @property
    def features(self) -> Feature:
        features = self._store.features & ~WHOLE | Feature.HISTORY
        if self._history is not None:
            features &= ~Feature.ATOMIC
        if Feature.SWAP in features:  # a stamp makes every tag unique, and a deletion can be a swap
            features |= Feature.REMOVE | Feature.UNIQUE_TAGS
        return features

    # ---- Parts and files: a stored value has a stamp, and each is kept as a revision -----------------

    def read(self, key: str, /, start: int = 0, length: int | None = None) -> bytes:
        raise whole_error(key, "read a part of")

    def open(self, key: str, /, mode: str = "rb", *, expected: Tag | None = None) -> Any:
        raise whole_error(key, "open")

    # ---- Writing -------------------------------------------------------------------------------

    @property
    def _commit(self) -> Commit:
        if self._chosen is None:
            self._chosen = self._choose_commit()
        return self._chosen

    def _choose_commit(self) -> Commit:
        """Choose how this store commits, at its first write, because the features may cost a request."""
        if Feature.SWAP not in self._store.features:
            raise Unsupported(
                f"{self._store!r} cannot keep versions: without compare-and-swap (SWAP) two writers "
                "would lose revisions; use a store that has SWAP"
            )
        if Feature.ATOMIC in self.features:
            return AtomicCommit(self._store, self._records, self._resolver, self._stamper)
        return SwapCommit(self._store, self._records, self._resolver, self._tombstones, self._stamper)

    def _write(self, key: str, decide: Decide, *, absent: bool = False) -> Written:
        """Commit the value that ``decide`` returns for the head; None is a deletion. Retry after a conflict.

        If ``absent``, the first attempt assumes that the key is missing, and does not read the head.
        """
        key = self._records.check_key(key)
        commit = self._chosen or self._commit
        for attempt in range(ATTEMPTS):
            head = Head(key) if absent and not attempt else Head.read(self._store, key)
            value = decide(head)
            try:
                return commit.commit(head, value)
            except Conflict:
                time.sleep(pause(attempt))
        raise Conflict(f"{key!r} changed {ATTEMPTS} times while it was written; try again", key=key)

    def __setitem__(self, key: str, value: bytes, /) -> None:
        if type(value) is not bytes:
            value = to_bytes(value)
        self._write(key, lambda head: value)

    def __delitem__(self, key: str, /) -> None:
        def decide(head: Head) -> None:
            _there(head)

        self._write(key, decide)

    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        value = to_bytes(value)

        def decide(head: Head) -> bytes:
            head.expect(expected)
            return value

        return self._tag(self._write(key, decide, absent=expected == ABSENT))

    def _tag(self, written: Written) -> Tag:
        if written.tag is not None:
            return written.tag
        try:
            head = Head.read(self._store, written.key)
        except HoldallError as error:
            raise untagged_error(error, written.key) from error
        # The head may be replaced already. Then the tag of this write is one that no value has.
        return head.tag if head.data == written.data else Tag("replaced")

    def remove(self, key: str, /, expected: Tag) -> None:
        def decide(head: Head) -> None:
            head.expect(expected)
            if expected == ABSENT:
                raise conflict(key)

        self._write(key, decide)

    def modify(
        self, key: str, function: Callable[[bytes], bytes], /, default: bytes | Missing = MISSING
    ) -> bytes:
        changed = b""

        def decide(head: Head) -> bytes:
            nonlocal changed
            value = default if head.value is None else head.value
            if value is MISSING:
                raise KeyError(key)
            changed = to_bytes(function(value))
            return changed

        self._write(key, decide)
        return changed

    def _take(self, key: str, /) -> bytes | Missing:
        taken = b""

        def decide(head: Head) -> None:
            nonlocal taken
            taken = _there(head)

        try:
            self._write(key, decide)
        except KeyError:
            return MISSING
        return taken

    # ---- Many at once --------------------------------------------------------------------------

    def transact(self, changes: Iterable[Operation[bytes]], /) -> None:
        """As `Store.transact`; of several changes to one key only the last becomes a revision."""
        commit = self._commit
        if not isinstance(commit, AtomicCommit):
            raise unsupported(self, "change several keys at once", Feature.ATOMIC)
        before: dict[str, Tag] = {}
        writes: dict[str, bytes | None] = {}
        for change in changes:
            key = self._records.check_key(key_of(change))
            if not isinstance(change, Expect):
                writes[key] = to_bytes(change.value) if isinstance(change, Put) else None
            elif before.setdefault(key, change.tag) != change.tag:
                raise conflict(key)
        commit.write_together(writes, before)

    def set_many(self, items: Iterable[tuple[str, bytes]], /) -> None:
        commit = self._commit
        if isinstance(commit, AtomicCommit):
            check = self._records.check_key
            for batch in split_by_bytes(((check(key), to_bytes(value)) for key, value in items), _BATCH):
                commit.write_batch(dict(batch))
        else:
            self._store._each(self.__setitem__, items)

    def delete_many(self, keys: Iterable[str], /) -> None:
        commit = self._commit
        if isinstance(commit, AtomicCommit):
            for batch in split(map(self._records.check_key, keys), _BATCH):
                commit.write_batch(dict.fromkeys(batch))
        else:
            self._store._each(lambda key, _: self.discard(key), ((key, b"") for key in keys))

    # ---- History -------------------------------------------------------------------------------

    def history(self, key: str, /) -> Iterator[Revision]:
        check_key(key)
        return self._revisions.read(key)

    def at(self, key: str, revision: int, /) -> bytes:
        check_key(key)
        return self._revisions.at(key, revision)

    def as_of(self, time: datetime, /) -> Store[bytes]:
        return AsOf(self._store, self._records, self._revisions, time)

    def prune(self, keep: int | None, before: datetime | None, prefix: str) -> int:
        """See `Versions.prune`."""
        return Prune(self._store, self._records, self._resolver, keep, before).run(prefix)

    def fsck(self, *, mend: bool) -> Iterator[Problem]:
        """See `Versions.fsck`."""
        commit = self._commit if mend else None
        return Fsck(self._store, self._records, self._resolver, self.sealing, commit).run()

    def accept_seal(self, prefix: str, seal: Seal, /) -> None:
        """From now on ``seal`` seals author and message of writes to keys under ``prefix``."""
        self.sealing.add(prefix, seal)

    def raw(self, prefix: str = "") -> Store[bytes]:
        return self._store.raw(prefix)

    def close(self) -> None:
        self._store.close()
        if self._history is not None:
            self._history.close()


def _there(head: Head) -> bytes:
    if head.value is None:
        raise KeyError(head.key)
    return head.value
