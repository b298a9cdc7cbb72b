"""Reads the index of one query of a view."""

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any, TypeVar

from holdall.query.collation import to_key
from holdall.query.grouping import Grouping
from holdall.query.mapreduce import MapReduce
from holdall.query.rows import Row
from holdall.query.texts import bounds
from holdall.query.views.index import Index
from holdall.query.views.refresher import Refresher, Snapshot
from holdall.query.views.upkeep import upkeep

T = TypeVar("T")


class Reader:
    """Reads the index of ``query``, which is number ``number``, from 0, of the queries of ``refresher``."""

    def __init__(self, refresher: Refresher, query: MapReduce[Any, Any], number: int) -> None:
        self.refresher = refresher
        self.query = query
        self.number = number

    def open(self, snapshot: Snapshot) -> Index:
        """Return the index of the query in ``snapshot``."""
        return Index(snapshot.nodes, upkeep(self.query.reduce), snapshot.state.parts[self.number])

    def read(self, function: Callable[[Index], T], stale: bool) -> T:
        """Return the result of ``function`` on one state of the index. It may be called again with a newer one."""
        return self.refresher.read(lambda snapshot: function(self.open(snapshot)), stale)

    def rows(self, index: Index, grouping: Grouping) -> Iterator[Row[Any]]:
        """Yield the rows of ``index`` by ``grouping``, sorted by key."""
        groups = index.scan(*bounds(grouping.range))
        for place, these in groupby(groups, lambda group: grouping.group(group.place)):
            assert place is not None  # noqa: S101 - the bounds leave out all other groups
            value = index.upkeep.result(list(these))
            if self.query.reduce is None:
                yield from (Row(to_key(place), each) for each in value)
            else:
                yield Row(to_key(place), value)
