"""Every key of one store to another, by several threads: the engine of `holdall cp` and `holdall convert`."""

import hashlib
import itertools
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from holdall.errors import Corrupt
from holdall.keys import RawKey
from holdall.store import Store
from holdall.threads import Call, Workers

BATCH: Final = 200  # keys that one thread moves at a time

Move = Callable[[Store[Any], Store[Any], list[str]], int]
"""Brings keys and values from the first store to the second, and returns how many were there to bring."""


def transfer(
    here: Store[Any],
    there: Store[Any],
    prefix: str = "",
    *,
    move: Move,
    after: str = "",
    workers: int = 4,
    tell: Callable[[str, int], None] = lambda key, count: None,
) -> int:
    """Move every key of ``here`` under ``prefix`` that comes after the key ``after``; how many there were.

    ``tell(key, count)`` is called now and then, by this thread: every key up to ``key`` has been moved,
    ``count`` in all. Whatever one thread raises ends it all; keys beyond the last that was told may have
    been moved too. What is written to ``here`` meanwhile may or may not be.
    """
    count = 0
    threads = Workers(workers)
    under_way: deque[tuple[str, Call[int]]] = deque()
    try:
        for batch in _batches(here.scan(prefix, start=after and after + "\0")):
            under_way.append((batch[-1], Call(partial(move, here, there, batch))))
            threads.submit(under_way[-1][1])
            while under_way and (len(under_way) == 2 * workers or under_way[0][1].done):
                count = _told(under_way, count, tell)
        while under_way:
            count = _told(under_way, count, tell)
    finally:
        for _, call in under_way:
            call.end()
    return count


def _told(under_way: deque[tuple[str, Call[int]]], count: int, tell: Callable[[str, int], None]) -> int:
    """Wait for the first batch, and tell of it; how many keys have been moved now, after ``count``."""
    last, call = under_way[0]
    count += call.result()
    under_way.popleft()
    tell(last, count)
    return count


def _batches(keys: Iterator[str]) -> Iterator[list[str]]:
    # What the source shows is vouched for: a key that a prefix made long is moved as it is.
    while batch := [RawKey(key) for key in itertools.islice(keys, BATCH)]:
        yield list[str](batch)


def copied(here: Store[Any], there: Store[Any], keys: list[str]) -> int:
    """Move values as they are."""
    count = itertools.count()
    there.set_many((RawKey(key), value) for (key, value), _ in zip(here.get_many(keys), count, strict=False))
    return next(count)


def verified(here: Store[Any], there: Store[Any], keys: list[str]) -> int:
    """Move values, read them back and compare their digests; Corrupt, naming the key, where one differs."""
    digests: dict[str, bytes] = {}

    def noted() -> Iterator[tuple[str, Any]]:
        for key, value in here.get_many(keys):
            digests[key] = digest(value)
            yield RawKey(key), value

    there.set_many(noted())
    back = {key: digest(value) for key, value in there.get_many(keys)}
    for key in digests:
        if back.get(key) != digests[key] and not _equal(here, there, key):
            raise Corrupt(f"the value of {key!r} was read back from {there!r} as another one", key=key)
    return len(digests)


def tried(here: Store[Any], there: Store[Any], keys: list[str]) -> int:
    """As `verified`, and what was moved is deleted again: ``there`` is a store to try on."""
    count = verified(here, there, keys)
    there.delete_many(keys)
    return count


def digest(value: Any) -> bytes:
    """Sixteen bytes that are equal for equal documents of the same types; not surely so for other objects.

    >>> digest({"a": 1}) == digest({"a": 1}), digest({"a": 1}) == digest({"a": True})
    (True, False)
    """
    shown = value if type(value) is bytes else repr(value).encode(errors="surrogatepass")
    return hashlib.blake2b(shown, digest_size=16, person=type(value).__name__.encode()[:16]).digest()


def _equal(here: Store[Any], there: Store[Any], key: str) -> bool:
    """Whether the values are equal after all: sets have no order, and somebody may have written both."""
    return bool(here.get(RawKey(key)) == there.get(RawKey(key)))
