"""Batches of keys, values and changes, each for one request or transaction, and the pages of a scan.

A batch is complete before its request or transaction begins, so that a slow source does not hold a lock.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from sys import maxsize
from typing import Any, TypeVar

from holdall.errors import TooLarge
from holdall.keys import RESERVED, RawKey, check_key, is_reserved, past_reserved
from holdall.store import Change, Delete, Expect, Put, Tag, conflict, key_of, to_bytes

T = TypeVar("T")
L = TypeVar("L", str, bytes)
R = TypeVar("R", bound=tuple[Any, ...])

BATCH = 1000
"""The most keys in a page or batch, unless a store or a server has another limit."""

ROOM = 1 << 20
"""A page that is read, or a batch that is written, ends after this many bytes of values."""

FIRST_PAGE = 16
"""The number of rows in the first page of a scan."""

text = str.__str__  # a plain str: for a subclass, sqlite3 first looks for an adapter, which costs 400 ns


# ---- By count, and by bytes ------------------------------------------------------------------------


def split(items: Iterable[T], count: int) -> Iterator[list[T]]:
    """Yield ``items`` in lists of ``count``; the last list may be shorter.

    >>> list(split("abc", 2))
    [['a', 'b'], ['c']]
    """
    iterator = iter(items)
    while batch := list(islice(iterator, count)):
        yield batch


def split_growing(items: Iterable[T], most: int) -> Iterator[list[T]]:
    """Yield ``items`` in lists of 1, 2, 4 and so on up to ``most``.

    A caller that needs only the first item waits for one item, and a caller that needs all gets large lists.

    >>> [len(batch) for batch in split_growing(range(14), 4)]
    [1, 2, 4, 4, 3]
    """
    iterator = iter(items)
    count = 1
    while batch := list(islice(iterator, count)):
        yield batch
        count = min(2 * count, most)


def split_by_bytes(rows: Iterable[R], count: int = BATCH, room: int = ROOM) -> Iterator[list[R]]:
    """Yield ``rows`` in lists. A list ends after ``count`` rows, or when its values exceed ``room`` bytes.

    The last field of a row is its value.

    >>> list(split_by_bytes([("a", b"1"), ("b", b"22"), ("c", b"3")], room=2))
    [[('a', b'1'), ('b', b'22')], [('c', b'3')]]
    """
    batch: list[R] = []
    left = room
    for row in rows:
        batch.append(row)
        left -= len(row[-1])
        if left < 0 or len(batch) == count:
            yield batch
            batch, left = [], room
    if batch:
        yield batch


# ---- Keys, pairs and transactions, checked ---------------------------------------------------------


def split_keys(keys: Iterable[str], count: int = BATCH) -> Iterator[list[str]]:
    """Yield ``keys`` in lists of ``count``; the last list may be shorter. Checks the keys of each list."""
    for batch in split(keys, count):
        for key in batch:
            check_key(key)
        yield batch


def split_pairs(
    items: Iterable[tuple[str, bytes]], count: int = BATCH, most: int = maxsize
) -> Iterator[list[tuple[str, bytes]]]:
    """Yield ``items`` in lists, as `split_by_bytes` does. Checks each key and value.

    Raises TooLarge if a value has more than ``most`` bytes.
    """
    return split_by_bytes(_check_pairs(items, most), count)


def _check_pairs(items: Iterable[tuple[str, bytes]], most: int) -> Iterator[tuple[str, bytes]]:
    for key, value in items:
        check_key(key)
        # These tests of types save two calls for each pair.
        if type(key) is not str:
            key = text(key)
        if type(value) is not bytes or len(value) > most:
            value = to_bytes_within(key, value, most)
        yield key, value


def to_bytes_within(key: str, value: bytes, most: int) -> bytes:
    """Return ``value`` as bytes. Raises TooLarge if it has more than ``most`` bytes."""
    value = to_bytes(value)
    if len(value) > most:
        raise TooLarge(
            f"the value of {key!r} is {len(value):,} bytes, and this store takes at most {most:,}; "
            "split it, or keep it in a file or bucket",
            key=key,
        )
    return value


class CheckedChanges:
    """The changes of a transaction, with keys and values that are checked already; a key may be reserved.

    A store that passes it to `split_transaction` gets the two dicts back. Any other store iterates over it.

    >>> list(CheckedChanges({"a": Tag("")}, {"a": b"1", "b": None}))
    [Expect(key='a', tag=''), Put(key='a', value=b'1'), Delete(key='b')]
    """

    def __init__(self, before: dict[str, Tag], after: dict[str, bytes | None]) -> None:
        self.before = before
        self.after = after

    def __iter__(self) -> Iterator[Change[bytes]]:
        for key, tag in self.before.items():
            yield Expect(RawKey(key), tag)
        for key, value in self.after.items():
            yield Delete(RawKey(key)) if value is None else Put(RawKey(key), value)


def split_transaction(
    changes: Iterable[Change[bytes]], most: int = maxsize
) -> tuple[dict[str, Tag], dict[str, bytes | None]]:
    """Check the changes of a transaction and return two dicts by key.

    The first gives the tag that the key must have before, the second its value after (None: the key is
    deleted). Raises Conflict if the changes expect two different tags of one key, and TooLarge if a value has
    more than ``most`` bytes.
    """
    if isinstance(changes, CheckedChanges) and most == maxsize:
        return changes.before, changes.after
    before: dict[str, Tag] = {}
    after: dict[str, bytes | None] = {}
    for change in changes:
        key = key_of(change)
        check_key(key)
        key = text(key)
        if isinstance(change, Put):
            after[key] = to_bytes_within(key, change.value, most)
        elif isinstance(change, Delete):
            after[key] = None
        elif before.setdefault(key, change.tag) != change.tag:
            raise conflict(key)
    return before, after


# ---- Reading ---------------------------------------------------------------------------------------


def read_pages(
    read: Callable[[L, int], tuple[list[T], L | None]], low: L | None, most: int = BATCH
) -> Iterator[list[T]]:
    """Yield the pages of a scan from ``low`` on. Each page may be four times as long as the one before it.

    ``read(low, size)`` returns up to ``size`` rows from ``low`` on, and the key at which the next page begins
    (None: this is the last page). The first page has up to `FIRST_PAGE` rows, and no page more than ``most``.

    >>> def read(low, size):
    ...     return [f"{size} rows from {low!r}"], None if size > 16 else "m"
    >>> list(read_pages(read, "a"))
    [["16 rows from 'a'"], ["64 rows from 'm'"]]
    """
    size = FIRST_PAGE
    while low is not None:
        page, low = read(low, size)
        yield page
        size = min(4 * size, most)


def take_page(rows: Iterable[R], size: int, *, hides: bool) -> tuple[list[R], str | None]:
    r"""Take a page from ``rows``; return it, and the key at which the next page begins (None: it is the last).

    The first field of a row is its key, and the length of its last field counts. A page ends after ``size``
    rows, or after `ROOM` bytes. If ``hides`` is true, it also ends before reserved keys, and the next page
    begins after them.

    >>> take_page([("a", b"1"), ("b", b"2")], 1, hides=False)
    ([('a', b'1')], 'a\x00')
    """
    page: list[R] = []
    room = ROOM
    for row in islice(rows, size):
        if hides and RESERVED in row[0] and is_reserved(row[0]):
            return page, past_reserved(row[0])
        page.append(row)
        room -= len(row[-1])
        if room < 0:
            break
    return page, page[-1][0] + "\0" if room < 0 or len(page) == size else None


def look_up_all(look_up: Callable[[Iterator[str]], list[T]], keys: Iterable[str], count: int) -> Iterator[T]:
    """Check ``keys``, and yield the rows that ``look_up`` returns for them, ``count`` keys at a time.

    ``look_up`` takes keys from an iterator; it may leave some for the next call, as `look_up` does.
    """
    for batch in split_keys(keys, count):
        rest = iter(batch)
        while page := look_up(rest):
            yield from page


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
