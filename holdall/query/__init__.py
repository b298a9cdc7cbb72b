"""Queries over any store: map-reduce.

>>> from holdall.query import MapReduce
>>> words = {"a": "to be or", "b": "not to be"}
>>> MapReduce(lambda key, text: ((word, 1) for word in text.split()), "count").run(words)[:2]
[Row(key='be', value=2), Row(key='not', value=1)]
"""

from typing import TYPE_CHECKING, Any

from holdall.query.collation import Key
from holdall.query.mapreduce import MapReduce
from holdall.query.options import Plan
from holdall.query.reducer import Reducer
from holdall.query.reducers import Stats
from holdall.query.rows import Row, Rows
from holdall.query.together import Together, together

if TYPE_CHECKING:
    from holdall.query.views import View

__all__ = ["Key", "MapReduce", "Plan", "Reducer", "Row", "Rows", "Stats", "Together", "View", "together"]


def __getattr__(name: str) -> Any:
    if name != "View":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from holdall.query.views import View  # late: it needs msgspec, and most queries do not need a view

    globals()[name] = View
    return View
