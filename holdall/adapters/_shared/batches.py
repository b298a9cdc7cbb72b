"""Batches of keys and values, each for one request or transaction.

A batch is complete before its request or transaction begins, so that a slow source does not hold a lock.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from holdall.keys import check_key
from holdall.store import Delete, Operation, Put, Tag, conflict, key_of, to_bytes

BATCH = 1000
"""The most keys in a page or batch."""

ROOM = 1 << 20
"""A page that is read, or a batch that is written, ends after this many bytes of values."""

text = str.__str__  # a plain str: for a subclass, sqlite3 first looks for an adapter, which costs 400 ns


def keys_of(keys: Iterable[str], size: int = BATCH) -> Iterator[list[str]]:
    """Check ``keys`` and yield them in lists of up to ``size`` keys."""
    keys = iter(keys)
    while batch := list(islice(keys, size)):
        for key in batch:
            check_key(key)
        yield batch


def pairs_of(items: Iterable[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    """Check ``items`` and yield them in lists. A list ends after `BATCH` pairs or `ROOM` bytes of values."""
    batch: list[tuple[str, bytes]] = []
    room = ROOM
    for key, value in items:
        check_key(key)
        value = to_bytes(value)
        batch.append((text(key), value))
        room -= len(value)
        if room < 0 or len(batch) == BATCH:
            yield batch
            batch, room = [], ROOM
    if batch:
        yield batch


def sides_of(changes: Iterable[Operation[bytes]]) -> tuple[dict[str, Tag], dict[str, bytes | None]]:
    """Check the changes of a transaction and return two dicts by key.

    The first gives the tag that the key must have before, the second its value after (None: the key is
    deleted). Raises Conflict if the changes expect two different tags of one key.
    """
    before: dict[str, Tag] = {}
    after: dict[str, bytes | None] = {}
    for change in changes:
        key = key_of(change)
        check_key(key)
        key = text(key)
        if isinstance(change, Put):
            after[key] = to_bytes(change.value)
        elif isinstance(change, Delete):
            after[key] = None
        elif before.setdefault(key, change.tag) != change.tag:
            raise conflict(key)
    return before, after


def look_up(get: Callable[[bytes], bytes | None], keys: Iterator[str]) -> list[tuple[str, bytes]]:
    """Take keys from ``keys`` and return those that ``get`` finds, with their values.

    Stops after `ROOM` bytes of values; the rest of the keys are then left in ``keys``.
    """
    page: list[tuple[str, bytes]] = []
    room = ROOM
    for key in keys:
        value = get(key.encode())
        if value is not None:
            page.append((key, value))
            room -= len(value)
            if room < 0:
                break
    return page
