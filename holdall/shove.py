"""holdall as a store of Shove: an app written for Shove keeps its objects at any address of holdall's.

Import this before `shove`, which no Python since 3.10 can import by itself. Then ``holdall://`` and an
address make an address of Shove's::

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
    """The objects of an app that uses Shove, kept at the address after ``holdall://``.

        key   = any text, written as `holdall.Escape` writes it: portable keys as they are
        value = pickle                 ; compressed by zlib where Shove is told compress=True

    To load a pickle is to run what it says, here as in all of Shove: give it an address that only the
    app can write to. Without pickles, hand Shove a store in place of an address, as in
    ``Shove(Json(holdall.open("s3://acme/books")))``.

    A batch of Shove's is written by one `set_many`. Keys that are no str are TypeError.

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
