"""A writer for a process of its own. It imports no pytest, so that a process that is spawned starts quickly."""

import itertools
from multiprocessing.connection import Connection

from holdall import Versions
from holdall.errors import Conflict
from holdall.store import ABSENT, Store

KEYS = ("a", "b")


def work(below: Store[bytes], name: str, acknowledge: Connection) -> None:
    """Write until killed, and say what is done."""
    store = Versions(below, author=name)
    for count in itertools.count():
        key, write = KEYS[count % 2], f"{name}.{count}"
        with store.note(message=write):
            try:
                one(store, key, write.encode(), count)
            except (KeyError, Conflict):
                continue
        acknowledge.send(write)


def one(store: Versions[bytes], key: str, value: bytes, count: int) -> None:
    match count % 7:
        case 3:
            del store[key]
        case 4:
            store.swap(key, value, ABSENT)
        case 5:
            store.modify(key, lambda held: held[:20] + value)
        case _:
            store[key] = value
