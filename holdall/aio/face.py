"""The store and the threads of an asynchronous interface."""

from collections.abc import Callable, Iterator
from typing import Any, Final, Generic, TypeVar

from holdall.aio.scan import AsyncScan
from holdall.aio.threads import Pools
from holdall.handles import PerProcess
from holdall.layer import below
from holdall.store import Store

V = TypeVar("V")
T = TypeVar("T")

THREADS: Final = 16
"""The most calls of a store that run at the same time, unless its opener says otherwise."""

_WATCHING: Final = 4  # threads that wait in `Store.watch`


class Face(Generic[V]):
    """The base of the parts of `AsyncStore`: it calls the methods of its store in threads."""

    def __init__(self, store: Store[V], *, threads: int = THREADS) -> None:
        if threads < 1:
            raise ValueError(f"threads={threads} is not a number of threads; give 1 or more")
        self._store = below(store, type(self))
        self._pools = PerProcess(lambda: Pools(threads, _WATCHING))

    @property
    def store(self) -> Store[V]:
        """The store whose methods the threads call."""
        return self._store

    async def call(self, function: Callable[[Store[V]], T], /) -> T:
        """Return ``function(store)``, called in a thread, for example of a query or of several steps."""
        return await self._run(function, self._store)

    async def _run(self, function: Callable[..., T], /, *args: Any, **options: Any) -> T:
        return await self._pools().calls.run(function, *args, **options)

    def _scan(self, start: Callable[[], Iterator[T]], most: int) -> AsyncScan[T]:
        return AsyncScan(self._pools(), start, most)
