"""A WSGI app that uses its store when it is imported: before the server forks, if it forks at all.

/KEY shows the value of a key, /all whether a bulk read finds all of them.
"""

import os
import pickle
from collections.abc import Callable, Iterable
from typing import Any

VALUES = {f"k{number}": b"value %d" % number for number in range(20)}
store = pickle.loads(bytes.fromhex(os.environ["HOLDALL_TEST_STORE"]))
store.update(VALUES)
IMPORTED = os.getpid()
assert store["k0"] == VALUES["k0"]


def application(environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
    key = environ["PATH_INFO"].strip("/")
    found = b"%r" % (dict(store.get_many(VALUES)) == VALUES) if key == "all" else store[key]
    start("200 OK", [("X-Forked", str(os.getpid() != IMPORTED))])
    return [found]
