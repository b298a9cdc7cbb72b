"""A service of many stores in a thread of this process, under waitress, for clients over a real socket."""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import holdall
from holdall.adapters.http import HTTP
from holdall.server import Limits, app
from holdall.server.limits import LIMITS
from holdall.server.serving import Server, listen
from holdall.store import Store

STORES = 300


class Service:
    """Opens clients of stores that nobody has used, at ``url``."""

    def __init__(self, url: str, stores: dict[str, Store[Any]]) -> None:
        self.url = url
        self.stores = stores
        self._names = itertools.count()

    def open(self, **options: Any) -> HTTP:
        return HTTP(f"{self.url}/v1/s{next(self._names)}", **options)

    def below(self, store: HTTP) -> Store[Any]:
        """The store that the service serves for a client."""
        return self.stores[store._link.place.path.rpartition("/")[2]]


@contextmanager
def running(
    make: Callable[[], Store[Any]] = holdall.Memory,
    limits: Limits = LIMITS,
    stores: int = STORES,
    **options: Any,
) -> Iterator[Service]:
    """A service of stores that ``make`` makes, named s0, s1 and so on."""
    served: dict[str, Store[Any]] = {f"s{number}": make() for number in range(stores)}
    ending = threading.Event()
    server = Server(
        app(served, limits=limits, ending=ending, **options), listen("127.0.0.1:0"), limits=limits
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield Service(server.url, served)
    finally:
        ending.set()
        server.stop()
        thread.join()
