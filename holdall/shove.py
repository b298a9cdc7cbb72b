"""holdall as a store for Shove: an app written for Shove can keep its objects at any holdall address.

Import this module before `shove`, which no Python since 3.10 can import by itself. Then ``holdall://``
followed by a holdall address is a valid Shove address::

    import holdall.shove
    from shove import Shove

    books = Shove("holdall://s3://acme/books")
"""

from collections.abc import Iterable, Mapping
from typing import Any

from holdall.adapters.shove.importing import shove
from holdall.middleware.escape import Escape
from holdall.registry import open as open_store

__all__ = ["HoldallStore"]


class HoldallStore(shove.store.BaseStore):  # type: ignore[misc]
    """The objects of an app that uses Shove, stored at the address after ``holdall://``.

        key   = any text, written as `holdall.Escape` writes it: portable keys as they are
        value = pickle                 ; compressed by zlib where Shove is told compress=True

    As everywhere in Shove, loading a pickle runs the code in it, so use an address that only the app can
    write to. To avoid pickles, give Shove a store instead of an address, as in
    ``Shove(Json(holdall.open("s3://acme/books")))``.

    One `set_many` writes a whole batch of Shove. A key that is not a str raises TypeError.

    >>> store = HoldallStore("holdall://memory://")
    >>> store["../a"] = {"total": 7}
    >>> store["../a"], list(store)
    ({'total': 7}, ['../a'])
    """

    def __init__(self, engine: str, **options: Any) -> None:
        super().__init__(engine, **options)
        self._store = Escape(open_store(engine.partition("://")[2]))

    def __getitem__(self, key: str) -> Any:
        return self.loads(self._store[key])

    def __setitem__(self, key: str, value: Any) -> None:
        self._store[key] = self.dumps(value)

    def __contains__(self, key: object) -> bool:
        return key in self._store

    def update(self, other: Mapping[str, Any] | Iterable[tuple[str, Any]] = (), /, **values: Any) -> None:
        held = dict(other, **values)
        self._store.set_many((key, self.dumps(value)) for key, value in held.items())

    def clear(self) -> None:
        self._store.clear()
