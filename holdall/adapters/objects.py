"""What stores over buckets of objects share: names and keys, and work in batches."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from holdall.errors import InvalidAddress, InvalidKey
from holdall.keys import Span, check_key, is_reserved, raw_key

T = TypeVar("T")


def root_of(prefix: str, scheme: str) -> str:
    """What the names of all objects of a store under ``prefix`` begin with; InvalidAddress if it is no key.

    >>> root_of("books", "s3"), root_of("", "s3")
    ('books/', '')
    """
    if not prefix:
        return ""
    try:
        check_key(prefix)
    except InvalidKey as error:
        raise InvalidAddress(f"{scheme}: the prefix of a store is like a key, and this {error}") from None
    return f"{prefix}/"


def checked(key: str) -> str:
    """``key``, which fits the grammar: see `check_key`."""
    check_key(key)
    return key


def is_key(name: str, span: Span) -> bool:
    """Whether an object's name fits the grammar, so that it is ours, and is to be shown."""
    try:
        raw_key(name)
    except InvalidKey:
        return False
    return not (span.hides and is_reserved(name))


class Rounds:
    """A number for each pair, the same as long as no key comes again: what may be written at once."""

    _MOST = 10_000  # keys that are kept in mind

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._round = 0

    def __call__(self, item: tuple[str, bytes]) -> int:
        if item[0] in self._seen or len(self._seen) >= self._MOST:
            self._round += 1
            self._seen.clear()
        self._seen.add(item[0])
        return self._round


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """``items`` in lists of ``size``, the last one shorter.

    >>> list(batches("abc", 2))
    [['a', 'b'], ['c']]
    """
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def exhaust(results: Iterable[object]) -> None:
    """Wait for all of ``results``."""
    for _ in results:
        pass
