"""The flavor bsd: B-trees of Berkeley DB, and the hash files of the old dbhash module."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import ClassVar

from holdall.adapters.dbm.flavors import Change
from holdall.extras import needs

with needs(
    "bsd", "First Berkeley DB itself, Debian: apt install libdb5.3-dev; Homebrew: brew install berkeley-db@5"
):
    from berkeleydb import db


class Bsd:
    """A Berkeley DB file without an environment: it has no log and no locks. A new file is a B-tree."""

    atomic: ClassVar = False

    def __init__(self, path: str, *, creates: bool, writes: bool, durable: bool) -> None:
        self._db = db.DB()
        kind, how = (db.DB_BTREE, db.DB_CREATE) if creates else (db.DB_UNKNOWN, 0 if writes else db.DB_RDONLY)
        try:
            self._db.open(path, None, kind, how, 0o666)
        except db.DBError:
            self._db.close()
            raise
        self.ordered = self._db.get_type() == db.DB_BTREE

    def get(self, key: bytes) -> bytes | None:
        found: bytes | None = self._db.get(key)
        return found

    def keys(self, low: bytes) -> Iterator[bytes]:
        nothing = {"dlen": 0, "doff": 0}  # reads no bytes of the values
        with closing(self._db.cursor()) as cursor:
            found = cursor.set_range(low, **nothing) if self.ordered else cursor.first(**nothing)
            while found:
                yield found[0]
                found = cursor.next(**nothing)

    def apply(self, changes: Iterable[Change]) -> None:
        for key, value in changes:
            if value is None:
                self._db.delete(key)
            else:
                self._db.put(key, value)
        self._db.sync()

    def close(self) -> None:
        self._db.close()
