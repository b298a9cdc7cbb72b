"""The positions from which the pages follow the change feed."""

import threading
from itertools import islice
from typing import Final, NamedTuple

from holdall.errors import Expired, InvalidPosition
from holdall.server.stores import Served
from holdall.store import Feature

_STEP: Final = 5000  # changes that one request reads
_MOST: Final = 500  # remembered positions


class Live(NamedTuple):
    """Where the script of a page goes on: the feed of ``store`` under ``prefix``, after ``position``."""

    store: str
    prefix: str
    position: str


class Feeds:
    """Remembers a position for each part of a store, so that each request reads only the changes since then.

    A request reads a bounded number of changes. So a part with many keys becomes live after several requests.
    """

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._positions: dict[tuple[str, str], str] = {}

    def position(self, served: Served, prefix: str) -> Live | None:
        """Return the present position of the feed, or None if there is no feed, or it is not yet known."""
        if Feature.CHANGES not in served.store.features:
            return None
        part = served.name, prefix
        try:
            feed = served.store.changes(self._positions.get(part), prefix=prefix)
            for _ in islice(feed, _STEP):
                pass
            position = feed.position
            complete = next(feed, None) is None
        except (Expired, InvalidPosition):
            self._forget(part)
            return None
        self._remember(part, position)
        return Live(*part, position) if complete else None

    def _remember(self, part: tuple[str, str], position: str) -> None:
        with self._changing:
            self._positions.pop(part, None)
            while len(self._positions) >= _MOST:
                del self._positions[next(iter(self._positions))]
            self._positions[part] = position

    def _forget(self, part: tuple[str, str]) -> None:
        with self._changing:
            self._positions.pop(part, None)
