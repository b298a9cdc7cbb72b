"""Brings one generation of a view up to date, in batches that are each committed whole."""

import time
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import islice
from typing import Any, Final, NamedTuple

from holdall.changes import Changes
from holdall.query.reading import Progress
from holdall.query.views.definition import Query
from holdall.query.views.index import Batch, Index
from holdall.query.views.mapping import Pass
from holdall.query.views.nodes import Damaged, Nodes, Stale
from holdall.query.views.state import State
from holdall.query.views.table import Head, Table
from holdall.query.views.upkeep import name_of, upkeep
from holdall.store import Store

BATCH: Final = 10_000
"""Documents that one commit includes, at most."""
_PERIOD: Final = 60.0
"""Seconds for which a generation may keep an old position if no document changed since."""


class Source:
    """The documents of a view: those of ``store`` with ``prefix``, read as ``type`` if given."""

    def __init__(self, store: Store[Any], prefix: str, type: Any) -> None:
        self._store = store
        self._prefix = prefix
        self._type = type

    @cached_property
    def _documents(self) -> Store[Any]:
        return self._store if self._type is None else self._store.typed(self._type)

    def changes(self, since: str | None = None) -> Changes:
        return self._store.changes(since, prefix=self._prefix)

    def now(self) -> str:
        """Return the position of now."""
        return self.changes().skip()

    def scan(self, start: str) -> Iterator[tuple[str, Any]]:
        return self._documents.scan_items(self._prefix, start=start)

    def get_many(self, keys: list[str]) -> Iterator[tuple[str, Any]]:
        return self._documents.get_many(keys)


class Step(NamedTuple):
    """A batch that was committed: its number of documents, and the state after it.

    ``done`` is true if no more changes were known when the batch began.
    """

    documents: int
    state: State
    done: bool


class Gone(Exception):
    """The generation was deleted, because another one took its place or nobody used it, or its table was lost."""


class Work:
    """Builds and refreshes the generation of the view of ``query`` whose table is ``table``.

    If ``complete`` is true, the generation is built already.
    """

    def __init__(
        self, source: Source, query: Query, definition: str, table: Table, *, complete: bool
    ) -> None:
        self._source = source
        self._query = query
        self._definition = definition
        self._table = table
        self._complete = complete
        self._known: tuple[bytes, str, float] | None = None  # a head, and a later position without changes

    def step(self, progress: Progress | None = None) -> Step:
        """Include the next batch of documents.

        Raises Conflict or Stale if another process was first; Gone; Damaged; and the errors of the source.
        """
        head = self._table.head()
        if head is None and self._complete:
            raise Gone
        try:
            state = self._load(head) if head else self._begin()
            return (self._build if state.through is not None else self._refresh)(head, state, progress)
        except Stale as problem:
            if head == self._table.head():
                raise Damaged(f"node {problem} is missing, or of another commit") from problem
            raise

    def state(self) -> State | None:
        """Return the newest state, or None if nothing was committed or the generation was deleted."""
        head = self._table.head()
        return self._load(head) if head else None

    def _load(self, head: Head) -> State:
        state = State.load(head.data)
        if self._known and self._known[0] == head.data:
            state = state._replace(position=self._known[1], refreshed=self._known[2])
        return state

    def _begin(self) -> State:
        began = time.time()
        return State(self._definition, name_of(self._query.reduce), self._source.now(), "", began)

    def _build(self, head: Head | None, state: State, progress: Progress | None) -> Step:
        documents = islice(self._source.scan(state.through or ""), BATCH)
        index = self._open(state)
        mapped = self._map(index, {}, documents, progress)
        through = f"{mapped.last}\0" if mapped.documents == BATCH else None
        state = self._commit(head, state._replace(through=through), index)
        return Step(mapped.documents, state, done=False)

    def _refresh(self, head: Head | None, state: State, progress: Progress | None) -> Step:
        began = time.time()
        changes = self._source.changes(state.position)
        found = set()
        for change in changes:
            found.add(change.key)
            if len(found) == BATCH:
                break
        done = len(found) < BATCH
        state = state._replace(position=changes.position, refreshed=began if done else state.refreshed)
        if found:
            keys, index = sorted(found), self._open(state)
            self._map(index, index.documents.get_many(keys), self._source.get_many(keys), progress)
            state = self._commit(head, state, index)
        elif head:
            self._remember(head, state)
        return Step(len(found), state, done)

    def _open(self, state: State) -> Index:
        nodes, reducer = Nodes(self._table, state.slots), upkeep(self._query.reduce)
        return Index(nodes, reducer, state.documents, state.groups)

    def _map(
        self,
        index: Index,
        before: Mapping[str, bytes],
        documents: Iterable[tuple[str, Any]],
        progress: Progress | None,
    ) -> Pass:
        """Map ``documents``, and change the index. Those that are in ``before`` alone were deleted."""
        batch = Batch(index, before)
        mapped = Pass(self._query.map, batch, ordered=index.upkeep.ordered)
        mapped.run(documents, progress)
        batch.apply(mapped.texts.by_text)
        return mapped

    def _commit(self, head: Head | None, state: State, index: Index) -> State:
        state = state._replace(
            slots=index.nodes.slots, documents=index.documents.root, groups=index.groups.root
        )
        self._table.commit(index.nodes.changes, state.dump(), head)
        return state

    def _remember(self, head: Head, state: State) -> None:
        """Remember that no document changed up to the position of ``state``."""
        old = State.load(head.data)
        if state.position != old.position and state.refreshed - old.refreshed > _PERIOD:
            self._table.commit({}, state.dump(), head)
        else:
            self._known = head.data, state.position, state.refreshed
