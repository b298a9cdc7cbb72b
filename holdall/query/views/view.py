"""A view: the result of a query, kept in a store, and brought up to date from the changes of the documents."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import groupby, islice
from typing import Any, Final, Generic, NamedTuple, TypeVar

from holdall.errors import Conflict, Corrupt, Expired, HoldallError, InvalidQuery
from holdall.keys import check_key
from holdall.layer import below
from holdall.query.collation import Bound, Key, Range, collate, to_key
from holdall.query.grouping import Grouping
from holdall.query.mapreduce import MapReduce
from holdall.query.reading import Progress
from holdall.query.rows import Row, Rows
from holdall.query.running import bounds as bounds_of
from holdall.query.views.catalog import HOUR, Catalog, Generation
from holdall.query.views.definition import definition, has_same_source
from holdall.query.views.index import Index
from holdall.query.views.nodes import Damaged, Nodes, Stale
from holdall.query.views.refresh import Gone, Source, Work
from holdall.query.views.state import State
from holdall.query.views.table import Table
from holdall.query.views.texts import bounds, text_of
from holdall.query.views.upkeep import name_of, upkeep
from holdall.redact import format_call
from holdall.registry import open as open_store
from holdall.store import ATTEMPTS, Feature, Store, pause, unsupported

V = TypeVar("V")
R = TypeVar("R")
T = TypeVar("T")

DAY: Final = timedelta(days=1)
_PAGE: Final = 1000  # keys
_LONGEST: Final = 100  # bytes of a name
_REBUILDS: Final = 3


class _Serving(NamedTuple):
    """A generation that answers, its table, and its work."""

    generation: Generation
    table: Table
    work: Work


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
        self._query = query
        self._name = _valid_name(_name_of_map(query) if name is None else name)
        self._source = Source(store, prefix, query.type)
        self._definition = definition(query, store, prefix, inside=index is None)
        self._index = _opened(store, index)
        self._catalog = Catalog(self._index, self._name)
        self._serves: _Serving | None = None
        self._used = 0.0

    @property
    def name(self) -> str:
        """The name of the view in its index."""
        return self._name

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
        return self._refresh(progress)[0]

    def _refresh(self, progress: Progress | None = None) -> tuple[int, _Serving, State]:
        """Return the number of documents, the generation that is up to date, and its state."""
        mapped = attempt = rebuilds = 0
        while True:
            serving = self._find()
            try:
                documents, state, done = self._guard(serving.work.step, _after(mapped, progress))
            except (Conflict, Stale) as problem:
                attempt = self._wait(attempt, problem)
            except (Gone, Expired) as problem:
                rebuilds += self._start_again(serving, problem, last=rebuilds == _REBUILDS)
            else:
                mapped, attempt = mapped + documents, 0
                self._use(serving.generation)
                if done and (ready := self._complete(serving)):
                    return mapped, ready, state

    def _start_again(self, serving: _Serving, problem: Gone | Expired, *, last: bool) -> bool:
        """Find the generation that took the place of ``serving``; else begin one, and return True.

        If this was done as often as it may be done, raise the error for ``problem`` instead of beginning one.
        """
        self._serves = None
        if isinstance(problem, Gone) and self._find().generation.id != serving.generation.id:
            return False
        if last:
            raise self._corrupt("its table is missing") if isinstance(problem, Gone) else problem
        self._serves = self._serving(self._guard(self._catalog.begin, self._definition, serving.generation))
        return True

    def _find(self) -> _Serving:
        """Return the generation to refresh. Add one to the catalog if there is none."""
        if self._serves is None:
            mine = [each for each in self._guard(self._catalog.read) if each.definition == self._definition]
            mine.sort(key=lambda generation: generation.complete)
            self._serves = self._serving(
                mine[0] if mine else self._guard(self._catalog.begin, self._definition)
            )
        return self._serves

    def _serving(self, generation: Generation) -> _Serving:
        table = self._catalog.table(generation.id)
        work = Work(self._source, self._query, self._definition, table, complete=generation.complete)
        return _Serving(generation, table, work)

    def _complete(self, serving: _Serving) -> _Serving | None:
        """Return ``serving`` as a complete generation, or None if it was deleted."""
        generation = serving.generation
        if generation.complete:
            return serving
        if not self._guard(self._catalog.complete, generation):
            self._serves = None
            return None
        self._serves = self._serving(generation._replace(complete=True, used=time.time()))
        self.sweep()
        return self._serves

    def _use(self, generation: Generation) -> None:
        """Record that ``generation`` is in use, at most once an hour."""
        if time.time() > max(self._used, generation.used) + HOUR:
            self._used = time.time()
            self._guard(self._catalog.use, generation)

    def sweep(self, unused: timedelta = DAY) -> int:
        """Delete the indexes of other definitions of this view that nobody used for ``unused``.

        Also deletes what killed processes left over. Returns the number of deleted indexes. `refresh` does
        this after it has built an index.
        """
        since = time.time() - unused.total_seconds()
        return self._guard(self._catalog.sweep, since, self._find().generation.id)

    def drop(self) -> None:
        """Delete the index of this view, of all definitions. The next refresh builds it again."""
        self._catalog.drop()
        self._serves = None

    # ---- Reading -------------------------------------------------------------------------------

    def rows(
        self,
        level: int | None = None,
        *,
        at: Bound = ...,
        between: tuple[Bound, Bound] = (..., ...),
        stale: bool = False,
    ) -> Rows[R]:
        """Return the rows, sorted by key, as `MapReduce.run` does with the same options.

        With ``level``, only a sum, a count, "min", "max", "stats" and "distinct" are put together from
        groups; other reducers read the values of all documents in the selected groups. Of equal numbers in a
        key, such as 1 and 1.0, any may be shown. Raises the errors of `refresh`, unless ``stale`` is true.
        """
        grouping = Grouping(Range(*bounds_of(at, between)), level)
        return self._read(lambda index: Rows(self._rows(index, grouping)), stale)

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

        return self._read(find, stale=False)  # type: ignore[no-any-return]

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

        while keys := self._read(page, stale):
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

    def _read(self, function: Callable[[Index], T], stale: bool) -> T:
        """Return the result of ``function`` on one state of the index."""
        serving, state = self._state(stale)
        attempt = 0
        while True:
            nodes, reader = Nodes(serving.table), upkeep(self._query.reduce)
            try:
                return self._guard(function, Index(nodes, reader, state.documents, state.groups))
            except Stale as problem:
                attempt = self._wait(attempt, problem)
                found = self._guard(serving.work.state)
                if found and found.groups == state.groups:
                    raise self._corrupt(f"node {problem} is missing") from problem
                state = found or state
            if not found:
                serving, state = self._state(stale)

    def _state(self, stale: bool) -> tuple[_Serving, State]:
        if stale and (serving := self._complete_one()) and (state := self._guard(serving.work.state)):
            with suppress(HoldallError):  # a reader may lack the permission to write to the index
                self._use(serving.generation)
            return serving, state
        return self._refresh()[1:]

    def _complete_one(self) -> _Serving | None:
        """Return the complete generation, or else the newest of the same documents and reducer, or None."""
        if self._serves and self._serves.generation.complete:
            return self._serves
        found = reversed(self._guard(self._catalog.read))
        generations = [
            each for each in found if each.complete and has_same_source(each.definition, self._definition)
        ]
        generations.sort(key=lambda generation: generation.definition != self._definition)
        for generation in generations:
            serving = self._serving(generation)
            state = self._guard(serving.work.state)
            if state and (generation.definition == self._definition or self._can_read(state)):
                return serving
        return None

    def _can_read(self, state: State) -> bool:
        return state.reduce == name_of(self._query.reduce) != ""

    # ---- The state -----------------------------------------------------------------------------

    @property
    def position(self) -> str | None:
        """The position in the changes of the store up to which stale answers go, or None before the first build."""
        state = self._last_state()
        return state.position if state else None

    @property
    def refreshed(self) -> datetime | None:
        """The time up to which stale answers have all changes, or None before the first build."""
        state = self._last_state()
        return datetime.fromtimestamp(state.refreshed, UTC) if state else None

    @property
    def behind(self) -> timedelta | None:
        """The age of a stale answer, or None before the first build."""
        refreshed = self.refreshed
        return datetime.now(UTC) - refreshed if refreshed else None

    def _last_state(self) -> State | None:
        """Return the state that stale answers are from, or None before the first build."""
        found = self._complete_one()
        return self._guard(found.work.state) if found else None

    # ---- Errors --------------------------------------------------------------------------------

    def _guard(self, function: Callable[..., T], *arguments: Any) -> T:
        """Return the result of ``function``. Raises Corrupt if it raises Damaged."""
        try:
            return function(*arguments)
        except Damaged as problem:
            raise self._corrupt(str(problem)) from problem

    def _corrupt(self, problem: str) -> Corrupt:
        return Corrupt(
            f"the index of the view {self._name!r} is damaged ({problem}); call drop() of the view, and the next "
            "refresh builds the index again"
        )

    def _wait(self, attempt: int, problem: Exception) -> int:
        """Wait after lost attempt number ``attempt``, and return the next number. Raises Conflict after many."""
        if attempt == ATTEMPTS:
            raise Conflict(
                f"the view {self._name!r} was refreshed {ATTEMPTS} times by others in the meantime; try again"
            ) from problem
        time.sleep(pause(attempt))
        return attempt + 1


def _after(mapped: int, progress: Progress | None) -> Progress | None:
    """Return ``progress`` for a batch of documents that follows ``mapped`` others."""
    return progress and (lambda documents: progress(mapped + documents))


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
