"""A view: the result of a query, kept in a store, and brought up to date from the changes of the documents."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby, islice
from typing import Any, Final, Generic, TypeVar

from holdall.errors import InvalidQuery
from holdall.keys import check_key
from holdall.layer import below
from holdall.query.collation import Bound, Key, Range, collate, to_key
from holdall.query.grouping import Grouping
from holdall.query.mapreduce import MapReduce
from holdall.query.reading import Progress
from holdall.query.rows import Row, Rows
from holdall.query.running import bounds as bounds_of
from holdall.query.texts import bounds, text_of
from holdall.query.views.catalog import Catalog
from holdall.query.views.definition import definition
from holdall.query.views.index import Index
from holdall.query.views.problems import Problems
from holdall.query.views.refresh import Source
from holdall.query.views.refresher import DAY, Refresher
from holdall.redact import format_call
from holdall.registry import open as open_store
from holdall.store import Feature, Store, unsupported

V = TypeVar("V")
R = TypeVar("R")
T = TypeVar("T")

_PAGE: Final = 1000  # keys
_LONGEST: Final = 100  # bytes of a name


class View(Generic[R]):
    """The rows of ``query`` over the documents of ``store`` with ``prefix``, kept in ``index``.

    A refresh maps the documents that changed since the last refresh, and no other ones; the first refresh maps
    all documents. Reading brings the view up to date first. With ``stale=True``, it answers at once, from the
    state at `position`; `refreshed` says how old that is. ``rows`` returns what ``query.run(store, prefix)``
    returns.

    ``store`` needs CHANGES; `holdall.SnapshotFeed` gives any store this feature. ``index`` is a store of bytes
    or its address, and needs SWAP; by default, it is the part of ``store`` that is reserved for holdall. A
    view has the ``name`` of the function of its map, unless another is given; the views of an index need
    different names.

    Any number of processes may refresh the view at the same time: each change is included once. A process that
    is killed leaves the last state that it committed. If the query has another definition than the index, the
    next refresh builds a second index, and the first stays for processes that still use it; an index that
    nobody read or refreshed for a day is deleted. The definition is a hash of the loaded code, so another minor
    release of Python builds the index again.

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
        if Feature.CHANGES not in below(store, View).features:
            remedy = "wrap it in holdall.SnapshotFeed, which compares its keys and tags with remembered ones"
            raise unsupported(store, "keep a view", Feature.CHANGES, remedy)
        self._store = store
        self._prefix = prefix
        self._query = query
        self._name = _valid_name(_name_of_map(query) if name is None else name)
        self._index = _opened(store, index)
        self._refresher = Refresher(
            Catalog(self._index, self._name),
            Source(store, prefix, query.type),
            query,
            definition(query, store, prefix, inside=index is None),
            Problems(self._name),
        )

    @property
    def name(self) -> str:
        """The name of the view in its index."""
        return self._name

    @property
    def query(self) -> MapReduce[Any, R]:
        """The query whose rows the view keeps."""
        return self._query

    @property
    def prefix(self) -> str:
        """The prefix of the keys of its documents."""
        return self._prefix

    def __repr__(self) -> str:
        return format_call("View", (self._store, self._query), {"name": self._name})

    # ---- Refreshing ----------------------------------------------------------------------------

    def refresh(self, progress: Progress | None = None) -> int:
        """Include all changes up to now. Return the number of documents that were mapped or deleted.

        ``progress`` is called with the number of documents so far, as in `MapReduce.run`. The changes are
        committed after every 10,000 documents. So after an error or a kill, the next refresh goes on from
        there. Raises the errors of `MapReduce.run`; in this case, the documents before the one that failed
        may be included or not, and the view answers from an earlier state with ``stale=True``. Raises
        InvalidQuery if a value cannot be kept, Corrupt if the index is damaged, and Conflict after a thousand
        lost attempts.
        """
        return self._refresher.refresh(progress)[0]

    def sweep(self, unused: timedelta = DAY) -> int:
        """Delete the indexes of other definitions of this view that nobody used for ``unused``.

        Also deletes what killed processes left over. Returns the number of deleted indexes. `refresh` does
        this after it has built an index.
        """
        return self._refresher.sweep(unused)

    def drop(self) -> None:
        """Delete the index of this view, of all definitions. The next refresh builds it again."""
        self._refresher.drop()

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
        return self._refresher.read(lambda index: Rows(islice(self._rows(index, grouping), limit)), stale)

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

        return self._refresher.read(find, stale=False)  # type: ignore[no-any-return]

    def keys(
        self, group: Key, after: str | None = None, limit: int | None = None, *, stale: bool = False
    ) -> Iterator[str]:
        """Yield the keys of the documents in ``group``, in order, lazily.

        ``after`` is the last key of the page before; ``limit`` is the number of keys to yield. The view may
        be refreshed while this is read: a document that enters or leaves the group may appear or not.
        """
        text = text_of(collate(group))
        return islice(self._members(text, "" if after is None else f"{after}\0", stale), limit)

    def _members(self, text: str, start: str, stale: bool) -> Iterator[str]:
        def page(index: Index) -> list[str]:
            group = index.group(text)
            return [key for key, _ in islice(group.members.items(start), _PAGE)] if group else []

        while keys := self._refresher.read(page, stale):
            yield from keys
            start, stale = f"{keys[-1]}\0", True

    def _rows(self, index: Index, grouping: Grouping) -> Iterator[Row[Any]]:
        groups = index.scan(*bounds(grouping.range))
        for place, these in groupby(groups, lambda group: grouping.group(group.place)):
            assert place is not None  # noqa: S101 - the bounds leave out all other groups
            value = index.upkeep.result(list(these))
            if self._query.reduce is None:
                yield from (Row(to_key(place), each) for each in value)
            else:
                yield Row(to_key(place), value)

    # ---- The state -----------------------------------------------------------------------------

    @property
    def position(self) -> str | None:
        """The position in the changes of the store up to which stale answers go, or None before the first build."""
        state = self._refresher.last_state()
        return state.position if state else None

    @property
    def refreshed(self) -> datetime | None:
        """The time up to which stale answers have all changes, or None before the first build."""
        state = self._refresher.last_state()
        return datetime.fromtimestamp(state.refreshed, UTC) if state else None

    @property
    def behind(self) -> timedelta | None:
        """The age of a stale answer, or None before the first build."""
        refreshed = self.refreshed
        return datetime.now(UTC) - refreshed if refreshed else None


def _name_of_map(query: MapReduce[Any, Any]) -> str:
    name: str = getattr(getattr(query.map, "func", query.map), "__name__", "<object>")  # func: of a partial
    if not name.isidentifier():
        raise InvalidQuery(f"the map {query.map!r} has no name for a view; give View a name=")
    return name


def _valid_name(name: str) -> str:
    check_key(name)
    if "/" in name or len(name.encode()) > _LONGEST:
        raise InvalidQuery(f"the name of a view must not have a slash or over {_LONGEST} bytes: {name!r:.99}")
    return name


def _opened(store: Store[Any], index: Store[bytes] | str | None) -> Store[bytes]:
    if isinstance(index, str):
        return open_store(index)
    return store if index is None else below(index, View)
