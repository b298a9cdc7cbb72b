"""Moves every key of one store to another with several threads, for `holdall cp` and `holdall convert`."""

import hashlib
import itertools
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, suppress
from functools import partial
from typing import Any, Final, TypeVar

from holdall.batches import split
from holdall.errors import Corrupt, HoldallError, InvalidKey, TooLarge, Unsupported
from holdall.keys import Foreign, RawKey, fits
from holdall.middleware._lifetimes import expires
from holdall.middleware.passthrough import PassThrough
from holdall.store import MISSING, Store
from holdall.threads import Call, Workers

T = TypeVar("T")

BATCH: Final = 200  # keys that one thread moves at a time

Read = Callable[[Iterable[str]], Iterable[tuple[str, Any]]]
"""A function that yields keys and their values, as `Store.get_many` does."""

Refuse = Callable[[HoldallError], None]
"""A function that is called with the error of a value that cannot be read, possibly by several threads."""

Move = Callable[[Read, Store[Any], list[str]], int]
"""A function that reads the values of the keys, writes them to the store, and returns how many it found."""


def transfer(
    here: Store[Any],
    there: Store[Any],
    prefix: str = "",
    *,
    move: Move,
    after: str = "",
    workers: int = 4,
    tell: Callable[[str, int], None] = lambda key, count: None,
    leave: Callable[[str], None] = lambda name: None,
    refuse: Refuse | None = None,
) -> int:
    """Move every key of ``here`` under ``prefix`` that comes after the key ``after``; return their number.

    A foreign name, or a key outside the grammar that only a layer such as `Escape` shows, is moved if
    ``there`` accepts it as a key; otherwise ``leave`` is called with it. ``leave`` is also called with a
    foreign name whose text is a valid key, because at ``there`` this key may belong to another value.

    If both stores have the layer `Expires`, a value has the same time left at both. This reads each key once more.

    If ``refuse`` is given, it is called with the error of each value that is damaged, or that ``here`` cannot
    return as bytes, and the transfer goes on without this value.

    From time to time, this thread calls ``tell(key, count)``: every key up to ``key`` was moved, ``count``
    keys in total. If a thread raises an error, the transfer ends with it; keys after the last reported key
    may have been moved too. A value that is written to ``here`` during the transfer may or may not be moved.
    """
    count = carried = 0
    timed = _Lifetimes(there, here) if expires(here) and expires(there) else there

    def keys() -> Iterator[str]:
        nonlocal carried
        for name in _names(here, prefix, after):
            if not isinstance(name, Foreign) and fits(name):
                yield name
            elif (
                moved := _carry(here, there if isinstance(name, Foreign) else timed, name, move, refuse)
            ) is not None:
                carried += moved
            else:
                leave(name)

    # The source has checked its keys, so mark them as checked: a key that a prefix made long is moved too.
    marked: Iterator[str] = map(RawKey, keys())
    read: Read = partial(_read_each, here, refuse) if refuse else here.get_many
    calls = ((batch[-1], Call(partial(move, read, timed, batch))) for batch in split(marked, BATCH))
    with closing(run_calls(calls, workers)) as made:
        for last, moved in made:
            count += moved
            tell(last, count)
    return count + carried


class _Lifetimes(PassThrough[Any]):
    """``store``, but a value that is written has the time left that the value of its key has at ``source``."""

    def __init__(self, store: Store[Any], source: Store[Any]) -> None:
        super().__init__(store)
        self._source = source

    def set_many(self, items: Iterable[tuple[str, Any]], /) -> None:
        self._inner._each(self._put, items)

    def _put(self, key: str, value: Any) -> None:
        with suppress(KeyError):  # it has expired in the meantime
            self._inner.lasting(self._source.remaining(key))[key] = value


def run_calls(calls: Iterable[tuple[str, Call[T]]], workers: int) -> Generator[tuple[str, T], None, None]:
    """Make ``calls`` in ``workers`` threads, and yield their results in order."""
    under_way: deque[tuple[str, Call[T]]] = deque()
    with Workers(workers) as threads:
        try:
            for call in calls:
                under_way.append(call)
                if not call[1].done:
                    threads.submit(call[1])
                while under_way and (len(under_way) == 2 * workers or under_way[0][1].done):
                    yield under_way[0][0], under_way[0][1].result()
                    under_way.popleft()
            while under_way:
                yield under_way[0][0], under_way[0][1].result()
                under_way.popleft()
        finally:
            for _, made in under_way:
                made.end()


def _names(here: Store[Any], prefix: str, after: str) -> Iterator[str]:
    """Yield the keys after ``after``, and every foreign name."""
    if after:
        past = here.scan_names(prefix, stop=after + "\0")
        yield from (name for name in past if isinstance(name, Foreign))
    yield from here.scan_names(prefix, start=after and after + "\0")


def _read_each(here: Store[Any], refuse: Refuse, keys: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """Do the same as ``here.get_many(keys)``, but call ``refuse`` with the error of a value instead of raising it."""
    for key in keys:
        try:
            value = here.get(key, MISSING)
        except (Corrupt, TooLarge) as error:
            if error.key is None:  # the store is damaged, not the value
                raise
            refuse(error)
        else:
            if value is not MISSING:
                yield key, value


def _carry(here: Store[Any], there: Store[Any], name: str, move: Move, refuse: Refuse | None) -> int | None:
    """Move the value of ``name`` and return how many values were moved.

    Returns None if ``there`` does not accept the name or ``here`` cannot read its value.
    """
    key = str(name)
    if fits(key):
        return None
    try:
        _ = key in there  # a store refuses a key before any request
        value = here.get_foreign(name) if isinstance(name, Foreign) else here[name]
    except (InvalidKey, Unsupported):
        return None
    except KeyError:  # it was deleted in the meantime
        return 0
    except (Corrupt, TooLarge) as error:
        if refuse is None or error.key is None:
            raise
        refuse(error)
        return 0
    return move(lambda keys: [(key, value)], there, [key])


def copy(read: Read, there: Store[Any], keys: list[str]) -> int:
    """Move values unchanged, and return their number."""
    count = itertools.count()
    there.set_many((RawKey(key), value) for (key, value), _ in zip(read(keys), count, strict=False))
    return next(count)


def copy_and_verify(read: Read, there: Store[Any], keys: list[str]) -> int:
    """Move values, read them back, and compare their digests. Return the number of values.

    Raises Corrupt, which names the key, if a value differs.
    """
    digests: dict[str, bytes] = {}

    def note_digests() -> Iterator[tuple[str, Any]]:
        for key, value in read(keys):
            digests[key] = digest(value)
            yield RawKey(key), value

    there.set_many(note_digests())
    back = {key: digest(value) for key, value in there.get_many(keys)}
    for key in digests:
        if back.get(key) != digests[key] and not _is_equal(read, there, key):
            raise Corrupt(
                f"the value of {key!r} differs from the value that was read back from {there!r}", key=key
            )
    return len(digests)


def try_copy(read: Read, there: Store[Any], keys: list[str]) -> int:
    """Move values as `copy_and_verify` does, then delete them again. ``there`` is a store for a trial run."""
    count = copy_and_verify(read, there, keys)
    there.delete_many(keys)
    return count


def digest(value: Any) -> bytes:
    """Return sixteen bytes, which are equal for equal documents of the same types.

    For other objects, equal digests are not guaranteed.

    >>> digest({"a": 1}) == digest({"a": 1}), digest({"a": 1}) == digest({"a": True})
    (True, False)
    """
    shown = value if type(value) is bytes else repr(value).encode(errors="surrogatepass")
    return hashlib.blake2b(shown, digest_size=16, person=type(value).__name__.encode()[:16]).digest()


def _is_equal(read: Read, there: Store[Any], key: str) -> bool:
    """Return whether the values are equal despite different digests.

    Sets have no order, and another program may have written both values in the meantime.
    """
    return bool(dict(read([RawKey(key)])).get(key) == there.get(RawKey(key)))
