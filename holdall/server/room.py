"""The space of a store, and the floor: the service accepts no write when too little is free."""

from typing import Any, Final

from holdall.adapters._shared.service import RAW
from holdall.adapters._shared.space import Space
from holdall.errors import StoreFull
from holdall.extras import needs
from holdall.layer import layers
from holdall.server.stores import Stores
from holdall.store import Store

with needs("server"):
    import falcon

_GROWING: Final = frozenset({"PUT", "PATCH", "POST"})


def space_of(store: Store[Any]) -> Space:
    """Return the space of the lowest store below ``store``, as far as it tells.

    Files, SQLite, LMDB and dbm tell it of their disk, and Redis of its memory.

    >>> from holdall import Memory
    >>> space_of(Memory())
    Space(used=None, free=None)
    """
    *_, lowest = layers(store)
    ask = getattr(lowest, "_space", None)
    return (ask() if ask else None) or Space(None, None)


class Floor:
    """Middleware of falcon, below the guard, that refuses writes while fewer than ``keep_free`` bytes are free.

    A delete is always accepted, unless it is a part of a batch or a transaction.
    """

    def __init__(self, stores: Stores, keep_free: int) -> None:
        self._stores = {each.name: each.store for each in stores}
        self._keep_free = keep_free

    def process_resource(
        self, req: falcon.Request, resp: falcon.Response, resource: object, params: dict[str, str]
    ) -> None:
        """Raise StoreFull if ``req`` may write to a store that is too full."""
        store = self._stores.get(params.get("store", "").removesuffix(RAW))
        if store is None or req.method not in _GROWING:
            return
        free = space_of(store).free
        if free is not None and free < self._keep_free:
            raise StoreFull(f"{free:,} bytes are free, and the service keeps {self._keep_free:,} free")
