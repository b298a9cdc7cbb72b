"""Brings one generation of a view up to date, in batches that are each committed whole."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Any, Final, NamedTuple, TypeAlias

from holdall.changes import Changes
from holdall.query.mapreduce import MapReduce
from holdall.query.reading import Progress
from holdall.query.views.index import Batch, Index
from holdall.query.views.log import Log
from holdall.query.views.mapping import Pass
from holdall.query.views.nodes import Damaged, Nodes, Stale
from holdall.query.views.state import Part, State
from holdall.query.views.table import Head, Table
from holdall.query.views.upkeep import name_of, upkeep
from holdall.store import Store

Queries: TypeAlias = Sequence[MapReduce[Any, Any]]

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
    """Builds and refreshes the generation of the view of ``queries`` whose table is ``table``.

    If ``complete`` is true, the generation is built already.
    """

    def __init__(
        self, source: Source, queries: Queries, definition: str, table: Table, *, complete: bool
    ) -> None:
        self._source = source
        self._queries = queries
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
        parts = tuple(Part(name_of(query.reduce)) for query in self._queries)
        return State(self._definition, self._source.now(), "", began, 0, 0, parts)

    def _build(self, head: Head | None, state: State, progress: Progress | None) -> Step:
        documents = islice(self._source.scan(state.through or ""), BATCH)
        nodes, indexes = self._open(state)
        mapped = self._map(indexes, [{} for _ in indexes], documents, progress)
        through = f"{mapped.last}\0" if mapped.documents == BATCH else None
        state = self._commit(head, state._replace(through=through), nodes, indexes)
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
            keys, (nodes, indexes) = sorted(found), self._open(state)
            before = [index.documents.get_many(keys) for index in indexes]
            self._map(indexes, before, self._source.get_many(keys), progress)
            state = self._commit(head, state, nodes, indexes)
        elif head:
            self._remember(head, state)
        return Step(len(found), state, done)

    def _open(self, state: State) -> tuple[Nodes, list[Index]]:
        nodes = Nodes(self._table, state.slots, state.size)
        parts = zip(self._queries, state.parts, strict=True)
        return nodes, [Index(nodes, upkeep(query.reduce), part) for query, part in parts]

    def _map(
        self,
        indexes: Sequence[Index],
        before: Sequence[Mapping[str, bytes]],
        documents: Iterable[tuple[str, Any]],
        progress: Progress | None,
    ) -> Pass:
        """Map ``documents``, and change the indexes. Those that are in ``before`` alone were deleted."""
        batches = list(map(Batch, indexes, before))
        mapped = Pass([query.map for query in self._queries], batches)
        mapped.run(documents, progress)
        for batch in batches:
            batch.apply(mapped.texts.by_text)
        return mapped

    def begin_log(self, number: int) -> State | None:
        """Begin the log of part ``number`` unless it has one. Return the newest state, or None as `state` does.

        Raises the errors of `step`.
        """
        head = self._table.head()
        if head is None:
            return None
        state = self._load(head)
        if state.parts[number].log:
            return state
        nodes, indexes = self._open(state)
        indexes[number].log = Log.begin(nodes)
        return self._commit(head, state, nodes, indexes)

    def _commit(self, head: Head | None, state: State, nodes: Nodes, indexes: Iterable[Index]) -> State:
        parts = tuple(index.part() for index in indexes)
        state = state._replace(slots=nodes.slots, size=nodes.size, parts=parts)
        self._table.commit(nodes.changes, state.dump(), head)
        return state

    def _remember(self, head: Head, state: State) -> None:
        """Remember that no document changed up to the position of ``state``."""
        old = State.load(head.data)
        if state.position != old.position and state.refreshed - old.refreshed > _PERIOD:
            self._table.commit({}, state.dump(), head)
        else:
            self._known = head.data, state.position, state.refreshed
