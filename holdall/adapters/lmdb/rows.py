"""What the transactions of an LMDB store do."""

from collections.abc import Callable
from typing import TypeVar

from holdall.adapters.batches import ROOM
from holdall.adapters.lmdb.environment import Txn
from holdall.adapters.lmdb.ticks import TICK
from holdall.keys import RESERVED, Span, is_reserved, past_reserved
from holdall.store import ABSENT, Tag, Tagged, conflict

T = TypeVar("T")
Row = Callable[[memoryview], T]
"""Copies the part of an entry that a scan yields beside the key."""


Part = Callable[[memoryview | None], bytes | None]
"""Copies what a look-up yields of an entry, None where there is none."""


def entry_of(found: memoryview | None) -> bytes | None:
    """An entry whole, or None."""
    return None if found is None else found.tobytes()


def tagged(entry: bytes) -> Tagged[bytes]:
    """The value of an entry, and its tag."""
    return Tagged(entry[TICK:], tag_of(memoryview(entry)))


def value_of(found: memoryview | None) -> bytes | None:
    """The value of an entry, or None."""
    return None if found is None else found[TICK:].tobytes()


def tag_of(found: memoryview | None) -> Tag:
    """The tag of an entry, or ABSENT."""
    return ABSENT if found is None else Tag(str(int.from_bytes(found[:TICK], "big")))


def page_of(row: Row[T], span: Span, size: int, txn: Txn) -> tuple[list[tuple[str, T]], str | None]:
    """Up to ``size`` rows or `ROOM` bytes, and where to go on (None: those were the last).

    A page ends before a part that is hidden, and the next begins after it.
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


def put_all(items: list[tuple[str, bytes]], txn: Txn, tick: bytes) -> None:
    """Put every pair of ``items``."""
    for key, value in items:
        txn.put(key.encode(), tick + value)


def delete_all(keys: list[str], txn: Txn, tick: bytes) -> int:
    """Delete ``keys``; return how many of them there were."""
    return sum(txn.delete(key.encode()) for key in keys)


def apply(before: dict[str, Tag], after: dict[str, bytes | None], txn: Txn, tick: bytes) -> Tag:
    """Put the values of ``after`` and delete where it has None; their tag. Conflict unless ``before`` holds."""
    for key, tag in before.items():
        if tag_of(txn.get(key.encode())) != tag:
            raise conflict(key)
    for key, value in after.items():
        if value is None:
            txn.delete(key.encode())
        else:
            txn.put(key.encode(), tick + value)
    return tag_of(memoryview(tick))
