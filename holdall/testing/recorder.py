"""The list of all operations of the interface, and a layer that records which of them are called."""

from collections.abc import Callable
from typing import Any, TypeVar

from holdall.middleware.passthrough import PassThrough
from holdall.store import Store

V = TypeVar("V")

OPERATIONS = (
    *("__getitem__", "__setitem__", "__delitem__", "__contains__", "__iter__", "__len__", "__bool__"),
    *("_find", "get_many", "set_many", "discard", "delete_many", "delete_prefix", "clear"),
    *("_take", "popitem", "_setdefault"),
    *("scan", "scan_items", "scan_tags", "get_tagged", "tag", "size", "read", "open"),
    *("swap", "remove", "modify", "transact"),
    *("scan_names", "get_foreign", "history", "at", "as_of", "changes", "watch"),
    *("raw", "info", "close"),
)
"""The operations that a store implements itself.

For `get`, `pop` and `setdefault`, these are ``_find``, ``_take`` and ``_setdefault``. `features` is left out,
because it is a property. All other methods call these operations.
"""

DERIVED = {
    "get": "is _find, and a default",
    "pop": "is _take, and a default",
    "lasting": "is refused if values do not expire",
    "remaining": "is refused if values do not expire",
    "sweep": "is refused if values do not expire",
    "touch": "is modify through lasting",
    "typed": "is refused if no layer below decodes documents",
    "setdefault": "is _setdefault, and None if no default is given",
    "copy": "is refused: a copy needs a place",
    "__or__": "is refused: it would read the whole store",
    "__ror__": "is refused: it would read the whole store",
    "__ior__": "is update",
    "update": "is set_many, and a batch is set_many's matter",
    "keys": "is a view over __iter__, __contains__ and __len__",
    "items": "is a view over scan_items and __getitem__",
    "values": "is a view over scan_items",
    "foreign_names": "is a part of scan_names",
    "__eq__": "compares items",
    "__enter__": "gives the layer, which __exit__ closes",
    "__exit__": "closes",
    "__repr__": "shows how the layer was made",
    "__reduce__": "pickles how the layer was made",
    "__new__": "remembers how the layer was made",
}
"""The other methods of the interface, each with the reason why a layer need not override it."""


class Recorder(PassThrough[V]):
    """Passes every operation to ``store``, and records the names of the called operations.

    >>> from holdall import Memory
    >>> recorder = Recorder(Memory())
    >>> recorder.update(a=b"1"), recorder.get("a"), recorder.calls
    (None, b'1', ['set_many', '_find'])
    """

    def __init__(self, store: Store[V]) -> None:
        super().__init__(store)
        self.calls: list[str] = []


def _record(name: str) -> Callable[..., Any]:
    def operation(self: Recorder[Any], *args: Any, **kwargs: Any) -> Any:
        self.calls.append(name)
        return getattr(PassThrough, name)(self, *args, **kwargs)

    return operation


for _name in OPERATIONS:
    setattr(Recorder, _name, _record(_name))
