"""A view: the result of a query, kept in a store, and brought up to date from the changes of the documents."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final, Generic, TypeVar

from holdall.errors import InvalidQuery
from holdall.query.collation import Bound, Key, Range, collate
from holdall.query.grouping import Grouping
from holdall.query.mapreduce import MapReduce
from holdall.query.rows import Row, Rows
from holdall.query.running import bounds as bounds_of
from holdall.query.texts import text_of
from holdall.query.views.group_store import GroupStore
from holdall.query.views.index import Index
from holdall.query.views.kept import Kept
from holdall.query.views.reader import Reader
from holdall.store import Store

V = TypeVar("V")
R = TypeVar("R")
T = TypeVar("T")

_PAGE: Final = 1000  # keys
_LONGEST: Final = 100  # bytes of a name


class View(Kept, Generic[R]):
    """The rows of ``query`` over the documents of ``store`` with ``prefix``, kept in ``index``.

    A refresh maps the documents that changed since the last refresh, and no other ones; the first refresh maps
    all documents. Reading brings the view up to date first. With ``stale=True``, it answers at once, from the
    state at `position`; `refreshed` says how old that is. ``rows`` returns what ``query.run(store, prefix)``
    returns.

    ``store`` needs CHANGES; `holdall.SnapshotFeed` gives any store this feature. ``index`` is a store of bytes
    or its address, and needs SWAP; by default, it is the part of ``store`` that is reserved for holdall. A
    view has the ``name`` of the function of its map, unless another is given; the views of an index need
    different names.

    Any number of processes may refresh the view at the same time: each change is included once. An index that
    is not built yet is built by one of them, and the others wait. A view can be pickled if its store, its index
    and the functions of its query can be pickled.

    A process that is killed leaves the last state that it committed. If the query has another definition than
    the index, the next refresh builds a second index, and the first stays for processes that still use it; an
    index that nobody read or refreshed for a day is deleted. The definition is a hash of the loaded code, so
    another minor release of Python builds the index again.

    Raises Unsupported if a store lacks a feature, which may cost a request to find out, and InvalidQuery if
    the name is missing or not valid.

    >>> from holdall import Json, Memory
    >>> store = Json(Memory(), type=dict[str, int])
    >>> store.update({"1": {"EUR": 10, "USD": 5}, "2": {"EUR": 7}})
    >>> billed = View(store, MapReduce(lambda key, invoice: invoice.items(), "sum"), name="billed")
    >>> billed.rows(), list(billed.keys("USD"))
    ([Row(key='EUR', value=17), Row(key='USD', value=5)], ['1'])
    >>> store["3"] = {"USD": 2}
    >>> billed["USD"], billed.refresh()
    (7, 0)
    """

    def __init__(
        self,
        store: Store[Any],
        query: MapReduce[Any, R],
        index: Store[bytes] | str | None = None,
        *,
        name: str | None = None,
        prefix: str = "",
    ) -> None:
        if not isinstance(query, MapReduce):
            raise TypeError(f"View takes one query (MapReduce), not {query!r:.99}; give `together` to Views")
        super().__init__(store, query, index, _name_of_map(query) if name is None else name, prefix)
        self._query = query
        self._reader = Reader(self._refresher, query, 0)

    @property
    def query(self) -> MapReduce[Any, R]:
        """The query whose rows the view keeps."""
        return self._query

    # ---- Reading -------------------------------------------------------------------------------

    def rows(
        self,
        level: int | None = None,
        *,
        at: Bound = ...,
        between: tuple[Bound, Bound] = (..., ...),
        limit: int | None = None,
        stale: bool = False,
    ) -> Rows[R]:
        """Return the rows, or the first ``limit`` of them, sorted by key, as `MapReduce.run` does.

        With ``level``, only a sum, a count, "min", "max", "stats" and "distinct" are put together from
        groups; other reducers read the values of all documents in the selected groups. Of equal numbers in a
        key, such as 1 and 1.0, any may be shown. Raises the errors of `refresh`, unless ``stale`` is true.
        """
        grouping = Grouping(Range(*bounds_of(at, between)), level)
        return self._reader.read(lambda index: Rows(islice(self._reader.rows(index, grouping), limit)), stale)

    def range(self, start: Bound, stop: Bound, *, stale: bool = False) -> Rows[R]:
        """Return the rows from ``start`` to ``stop``, both included; ``...`` leaves a side open."""
        return self.rows(between=(start, stop), stale=stale)

    def group(self, level: int, *, stale: bool = False) -> Rows[R]:
        """Return the rows by the first ``level`` elements of their keys."""
        return self.rows(level, stale=stale)

    def __getitem__(self, key: Key) -> R:
        """Return the value of the row with ``key``. Without a reducer, return the list of all its values.

        Raises KeyError if no document has this group, and the errors of `refresh`.
        """
        text = text_of(collate(key))

        def find(index: Index) -> Any:
            group = index.group(text)
            if group is None:
                raise KeyError(key)
            return index.upkeep.result([group])

        return self._reader.read(find, stale=False)  # type: ignore[no-any-return]

    def keys(
        self, group: Key, after: str | None = None, limit: int | None = None, *, stale: bool = False
    ) -> Iterator[str]:
        """Yield the keys of the documents in ``group``, in order, lazily.

        ``after`` is the last key of the page before; ``limit`` is the number of keys to yield. The view may
        be refreshed while this is read: a document that enters or leaves the group may appear or not.
        """
        text = text_of(collate(group))
        return islice(self._members(text, "" if after is None else f"{after}\0", stale), limit)

    def as_store(self, *, stale: bool = False) -> Store[Row[R]]:
        """Return the groups as a read-only store with a feed of those that changed, for a view of this view.

        Each value is a row. A key is a text of the group; keys sort as groups do. Without a reducer, the value
        of a row is the list of all values. A group of over 400 bytes has a longer key than other stores take.
        Each read of the store refreshes this view first, unless ``stale``.

        The feed needs a log of the groups that change, which the first reader of the feed begins. It has as many
        entries as there are groups, at least 10,000; a reader that is further behind gets Expired.

        >>> from holdall import Json, Memory
        >>> store = Json(Memory(), type=dict[str, int])
        >>> store.update({"1": {"Ann": 10}, "2": {"Bob": 7}, "3": {"Ann": 2}})
        >>> owed = View(store, MapReduce(lambda key, owed: owed.items(), "sum"), name="owed")
        >>> large = MapReduce(lambda key, row: [(row.value > 8, row.key)])
        >>> View(owed.as_store(), large, Memory(), name="large").rows()
        [Row(key=False, value='Bob'), Row(key=True, value='Ann')]
        """
        return GroupStore(self, stale=stale)

    def _members(self, text: str, start: str, stale: bool) -> Iterator[str]:
        def page(index: Index) -> list[str]:
            group = index.group(text)
            return [key for key, _ in islice(group.members.items(start), _PAGE)] if group else []

        while keys := self._reader.read(page, stale):
            yield from keys
            start, stale = f"{keys[-1]}\0", True


def _name_of_map(query: MapReduce[Any, Any]) -> str:
    name: str = getattr(getattr(query.map, "func", query.map), "__name__", "<object>")  # func: of a partial
    if not name.isidentifier():
        raise InvalidQuery(f"the map {query.map!r} has no name for a view; give View a name=")
    return name
