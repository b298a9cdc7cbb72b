"""Map-reduce in one process: one pass over a store, grouped, reduced and sorted."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from reprlib import repr as brief
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar, overload

from holdall.errors import InvalidQuery
from holdall.query.collation import shown
from holdall.query.grouping import Grouping, partials, reduced
from holdall.query.ranges import Bound, Range
from holdall.query.reading import Map, Progress, Reading, documents
from holdall.query.reducer import Reducer
from holdall.query.reducers import Reduce, Stats, reducer

if TYPE_CHECKING:  # `typing` has defaults from Python 3.13 on, and TypeForm from 3.15 on
    from typing_extensions import TypeForm
    from typing_extensions import TypeVar as Defaulted

    # An untyped map takes documents of any type: mypy reads this from the default, and pyright from the bound.
    D = Defaulted("D", bound=Any, default=Any)
    V = Defaulted("V", default=Any)
    R = Defaulted("R", default=Any)
    S = Defaulted("S", default=Any)
    T = Defaulted("T", default=Any)
    W = Defaulted("W", default=Any)
else:
    D, R, S, T, V, W = map(TypeVar, "DRSTVW")

Exact: TypeAlias = Literal["count", "distinct"]
Same: TypeAlias = Literal["sum", "min", "max"]
Function: TypeAlias = Callable[[Sequence[Any]], W]


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
      come in the order of their documents. A run checks this on samples of the values it meets, and
      raises InvalidQuery if it does not hold. The function must not keep or change the list;
    - a `Reducer`: an object whose partial results are of another kind than the values;
    - None: every pair is a row, those of one group in the order of their documents. It holds them
      all.

    ``type`` is the part of a document that ``map`` reads: the store is asked to decode no more.

    >>> invoices = {"1": {"EUR": 10, "USD": 5}, "2": {"EUR": 7}}
    >>> billed = MapReduce(lambda key, invoice: invoice.items(), "sum")
    >>> billed.run(invoices)
    [Row(key='EUR', value=17), Row(key='USD', value=5)]
    """

    # With ``type``, the store may hold documents of any type that has these parts.
    # Without, it holds documents of the type that map takes.
    @overload
    def __init__(self: "MapReduce[D, int]", map: Map[D, Any], reduce: Exact) -> None: ...
    @overload
    def __init__(
        self: "MapReduce[Any, int]", map: Map[T, Any], reduce: Exact, *, type: "TypeForm[T]"
    ) -> None: ...
    @overload
    def __init__(self: "MapReduce[D, Stats]", map: Map[D, Any], reduce: Literal["stats"]) -> None: ...
    @overload
    def __init__(
        self: "MapReduce[Any, Stats]", map: Map[T, Any], reduce: Literal["stats"], *, type: "TypeForm[T]"
    ) -> None: ...
    @overload
    def __init__(self: "MapReduce[D, W]", map: Map[D, W], reduce: Same | None = None) -> None: ...
    @overload
    def __init__(
        self: "MapReduce[Any, W]", map: Map[T, W], reduce: Same | None = None, *, type: "TypeForm[T]"
    ) -> None: ...
    @overload
    def __init__(self: "MapReduce[D, S]", map: Map[D, W], reduce: Reducer[W, Any, S]) -> None: ...
    @overload
    def __init__(
        self: "MapReduce[Any, S]", map: Map[T, W], reduce: Reducer[W, Any, S], *, type: "TypeForm[T]"
    ) -> None: ...
    @overload
    def __init__(self: "MapReduce[D, W]", map: Map[D, W], reduce: Function[W]) -> None: ...
    @overload
    def __init__(
        self: "MapReduce[Any, W]", map: Map[T, W], reduce: Function[W], *, type: "TypeForm[T]"
    ) -> None: ...
    def __init__(self, map: Map[Any, Any], reduce: Reduce = None, *, type: Any = None) -> None:
        if not callable(map):
            raise TypeError(
                f"map is {brief(map)}, not a function: give MapReduce a function of key and value, "
                'then the reducer, as in MapReduce(map, "sum")'
            )
        reducer(reduce)  # raises if it is not a reducer
        self.map = map
        self.reduce = reduce
        self.type = type

    def run(
        self,
        store: Mapping[str, V],
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

        Raises QueryFailed, naming the document, if ``map`` raises or yields something other than pairs
        of a key and a value; and, naming the group, if its values cannot be reduced. Raises InvalidQuery
        for a range or level that makes no sense, before anything is read, and for a reducer whose
        result depends on how the values are split. Errors of the store come as they are.
        """
        low, high = _bounds(at, between)
        grouping = Grouping(Range(low, high), group_level)
        source = documents(store, prefix, start, stop, self.type)
        reading = Reading(self.map, source, progress)
        return list(self._rows(reading, grouping, reducer(self.reduce)))

    def _rows(
        self, reading: Reading[V], grouping: Grouping, reducer: Reducer[Any, Any, Any]
    ) -> Iterator[Row[R]]:
        groups = partials(reading, grouping, reducer)
        for place in sorted(groups):
            key, value = shown(place), reduced(place, reducer.result, groups[place])
            if self.reduce is None:
                yield from (Row(key, each) for each in value)
            else:
                yield Row(key, value)

    def __repr__(self) -> str:
        return f"MapReduce({self.map!r}, {self.reduce!r}, type={self.type!r})"
