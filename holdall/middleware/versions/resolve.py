"""Finds out which revision of its key a head is, and which records up to it are missing."""

import hashlib
from itertools import islice
from typing import NamedTuple

from holdall.history import UNKNOWN, Note
from holdall.middleware.versions.head import Head
from holdall.middleware.versions.names import Name
from holdall.middleware.versions.records import Records
from holdall.middleware.versions.stamp import FOUND, LOST, Stamp
from holdall.store import ABSENT, Store, Tag, conflict


class Resolved(NamedTuple):
    """The revision of a head (None if the key never existed), and the missing records up to it."""

    last: Stamp | None
    missing: list[tuple[Name, bytes]]


class Resolver:
    """Distinguishes settled, new, found and lost heads. It only reads.

    A stamped head holds its number, unless it was written when the key did not exist. Then its record gives
    the number; without a record it is the next number. A head without a stamp is a revision by "unknown". A
    head that is gone without a recorded deletion is a deletion by "unknown".
    """

    def __init__(self, store: Store[bytes], records: Records) -> None:
        self._store = store
        self._records = records

    def resolve(self, head: Head) -> Resolved:
        """The revision of ``head``. Raises Conflict if it is no longer the head; then read the head again."""
        stamp = head.stamp
        if stamp is not None and stamp.number:
            return Resolved(stamp, [])
        if stamp is not None and self._records.get(Name.of(head.key, None)) == head.data:
            return Resolved(stamp._replace(number=1), [])
        return self.resolve_by_records(head, list(islice(self._records.names(head.key), 2)))

    def resolve_by_records(self, head: Head, names: list[Name]) -> Resolved:
        """As `resolve`, by the two newest ``names``, which were listed after ``head`` was read."""
        # The newest record belongs to the head, is a claim that the head does not have yet, or is older.
        found = [stamp for _, stamp, _ in self._records.read_many(names)] if names else []
        if found and not self._is_unchanged(head, names[0], found[0]):
            raise conflict(head.key)
        return _match_records(head, found)

    def resolve_many(self, heads: list[Head]) -> list[Resolved]:
        """The revision of each of ``heads``, as `resolve` returns it.

        Missing keys without any record are looked up together.
        """
        unknown = self._records.unknown(head.key for head in heads if head.tag == ABSENT)
        return [Resolved(None, []) if head.key in unknown else self.resolve(head) for head in heads]

    def _is_unchanged(self, head: Head, name: Name, newest: Stamp) -> bool:
        """Whether the record ``newest`` was the newest one while ``head`` was the head.

        A missing head may have been created and deleted in the meantime, but only with a newer record, a
        deletion.
        """
        if Head.read(self._store, head.key).tag != head.tag:
            return False
        lost = head.tag == ABSENT and not newest.deleted
        return not lost or self._records.newest(head.key) == name


def _match_records(head: Head, found: list[Stamp]) -> Resolved:
    newest = found[0] if found else None
    if head.tag == ABSENT:
        return _resolve_missing(head.key, newest)
    if head.stamp is None:
        return _resolve_unstamped(head, newest)
    for stamp in found:
        if stamp.id == head.stamp.id:
            return Resolved(stamp, [])
    # The head was written when the key did not exist, so the value before it is gone.
    last, missing = _resolve_missing(head.key, newest, head.stamp.micros)
    name = Name.of(head.key, last)
    return Resolved(name.place(head.stamp), [*missing, (name, head.data)])


def _resolve_missing(key: str, newest: Stamp | None, until: int | None = None) -> Resolved:
    """The deletion of a key; if none is recorded, a deletion by "unknown".

    The time of such a deletion is now, when it is found, or ``until``, when another value was written there.
    """
    if newest is None or newest.deleted:
        return Resolved(newest, [])
    lost = Stamp.now(LOST, newest.number + 1, Note(UNKNOWN), after=newest.micros)
    if until is not None:
        lost = lost._replace(micros=max(until, newest.micros))
    return Resolved(lost, [(Name.of(key, newest), lost.prepend_to(b""))])


def _resolve_unstamped(head: Head, newest: Stamp | None) -> Resolved:
    """A value by "unknown". Its time is 0 if the key has no history, and otherwise now, when it is found."""
    if newest is not None and newest.id == _id(head.tag):
        return Resolved(newest, [])  # no claim follows it, because the head is stamped before any claim
    if newest is None:
        stamp = Stamp(FOUND, 1, 0, _id(head.tag), Note(UNKNOWN))
    else:
        stamp = Stamp.now(FOUND, newest.number + 1, Note(UNKNOWN), after=newest.micros)
        stamp = stamp._replace(id=_id(head.tag))
    return Resolved(stamp, [(Name.of(head.key, newest), stamp.prepend_to(head.data))])


def _id(tag: Tag) -> bytes:
    """The id of a found value: the same for every process that finds it under ``tag``."""
    return hashlib.blake2b(tag.encode(), digest_size=8).digest()
