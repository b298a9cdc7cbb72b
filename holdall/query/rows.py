"""The rows of a result, and the documents that were left out of it."""

from collections.abc import Iterable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from holdall.errors import HoldallError

R = TypeVar("R")


class Row(NamedTuple, Generic[R]):
    """One row of a result: the key of a group and its reduced value."""

    key: Any
    value: R


class Rows(list[Row[R]]):
    """The rows of a result, sorted by key. ``failures`` is empty unless ``on_error`` is "collect".

    ``failures`` has the error of each document that was left out, by the key of the document, sorted by key.

    >>> from holdall.query import MapReduce
    >>> lengths = MapReduce(lambda key, text: [("all", len(text))], "sum")
    >>> rows = lengths.run({"a": "text", "b": 7}, on_error="collect")
    >>> rows, list(rows.failures)
    ([Row(key='all', value=4)], ['b'])
    """

    def __init__(
        self, rows: Iterable[Row[R]] = (), failures: Mapping[str, HoldallError] | None = None
    ) -> None:
        super().__init__(rows)
        self.failures = dict(failures or {})
