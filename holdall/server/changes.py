"""The change feed: ``GET /v1/{store}/changes``, at once or by long poll.

    answer = {"changes": [{"key": …, "tag": …} …], "position": …, "more": bool}

``tag`` is null for a key that is missing now. ``more`` says that further changes are there already.
"""

import threading
import time
from collections.abc import Callable
from itertools import islice
from typing import Any, Final

from holdall.extras import needs
from holdall.server.etags import escape_tag
from holdall.server.parameters import read_number, read_parameters
from holdall.server.slots import Slots
from holdall.server.stores import Stores
from holdall.store import Store

with needs("server"):
    import falcon
    import msgspec

LONGEST: Final = 60
"""The most seconds that a request may wait."""
HAS_LEFT: Final = "holdall.has_left"
"""The name in the WSGI environment of a function that returns whether the client has left, if there is one."""
_MOST: Final = 1000
_LOOK: Final = (
    0.5  # seconds after which a waiting request looks whether the service ends or its client has left
)


class Feeds:
    """The resource of a change feed. Waiting requests answer at once when ``ending`` is set."""

    def __init__(self, stores: Stores, slots: Slots, ending: threading.Event) -> None:
        self._stores = stores
        self._slots = slots
        self._ending = ending

    def on_get(self, req: falcon.Request, resp: falcon.Response, store: str) -> None:
        """Answer with the changes since a position; with ``wait``, as soon as there is one."""
        given = read_parameters(req, "since", "prefix", "limit", "wait")
        prefix, since = given.get("prefix", ""), given.get("since")
        limit = read_number("limit", given.get("limit", "100"), _MOST)
        seconds = read_number("wait", given["wait"], LONGEST) if "wait" in given else 0
        req.context.access.check(store, prefix)
        served = self._stores.find(store, req)
        if seconds and since is not None:
            with self._slots.take():
                self._wait(served.store, since, prefix, seconds, req.env.get(HAS_LEFT, _never))
            req.context.check()  # the token may have been revoked in the meantime
        resp.data = _page(served.store, since, prefix, limit)

    on_head = on_get

    def _wait(
        self, store: Store[Any], since: str, prefix: str, seconds: int, has_left: Callable[[], bool]
    ) -> None:
        deadline = time.monotonic() + seconds
        while not (self._ending.is_set() or has_left()) and (left := deadline - time.monotonic()) > 0:
            if store.watch(since, prefix=prefix, timeout=min(left, _LOOK)):
                return


def _never() -> bool:
    return False


def _page(store: Store[Any], since: str | None, prefix: str, limit: int) -> bytes:
    feed = store.changes(since, prefix=prefix)
    changes = [{"key": each.key, "tag": escape_tag(each.tag) or None} for each in islice(feed, limit)]
    position = feed.position
    more = len(changes) == limit and next(feed, None) is not None
    return msgspec.json.encode({"changes": changes, "position": position, "more": more})
