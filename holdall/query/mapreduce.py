"""Map-reduce: a query groups and reduces in one pass over a store, serial or parallel, and then sorts."""

from collections.abc import Callable, Mapping, Sequence
from reprlib import repr as brief
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar, overload

from holdall.query.collation import Bound
from holdall.query.options import OnError, Plan, Workers
from holdall.query.reading import Map, Progress
from holdall.query.reducer import Reducer
from holdall.query.reducers import Reduce, Stats, reducer
from holdall.query.rows import Rows
from holdall.query.running import explain, run

if TYPE_CHECKING:  # `typing` has defaults from Python 3.13 on, and TypeForm from 3.15 on
    from typing_extensions import TypeForm
    from typing_extensions import TypeVar as Defaulted

    # An untyped map takes documents of any type: mypy reads that from the default, pyright from the bound.
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


class MapReduce(Generic[V, R]):
    """A query: ``map(key, value)`` yields (group, value) pairs; each group is reduced to one row.

    A group is None, a bool, a number, text, a date, a datetime, or a tuple of these. See
    `holdall.query.collation` for which groups are equal and how they sort.

    ``reduce`` is one of

    - "sum": the exact sum. int can be added to Decimal: the sum has as many digits as it needs, whatever the
      decimal context is. int can be added to float: the result is the float nearest to the exact sum. Decimal
      with float is refused, and bool, NaN and infinities are refused too;
    - "count"; "min" and "max" in the order of the collation; "stats": a `Stats` of numbers;
    - "distinct": the number of different values, by the collation. It keeps all of them in memory;
    - a function of a non-empty list of values, which is applied again to lists of its own results. So the
      function must be associative: ``f(a + b) == f([f(a), f(b)])`` for lists a and b of values in the order
      of their documents. A run checks this on samples of its values, and raises InvalidQuery if it does not
      hold. The function must not keep or change the list;
    - a `Reducer`: an object whose partial results have another type than the values;
    - None: every pair is a row, and the rows of one group are in the order of their documents. It keeps all
      pairs in memory.

    ``type`` is the part of a document that ``map`` reads. The store then decodes only this part.

    >>> invoices = {"1": {"EUR": 10, "USD": 5}, "2": {"EUR": 7}}
    >>> billed = MapReduce(lambda key, invoice: invoice.items(), "sum")
    >>> billed.run(invoices)
    [Row(key='EUR', value=17), Row(key='USD', value=5)]
    """

    # With ``type``, the store may contain documents of any type that has these parts.
    # Without it, the store contains documents of the type that map takes.
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
        executor: Workers = None,
        partitions: int | None = None,
        on_error: OnError = "raise",
        progress: Progress | None = None,
    ) -> Rows[R]:
        """Return the rows, sorted by key, from one pass over a range of documents.

        ``prefix``, ``start`` and ``stop`` choose documents, as in `Store.scan_items`. ``store`` may also be a
        plain dict; its values are not converted.

        ``at`` selects one group, or all groups whose tuple begins with the tuple ``at``. ``between`` selects
        the groups from its first bound to its second, both included; ``...`` leaves a side open.

        ``group_level`` n groups the selected keys by the first n elements of their tuples; keys of other
        types stay whole. Level 0 makes one group, None, of all keys. The default groups by whole keys.
        Without any pair, the result is empty, also at level 0.

        ``executor`` divides the documents over workers. It is one of

        - None: this thread reads and maps all documents;
        - "threads": eight threads, for a store that is waited for;
        - "processes": one process for each processor, which stay for later queries. They open ``store``
          themselves, so it must be SHARED, and end with this process. A script must call this under
          ``if __name__ == "__main__":``, as for every use of `multiprocessing`;
        - "auto": maps the first 512 documents, and chooses one of these by the time that they took. `explain`
          says which one, and why;
        - any `concurrent.futures.Executor`. Its workers must be able to open ``store``, unless it is a
          `ThreadPoolExecutor`. `holdall.query.dask.on_dask` makes one for the workers of a Dask cluster.

        The keys are listed once, and cut into ``partitions`` ranges of equal numbers of documents. By
        default, a range has 1,000 documents for threads, 5,000 for processes, and 2,000 for an executor of
        yours. The result is that of a run without an executor, to the last bit; only
        functions of your own that round can differ by rounding. A document that another writer changes during
        the run is mapped as it is when its range is read.

        ``on_error`` says what happens if a document cannot be decoded or mapped: "raise" raises the error;
        "skip" leaves the document out; "collect" leaves it out and puts the error into ``failures`` of the
        rows, by key. A document that is left out adds nothing to any group. Errors of the store, of a reducer
        and of the query itself are raised in any case.

        ``progress`` is called with the number of mapped documents, after every 256 documents and at the end,
        or with an executor after every range. It is called in this thread; if it raises, the run stops.
        Memory is bounded by the groups and 8,192 pairs (or four per group), for any number of documents.

        Raises QueryFailed, which names the document, if ``map`` raises or yields something other than pairs
        of a key and a value. Raises QueryFailed, which names the group, if its values cannot be reduced.
        Raises InvalidQuery before it reads anything if the range or level is not valid, and InvalidQuery if
        the result of a reducer depends on how the values are split. Errors of the store are passed on
        unchanged. If several documents fail at the same time, any of them may be named.

        A task that dies is run again, twice at most; then QueryFailed names its range. A killed process of
        holdall's own is replaced, and a Dask cluster goes on with its other workers. If another executor of
        yours loses a process, QueryFailed names the executor.
        Raises InvalidQuery if the executor is shut down or if the query cannot be pickled, and Unsupported if
        worker processes cannot read ``store``, or would run the script again.
        """
        (rows,) = run(
            [self],
            self.type,
            store,
            prefix,
            start=start,
            stop=stop,
            group_level=group_level,
            at=at,
            between=between,
            executor=executor,
            partitions=partitions,
            on_error=on_error,
            progress=progress,
        )
        return rows

    def explain(
        self, store: Mapping[str, V], prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Plan:
        """Return how ``executor="auto"`` would run this query on the same documents, and why.

        It maps the first 512 documents and measures the time; then it lists as many keys as it needs to know
        whether workers are worth their start.
        """
        return explain([self], self.type, store, prefix, start=start, stop=stop)

    def __repr__(self) -> str:
        return f"MapReduce({self.map!r}, {self.reduce!r}, type={self.type!r})"
