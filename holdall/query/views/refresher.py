"""Brings a view up to date: chooses among its generations, builds a new one, and completes it."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final, NamedTuple, TypeVar

from holdall.errors import Conflict, Expired, HoldallError
from holdall.query.reading import Progress
from holdall.query.views.building import Building, Lost
from holdall.query.views.catalog import HOUR, Catalog, Generation
from holdall.query.views.definition import has_same_source
from holdall.query.views.nodes import Nodes, Stale
from holdall.query.views.problems import Problems
from holdall.query.views.refresh import Gone, Queries, Source, Work
from holdall.query.views.state import State
from holdall.query.views.table import Table
from holdall.query.views.upkeep import name_of

T = TypeVar("T")

DAY: Final = timedelta(days=1)
_REBUILDS: Final = 3


class Serving(NamedTuple):
    """A generation that answers, its table, and its work."""

    generation: Generation
    table: Table
    work: Work


class Snapshot(NamedTuple):
    """The state of the generation ``id``, and its nodes."""

    id: str
    nodes: Nodes
    state: State


class Refresher:
    """Refreshes the generations in ``catalog`` of the view of ``queries``, and finds the one that answers."""

    def __init__(
        self, catalog: Catalog, source: Source, queries: Queries, definition: str, problems: Problems
    ) -> None:
        self.catalog = catalog
        self.definition = definition
        self._source = source
        self.queries = queries
        self._problems = problems
        self._guard = problems.guard
        self._serves: Serving | None = None
        self._used = 0.0

    def refresh(self, progress: Progress | None = None) -> tuple[int, Serving, State]:
        """Return the number of documents, the generation that is up to date, and its state.

        While another process builds the generation, wait for it.
        """
        with Building(self.catalog) as building:
            return self._refresh(building, progress)

    def _refresh(self, building: Building, progress: Progress | None) -> tuple[int, Serving, State]:
        mapped = attempt = rebuilds = 0
        while True:
            serving = self._find()
            if not building.begin(serving.generation):
                self._look(serving, _after(mapped, progress))
                continue
            try:
                documents, state, done = self._guard(
                    serving.work.step, building.renewing(_after(mapped, progress))
                )
            except Lost:
                continue
            except (Conflict, Stale) as problem:
                attempt = self._problems.wait(attempt, problem)
            except (Gone, Expired) as problem:
                rebuilds += self._start_again(serving, problem, last=rebuilds == _REBUILDS)
            else:
                mapped, attempt = mapped + documents, 0
                self._use(serving.generation)
                if done and (ready := self._complete(serving)):
                    return mapped, ready, state

    def _look(self, serving: Serving, progress: Progress | None) -> None:
        """Report the progress of the process that builds ``serving``, and look again which generation serves."""
        state = self._guard(serving.work.state)
        if progress and state:
            progress(max((part.count for part in state.parts), default=0))
        self._serves = None

    def _start_again(self, serving: Serving, problem: Gone | Expired, *, last: bool) -> bool:
        """Find the generation that took the place of ``serving``; else begin one, and return True.

        If this was done as often as it may be done, raise the error for ``problem`` instead of beginning one.
        """
        self._serves = None
        if isinstance(problem, Gone) and self._find().generation.id != serving.generation.id:
            return False
        if last:
            raise self._problems.corrupt("its table is missing") if isinstance(problem, Gone) else problem
        self._serves = self._serving(self._guard(self.catalog.begin, self.definition, serving.generation))
        return True

    def _find(self) -> Serving:
        """Return the generation to refresh. Add one to the catalog if there is none."""
        if self._serves is None:
            mine = [each for each in self._guard(self.catalog.read) if each.definition == self.definition]
            mine.sort(key=lambda generation: generation.complete)
            self._serves = self._serving(
                mine[0] if mine else self._guard(self.catalog.begin, self.definition)
            )
        return self._serves

    def _serving(self, generation: Generation) -> Serving:
        table = self.catalog.table(generation.id)
        work = Work(self._source, self.queries, self.definition, table, complete=generation.complete)
        return Serving(generation, table, work)

    def _complete(self, serving: Serving) -> Serving | None:
        """Return ``serving`` as a complete generation, or None if it was deleted."""
        generation = serving.generation
        if generation.complete:
            return serving
        if not self._guard(self.catalog.complete, generation):
            self._serves = None
            return None
        self._serves = self._serving(generation._replace(complete=True, used=time.time()))
        self.sweep(DAY)
        return self._serves

    def _use(self, generation: Generation) -> None:
        """Record that ``generation`` is in use, at most once an hour."""
        if time.time() > max(self._used, generation.used) + HOUR:
            self._used = time.time()
            self._guard(self.catalog.use, generation)

    def sweep(self, unused: timedelta) -> int:
        """Delete the other generations that nobody used for ``unused``. Return their number."""
        since = time.time() - unused.total_seconds()
        return self._guard(self.catalog.sweep, since, self._find().generation.id)

    def drop(self) -> None:
        """Delete all generations."""
        self.catalog.drop()
        self._serves = None

    # ---- Answering -----------------------------------------------------------------------------

    def _state(self, stale: bool) -> tuple[Serving, State]:
        """Return the generation that answers, and its state. Unless ``stale``, refresh it first."""
        if stale and (serving := self._complete_one()) and (state := self._guard(serving.work.state)):
            with suppress(HoldallError):  # a reader may lack the permission to write to the index
                self._use(serving.generation)
            return serving, state
        return self.refresh()[1:]

    def read(self, function: Callable[[Snapshot], T], stale: bool) -> T:
        """Return the result of ``function`` on one state of the index. It may be called again with a newer one."""
        serving, state = self._state(stale)
        attempt = 0
        while True:
            try:
                return self._guard(function, Snapshot(serving.generation.id, Nodes(serving.table), state))
            except Stale as problem:
                attempt = self._problems.wait(attempt, problem)
                found = self._guard(serving.work.state)
                if found and found.parts == state.parts:
                    raise self._problems.corrupt(f"node {problem} is missing") from problem
                state = found or state
            if not found:
                serving, state = self._state(stale)

    def begin_log(self, number: int) -> None:
        """Begin the log of part ``number``, unless it has one."""
        attempt = 0
        while True:
            serving, _ = self._state(stale=False)
            try:
                if self._guard(serving.work.begin_log, number):
                    return
            except (Conflict, Stale) as problem:
                attempt = self._problems.wait(attempt, problem)

    def last_state(self) -> State | None:
        """Return the state that stale answers are from, or None before the first build."""
        found = self._complete_one()
        return self._guard(found.work.state) if found else None

    def _complete_one(self) -> Serving | None:
        """Return the complete generation, or else the newest of the same documents and reducer, or None."""
        if self._serves and self._serves.generation.complete:
            return self._serves
        found = reversed(self._guard(self.catalog.read))
        generations = [
            each for each in found if each.complete and has_same_source(each.definition, self.definition)
        ]
        generations.sort(key=lambda generation: generation.definition != self.definition)
        for generation in generations:
            serving = self._serving(generation)
            state = self._guard(serving.work.state)
            if state and (generation.definition == self.definition or self._can_read(state)):
                return serving
        return None

    def _can_read(self, state: State) -> bool:
        names = [name_of(query.reduce) for query in self.queries]
        return [part.reduce for part in state.parts] == names and "" not in names


def _after(mapped: int, progress: Progress | None) -> Progress | None:
    """Return ``progress`` for a batch of documents that follows ``mapped`` others."""
    return progress and (lambda documents: progress(mapped + documents))
