"""Every key of one store to another, by several threads: the engine of `holdall cp` and `holdall convert`."""

import hashlib
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

from holdall.errors import Corrupt
from holdall.keys import RawKey
from holdall.store import Store

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
    with ThreadPoolExecutor(workers, "transfer") as pool:
        keys = here.scan(prefix, start=after and after + "\0")
        batches = ((batch[-1], pool.submit(move, here, there, batch)) for batch in _batches(keys))
        try:
            for last, moved in _ahead(batches, 2 * workers):
                count += moved
                tell(last, count)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return count


def _batches(keys: Iterator[str]) -> Iterator[list[str]]:
    # What the source shows is vouched for: a key that a prefix made long is moved as it is.
    while batch := [RawKey(key) for key in itertools.islice(keys, BATCH)]:
        yield list[str](batch)


def _ahead(batches: Iterable[tuple[str, Future[int]]], most: int) -> Iterator[tuple[str, int]]:
    """What became of the batches, in order, while no more than ``most`` are under way."""
    under_way: deque[tuple[str, Future[int]]] = deque()
    for batch in batches:
        under_way.append(batch)
        while len(under_way) == most or (under_way and under_way[0][1].done()):
            last, future = under_way.popleft()
            yield last, future.result()
    for last, future in under_way:
        yield last, future.result()


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
