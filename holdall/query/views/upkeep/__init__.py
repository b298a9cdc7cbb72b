"""How a view keeps the groups of a query up to date: one way for each kind of reducer.

- A count and a sum are added up, and the old item of a document is taken away again.
- The different values of "distinct" are in a tree, each with the number of documents that have it.
- Other reducers cannot take a value away. The tree of the members of a group then has the partials of its
  nodes, and a change merges the partials on its path again.
"""

from typing import Final

from holdall.query.reducers import Reduce, reducer
from holdall.query.views.upkeep.merging import Listed, Merged
from holdall.query.views.upkeep.protocol import Group, Upkeep
from holdall.query.views.upkeep.tallying import Counted, Distinct, Summed

__all__ = ["Group", "Upkeep", "name_of", "upkeep"]

_EXACT: Final = "min", "max", "stats"
"""Any order of the documents gives the same result, unless numbers such as 1 and 1.0 tie for an extreme."""


def upkeep(reduce: Reduce) -> Upkeep:
    """Return the upkeep for a reducer."""
    if reduce == "count":
        return Counted()
    if reduce == "sum":
        return Summed()
    if reduce == "distinct":
        return Distinct()
    return Merged(reducer(reduce), in_any_order=reduce in _EXACT) if reduce else Listed()


def name_of(reduce: Reduce) -> str:
    """Return the name of a reducer: two reducers with one name, other than "", keep the same state."""
    return reduce if isinstance(reduce, str) else "" if reduce else "none"
