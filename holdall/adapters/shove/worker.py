"""An open store of Shove, and the one thread that uses it."""

from collections.abc import Callable
from os import getpid
from typing import Any, TypeVar

from holdall.adapters.shove.errors import translate
from holdall.adapters.shove.files import Files
from holdall.adapters.shove.importing import shove
from holdall.adapters.shove.pickles import Pickles, Values
from holdall.errors import Corrupt
from holdall.handles import keep_for_ever
from holdall.keys import Foreign, to_name
from holdall.threads import Call, Workers

T = TypeVar("T")


class Worker:
    """The Shove store at ``uri``, without the buffer and the cache of Shove's frontend.

    Some of these stores may be used only by the thread that opened them, and others do not support threads at
    all. So if ``alone`` is true, one thread does all the work, in the order of the calls. ``where`` is the
    address to show.
    """

    def __init__(self, uri: str, where: str, values: Values, options: dict[str, Any], *, alone: bool) -> None:
        self._pid = getpid()
        self._where = where
        self._thread = Workers(1) if alone else None
        self._store, self._pickles = self._ask(None, lambda: _open(uri, values, options))

    def get(self, key: str) -> bytes:
        """Return the value of ``key``. Raises KeyError if the key is missing."""
        value = self._ask(key, lambda: self._store[key])
        if not isinstance(value, bytes | bytearray):
            remedy = "open the store with ?values=pickle"
            raise Corrupt(
                f"{key!r} in {self._where} holds a {type(value).__name__}, not bytes; {remedy}", key=key
            )
        return bytes(value)

    def put(self, key: str, value: bytes) -> None:
        """Write ``value``."""
        self._ask(key, lambda: self._store.__setitem__(key, value))

    def delete(self, key: str) -> None:
        """Delete ``key``. Raises KeyError if the key is missing."""
        self._ask(key, lambda: _delete(self._store, key))

    def list_keys(self) -> list[str]:
        """Return every key, in no order.

        A key is `Foreign` if it is not portable text. If it is not text at all, its name is its repr.
        """
        return [self._name_of(stored) for stored in self._ask(None, lambda: list(iter(self._store)))]

    def _name_of(self, stored: Any) -> str:
        key = self._pickles.key(stored)
        return Foreign(repr(stored), (stored,)) if key is None else to_name(key)

    def __del__(self) -> None:
        # A child must not close the store that it inherits: SQLite and dbm would write, or release locks.
        if self._pid != getpid():
            keep_for_ever(self._store)

    def close(self) -> None:
        """Close the store. A store that is only in memory stays open for its next use."""
        if self._thread:
            self._run(self._store.close)

    def _ask(self, key: str | None, work: Callable[[], T]) -> T:
        try:
            return self._run(work)
        except MemoryError:
            raise
        except Exception as error:
            raise translate(error, self._where, key) from error

    def _run(self, work: Callable[[], T]) -> T:
        if self._thread is None:
            return work()
        call = Call(work)
        self._thread.submit(call)
        return call.result()


def _open(uri: str, values: Values, options: dict[str, Any]) -> tuple[Any, Pickles]:
    store = Files(uri, **options) if uri.startswith("file:") else shove.core.store_backend(uri, **options)
    pickles = Pickles(store, values)
    if isinstance(store, shove.store.ClientStore | shove.base.SQLiteBase):
        pickles.remember_forms(_list_raw_keys(store))
    return store, pickles


def _delete(store: Any, key: str) -> None:
    del store[key]
    if isinstance(store, shove.base.SQLiteBase) and not store._cursor.rowcount:
        raise KeyError(key)  # Shove does not check this


def _list_raw_keys(store: Any) -> list[bytes]:
    """Return the stored form of all keys of a store that pickles its keys."""
    found: list[bytes] = []
    loads, store.loads = store.loads, found.append
    for _ in store:
        pass
    store.loads = loads
    return found
