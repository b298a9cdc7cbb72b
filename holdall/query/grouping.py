"""Reduces mapped pairs in one pass: it collects batches of values by group, folds them, and drops them."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from holdall.errors import InvalidQuery, QueryFailed
from holdall.query.collation import (
    EVERYWHERE,
    Key,
    Place,
    Range,
    collate,
    cut,
    has_instant,
    is_ambiguous,
    to_key,
)
from holdall.query.reading import Reading, reason
from holdall.query.reducer import Reducer
from holdall.query.trial import Unsplittable

T = TypeVar("T")

BATCH = 8192  # pairs of one query, at least; a pass holds one batch per query and one partial per group
_NOWHERE: deque[Any] = deque(maxlen=0)


@dataclass(frozen=True)
class Grouping:
    """The keys that a query includes, and how many first elements of a tuple make its group.

    >>> to_key(Grouping(level=1).group(collate(("EUR", 2026, 6))))
    ('EUR',)
    """

    range: Range = EVERYWHERE
    level: int | None = None

    def __post_init__(self) -> None:
        if self.level is not None and self.level < 0:
            raise InvalidQuery(f"group_level is {self.level}: use None, 0 or more")

    def group(self, place: Place) -> Place | None:
        """Return the place of the group of the key at ``place``, or None if the key is out of range."""
        if not self.range.holds(place):
            return None
        if self.level is None:
            return place
        return cut(place, self.level) if self.level else collate(None)


class Batch(dict[Any, Any]):
    """Lists of values by group: ``batch[key].append(value)`` puts a value in the list of its group.

    ``groups`` has the lists by place. The dict itself only saves calls of the collation, for the keys that
    the dict and the collation compare in the same way. For a dict, 1 equals True, so keys that contain one of
    these are remembered together with their types.

    >>> batch = Batch(Grouping())
    >>> batch[1].append("one"), batch[1.0].append("one, too"), batch[True].append("true")
    (None, None, None)
    >>> list(batch.groups.values())
    [['one', 'one, too'], ['true']]
    """

    def __init__(self, grouping: Grouping) -> None:
        super().__init__()
        self.grouping = grouping
        self.groups: dict[Place, list[Any]] = {}
        self._by_type: dict[Any, Any] = {}

    def __missing__(self, key: Any) -> Any:
        typed = key, tuple(map(type, key)) if isinstance(key, tuple) else type(key)
        values = self._by_type.get(typed)
        if values is None:
            place = collate(key)
            group = self.grouping.group(place)
            values = _NOWHERE if group is None else self.groups.setdefault(group, [])
            if not is_ambiguous(place):
                self[key] = values
            elif not has_instant(place):
                self._by_type[typed] = values
        return values

    def empty(self) -> None:
        """Empty all lists, and keep them for the next values. Forget keys if there are many for each group."""
        for values in self.groups.values():
            values.clear()
        if len(self) + len(self._by_type) > BATCH + 4 * len(self.groups):
            self.clear()
            self._by_type.clear()


class Tally:
    """The partials of one query by the place of their group, and the batch that is not yet folded.

    >>> from holdall.query.reducers import BUILT_IN
    >>> tally = Tally(Grouping(), BUILT_IN["count"])
    >>> tally.batch["EUR"].append("an invoice")
    >>> tally.fold()
    >>> tally.merge({collate("EUR"): 1, collate("USD"): 2})
    >>> list(tally.results())
    [('EUR', 2), ('USD', 2)]
    """

    def __init__(self, grouping: Grouping, reducer: Reducer[Any, Any, Any]) -> None:
        self.batch = Batch(grouping)
        self.partials: dict[Place, Any] = {}
        self._reducer = reducer
        self._held = 0  # pairs in the batch, at most

    @property
    def room(self) -> int:
        """The number of pairs that the batch may still take."""
        return self._limit - self._held

    @property
    def _limit(self) -> int:
        # In a batch with fewer pairs than groups, most values would be folded one by one.
        return max(BATCH, 4 * len(self.partials))

    def settle(self, pairs: int) -> None:
        """Fold the batch if it may be full, after at most this number of pairs were added to it.

        Other queries may have got most of the pairs. Then the batch stays until it is half full.
        """
        self._held += pairs
        if self.room <= 0:
            self._held = sum(map(len, self.batch.groups.values()))
            if 2 * self._held >= self._limit:
                self.fold()

    def fold(self) -> None:
        """Add the batch to the partials, and drop it."""
        fold, groups, self._held = self._reducer.fold, self.batch.groups, 0
        # Copies, because a function may return something that reads its list later.
        self.merge({place: run_step(place, fold, each.copy()) for place, each in groups.items() if each})
        self.batch.empty()

    def merge(self, partials: Mapping[Place, Any]) -> None:
        """Add ``partials`` of documents that come after those of this tally."""
        mine = self.partials
        for place, partial in partials.items():
            if place in mine:
                partial = run_step(place, self._reducer.merge, mine[place], partial)
            mine[place] = partial

    def results(self) -> Iterator[tuple[Key, Any]]:
        """Yield the key of each group and its result, sorted by key."""
        for place in sorted(self.partials):
            yield to_key(place), run_step(place, self._reducer.result, self.partials[place])


def fill(tallies: Sequence[Tally], reading: Reading[Any]) -> None:
    """Add the pairs of the map with number n to the tally with number n, for all pairs of ``reading``.

    Memory is bounded by the partials and the batches, and does not depend on the number of documents.
    """
    batches = [tally.batch for tally in tallies]
    while not reading.done:
        size = min(tally.room for tally in tallies)
        _collect(batches, reading, size)
        for tally in tallies:
            tally.settle(size)
    for tally in tallies:
        tally.fold()


def _collect(batches: Sequence[Batch], reading: Reading[Any], size: int) -> None:
    key, pairs = None, islice(reading.pairs, size)
    try:
        if len(batches) == 1:  # a loop of its own, because every pair of most queries passes here
            (batch,) = batches
            for key, value in pairs:
                batch[key].append(value)
        else:
            for key, value in pairs:
                batches[reading.map][key].append(value)
    except MemoryError:
        raise
    except Exception as problem:
        if reading.key is None:  # the store failed, and its error says more
            raise
        raise reading.failure(problem, key) from problem


def run_step(place: Place, step: Callable[..., T], *arguments: Any) -> T:
    """Return the result of ``step``, a step of a reducer, for the group at ``place``.

    If ``step`` fails, this raises an error that names the group: InvalidQuery if the result of the reducer
    depends on batches, and QueryFailed for any other error.
    """
    try:
        return step(*arguments)
    except MemoryError:
        raise
    except Unsplittable as problem:
        raise InvalidQuery(f"reduce failed for {to_key(place)!r}: {problem}") from problem.__cause__
    except Exception as problem:
        raise QueryFailed(f"reduce failed for {to_key(place)!r}: {reason(problem)}") from problem
