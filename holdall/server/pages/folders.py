"""Lists the keys of a store by folder, and finds keys that contain a text."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final, NamedTuple

from holdall.keys import successor
from holdall.store import Feature, Store

PAGE: Final = 200
"""The most names of a page."""

LOOKED: Final = 20_000
"""The most keys that one search looks at."""


class Names(NamedTuple):
    """A page of names. A name is a key, or a folder, which ends with a slash. ``after`` is empty at the end."""

    names: list[str]
    after: str = ""


def list_folder(store: Store[Any], folder: str, prefix: str, after: str) -> Names:
    """Return the names directly in ``folder`` that begin with ``prefix``, from the first after ``after`` on.

    >>> from holdall import Memory
    >>> store = Memory()
    >>> store.update({"a": b"", "b/1": b"", "b/2": b"", "c": b""})
    >>> list_folder(store, "", "", "").names, list_folder(store, "b/", "b/", "").names
    (['a', 'b/', 'c'], ['b/1', 'b/2'])
    """
    names = list(islice(_names(store, folder, prefix, after), PAGE + 1))
    return Names(names[:PAGE], names[PAGE - 1]) if len(names) > PAGE else Names(names)


def _names(store: Store[Any], folder: str, prefix: str, after: str) -> Iterator[str]:
    """Yield the names. A store that can seek skips the keys of each folder; others read past them."""
    seeks = Feature.SEEK in store.features
    start: str | None = _start(after)
    while start is not None:
        for key in store.scan(prefix, start=start):
            head, slash, _ = key[len(folder) :].partition("/")
            name = f"{folder}{head}{slash}"
            if name == after:
                continue
            yield name
            after = name
            if slash and seeks:
                break
        else:
            return
        start = successor(after)


def _start(after: str) -> str | None:
    return successor(after) if after.endswith("/") else after


def find_keys(store: Store[Any], prefix: str, text: str, after: str) -> Names:
    """Return the keys that begin with ``prefix`` and contain ``text``, in upper or lower case.

    The search stops after `PAGE` keys that it found, or `LOOKED` keys that it looked at.
    """
    found: list[str] = []
    wanted, last = text.casefold(), after
    for number, key in enumerate(store.scan(prefix, start=after)):
        if len(found) == PAGE or number == LOOKED:
            return Names(found, last)
        if key != after and wanted in key.casefold():
            found.append(key)
        last = key
    return Names(found)
