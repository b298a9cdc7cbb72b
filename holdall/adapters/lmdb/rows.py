"""The work that an LMDB store does within its transactions."""

from collections.abc import Callable
from typing import TypeVar

from holdall.adapters.lmdb.log import Txn
from holdall.adapters.lmdb.ticks import TICK
from holdall.batches import ROOM
from holdall.keys import RESERVED, Span, is_reserved, past_reserved
from holdall.ranges import ByteRange
from holdall.store import ABSENT, Tag, Tagged, conflict

T = TypeVar("T")
Row = Callable[[memoryview], T]
"""Copies the part of an entry that a scan yields with the key."""


Part = Callable[[memoryview | None], bytes | None]
"""Copies the part of an entry that a look-up yields, and returns None for a missing entry."""


def entry_of(found: memoryview | None) -> bytes | None:
    """Return a copy of a whole entry, or None if it is missing."""
    return None if found is None else found.tobytes()


def tagged(entry: bytes) -> Tagged[bytes]:
    """Return the value of an entry with its tag."""
    return Tagged(entry[TICK:], tag_of(memoryview(entry)))


def value_of(found: memoryview | None) -> bytes | None:
    """Return the value of an entry, or None if it is missing."""
    return None if found is None else found[TICK:].tobytes()


def part_of(part: ByteRange, entry: memoryview) -> bytes:
    """Return a copy of the ``part`` of the value of an entry."""
    start, length = part.within(len(entry) - TICK)
    return entry[TICK + start : TICK + start + length].tobytes()


def tag_of(found: memoryview | None) -> Tag:
    """Return the tag of an entry, or ABSENT if it is missing."""
    return ABSENT if found is None else Tag(str(int.from_bytes(found[:TICK], "big")))


def page_of(row: Row[T], span: Span, size: int, txn: Txn) -> tuple[list[tuple[str, T]], str | None]:
    """Return a page of rows, and the name at which the next page begins (None: this is the last page).

    A page ends after ``size`` rows, after `ROOM` bytes, or before keys that are hidden; then the next page
    begins after these keys.
    """
    page: list[tuple[str, T]] = []
    room = ROOM
    low = span.low.encode(errors="surrogateescape")
    high = None if span.high is None else span.high.encode()
    with txn.cursor() as cursor:
        for found, value in cursor if cursor.set_range(low) else ():
            key = bytes(found)
            if high is not None and key >= high:
                break
            name = key.decode(errors="surrogateescape")
            if span.hides and RESERVED in name and is_reserved(name):
                return page, past_reserved(name)
            page.append((name, row(value)))
            room -= len(value)
            if room < 0 or len(page) == size:
                return page, name + "\0"
    return page, None


# ---- Writing: each function also returns the keys that it changed ---------------------------------


def put(key: str, value: bytes, txn: Txn, tick: bytes) -> tuple[None, list[bytes]]:
    """Set ``key`` to ``value``."""
    coded = key.encode()
    txn.put(coded, tick + value)
    return None, [coded]


def put_all(items: list[tuple[str, bytes]], txn: Txn, tick: bytes) -> tuple[None, list[bytes]]:
    """Put every pair of ``items``."""
    coded = [(key.encode(), value) for key, value in items]
    for key, value in coded:
        txn.put(key, tick + value)
    return None, [key for key, _ in coded]


def delete_all(keys: list[str], txn: Txn, tick: bytes) -> tuple[int, list[bytes]]:
    """Delete ``keys``; return how many of them existed."""
    deleted = [key for key in map(str.encode, keys) if txn.delete(key)]
    return len(deleted), deleted


def apply(
    before: dict[str, Tag], after: dict[str, bytes | None], txn: Txn, tick: bytes
) -> tuple[Tag, list[bytes]]:
    """Put the values of ``after``, delete the keys for which it has None, and return the tag of the values.

    Raises Conflict if a key does not have its tag in ``before``.
    """
    for key, tag in before.items():
        if tag_of(txn.get(key.encode())) != tag:
            raise conflict(key)
    changed = []
    for key, value in after.items():
        coded = key.encode()
        if txn.delete(coded) if value is None else txn.put(coded, tick + value):
            changed.append(coded)
    return tag_of(memoryview(tick)), changed
