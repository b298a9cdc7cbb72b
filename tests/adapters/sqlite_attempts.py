"""What can be tried on an SQLite store: one call of each kind."""

from collections.abc import Callable

from holdall import SQLite
from holdall.store import ABSENT, Delete, Put

Attempt = Callable[[SQLite], object]

ATTEMPTS: dict[str, Attempt] = {
    "get": lambda store: store["a"],
    "contains": lambda store: "a" in store,
    "scan": lambda store: list(store.scan_items()),
    "len": len,
    "get_many": lambda store: list(store.get_many(["a"])),
    "put": lambda store: store.__setitem__("a", b"1"),
    "delete": lambda store: store.__delitem__("a"),
    "clear": lambda store: store.clear(),
    "set_many": lambda store: store.set_many([("a", b"1")]),
    "delete_many": lambda store: store.delete_many(["a"]),
    "swap": lambda store: store.swap("a", b"1", ABSENT),
    "transact": lambda store: store.transact([Put("a", b"1"), Delete("b")]),
}
WRITES = ("put", "set_many", "swap", "transact")
