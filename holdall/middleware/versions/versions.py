"""`Versions`, the public layer. The stores of bytes below it do the work."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Literal, TypeVar, cast

from holdall.errors import Unsupported
from holdall.history import note
from holdall.layer import Layer, below
from holdall.middleware.passthrough import PassThrough
from holdall.middleware.versions.fsck import Problem
from holdall.middleware.versions.native import NativeStore
from holdall.middleware.versions.store import VersionedStore
from holdall.store import ABSENT, Store

V = TypeVar("V")


class Versions(PassThrough[V]):
    """Keeps the value that every write replaces, with its number, time, author and message.

    ``author`` is the author of writes outside a `note` block that names one. ``history`` is a store for the
    records; without it they are in ``store``, under ``.holdall/history/``. Both stores need SWAP; without it,
    writing raises Unsupported. With ``history="native"`` the lowest store keeps the versions itself, and
    holdall writes no records. `S3` and `GCS` can do this if versioning is enabled for the bucket, which one
    request checks here; everything else raises Unsupported.

    A layer that encrypts, above or below this one, also seals author and message, so nobody can read or
    change them without its key.

    This layer works on the lowest store, below every layer of ``store``: ``Versions(Json(s))`` and
    ``Json(Versions(s))`` are the same. A value that was in the store before is adopted unchanged, as the
    first revision of its key. A change by a writer without versions becomes a revision by "unknown".

    >>> from holdall import Json, Memory
    >>> books = Versions(Json(Memory()), author="Ann")
    >>> books["invoices/17"] = {"total": "119.00"}
    >>> with books.note(message="the discount was missing"):
    ...     books["invoices/17"] = {"total": "107.10"}
    >>> [(one.number, one.author, one.message) for one in books.history("invoices/17")]
    [(2, 'Ann', 'the discount was missing'), (1, 'Ann', '')]
    >>> books.diff("invoices/17", 1, 2)
    [{'op': 'replace', 'path': '/total', 'value': '107.10'}]
    >>> books.revert("invoices/17", 1)
    >>> books["invoices/17"]
    {'total': '119.00'}
    """

    def __init__(
        self,
        store: Store[V],
        author: str = "",
        history: Store[bytes] | Literal["native"] | None = None,
    ) -> None:
        made: list[VersionedStore | NativeStore] = []
        native = history == "native"
        records = None if native or history is None else below(cast("Store[bytes]", history), Versions)

        def make(lowest: Store[bytes]) -> VersionedStore | NativeStore:
            made.append(NativeStore(lowest, author) if native else VersionedStore(lowest, author, records))
            return made[0]

        super().__init__(_over(below(store, Versions), make))
        self._versioned = made[0]

    note = staticmethod(note)

    def as_of(self, time: datetime, /) -> Store[V]:
        return self._inner.as_of(time)

    def lasting(self, ttl: float | None, /) -> Store[V]:
        return self._inner.lasting(ttl)  # it keeps the history too

    def diff(self, key: str, old: int, new: int, /) -> list[dict[str, Any]]:
        """The JSON Patch (RFC 6902) from the document of revision ``old`` to that of revision ``new``.

        A deletion counts as null. Raises Unsupported if the values are not documents, and NoRevision as `at`
        does.
        """
        from holdall.middleware.versions.diff import difference  # late, because it needs an extra

        return difference(key, self._document(key, old), self._document(key, new))

    def _document(self, key: str, revision: int) -> V | None:
        try:
            return self.at(key, revision)
        except KeyError:
            self.history(key)  # raises KeyError if the key never existed
            return None

    def revert(self, key: str, revision: int, /) -> None:
        """Write the value of ``revision`` again, or delete ``key`` if that revision is a deletion.

        Raises Invalid if a schema refuses the value today, even if the schema accepted it then. Raises the
        same errors as `at`.
        """
        try:
            value = self.at(key, revision)
        except KeyError:
            self.history(key)  # raises KeyError if the key never existed
            self.discard(key)
        else:
            self[key] = value

    def undelete(self, key: str, /) -> None:
        """Write the value that ``key`` had before it was deleted.

        Raises Conflict if ``key`` exists, and KeyError if it has no value to restore.
        """
        for revision in self.history(key):
            if not revision.deleted:
                self.swap(key, self.at(key, revision.number), ABSENT)
                return
        raise KeyError(key)

    def prune(self, *, keep: int | None = None, before: datetime | None = None, prefix: str = "") -> int:
        """Drop old revisions of the keys under ``prefix``, and return how many were dropped.

        It keeps the ``keep`` newest revisions of each key, including the current one. It also keeps every
        revision that was still current at ``before`` or was written later, so pruning does not change
        `as_of` of a later time. Raises ValueError if neither is given or ``keep`` is less than 1, and
        Unsupported if the store keeps versions itself.
        """
        return self._versioned.prune(keep, before, prefix)

    def fsck(self, *, mend: bool = False) -> Iterator[Problem]:
        """Yield the problems in heads and history, key by key. It lists everything and reads every record.

        The problems include times that go back from one revision to the next; these cannot be repaired.

        With ``mend`` it repairs the others as far as possible. It completes claims, adds missing records, and
        replaces a damaged copy by the other copy: the head by its record, or the record by its head. A
        `Cache` shows a repair as late as another writer's change. Raises Unsupported if the store keeps
        versions itself.
        """
        return self._versioned.fsck(mend=mend)


def _over(store: Store[Any], make: Callable[[Store[bytes]], VersionedStore | NativeStore]) -> Store[Any]:
    """``store`` with its lowest store replaced by ``make(lowest)``."""
    if isinstance(store, Versions | VersionedStore | NativeStore):
        raise Unsupported(f"{store!r} keeps versions already; wrap it only once")
    if isinstance(store, Layer):
        return store.over(_over(store.inner, make))
    return make(store)
