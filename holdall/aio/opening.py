"""Opens the store at an address for programs of asyncio or trio."""

import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, overload

from holdall import registry
from holdall.address import Address
from holdall.aio.face import THREADS
from holdall.aio.store import AsyncStore
from holdall.aio.threads import run_apart

if TYPE_CHECKING:
    from typing_extensions import TypeForm

T = TypeVar("T")
Place = str | os.PathLike[str] | Address


@overload
def open(
    address: Place, /, *, type: "TypeForm[T]", threads: int = THREADS, **options: Any
) -> AbstractAsyncContextManager[AsyncStore[T]]: ...
@overload
def open(
    address: Place, /, *, threads: int = THREADS, **options: Any
) -> AbstractAsyncContextManager[AsyncStore[Any]]: ...
def open(
    address: Place, /, *, threads: int = THREADS, **options: Any
) -> AbstractAsyncContextManager[AsyncStore[Any]]:
    """Return a context manager: ``async with`` opens the store at ``address`` and closes it in the end.

    ``options`` are those of `holdall.open`, which is called in a thread, because it may read files and import
    libraries. It raises the same errors. ``threads`` is that of `AsyncStore`.

    >>> import anyio
    >>> async def main():
    ...     async with open("memory://?serializer=text&manifest=off") as store:
    ...         await store.set("greeting", "hello")
    ...         return await store["greeting"]
    >>> anyio.run(main)
    'hello'
    """
    return _open(address, threads, options)


@asynccontextmanager
async def _open(address: Place, threads: int, options: dict[str, Any]) -> AsyncIterator[AsyncStore[Any]]:
    store = await run_apart(partial(registry.open, address, **options))
    async with AsyncStore(store, threads=threads) as face:
        yield face
