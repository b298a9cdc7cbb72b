"""Which revision of its key a head is, and which records on the way to it are missing."""

import hashlib
from itertools import islice
from typing import NamedTuple

from holdall.history import UNKNOWN, Note
from holdall.middleware.versions.head import Head
from holdall.middleware.versions.names import Name
from holdall.middleware.versions.records import Records
from holdall.middleware.versions.stamp import FOUND, LOST, Stamp
from holdall.store import ABSENT, Store, Tag, conflict


class Known(NamedTuple):
    """The revision that a head is, None where the key never was, and the records missing up to it."""

    last: Stamp | None
    missing: list[tuple[Name, bytes]]


class Lineage:
    """Tells settled, new, found and lost heads apart. It reads and never writes.

    A stamped head tells its number, unless it was put where nothing was: then it is the revision that it
    is recorded under, or else the next. A head without a stamp is a revision by "unknown", and so is the
    loss of a head that no deletion is recorded of.
    """

    def __init__(self, store: Store[bytes], records: Records) -> None:
        self._store = store
        self._records = records

    def of(self, head: Head) -> Known:
        """What ``head`` is. Conflict where it is no longer the head: read it again."""
        stamp = head.stamp
        if stamp is not None and stamp.number:
            return Known(stamp, [])
        if stamp is not None and self._records.get(Name.of(head.key, None)) == head.data:
            return Known(stamp._replace(number=1), [])
        return self.by_records(head, list(islice(self._records.names(head.key), 2)))

    def by_records(self, head: Head, names: list[Name]) -> Known:
        """What ``head``, which was there before they were listed, is by the two newest ``names``; as `of`."""
        # The last record is the head's, or a claim on it that was not brought forward, or older than it.
        found = [stamp for _, stamp, _ in self._records.read_many(names)] if names else []
        if found and not self._still(head, names[0], found[0]):
            raise conflict(head.key)
        return _joined(head, found)

    def of_many(self, heads: list[Head]) -> list[Known]:
        """What each of ``heads`` is, as `of` says; of all that never were, together."""
        unknown = self._records.unknown(head.key for head in heads if head.tag == ABSENT)
        return [Known(None, []) if head.key in unknown else self.of(head) for head in heads]

    def _still(self, head: Head, name: Name, newest: Stamp) -> bool:
        """Whether the record ``newest`` was the newest while ``head`` was the head.

        A missing head may have come and gone meanwhile, but not without a newer record, a deletion.
        """
        if Head.read(self._store, head.key).tag != head.tag:
            return False
        lost = head.tag == ABSENT and not newest.deleted
        return not lost or self._records.newest(head.key) == name


def _joined(head: Head, found: list[Stamp]) -> Known:
    newest = found[0] if found else None
    if head.tag == ABSENT:
        return _deleted(head.key, newest)
    if head.stamp is None:
        return _found(head, newest)
    for stamp in found:
        if stamp.id == head.stamp.id:
            return Known(stamp, [])
    # It was put where nothing was, so what was there before is gone.
    last, missing = _deleted(head.key, newest, head.stamp.micros)
    name = Name.of(head.key, last)
    return Known(name.placed(head.stamp), [*missing, (name, head.data)])


def _deleted(key: str, newest: Stamp | None, until: int | None = None) -> Known:
    """The deletion of a key; a deletion by "unknown" if none is recorded.

    Such a deletion is of now, when it is found, or of ``until``, when another value was put there.
    """
    if newest is None or newest.deleted:
        return Known(newest, [])
    lost = Stamp.now(LOST, newest.number + 1, Note(UNKNOWN), after=newest.micros)
    if until is not None:
        lost = lost._replace(micros=max(until, newest.micros))
    return Known(lost, [(Name.of(key, newest), lost.before(b""))])


def _found(head: Head, newest: Stamp | None) -> Known:
    """A value by "unknown": of ever since where there is no history, else of now, when it is found."""
    if newest is not None and newest.id == _id(head.tag):
        return Known(newest, [])  # and nothing was claimed on it: it is stamped before that
    if newest is None:
        stamp = Stamp(FOUND, 1, 0, _id(head.tag), Note(UNKNOWN))
    else:
        stamp = Stamp.now(FOUND, newest.number + 1, Note(UNKNOWN), after=newest.micros)
        stamp = stamp._replace(id=_id(head.tag))
    return Known(stamp, [(Name.of(head.key, newest), stamp.before(head.data))])


def _id(tag: Tag) -> bytes:
    """The id of a value that was found: the same for everyone who finds it under ``tag``."""
    return hashlib.blake2b(tag.encode(), digest_size=8).digest()
