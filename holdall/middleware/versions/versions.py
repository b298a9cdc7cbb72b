"""`Versions`: what its users hold. Everything is decided below, on bytes."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Literal, TypeVar, cast

from holdall.errors import Unsupported
from holdall.history import note
from holdall.layer import Layer, below
from holdall.middleware.passthrough import PassThrough
from holdall.middleware.versions.fsck import Problem
from holdall.middleware.versions.kept import Kept
from holdall.middleware.versions.native import Native
from holdall.store import ABSENT, Store

V = TypeVar("V")


class Versions(PassThrough[V]):
    """Keeps what every write replaces: number, time, who and why, and the value.

    ``author`` is who writes where no `note` says so. ``history`` is a store for the records; without it
    they are in ``store``, under ``.holdall/history/``. Both need SWAP, or writing is Unsupported. Where it
    is ``"native"`` the lowest store keeps versions by itself, and there are no records: `S3` and `GCS` can
    where the bucket is set up to, which one request asks here, and everything else is Unsupported.

    A layer that encrypts, above or below this one, also seals who and why, so that they are neither read nor
    changed without its key.

    It works on the lowest store, below every layer of ``store``: ``Versions(Json(s))`` and
    ``Json(Versions(s))`` are the same. What was in the store before is adopted as it stands; what a writer
    without versions changes is a revision by "unknown".

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
        made: list[Kept | Native] = []
        native = history == "native"
        records = None if native or history is None else below(cast("Store[bytes]", history), Versions)

        def kept(lowest: Store[bytes]) -> Kept | Native:
            made.append(Native(lowest, author) if native else Kept(lowest, author, records))
            return made[0]

        super().__init__(_over(below(store, Versions), kept))
        self._kept = made[0]

    note = staticmethod(note)

    def as_of(self, time: datetime, /) -> Store[V]:
        return self._inner.as_of(time)

    def diff(self, key: str, old: int, new: int, /) -> list[dict[str, Any]]:
        """What turns the document of revision ``old`` into that of ``new``: a JSON Patch (RFC 6902).

        A deletion counts as null. Unsupported where values are no documents; NoRevision as in `at`.
        """
        from holdall.middleware.versions.diff import difference  # late: it needs an extra

        return difference(key, self._document(key, old), self._document(key, new))

    def _document(self, key: str, revision: int) -> V | None:
        try:
            return self.at(key, revision)
        except KeyError:
            self.history(key)  # KeyError where the key never was
            return None

    def revert(self, key: str, revision: int, /) -> None:
        """Write the value of ``revision`` again, or delete ``key`` where that is a deletion.

        What a schema refuses today is Invalid, though it was accepted then. Errors of `at` as there.
        """
        try:
            value = self.at(key, revision)
        except KeyError:
            self.history(key)  # KeyError where the key never was
            self.discard(key)
        else:
            self[key] = value

    def undelete(self, key: str, /) -> None:
        """Write what ``key`` held before it was deleted. Conflict where it is there."""
        for revision in self.history(key):
            if not revision.deleted:
                self.swap(key, self.at(key, revision.number), ABSENT)
                return
        raise KeyError(key)

    def prune(self, *, keep: int | None = None, before: datetime | None = None, prefix: str = "") -> int:
        """Drop old revisions of the keys under ``prefix``, and return how many.

        Kept are the ``keep`` newest of each key, the present one among them, and whatever still held at
        ``before`` or was written later: `as_of` of any later time shows what it showed. ValueError where
        neither is given or ``keep`` is less than 1. Unsupported where the store keeps versions by itself.
        """
        return self._kept.prune(keep, before, prefix)

    def fsck(self, *, mend: bool = False) -> Iterator[Problem]:
        """What is wrong in heads and history, key by key; lists everything and reads every record.

        This includes times that go back from one revision to the next, which nothing can mend.

        With ``mend`` what can be mended is: claims are brought forward, what has no record gets one, and
        what is damaged is taken from its other copy, the head from the record or the record from the head.
        A `Cache` shows what was mended as late as another's write. Unsupported where the store keeps
        versions by itself.
        """
        return self._kept.fsck(mend=mend)


def _over(store: Store[Any], kept: Callable[[Store[bytes]], Kept | Native]) -> Store[Any]:
    """``store`` with the lowest of its stores replaced by ``kept`` of it."""
    if isinstance(store, Versions | Kept | Native):
        raise Unsupported(f"{store!r} keeps versions already; wrap it once")
    if isinstance(store, Layer):
        return store.over(_over(store.inner, kept))
    return kept(store)
