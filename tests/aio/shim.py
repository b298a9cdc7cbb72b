"""A store of the synchronous interface whose every operation goes through an `AsyncStore`."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from io import BufferedReader, RawIOBase
from typing import Any, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

from holdall.aio import AsyncChanges, AsyncReader, AsyncScan, AsyncStore, AsyncWriter
from holdall.changes import Changes, Found
from holdall.files import Sink, ValueWriter
from holdall.history import Revision
from holdall.keys import Foreign
from holdall.store import MISSING, Feature, Missing, Operation, Store, Tag, Tagged

V = TypeVar("V")
T = TypeVar("T")


_open: dict[tuple[int, str], tuple[AbstractContextManager[BlockingPortal], BlockingPortal]] = {}


def portal(backend: str) -> BlockingPortal:
    """The event loop of ``backend`` in a thread of this process; a child leaves those of its parent alone."""
    key = os.getpid(), backend
    if key not in _open:
        manager = start_blocking_portal(backend)
        _open[key] = manager, manager.__enter__()
    return _open[key][1]


def close_portals() -> None:
    """End the event loops of this process."""
    for key in [key for key in _open if key[0] == os.getpid()]:
        _open.pop(key)[0].__exit__(None, None, None)


class Shim(Store[V]):
    """``store`` as its asynchronous face shows it, in an event loop of ``backend``."""

    def __init__(self, store: Store[V], backend: str) -> None:
        self._store = store
        self._backend = backend
        self._face = AsyncStore(store, threads=8)

    def _run(self, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        async def call() -> Any:
            return await function(*args, **options)

        return portal(self._backend).call(call)

    def _each_row(self, scan: AsyncScan[T]) -> Iterator[T]:
        try:
            while rows := self._run(_take, scan):
                yield from rows
        finally:
            self._run(scan.aclose)

    @property
    def features(self) -> Feature:
        return self._run(self._face.features)

    def __getitem__(self, key: str, /) -> V:
        return self._run(self._face.__getitem__, key)

    def _find(self, key: str, /) -> V | Missing:
        return self._run(self._face.get, key, MISSING)

    def __contains__(self, key: object, /) -> bool:
        return self._run(self._face.contains, key)

    def __len__(self) -> int:
        return self._run(self._face.count)

    def __setitem__(self, key: str, value: V, /) -> None:
        self._run(self._face.set, key, value)

    def __delitem__(self, key: str, /) -> None:
        self._run(self._face.delete, key)

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return self._each_row(self._face.scan(prefix, start=start, stop=stop))

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, V]]:
        return self._each_row(self._face.scan_items(prefix, start=start, stop=stop))

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Tag]]:
        return self._each_row(self._face.scan_tags(prefix, start=start, stop=stop))

    def scan_names(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return self._each_row(self._face.scan_names(prefix, start=start, stop=stop))

    def get_foreign(self, name: Foreign, /) -> V:
        return self._run(self._face.get_foreign, name)

    def read(self, key: str, /, start: int = 0, length: int | None = None) -> bytes:
        return self._run(self._face.read, key, start, length)

    def open(self, key: str, /, mode: str = "rb", *, expected: Tag | None = None) -> Any:
        file: Any = self._face.open(key, mode, expected=expected)
        self._run(file.__aenter__)
        return ValueWriter(_Sink(file, self._run)) if mode == "wb" else BufferedReader(_Raw(file, self._run))

    def size(self, key: str, /) -> int:
        return self._run(self._face.size, key)

    def delete_prefix(self, prefix: str, /) -> None:
        self._run(self._face.delete_prefix, prefix)

    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, V]]:
        return self._each_row(self._face.get_many(keys))

    def set_many(self, items: Iterable[tuple[str, V]], /) -> None:
        self._run(self._face.update, items)

    def discard(self, key: str, /) -> None:
        self._run(self._face.discard, key)

    def delete_many(self, keys: Iterable[str], /) -> None:
        self._run(self._face.delete_many, keys)

    def clear(self) -> None:
        self._run(self._face.clear)

    def get_tagged(self, key: str, /) -> Tagged[V]:
        return self._run(self._face.get_tagged, key)

    def tag(self, key: str, /) -> Tag:
        return self._run(self._face.tag, key)

    def swap(self, key: str, value: V, /, expected: Tag) -> Tag:
        return self._run(self._face.swap, key, value, expected)

    def remove(self, key: str, /, expected: Tag) -> None:
        self._run(self._face.remove, key, expected)

    def transact(self, changes: Iterable[Operation[V]], /) -> None:
        self._run(self._face.transact, changes)

    def modify(self, key: str, function: Callable[[V], V], /, default: V | Missing = MISSING) -> V:
        return self._run(self._face.modify, key, function, default)

    def _take(self, key: str, /) -> V | Missing:
        try:
            return self._run(self._face.pop, key)
        except KeyError:
            return MISSING

    def popitem(self) -> tuple[str, V]:
        return self._run(self._face.popitem)

    def _setdefault(self, key: str, default: V, /) -> V:
        return self._run(self._face.setdefault, key, default)

    def history(self, key: str, /) -> Iterator[Revision]:
        return self._each_row(self._face.history(key))

    def at(self, key: str, revision: int, /) -> V:
        return self._run(self._face.at, key, revision)

    def as_of(self, time: datetime, /) -> Store[V]:
        return self._run(self._face.as_of, time).store

    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        changes: AsyncChanges = self._run(self._face.changes, since, prefix=prefix)

        def find() -> Found:
            yield from self._each_row(changes)
            return changes.position

        return Changes(changes.position, find())

    def watch(self, since: str, *, prefix: str = "", timeout: float | None = None) -> bool:
        return self._run(self._face.watch, since, prefix=prefix, timeout=timeout)

    def raw(self, prefix: str = "") -> Store[bytes]:
        return self._store.raw(prefix)  # an application does not need it, so the face does not have it

    def info(self) -> dict[str, str]:
        return self._run(self._face.info)

    def close(self) -> None:
        self._run(self._face.aclose)


class _Sink(Sink):
    """Writes ``file``, an asynchronous one."""

    def __init__(self, file: AsyncWriter, run: Callable[..., Any]) -> None:
        self._file = file
        self._run = run

    def write(self, data: bytes) -> None:
        self._run(self._file.write, data)

    def commit(self) -> Tag | None:
        self._run(self._file.aclose)
        return self._file.tag

    def discard(self) -> None:
        self._run(self._file.discard)


class _Raw(RawIOBase):
    """Reads ``file``, an asynchronous one."""

    def __init__(self, file: AsyncReader, run: Callable[..., Any]) -> None:
        self._file = file
        self._run = run

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        return self._run(self._file.readinto, buffer)

    def readall(self) -> bytes:
        return self._run(self._file.read)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._run(self._file.seek, offset, whence)

    def tell(self) -> int:
        return self._run(self._file.tell)

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._run(self._file.aclose)


async def _take(scan: AsyncScan[T]) -> list[T]:
    """Return the next row and those that were read with it, because each call into an event loop takes long."""
    try:
        rows = [await anext(scan)]
    except StopAsyncIteration:
        return []
    return rows + [await anext(scan) for _ in range(len(scan._page))]
