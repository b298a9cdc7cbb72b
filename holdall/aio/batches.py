"""Batches of an asynchronous iterable."""

from collections.abc import AsyncIterable, AsyncIterator
from typing import TypeVar

T = TypeVar("T")


async def each_batch(items: AsyncIterable[T], count: int) -> AsyncIterator[list[T]]:
    """Yield ``items`` in lists of ``count``; the last list may be shorter."""
    batch: list[T] = []
    async for item in items:
        batch.append(item)
        if len(batch) == count:
            yield batch
            batch = []
    if batch:
        yield batch
