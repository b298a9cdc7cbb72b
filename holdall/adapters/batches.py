"""What goes into one request or transaction: whole before it begins, so that a slow source holds no lock."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from holdall.keys import check_key
from holdall.store import Change, Delete, Put, Tag, conflict, key_of, to_bytes

BATCH = 1000
"""Keys in a page or batch, at most."""

ROOM = 1 << 20
"""Bytes of values after which a page that is read, or a batch that is written, ends."""

text = str.__str__  # sqlite3 first asks whether a subclass of str adapts itself, which costs 400 ns


def keys_of(keys: Iterable[str], size: int = BATCH) -> Iterator[list[str]]:
    """Lists of up to ``size`` of ``keys``, checked."""
    keys = iter(keys)
    while batch := list(islice(keys, size)):
        for key in batch:
            check_key(key)
        yield batch


def pairs_of(items: Iterable[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    """Lists of ``items``, checked, of up to `BATCH` pairs or `ROOM` bytes."""
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


def sides_of(changes: Iterable[Change[bytes]]) -> tuple[dict[str, Tag], dict[str, bytes | None]]:
    """A transaction by key, checked: the tag each must carry before, and what it holds after (None: nothing).

    Conflict where two expectations of a key differ.
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
    """Those of the keys left in ``keys`` that ``get`` has, with what it has, up to `ROOM` bytes."""
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
