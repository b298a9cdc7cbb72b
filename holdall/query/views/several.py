"""The views of several queries, in one index: one reading of the changes refreshes all."""

from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeVar, overload

from holdall.query.collation import Bound, Range
from holdall.query.grouping import Grouping
from holdall.query.rows import Rows
from holdall.query.running import bounds as bounds_of
from holdall.query.together import Together
from holdall.query.views.kept import Kept
from holdall.query.views.reader import Reader
from holdall.query.views.refresher import Snapshot
from holdall.query.views.view import View
from holdall.store import Store

T = TypeVar("T")


class Views(Kept, Sequence[View[Any]], Generic[T]):
    """The views of ``queries``, which `holdall.query.together` made: a sequence of one `View` for each query.

    A refresh of any of them reads each changed document once, for all queries, and commits once. ``rows``
    returns what ``queries.run(store, prefix)`` returns, from one state. Otherwise, this is as `View`.

    >>> from holdall import Json, Memory
    >>> from holdall.query import MapReduce, together
    >>> store = Json(Memory(), type=dict[str, int])
    >>> store.update({"1": {"EUR": 10, "USD": 5}, "2": {"EUR": 7}})
    >>> billed = MapReduce(lambda key, invoice: invoice.items(), "sum")
    >>> largest = MapReduce(lambda key, invoice: invoice.items(), "max")
    >>> views = Views(store, together(billed, largest), name="invoices")
    >>> views.rows()
    ([Row(key='EUR', value=17), Row(key='USD', value=5)], [Row(key='EUR', value=10), Row(key='USD', value=5)])
    >>> views[1]["EUR"]
    10
    """

    def __init__(
        self,
        store: Store[Any],
        queries: Together[Any, T],
        index: Store[bytes] | str | None = None,
        *,
        name: str,
        prefix: str = "",
    ) -> None:
        if not isinstance(queries, Together):
            raise TypeError(f"Views takes the queries that `together` returns, not {queries!r:.99}")
        super().__init__(store, queries, index, name, prefix)
        self._views: list[View[Any]] = [_Part(self, number) for number in range(len(queries.queries))]

    def __len__(self) -> int:
        return len(self._views)

    @overload
    def __getitem__(self, number: int) -> View[Any]: ...
    @overload
    def __getitem__(self, number: slice) -> list[View[Any]]: ...
    def __getitem__(self, number: int | slice) -> View[Any] | list[View[Any]]:
        return self._views[number]

    def rows(
        self,
        level: int | None = None,
        *,
        at: Bound = ...,
        between: tuple[Bound, Bound] = (..., ...),
        stale: bool = False,
    ) -> T:
        """Return the rows of each query, in the order of the queries. The options are those of `View.rows`."""
        grouping = Grouping(Range(*bounds_of(at, between)), level)
        return tuple(self._read(range(len(self)), grouping, stale))  # type: ignore[return-value]

    def some(self, *numbers: int, stale: bool = False) -> list[Rows[Any]]:
        """Return the rows of the queries with these numbers, from 0, from one state."""
        return self._read(numbers, Grouping(), stale)

    def _read(self, numbers: Iterable[int], grouping: Grouping, stale: bool) -> list[Rows[Any]]:
        readers = [self._views[number]._reader for number in numbers]

        def read(snapshot: Snapshot) -> list[Rows[Any]]:
            return [Rows(reader.rows(reader.open(snapshot), grouping)) for reader in readers]

        return self._refresher.read(read, stale)


class _Part(View[Any]):
    """One of ``views``."""

    def __init__(self, views: Views[Any], number: int) -> None:
        self.__dict__ |= views.__dict__
        query = views._refresher.queries[number]
        self._place = views, number
        self._reader = Reader(self._refresher, query, number)
        self._name = f"{views.name}.{number + 1}"

    def __reduce__(self) -> tuple[Any, ...]:
        return _Part, self._place
