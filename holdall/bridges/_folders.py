"""The names in a folder: the keys and the folders directly below a prefix."""

from itertools import groupby, islice
from typing import Any

from holdall.batches import BATCH
from holdall.store import Feature, Store


def folder(path: str) -> str:
    """Return the prefix of the keys in the folder ``path``, which may end with a slash.

    >>> folder("a/b"), folder("a/"), folder("/")
    ('a/b/', 'a/', '')
    """
    path = path.rstrip("/")
    return path and f"{path}/"


def list_names(store: Store[Any], prefix: str) -> list[str]:
    """Return the name of each key and each folder directly below ``prefix``, in which folders end.

    After a page of keys in one folder, a new scan begins behind this folder, if the store has SEEK. So a folder of
    any size costs little.

    >>> from holdall import Memory
    >>> store = Memory()
    >>> store.update(dict.fromkeys(["a/b", "a/c/0", "a/c/1", "d"], b""))
    >>> list_names(store, "a/")
    ['b', 'c']
    """
    most = BATCH if Feature.SEEK in store.features else None

    def child(key: str) -> str:
        name, slash, _ = key[len(prefix) :].partition("/")
        return name + slash

    names: dict[str, None] = {}  # a key and a folder may have the same name
    start: str | None = ""
    while start is not None:
        here, start = start, None
        for name, keys in groupby(store.scan(prefix, start=here), child):
            names[name.removesuffix("/")] = None
            if sum(1 for _ in islice(keys, most)) == most:
                start = f"{prefix}{name[:-1]}0"  # "0" is the character after "/"
                break
    return list(names)
