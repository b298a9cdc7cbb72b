"""A part of a store, by key prefix, as a store of its own."""

from typing import TypeVar

from holdall.keys import check_key
from holdall.prefixed import Prefixed
from holdall.store import Store

V = TypeVar("V")
T = TypeVar("T")


class Prefix(Prefixed[V]):
    """The keys of ``store`` under ``prefix``, named without it.

    A prefix is a boundary: it ends in a slash, which is added where it is left out, so that
    ``Prefix(store, "invoices")`` never shows what is under ``invoices2/``.

    >>> from holdall import Memory
    >>> store = Memory()
    >>> Prefix(store, "invoices")["1"] = b"..."
    >>> list(store)
    ['invoices/1']
    """

    def __init__(self, store: Store[V], prefix: str) -> None:
        check_key(prefix.removesuffix("/"))
        super().__init__(store, prefix.removesuffix("/") + "/")

    def typed(self, type: type[T], /) -> Store[T]:
        return Prefix(self._inner.typed(type), self._prefix)

    def raw(self, prefix: str = "") -> Store[bytes]:
        return self._inner.raw(self._prefix + prefix)
