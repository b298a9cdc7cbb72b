"""``shelve:books``: a shelf of Python's shelve, which holdall only reads.

    shelf = the files of a dbm flavor, as `dbm.whichdb` recognises them
    key   = text in UTF-8
    value = the pickle of any object

The source of these facts is the documentation of shelve. The path is that which the app gave to `shelve.open`:
some flavors add an ending to it.
"""

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from holdall.adapters._shared.tables import Tables
from holdall.adapters._sources import Listed
from holdall.adapters._sources.database import Database
from holdall.adapters._sources.values import VALUES, NotTaken, Pickled, Values
from holdall.adapters.dbm.errors import translate
from holdall.adapters.dbm.flavors import FLAVORS, Handle
from holdall.adapters.dbm.recognition import cut_off, is_database, recognise
from holdall.address import Address
from holdall.errors import Corrupt, HoldallError, Mismatch, StoreNotFound
from holdall.handles import PerThread, delays_fork
from holdall.keys import Foreign, to_name

__all__ = ["Shelve"]

T = TypeVar("T")

_DAMAGED = (ValueError, TypeError, SyntaxError, MemoryError, RecursionError, EOFError, AttributeError)


class Shelve(Listed):
    """The shelf of Python's shelve at ``path``, only to be read. Its dbm flavor is recognised.

    ``values="bytes"``: a pickle must be of bytes, text or a number. ``"json"``: a pickle must be of an object
    that JSON can keep. ``"pickle"``: the pickle of any object, unchanged. No pickle is run in any case. Close
    the shelf in the app first: dbm files have no locks that keep a reader from half a write.
    """

    _scheme = "shelve"
    _example = "shelve:books"

    def __init__(self, path: str | os.PathLike[str], *, values: Values = "bytes") -> None:
        super().__init__(path, values=values)
        self._handles: PerThread[Handle] = PerThread(self._open, lambda handle: handle.close(), delayed=True)

    @classmethod
    def from_address(cls, address: Address) -> "Shelve":
        """Open ``shelve:PATH?values=``."""
        return cls(cls._path(address), **address.options(values=VALUES))

    def _open(self) -> Handle:
        found = self._flavors()
        if not found:
            raise StoreNotFound(
                f"there is no shelf {self.path}; name it as the app gave it to shelve.open, "
                "which may lack an ending such as .db or .dat; a source is never created"
            )
        if len(found) > 1:
            raise Mismatch(f"{self.path} has files of the flavors {', '.join(found)}; move away all but one")
        if found == ["sqlite3"]:
            return _Sqlite3(self.path)
        if cut_off(self.path, found[0]):
            raise Corrupt(f"{self.path} is shorter than its index says; restore a backup")
        return FLAVORS[found[0]].load()(self.path, creates=False, writes=False, durable=False)

    def _flavors(self) -> list[str]:
        """Return the flavors of the files. An SQLite store next to them, such as a copy of the shelf, is not ndbm."""
        found = recognise(self.path)
        file, other = Path(self.path + ".db"), Path(self.path + ".pag")
        if "ndbm" in found and not other.is_file() and file.stat().st_size and is_database(file):
            found.remove("ndbm")
        return found

    @delays_fork
    def _read(self, work: Callable[[Handle], T]) -> T:
        try:
            return work(self._handles())
        except HoldallError:
            raise
        except OSError as error:
            raise translate(error, self.path) from error
        except _DAMAGED as error:
            raise Corrupt(f"{self.path} is damaged ({type(error).__name__}); restore a backup") from error

    def _names(self) -> Iterable[str]:
        return [to_name(key) for key in self._read(lambda handle: list(handle.keys(b"")))]

    def _load(self, name: str) -> object:
        stored = name.stored if isinstance(name, Foreign) else name.encode()
        self._read(lambda handle: None)  # raises the errors of the whole shelf
        try:
            value = self._read(lambda handle: handle.get(stored))
        except Corrupt as error:
            raise NotTaken(f"cannot be read: {error}") from error
        if value is None:
            raise KeyError(name)
        return Pickled(value)

    def close(self) -> None:
        self._handles.close()


class _Sqlite3:
    """An open database of dbm.sqlite3, which is only read."""

    ordered = True

    def __init__(self, path: str) -> None:
        self._path = path
        self._database = Database(path, self._check)

    def _check(self, connection: sqlite3.Connection) -> None:
        tables = Tables.of(connection)
        if "Dict" not in tables.names:
            raise Mismatch(f"{self._path} is not a shelf: {tables}; {tables.remedy(self._path)}")

    def get(self, key: bytes) -> bytes | None:
        rows = self._database.rows("SELECT CAST(value AS BLOB) FROM Dict WHERE key = ?", (key,))
        return rows[0][0] if rows else None

    def keys(self, low: bytes) -> Iterator[bytes]:
        select = "SELECT CAST(key AS BLOB) FROM Dict WHERE key >= ?"
        return (key for (key,) in self._database.rows(select, (low,)))

    def apply(self, changes: Iterable[object]) -> None:
        raise NotImplementedError

    def close(self) -> None:
        self._database.close()
