"""A part of a store, selected by key prefix, as a store of its own."""

from typing import TYPE_CHECKING, TypeVar

from holdall.keys import check_key
from holdall.prefixed import Prefixed
from holdall.store import Store

if TYPE_CHECKING:
    from typing_extensions import TypeForm

V = TypeVar("V")
T = TypeVar("T")


class Prefix(Prefixed[V]):
    """Shows the keys of ``store`` under ``prefix``, without the prefix in their names.

    A prefix ends at a segment: a slash is added if it does not end in one. So ``Prefix(store, "invoices")``
    never shows the keys under ``invoices2/``.

    >>> from holdall import Memory
    >>> store = Memory()
    >>> Prefix(store, "invoices")["1"] = b"..."
    >>> list(store)
    ['invoices/1']
    """

    def __init__(self, store: Store[V], prefix: str) -> None:
        check_key(prefix.removesuffix("/"))
        super().__init__(store, prefix.removesuffix("/") + "/")

    def typed(self, type: "TypeForm[T]", /) -> Store[T]:
        return Prefix(self._inner.typed(type), self._prefix)

    def raw(self, prefix: str = "") -> Store[bytes]:
        return self._inner.raw(self._prefix + prefix)
