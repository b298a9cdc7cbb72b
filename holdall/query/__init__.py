"""Queries over any store: map-reduce.

>>> from holdall.query import MapReduce
>>> words = {"a": "to be or", "b": "not to be"}
>>> MapReduce(lambda key, text: ((word, 1) for word in text.split()), "count").run(words)[:2]
[Row(key='be', value=2), Row(key='not', value=1)]
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from holdall.extras import at_hand
from holdall.query.collation import Key
from holdall.query.mapreduce import MapReduce
from holdall.query.options import Plan
from holdall.query.reducer import Reducer
from holdall.query.reducers import Stats
from holdall.query.rows import Row, Rows
from holdall.query.together import Together, together

if TYPE_CHECKING:
    from holdall.query.columns import arrow as arrow
    from holdall.query.views import View as View
    from holdall.query.views import Views as Views

# Each needs an extra, so it is imported at its first use, and `from holdall.query import *` leaves it out.
_lazy = {
    "View": "holdall.query.views",
    "Views": "holdall.query.views",
    "arrow": "holdall.query.columns",
}

__all__ = ["Key", "MapReduce", "Plan", "Reducer", "Row", "Rows", "Stats", "Together", "together"]


def __getattr__(name: str) -> Any:
    if name not in _lazy:
        raise AttributeError(f"module 'holdall.query' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_lazy[name]), name)
    return value


def __dir__() -> list[str]:
    return at_hand(__name__, [*__all__, *_lazy])
