"""Map-reduce in one process: one pass over a store, grouped, reduced and sorted."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, Literal, NamedTuple, TypeVar, overload

from holdall.errors import InvalidQuery
from holdall.query.collation import Place, shown
from holdall.query.grouping import Grouping, partials
from holdall.query.ranges import Bound, Range
from holdall.query.reading import Map, Progress, Reading, documents
from holdall.query.reducers import Reduce, Stats, reducer

V = TypeVar("V")
R = TypeVar("R")
T = TypeVar("T")
W = TypeVar("W")


class Row(NamedTuple, Generic[R]):
    """One line of a result: a group's key and what its values were reduced to."""

    key: Any
    value: R


def _bounds(at: Bound, between: tuple[Bound, Bound]) -> tuple[Bound, Bound]:
    if at is ...:
        return between
    if between != (..., ...):
        raise InvalidQuery("use at or between, not both")
    return at, at


class MapReduce(Generic[V, R]):
    """A query: ``map(key, value)`` yields (group, value) pairs; each group is reduced to one row.

    A group is None, a bool, a number, text, a date, a datetime, or a tuple of these; see
    `holdall.query.collation` for which are equal and how they sort.

    ``reduce`` is one of

    - "sum": exact. int goes with Decimal (the sum has as many digits as it takes, whatever the
      decimal context) and with float (the float nearest to the exact sum); Decimal with float is
      refused, as are bool, NaN and infinities;
    - "count"; "min" and "max" in the order of the collation; "stats": a `Stats` of numbers;
    - "distinct": how many values differ, as the collation tells them apart. It holds them all;
    - a function of a non-empty list of values, which is applied again to lists of its own results.
      So it must be associative: ``f(a + b) == f([f(a), f(b)])`` for lists a and b of values, which
      come in the order of their documents. It must not keep or change the list;
    - None: every pair is a row, those of one group in the order of their documents. It holds them
      all.

    ``type`` is the part of a document that ``map`` reads: the store is asked to decode no more.

    >>> invoices = {"1": {"EUR": 10, "USD": 5}, "2": {"EUR": 7}}
    >>> billed = MapReduce(lambda key, invoice: invoice.items(), "sum")
    >>> billed.run(invoices)
    [Row(key='EUR', value=17), Row(key='USD', value=5)]
    """

    @overload
    def __init__(
        self: "MapReduce[T, int]",
        map: Map[T, Any],
        reduce: Literal["count", "distinct"],
        *,
        type: type[T] | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "MapReduce[T, Stats]",
        map: Map[T, Any],
        reduce: Literal["stats"],
        *,
        type: type[T] | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "MapReduce[T, W]",
        map: Map[T, W],
        reduce: Literal["sum", "min", "max"] | None = None,
        *,
        type: type[T] | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "MapReduce[T, W]",
        map: Map[T, W],
        reduce: Callable[[Sequence[W]], W],
        *,
        type: type[T] | None = None,
    ) -> None: ...
    def __init__(self, map: Map[Any, Any], reduce: Reduce = None, *, type: Any = None) -> None:
        self.map = map
        self.reduce = reduce
        self.type = type
        self._reducer = reducer(reduce)

    def run(
        self,
        store: Mapping[str, Any],
        prefix: str = "",
        *,
        start: str = "",
        stop: str | None = None,
        group_level: int | None = None,
        at: Bound = ...,
        between: tuple[Bound, Bound] = (..., ...),
        progress: Progress | None = None,
    ) -> list[Row[R]]:
        """The rows, sorted by key, from one pass over a range of documents.

        ``prefix``, ``start`` and ``stop`` choose documents, as in `Store.scan_items`. A plain dict
        will do for a store: its values are taken as they are.

        ``at`` asks for one group, or for all whose tuple begins with that tuple; ``between`` for
        those from its first bound to its second, both included, ``...`` leaving a side open.
        Of the keys that remain, ``group_level`` n makes groups of the first n elements of tuples
        (other keys stay whole), 0 one group, None, of all. The default groups by whole keys.
        No pairs give no rows, at level 0 too.

        ``progress`` is called with the number of documents mapped, every 256 and at the end. Memory
        is bounded by the groups and 8,192 pairs (or four a group), however many documents there are.

        QueryFailed, naming the document, where ``map`` raises or yields what is no pair or no key;
        and, naming the group, where its values cannot be reduced. Errors of the store come as they
        are. InvalidQuery for a range or level that makes no sense, before anything is read.
        """
        low, high = _bounds(at, between)
        grouping = Grouping(Range(low, high), group_level)
        source = documents(store, prefix, start, stop, self.type)
        reading = Reading(self.map, source, progress)
        return list(self._rows(partials(reading, grouping, self._reducer)))

    def _rows(self, groups: dict[Place, Any]) -> Iterator[Row[R]]:
        for place in sorted(groups):
            key, value = shown(place), self._reducer.result(groups[place])
            if self.reduce is None:
                yield from (Row(key, each) for each in value)
            else:
                yield Row(key, value)

    def __repr__(self) -> str:
        return f"MapReduce({self.map!r}, {self.reduce!r}, type={self.type!r})"
